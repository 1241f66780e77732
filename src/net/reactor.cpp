// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <system_error>

namespace tidegate::net {

/// The outermost frame of a spawned task: registers itself, so that the reactor can destroy what still runs at its own end.
struct Detached {
  struct promise_type {
    promise_type(Reactor& owner, Task<void>&) : reactor(owner) {}
    Detached get_return_object() {
      auto handle = std::coroutine_handle<promise_type>::from_promise(*this);
      reactor.detached_.insert(handle.address());
      return {};
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept {
      reactor.detached_.erase(
          std::coroutine_handle<promise_type>::from_promise(*const_cast<promise_type*>(this)).address());
      return {};
    }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept {
      try {
        throw;
      } catch (const std::exception& bug) {
        report(bug);
      } catch (...) {
        report(std::runtime_error("an exception of unknown type"));
      }
    }
    void report(const std::exception& bug) const noexcept {
      if (reactor.exception_handler_) {
        reactor.exception_handler_(bug);
      } else {
        std::fprintf(stderr, "tidegate: a task ended by an exception, which is a bug: %s\n", bug.what());
      }
    }
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept { free_frame(frame, bytes); }

    Reactor& reactor;
  };
};

namespace {

// The task is a parameter and so lives in this frame. (Named, not awaited as a temporary: see docs/decisions/0002.)
Detached run_detached(Reactor&, Task<void> task) { co_await task; }

/// So many writes of a round wait for each other; with more the first would wait too long, and nothing be gained.
constexpr std::size_t kMostPutOff = 32;

[[noreturn]] void throw_system_error(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

Reactor::Reactor(const Clock& clock)
    : clock_(clock), epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), now_(clock.now()),
      wheel_(now_.steady) {
  if (epoll_ < 0) throw_system_error("epoll_create1");
  if (wake_ < 0) throw_system_error("eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // the wake-up has no watch
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) throw_system_error("epoll_ctl");
}

void Reactor::abandon_tasks() {
  while (!detached_.empty()) {
    void* address = *detached_.begin();
    detached_.erase(detached_.begin());
    std::coroutine_handle<>::from_address(address).destroy();
  }
  yielded_.clear();
}

Reactor::~Reactor() {
  abandon_tasks();
  removed_.clear();
  ::close(wake_);
  ::close(epoll_);
}

void Reactor::run() {
  std::array<epoll_event, 256> events{};
  while (!stopping_.load(std::memory_order_acquire)) {
    // Taken now, so that who yields again waits for the next round.
    const std::vector<std::coroutine_handle<>> yielded = std::exchange(yielded_, {});
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), yielded.empty() ? milliseconds_to_wait() : 0);
    if (count < 0 && errno != EINTR) throw_system_error("epoll_wait");
    now_ = clock_.now();
    for (int i = 0; i < count; ++i) {
      putting_off_ = count > 1;
      dispatch(events[static_cast<std::size_t>(i)]);
      if (put_off_.size() >= kMostPutOff) do_put_off();
    }
    do_put_off();
    run_timers();
    if (now_.steady >= wheel_.next_tick()) wheel_.advance(now_.steady);
    for (const std::coroutine_handle<> task : yielded) task.resume();
    removed_.clear();
  }
  stopping_.store(false, std::memory_order_release);
}

void Reactor::dispatch(const epoll_event& event) {
  if (event.data.ptr == nullptr) {
    run_posted();
    return;
  }
  Watch& watch = *static_cast<Watch*>(event.data.ptr);
  if (watch.descriptor < 0) return;  // removed earlier in this round
  const std::uint32_t what = event.events;
  const bool broken = (what & (EPOLLERR | EPOLLHUP)) != 0;
  if ((what & (EPOLLIN | EPOLLRDHUP)) != 0 || broken) watch.readable = true;
  if ((what & EPOLLOUT) != 0 || broken) watch.writable = true;
  if (((what & EPOLLRDHUP) != 0 || broken) && !watch.peer_closed) {
    watch.peer_closed = true;
    if (watch.hangup != nullptr) watch.hangup->on_ready();
  }
  // Nearly every event says that writing is possible, too; what the reader puts off is not to be written by this one.
  const bool writer_waits = watch.writer != nullptr;
  // A waiter may remove the watch, which stays in memory until the round is over.
  if (watch.readable && watch.reader != nullptr) watch.reader->on_ready();
  if (writer_waits && watch.writable && watch.writer != nullptr) watch.writer->on_ready();
}

void Reactor::do_put_off() {
  putting_off_ = false;  // what follows from a write is no longer put off
  for (const Watch* watch : put_off_) {
    if (watch->descriptor >= 0 && watch->writer != nullptr) watch->writer->on_ready();
  }
  put_off_.clear();
}

void Reactor::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t ignored = ::read(wake_, &count, sizeof count);
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(posted_mutex_);
    work.swap(posted_);
  }
  for (auto& item : work) item();
}

void Reactor::run_timers() {
  while (!timers_.empty() && timers_.begin()->first <= now_.steady) {
    const std::coroutine_handle<> waiter = timers_.begin()->second;
    timers_.erase(timers_.begin());
    waiter.resume();
  }
}

int Reactor::milliseconds_to_wait() const {
  SteadyTime next = wheel_.next_tick();
  if (!timers_.empty() && timers_.begin()->first < next) next = timers_.begin()->first;
  if (next == SteadyTime::max()) return -1;
  // Against this round's instant: a clock read less, for being late by no more than the round lasted.
  if (next <= now_.steady) return 0;
  const auto wait = std::chrono::ceil<Milliseconds>(next - now_.steady).count();
  return static_cast<int>(std::min<std::int64_t>(wait, std::numeric_limits<int>::max()));
}

void Reactor::stop() {
  stopping_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t ignored = ::write(wake_, &one, sizeof one);
}

void Reactor::post(std::function<void()> work) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t ignored = ::write(wake_, &one, sizeof one);
}

void Reactor::spawn(Task<void> task) { run_detached(*this, std::move(task)); }

std::unique_ptr<Watch> Reactor::add(int descriptor) {
  auto watch = std::make_unique<Watch>();
  watch->descriptor = descriptor;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = watch.get();
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) throw_system_error("epoll_ctl");
  return watch;
}

void Reactor::remove(std::unique_ptr<Watch> watch) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watch->descriptor, nullptr);
  watch->descriptor = -1;
  watch->reader = watch->writer = watch->hangup = nullptr;
  removed_.push_back(std::move(watch));
}

Reactor::Sleep Reactor::sleep_until(SteadyTime moment) { return {*this, moment}; }
Reactor::Sleep Reactor::sleep_for(Nanoseconds duration) { return {*this, clock_.now().steady + duration}; }
Reactor::Yield Reactor::yield() { return Yield(yielded_); }

void Reactor::Sleep::await_suspend(std::coroutine_handle<> waiter) {
  timer_ = reactor_.timers_.emplace(moment_, waiter);
  waiting_ = true;
}

void Reactor::Sleep::forget() {
  if (!waiting_) return;
  // Destroyed while waiting: only a frame that is destroyed from outside comes here, and its timer still stands.
  reactor_.timers_.erase(timer_);
  waiting_ = false;
}

}  // namespace tidegate::net
