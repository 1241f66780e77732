// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What the journal costs a request, and what the drain costs behind it.
//   journal_bench DIRECTORY [append|shared|drain] [COUNT]
// append: time of each append while the keeper syncs ten times a second (a hundred times the usual load) and drains
// into SQLite shared: the same appends into a segment that another thread syncs meanwhile: what handing segments over
// avoids drain:  CPU time of moving COUNT attempts into SQLite; run it under callgrind for instructions
#include "store/journal_keeper.h"
#include "store/sample_records.h"
#include "store/sqlite/sqlite_ledger.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace tidegate;
using namespace tidegate::store;

std::int64_t nanoseconds() {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double thread_cpu_microseconds() {
  struct rusage usage {};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto microseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

void print_percentiles(std::string_view name, std::vector<std::int64_t> times) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double fraction) {
    return static_cast<double>(times[static_cast<std::size_t>(fraction * static_cast<double>(times.size() - 1))]) / 1e3;
  };
  fmt::print("{}: {} calls, p50 {:.2f} us, p99 {:.2f} us, p99.9 {:.2f} us, p99.99 {:.2f} us, max {:.1f} us\n", name,
             times.size(), at(0.5), at(0.99), at(0.999), at(0.9999), at(1));
}

StoreOptions options_in(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  options.sync_interval = Milliseconds(100);
  return options;
}

/// Calls `append` for the three records of `count` attempts, one every 100 us, and gives the time of each call.
template <typename Append>
std::vector<std::int64_t> timed(AttemptId count, AttemptId first, Append append) {
  std::vector<std::int64_t> times;
  times.reserve(static_cast<std::size_t>(count) * 3);
  std::int64_t due = nanoseconds();
  for (AttemptId id = first; id < first + count; ++id) {
    due += 100'000;
    while (nanoseconds() < due) {
    }
    for (int which = 0; which < 3; ++which) {
      const std::int64_t before = nanoseconds();
      append(id, which);
      times.push_back(nanoseconds() - before);
    }
  }
  return times;
}

void append(const std::string& directory, AttemptId count) {
  SystemClock clock;
  SqliteLedger ledger(directory + "/ledger.db");
  auto keeper = JournalKeeper::open(options_in(directory), 1, ledger, clock).value();
  keeper->start();
  AttemptIdSource ids(0, keeper->last_id());
  JournalWriter& writer = keeper->writer(0);
  std::int64_t lost = 0;
  const auto times = timed(count, ids.next(clock.now()), [&](AttemptId id, int which) {
    const Recorded recorded = which == 0   ? writer.begin(sample_begin(id))
                              : which == 1 ? writer.charge(sample_charge(id))
                                           : writer.end(sample_end(id));
    if (recorded == Recorded::No) ++lost;
  });
  keeper->stop();
  print_percentiles("append", times);
  fmt::print("  not recorded {}, drained {}, error '{}'\n", lost, keeper->health().drained,
             keeper->health().last_error);
}

void append_to_shared(const std::string& directory, AttemptId count) {
  auto segment =
      Segment::create(directory + "/shared.seg", static_cast<std::size_t>(count) * 1024, SegmentHead{}).value();
  segment->touch_ahead(segment->bytes().size());
  std::atomic<bool> done = false;
  std::thread syncing([&] {
    while (!done) {
      if (!segment->sync()) return;
      std::this_thread::sleep_for(Milliseconds(100));
    }
  });
  std::uint32_t sequence = 0;
  const auto put = [&](const auto& record) {
    const std::size_t bytes = payload_bytes(record);
    if (std::byte* place = segment->make_room(record_bytes(bytes))) write_record(place, sequence++, record, bytes);
  };
  const auto times = timed(count, 1, [&](AttemptId id, int which) {
    if (which == 0) put(sample_begin(id));
    if (which == 1) put(sample_charge(id));
    if (which == 2) put(sample_end(id));
  });
  done = true;
  syncing.join();
  segment->unlink();
  print_percentiles("shared", times);
}

void drain(const std::string& directory, AttemptId count) {
  SystemClock clock;
  StoreOptions options = options_in(directory);
  options.segment_bytes = 64 * 1024 * 1024;
  SqliteLedger ledger(directory + "/ledger.db");
  auto keeper = JournalKeeper::open(options, 1, ledger, clock).value();
  AttemptIdSource ids(0, keeper->last_id());
  const double start = thread_cpu_microseconds();
  for (AttemptId i = 0; i < count; ++i) {
    if (!record_attempt(keeper->writer(0), ids.next(clock.now()))) {
      fmt::print("the journal is full at {}\n", i);
      return;
    }
  }
  const double appended = thread_cpu_microseconds();
  keeper->stop();
  const double drained = thread_cpu_microseconds();
  fmt::print("append: {:.2f} us CPU per attempt; drain: {:.2f} us CPU per attempt, {} drained\n",
             (appended - start) / static_cast<double>(count), (drained - appended) / static_cast<double>(count),
             keeper->health().drained);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    fmt::print("usage: journal_bench DIRECTORY [append|shared|drain] [COUNT]\n");
    return 2;
  }
  const std::string directory = arguments[1];
  const std::string_view what = count > 2 ? arguments[2] : "";
  const AttemptId attempts = count > 3 ? std::atoll(arguments[3]) : 50'000;
  if (what.empty() || what == "append") append(directory, attempts);
  if (what.empty() || what == "shared") append_to_shared(directory, attempts);
  if (what.empty() || what == "drain") drain(directory, attempts);
}
