// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What admission costs a request: enqueue, dispatch, its answer's headers, the input's count, output in two parts, the end.
//   quota_bench [REPETITIONS [CASE]]
// room: the engine alone, uncontended, with so many in flight; and beside 10,000 that wait.
// book: the same through the rooms that workers share, by one thread, and by two in one room and in two rooms.
// One line per case: nanoseconds of CPU of a request, the median of several rounds; with two threads also how much more they do in the
// same time. The requests' own time is virtual: a millisecond passes from one to the next.
#include "base/time.h"
#include "quota/book/room_book.h"
#include "quota/room.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace tidegate;
using namespace tidegate::quota;

constexpr int kRounds = 9;
constexpr double kPlenty = 1e9;  // per minute

Limits plenty() {
  Limits limits;
  for (const Dimension d : {Dimension::Requests, Dimension::Input, Dimension::Output}) limits[d] = kPlenty;
  return limits;
}

Readings plenty_left() {
  Readings readings;
  for (const Dimension d : {Dimension::Requests, Dimension::Input, Dimension::Output}) readings[d] = {kPlenty, kPlenty, 0.0};
  return readings;
}

const std::array<std::string, 8> kTenants{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"};

/// Nanoseconds of CPU, of this thread or of the process.
double cpu_nanoseconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// Nanoseconds per call of `work`, the median of the rounds.
template <typename Work>
double measure(int repetitions, Work&& work) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = cpu_nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < repetitions; ++i) work();
    rounds.push_back((cpu_nanoseconds(CLOCK_THREAD_CPUTIME_ID) - begin) / repetitions);
  }
  return median(rounds);
}

/// A room of two organisations, with requests that come and go one by one.
class Traffic {
 public:
  explicit Traffic(const RoomSettings& settings = {}) : room_(now_, settings) {
    for (std::size_t b = 0; b < 2; ++b) {
      room_.add_bucket(now_);
      room_.bucket(b).set_limits(now_, plenty());
      room_.add_key(b);
    }
  }

  Room& room() { return room_; }
  [[nodiscard]] SteadyTime now() const { return now_; }

  void enter(Priority priority, const std::string& tenant, Nanoseconds may_wait = Seconds(60)) {
    const Submission submission{.tenant = tenant, .priority = priority, .body_bytes = 4'000, .max_tokens = 4'096, .deadline = now_ + may_wait, .only_key = {}};
    if (!room_.submit(now_, submission)) fail("the room is full");
  }
  void pump() {
    decisions_.clear();
    room_.pump(now_, decisions_);
    for (const Decision& decision : decisions_) {
      if (decision.verdict != Verdict::Go) fail("a request overflowed");
      flying_[(first_ + count_++) % flying_.size()] = decision.request;
    }
  }
  /// The oldest ends, as an answer does.
  void settle() {
    if (count_ == 0) fail("nothing is in flight");
    const RequestId request = flying_[first_];
    first_ = (first_ + 1) % flying_.size();
    --count_;
    room_.answered(now_, request, readings_);
    room_.counted_input(now_, request, 1'000);
    room_.produced(now_, request, 20);
    room_.produced(now_, request, 230);
    room_.ended(now_, request, true);
  }
  void pass(Nanoseconds time) { now_ += time; }
  const std::string& next_tenant() { return kTenants[++uses_ % kTenants.size()]; }

 private:
  static void fail(const char* why) {
    fmt::print(stderr, "quota_bench: {}\n", why);
    std::exit(2);
  }

  SteadyTime now_ = SteadyTime(Seconds(1'000));
  Room room_;
  std::vector<Decision> decisions_;
  std::vector<RequestId> flying_ = std::vector<RequestId>(1 << 15);  // a ring
  std::size_t first_ = 0, count_ = 0, uses_ = 0;
  Readings readings_ = plenty_left();
};

void uncontended(int repetitions, int in_flight) {
  Traffic traffic;
  for (int i = 0; i < in_flight; ++i) {
    traffic.pass(Milliseconds(1));
    traffic.enter(Priority::Interactive, traffic.next_tenant());
    traffic.pump();
  }
  const double taken = measure(repetitions, [&] {
    traffic.pass(Milliseconds(1));
    traffic.enter(Priority::Interactive, traffic.next_tenant());
    traffic.pump();
    traffic.settle();
    traffic.pump();
  });
  fmt::print("room: uncontended, {} in flight: {:.0f} ns\n", in_flight, taken);
}

/// Interactive requests pass by batch ones of `tenants`, who wait for what is reserved.
void beside_batch(int repetitions, int waiters, int tenants) {
  RoomSettings settings;
  settings.batch_reserve = 2;  // of a pool: batch never goes
  Traffic traffic(settings);
  for (int i = 0; i < waiters; ++i) traffic.enter(Priority::Batch, fmt::format("batch-{}", i % tenants), Seconds(1'000'000));
  traffic.pump();
  const double taken = measure(repetitions, [&] {
    traffic.pass(Milliseconds(1));
    traffic.enter(Priority::Interactive, traffic.next_tenant());
    traffic.pump();
    traffic.settle();
    traffic.pump();
  });
  fmt::print("room: uncontended, beside {} batch requests of {} tenants that wait: {:.0f} ns\n", waiters, tenants, taken);
}

/// All wait: with every end the next one goes, and a new one joins the queue.
void queued(int repetitions, int waiters, int tenants) {
  RoomSettings settings;
  Traffic traffic(settings);
  for (std::size_t b = 0; b < 2; ++b) traffic.room().bucket(b).set_concurrency(500);
  auto tenant = [tenants, next = 0]() mutable { return fmt::format("tenant-{}", next++ % tenants); };
  for (int i = 0; i < waiters + 1'000; ++i) traffic.enter(Priority::Interactive, tenant(), Seconds(1'000));
  traffic.pump();
  const auto one = [&](Nanoseconds may_wait) {
    traffic.pass(Milliseconds(1));
    traffic.enter(Priority::Interactive, tenant(), may_wait);
    traffic.pump();
    traffic.settle();
    traffic.pump();
  };
  for (int i = 0; i < 2 * waiters; ++i) one(Seconds(1'000));  // until it is known how long answers take
  // They wait for ten seconds: each one's wait is foretold three times.
  const double taken = measure(repetitions, [&] { one(Seconds(30)); });
  fmt::print("room: saturated, {} of {} tenants wait: {:.0f} ns\n", waiters, tenants, taken);
}

// --- the rooms that workers share --------------------------------------------------------------------------------------

class Nobody final : public Waiter {
  void decided(const Decision&, std::string_view) override {}
};

/// One worker's requests, one after the other, `in_flight` at a time.
void work(LiveRoom& room, int repetitions, std::size_t in_flight, const std::string& tenant) {
  const LiveRoom::MakeWaiter make_waiter = [] { return std::make_shared<Nobody>(); };
  const Readings readings = plenty_left();
  std::vector<RequestId> flying(in_flight);
  SteadyTime now = SteadyTime(Seconds(1'000));
  for (int i = 0; i < repetitions; ++i) {
    now += Milliseconds(1);
    RequestId& place = flying[static_cast<std::size_t>(i) % in_flight];
    if (i >= static_cast<int>(in_flight)) {
      room.answered(now, place, readings);
      room.counted_input(now, place, 1'000);
      room.produced(now, place, 20);
      room.ended(now, place, true, 250);
    }
    Submission submission{.tenant = tenant, .body_bytes = 4'000, .max_tokens = 4'096, .deadline = now + Seconds(60), .only_key = {}};
    const LiveRoom::Answer answer = room.enter(now, submission, {}, make_waiter);
    if (!answer.decision || answer.decision->verdict != Verdict::Go) {
      fmt::print(stderr, "quota_bench: a request did not go at once\n");
      std::exit(2);
    }
    place = answer.request;
  }
  for (const RequestId request : flying) room.ended(now, request, true, 250);
}

struct Shared {
  double cpu = 0;   ///< nanoseconds of a request
  double wall = 0;  ///< nanoseconds between the ends of two requests, over all threads
};

/// `rooms`: which one each thread works in.
Shared shared(int repetitions, const std::vector<std::string>& rooms) {
  std::vector<double> cpu, wall;
  const double requests = static_cast<double>(repetitions) * static_cast<double>(rooms.size());
  for (int round = 0; round < kRounds; ++round) {
    SystemClock clock;
    RoomBook book(clock);
    ProviderPlan plan{.provider = "provider", .pools = {}, .keys = {{"red", "org-red", ""}, {"blue", "org-blue", ""}}};
    plan.pools.limits.push_back({.models = "*", .limits = {.limits = plenty(), .periods = {}, .concurrency = {}}});
    book.configure(AdmissionOptions{}, std::span(&plan, 1));
    std::vector<LiveRoom*> live;
    for (const std::string& name : rooms) live.push_back(book.room({.provider = "provider", .model_group = name, .class_name = {}, .credential = {}}));
    std::vector<std::thread> threads;
    const double cpu_begin = cpu_nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < live.size(); ++i) {
      threads.emplace_back([&, i] { work(*live[i], repetitions, 64, kTenants[i]); });
    }
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    cpu.push_back((cpu_nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin) / requests);
    wall.push_back(taken.count() / requests);
  }
  return {median(cpu), median(wall)};
}

void scaling(int repetitions) {
  const Shared one = shared(repetitions, {"a"});
  fmt::print("book: one thread: {:.0f} ns\n", one.cpu);
  const Shared apart = shared(repetitions, {"a", "b"});
  fmt::print("book: two threads in two rooms: {:.0f} ns, {:.2f} times as many in the same time\n", apart.cpu, one.wall / apart.wall);
  const Shared together = shared(repetitions, {"a", "a"});
  fmt::print("book: two threads in one room: {:.0f} ns, {:.2f} times as many in the same time\n", together.cpu, one.wall / together.wall);
}

}  // namespace

int main(int count, char** arguments) {
  const int repetitions = count > 1 ? std::atoi(arguments[1]) : 20'000;
  const std::vector<std::function<void()>> cases{
      [&] { uncontended(repetitions, 16); },        [&] { uncontended(repetitions, 1'000); },
      [&] { uncontended(repetitions, 10'000); },    [&] { beside_batch(repetitions, 10'000, 1); },
      [&] { beside_batch(repetitions, 10'000, 100); }, [&] { queued(repetitions, 10'000, 1); },
      [&] { queued(repetitions, 10'000, 100); },    [&] { scaling(repetitions); }};
  if (count > 2) return cases.at(static_cast<std::size_t>(std::atoi(arguments[2])))(), 0;
  for (const auto& one : cases) one();
}
