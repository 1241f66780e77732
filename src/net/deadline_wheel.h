// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <array>
#include <cstddef>

namespace tidegate::net {

/// Something that wants to hear when a moment has passed. Belongs to one wheel at a time; leaves it when destroyed.
class DeadlineEntry {
 public:
  DeadlineEntry() = default;
  DeadlineEntry(const DeadlineEntry&) = delete;
  DeadlineEntry& operator=(const DeadlineEntry&) = delete;

 protected:
  virtual ~DeadlineEntry() { unlink(); }

 private:
  friend class DeadlineWheel;
  /// Called once per `set`, up to one tick late. May set the entry again or destroy it.
  virtual void on_deadline() = 0;
  void unlink();

  DeadlineEntry* previous_ = nullptr;
  DeadlineEntry* next_ = nullptr;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime linked_for_ = SteadyTime::max();  ///< end of the slot it hangs in
};

/// Deadlines of many connections at the price of a store each: moving a deadline *back* leaves the entry where it hangs, and the
/// wheel looks again when that slot comes round. (A timer per operation was measured to cost more than the relaying itself.)
/// One thread.
class DeadlineWheel {
 public:
  static constexpr Nanoseconds kTick = Milliseconds(100);

  explicit DeadlineWheel(SteadyTime now) : next_tick_(now + kTick) {}
  DeadlineWheel(const DeadlineWheel&) = delete;
  DeadlineWheel& operator=(const DeadlineWheel&) = delete;
  ~DeadlineWheel();

  /// Calls the entry's `on_deadline` once `deadline` has passed; replaces what was set before.
  void set(DeadlineEntry& entry, SteadyTime deadline);
  /// The entry will not be called.
  static void clear(DeadlineEntry& entry) { entry.deadline_ = SteadyTime::max(); }

  /// Calls what has expired by `now`.
  void advance(SteadyTime now);
  /// When `advance` should be called next; `SteadyTime::max()` if nothing hangs in the wheel.
  [[nodiscard]] SteadyTime next_tick() const { return size_ == 0 ? SteadyTime::max() : next_tick_; }

 private:
  static constexpr std::size_t kSlots = 1024;
  struct Slot final : DeadlineEntry {
    Slot() { reset(); }
    void reset();
    void on_deadline() override {}
  };
  friend class DeadlineEntry;

  void link(DeadlineEntry& entry);
  void run_slot(Slot& slot, SteadyTime now);

  std::array<Slot, kSlots> slots_;
  std::size_t current_ = 0;  ///< the slot that ends at next_tick_
  SteadyTime next_tick_;
  std::size_t size_ = 0;     ///< an upper bound: entries that were destroyed are counted until their slot comes round
};

}  // namespace tidegate::net
