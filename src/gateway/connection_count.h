// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_set>

namespace tidegate::gateway {

/// The client connections of all workers together, so that a limit holds for the process. Taken and given back once for each
/// connection, not for each request. Any thread.
class ConnectionCount {
 public:
  /// Who found no place.
  class Waiter {
   public:
    /// It is worth asking again. On any thread, while others wait for it to return.
    virtual void place_is_free() = 0;

   protected:
    ~Waiter() = default;
  };

  /// Takes a place if fewer than `limit` are taken; otherwise `waiter` is told once when one has become free.
  [[nodiscard]] bool take(std::size_t limit, Waiter& waiter) {
    const std::lock_guard lock(mutex_);
    if (taken_ >= limit) {
      waiting_.insert(&waiter);
      return false;
    }
    ++taken_;
    return true;
  }
  void give_back() {
    const std::lock_guard lock(mutex_);
    --taken_;
    // All of them: the kernel has dealt out who waits to their sockets, and some may have nobody there.
    for (Waiter* waiter : waiting_) waiter->place_is_free();
    waiting_.clear();
  }
  /// It is not told any more.
  void forget(Waiter& waiter) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(&waiter);
  }

 private:
  std::mutex mutex_;  ///< guards what follows
  std::size_t taken_ = 0;
  std::unordered_set<Waiter*> waiting_;
};

}  // namespace tidegate::gateway
