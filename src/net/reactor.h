// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "net/deadline_wheel.h"
#include "net/task.h"

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

struct epoll_event;

namespace tidegate::net {

/// A file descriptor as the reactor watches it: edge-triggered, registered once for its whole life, so that a read costs one
/// system call and waiting costs none. `readable` and `writable` say what the kernel reported last and nobody has used up.
class Watch {
 public:
  /// Who waits for one direction. `on_ready` is called on the reactor's thread when it may have become possible.
  class Waiter {
   public:
    virtual void on_ready() = 0;

   protected:
    ~Waiter() = default;
  };

  int descriptor = -1;
  bool readable = false;
  bool writable = false;
  bool peer_closed = false;  ///< the peer will send no more (or the connection is broken)
  Waiter* reader = nullptr;
  Waiter* writer = nullptr;
  Waiter* hangup = nullptr;  ///< told once when peer_closed becomes true, besides reader and writer
};

/// One thread's event loop: descriptors, timers, and work posted from other threads. `run` and everything else but `post` and
/// `stop` belong to one thread. Why this and not a library's loop: docs/decisions/0002-own-reactor.md.
class Reactor {
 public:
  explicit Reactor(const Clock& clock);
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  /// Destroys what is still spawned. The thread must not be inside `run`.
  ~Reactor();

  /// Runs until `stop`, then returns. An exception of a spawned task ends that task only (see `on_exception`).
  void run();
  /// Makes `run` return after the current round. Any thread; also a signal handler's forwarder.
  void stop();
  /// Runs `work` on the reactor's thread, in order. Any thread. Never blocks on I/O.
  void post(std::function<void()> work);

  /// Starts a task that nobody awaits; it is destroyed when it ends or with the reactor.
  void spawn(Task<void> task);
  [[nodiscard]] std::size_t spawned() const { return detached_.size(); }
  /// Told about an exception that ended a spawned task: always a bug. Default: written to standard error.
  void on_exception(std::function<void(const std::exception&)> handler) { exception_handler_ = std::move(handler); }

  /// The instant of this round of the loop: fresh after every wait, so at most one round's work old.
  [[nodiscard]] const Now& now() const { return now_; }
  /// Reads the clock anew, where a round's age is too coarse (durations that are reported).
  [[nodiscard]] Now read_clock() {
    now_ = clock_.now();
    return now_;
  }
  [[nodiscard]] DeadlineWheel& deadlines() { return wheel_; }

  /// Whether a write should be put off (`put_off`) till the other events of this round have been dealt with: a peer that sleeps is
  /// woken by the first of several writes and awake for the others, and waking it costs more than all the rest of a write.
  [[nodiscard]] bool puts_writes_off() const { return putting_off_; }
  /// The watch's writer hears `on_ready` before the reactor waits again, and after no more than a few others have been put off.
  void put_off(Watch& watch) { put_off_.push_back(&watch); }

  /// Gives a descriptor a watch; the descriptor stays the caller's to close, after `remove`.
  [[nodiscard]] std::unique_ptr<Watch> add(int descriptor);
  /// Ends the watch. Its memory stays until this round is over, because the kernel may have reported it already.
  void remove(std::unique_ptr<Watch> watch);

  /// Suspends until the moment has passed (exact to the system's timer, not to the wheel's tick).
  class Sleep;
  [[nodiscard]] Sleep sleep_until(SteadyTime moment);
  [[nodiscard]] Sleep sleep_for(Nanoseconds duration);

  /// Suspends until the next round, so that a task that never waits lets others run.
  class Yield;
  [[nodiscard]] Yield yield();
  /// Destroys every spawned task where it waits. After `run`, on its thread: what tasks hold on to is still there.
  /// A frame's destructor may end other tasks' waits but must not spawn.
  void abandon_tasks();
  /// Resumes a suspended task in the next round, for who wakes another in the midst of its own work.
  void resume_soon(std::coroutine_handle<> task) { yielded_.push_back(task); }

 private:
  friend class Sleep;
  friend struct Detached;

  void dispatch(const epoll_event& event);
  void do_put_off();
  void run_posted();
  void run_timers();
  [[nodiscard]] int milliseconds_to_wait() const;

  const Clock& clock_;
  int epoll_ = -1;
  int wake_ = -1;  ///< eventfd
  Now now_;
  DeadlineWheel wheel_;
  std::multimap<SteadyTime, std::coroutine_handle<>> timers_;
  std::vector<std::unique_ptr<Watch>> removed_;
  bool putting_off_ = false;
  std::vector<Watch*> put_off_;  ///< writes of this round, or of watches in `removed_`
  std::unordered_set<void*> detached_;  ///< addresses of running detached coroutines
  std::function<void(const std::exception&)> exception_handler_;
  std::vector<std::coroutine_handle<>> yielded_;

  std::atomic<bool> stopping_ = false;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;  ///< guarded by posted_mutex_
};

class Reactor::Sleep {
 public:
  Sleep(Reactor& reactor, SteadyTime moment) : reactor_(reactor), moment_(moment) {}
  Sleep(const Sleep&) = delete;
  Sleep& operator=(const Sleep&) = delete;
  ~Sleep() { forget(); }
  [[nodiscard]] bool await_ready() const { return moment_ <= reactor_.now().steady; }
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() { waiting_ = false; }

 private:
  void forget();

  Reactor& reactor_;
  SteadyTime moment_;
  bool waiting_ = false;
  std::multimap<SteadyTime, std::coroutine_handle<>>::iterator timer_;
};

class Reactor::Yield {
 public:
  explicit Yield(std::vector<std::coroutine_handle<>>& queue) : queue_(queue) {}
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) { queue_.push_back(waiter); }
  void await_resume() const {}

 private:
  std::vector<std::coroutine_handle<>>& queue_;
};

/// A place where one coroutine waits until another says "go on". One waiter; one thread.
class Event {
 public:
  void set() {
    set_ = true;
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }
  [[nodiscard]] bool is_set() const { return set_; }
  [[nodiscard]] bool await_ready() const { return set_; }
  void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
  void await_resume() { set_ = false; }

 private:
  bool set_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace tidegate::net
