// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/journal_keeper.h"

#include "store/sample_records.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <optional>
#include <thread>

namespace tidegate::store {
namespace {

using ::testing::HasSubstr;

/// Keeps entries in memory, and fails when told to.
class MemoryLedger final : public Ledger {
 public:
  Result<void> write(std::span<const AttemptRecords* const> attempts) override {
    if (failing || groups_of_room == 0) return full();
    --groups_of_room;
    for (const AttemptRecords* attempt : attempts) kept.emplace(attempt->begin.id, entry_of(*attempt));
    return {};
  }
  Result<AttemptId> last_id() override { return kept.empty() ? 0 : kept.rbegin()->first; }
  Result<void> maintain(AttemptId) override {
    if (ailing) return fail(FailureKind::NotFound, Origin::Store, "the file has gone");
    return failing ? full() : Result<void>();
  }

  std::map<AttemptId, LedgerEntry> kept;
  bool ailing = false;
  int groups_of_room = 1'000'000;
  bool failing = false;

 private:
  static Result<void> full() { return fail(FailureKind::Exhausted, Origin::Store, "the disk is full"); }
};

/// Stands for a full disk while it lives: files may not become larger; the signal is ignored, so that reserving space
/// fails with EFBIG.
class FullDisk {
 public:
  explicit FullDisk(rlim_t room) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit small { room, before_.rlim_max };
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  struct rlimit before_ {};
  sighandler_t handler_ = ::signal(SIGXFSZ, SIG_IGN);
};

class Keeping : public ::testing::Test {
 protected:
  Keeping() {
    options.directory = directory.path().string();
    options.segment_bytes = 64 * 1024;
    options.journal_bytes = 1024 * 1024;
    options.drain_interval = Nanoseconds(0);
    options.sync_interval = Seconds(1);
  }

  std::unique_ptr<JournalKeeper> open(unsigned workers = 1) {
    return JournalKeeper::open(options, workers, ledger, clock).value();
  }
  void round(JournalKeeper& keeper, Nanoseconds after = Milliseconds(100)) {
    clock.advance(after);
    keeper.tick(clock.now());
  }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(directory.path() / "journal")) ++count;
    return count;
  }
  /// Runs `write` in a child process that is killed when it has returned.
  template <typename Write>
  void killed_after(Write write) {
    int done[2];
    ASSERT_EQ(::pipe(done), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);
      write();
      [[maybe_unused]] const auto told = ::write(done[1], "x", 1);
      for (;;) ::pause();
    }
    char byte = 0;
    ::close(done[1]);
    EXPECT_EQ(::read(done[0], &byte, 1), 1);
    ::close(done[0]);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }

  TemporaryDirectory directory;
  StoreOptions options;
  ManualClock clock;
  MemoryLedger ledger;
};

TEST_F(Keeping, MovesFinishedAttemptsToTheLedger) {
  const auto keeper = open();
  ASSERT_TRUE(record_attempt(keeper->writer(0), 1));
  ASSERT_EQ(keeper->writer(0).begin(sample_begin(2)), Recorded::Yes);
  round(*keeper);
  ASSERT_EQ(ledger.kept.size(), 1U);
  EXPECT_EQ(ledger.kept.at(1).state, AttemptState::Completed);
  EXPECT_EQ(keeper->health().open_attempts, 1U);
  ASSERT_EQ(keeper->writer(0).end(sample_end(2)), Recorded::Yes);
  round(*keeper);
  EXPECT_EQ(ledger.kept.size(), 2U);
}

TEST_F(Keeping, FreesSegmentsWhoseEntriesAreInTheLedger) {
  const auto keeper = open();
  for (AttemptId id = 1; id <= 2000; ++id) {
    ASSERT_TRUE(record_attempt(keeper->writer(0), id)) << id;
    if (id % 20 == 0) round(*keeper);
  }
  round(*keeper);
  EXPECT_EQ(ledger.kept.size(), 2000U);
  EXPECT_LE(files(), 3U);
  EXPECT_EQ(keeper->health().damaged, 0U);
}

TEST_F(Keeping, LeavesNothingBehindAfterAnOrderlyStop) {
  const auto keeper = open();
  ASSERT_TRUE(record_attempt(keeper->writer(0), 1));
  keeper->stop();
  EXPECT_EQ(ledger.kept.size(), 1U);
  EXPECT_EQ(files(), 0U);
}

TEST_F(Keeping, TurnsTheWorkerToAnotherSegmentToSyncTheFirst) {
  const auto keeper = open();
  for (AttemptId id = 1; id <= 500; ++id) {
    ASSERT_TRUE(record_attempt(keeper->writer(0), id));
    round(*keeper, Seconds(1));  // a turn each time: records of one attempt lie in different segments
    ASSERT_EQ(keeper->writer(0).begin(sample_begin(1000 + id)), Recorded::Yes);
    round(*keeper, Seconds(1));
    ASSERT_EQ(keeper->writer(0).end(sample_end(1000 + id)), Recorded::Yes);
  }
  round(*keeper);
  EXPECT_EQ(ledger.kept.size(), 1000U);
  for (const auto& [id, entry] : ledger.kept) EXPECT_EQ(entry.model, "claude-sonnet-4-5-20250929") << id;
  EXPECT_LE(files(), 4U);
}

TEST_F(Keeping, KeepsEntriesInTheJournalWhileTheLedgerFails) {
  const auto keeper = open();
  ledger.failing = true;
  ASSERT_TRUE(record_attempt(keeper->writer(0), 1));
  round(*keeper);
  EXPECT_EQ(keeper->health().undrained, 1U);
  EXPECT_EQ(keeper->health().last_error, "the disk is full");
  EXPECT_EQ(keeper->health().failing_since, clock.now().wall);
  ledger.failing = false;
  round(*keeper);  // still in the pause
  EXPECT_TRUE(ledger.kept.empty());
  round(*keeper, Seconds(2));
  EXPECT_EQ(ledger.kept.size(), 1U);
  EXPECT_EQ(keeper->health().last_error, "");
  EXPECT_FALSE(keeper->health().failing_since);
}

TEST_F(Keeping, IsNotWellWhileTheLedgerFailsAlthoughNothingWaitsForIt) {
  ledger.failing = true;
  const auto keeper = open();
  for (int second = 0; second < 10; ++second) {
    EXPECT_EQ(keeper->health().last_error, "the disk is full") << second;
    round(*keeper, Seconds(1));
  }
  ledger.failing = false;
  round(*keeper, Seconds(30));
  EXPECT_EQ(keeper->health().last_error, "");
}

TEST_F(Keeping, HoldsTheLedgerForFailingUntilItHasAnsweredAlsoWhenThereIsNothingToHandOver) {
  const auto keeper = open();
  ledger.ailing = true;
  round(*keeper, Seconds(5));
  EXPECT_EQ(keeper->health().last_error, "the file has gone");
  round(*keeper, Seconds(2));
  EXPECT_EQ(keeper->health().last_error, "the file has gone");
  ledger.ailing = false;
  round(*keeper, Seconds(4));
  EXPECT_EQ(keeper->health().last_error, "");
}

TEST_F(Keeping, RefusesToBeginWhenTheJournalIsFullButRecordsTheRestOfWhatHasBegun) {
  options.journal_bytes = 512 * 1024;
  const auto keeper = open();
  JournalWriter& writer = keeper->writer(0);
  ledger.failing = true;
  std::vector<AttemptId> begun;
  for (AttemptId id = 1; writer.accepting(); ++id) {
    ASSERT_EQ(writer.begin(sample_begin(id)), Recorded::Yes);
    begun.push_back(id);
    round(*keeper);
  }
  EXPECT_GT(begun.size(), 50U);
  EXPECT_EQ(writer.begin(sample_begin(100'000)), Recorded::No);
  EXPECT_EQ(keeper->health().not_recorded, 1U);
  for (const AttemptId id : begun) {
    ASSERT_EQ(writer.charge(sample_charge(id)), Recorded::Yes) << id;
    ASSERT_EQ(writer.end(sample_end(id)), Recorded::Yes) << id;
    round(*keeper);
  }
  EXPECT_THAT(keeper->health().last_error, HasSubstr("full"));
  ledger.failing = false;
  round(*keeper, Seconds(60));
  EXPECT_EQ(ledger.kept.size(), begun.size());
  round(*keeper);
  EXPECT_TRUE(writer.accepting());
}

TEST_F(Keeping, AcceptsManyAttemptsAtOnceWhileTheJournalCanGrow) {
  options.journal_bytes = 16 * 1024 * 1024;
  const auto keeper = open();
  JournalWriter& writer = keeper->writer(0);
  // Their charges and ends alone would fill five segments.
  for (AttemptId id = 1; id <= 500; ++id) {
    ASSERT_EQ(writer.begin(sample_begin(id)), Recorded::Yes) << id;
    round(*keeper);
  }
  for (AttemptId id = 1; id <= 500; ++id) {
    ASSERT_EQ(writer.charge(sample_charge(id)), Recorded::Yes);
    ASSERT_EQ(writer.end(sample_end(id)), Recorded::Yes);
    round(*keeper);
  }
  EXPECT_EQ(ledger.kept.size(), 500U);
}

TEST_F(Keeping, SaysThatTheDiskIsFullAndGoesOnWhenItIsNot) {
  const auto keeper = open();
  JournalWriter& writer = keeper->writer(0);
  std::optional<FullDisk> full(32 * 1024);
  AttemptId recorded = 0;
  while (writer.accepting()) {
    ASSERT_TRUE(record_attempt(writer, ++recorded)) << recorded;
    keeper->tick(clock.now());
  }
  EXPECT_THAT(keeper->health().last_error, HasSubstr("journal: cannot reserve"));
  full.reset();
  round(*keeper);
  EXPECT_TRUE(writer.accepting());
  EXPECT_EQ(keeper->health().last_error, "");
  EXPECT_EQ(ledger.kept.size(), static_cast<std::size_t>(recorded));
  EXPECT_EQ(keeper->health().not_recorded, 0U);
}

TEST_F(Keeping, StartsOnAFullDiskAndRecordsOnceThereIsRoom) {
  std::unique_ptr<JournalKeeper> keeper;
  {
    const FullDisk full(32 * 1024);
    keeper = open();
    EXPECT_FALSE(keeper->writer(0).accepting());
    EXPECT_EQ(keeper->writer(0).begin(sample_begin(1)), Recorded::No);
    round(*keeper);
    EXPECT_THAT(keeper->health().last_error, HasSubstr("free disk space"));
    EXPECT_EQ(keeper->health().not_recorded, 1U);
  }
  round(*keeper);
  EXPECT_EQ(keeper->health().last_error, "");
  EXPECT_TRUE(record_attempt(keeper->writer(0), 2));
}

TEST_F(Keeping, MakesSmallerSegmentsWhereTheDiskHasNoRoomForLargeOnes) {
  options.segment_bytes = 512 * 1024;
  options.journal_bytes = 16 * 1024 * 1024;
  const FullDisk nearly(150 * 1024);
  const auto keeper = open();
  for (AttemptId id = 1; id <= 300; ++id) {
    ASSERT_TRUE(record_attempt(keeper->writer(0), id)) << id;
    round(*keeper);
  }
  EXPECT_EQ(keeper->health().last_error, "");
  EXPECT_EQ(ledger.kept.size(), 300U);
}

TEST_F(Keeping, FreesWhatEarlierProcessesLeftPieceByPiece) {
  options.segment_bytes = 256 * 1024;
  options.journal_bytes = 32 * 1024 * 1024;
  killed_after([&] {
    ledger.failing = true;
    auto keeper = open();
    for (AttemptId id = 1; id <= 10'000; ++id) {
      record_attempt(keeper->writer(0), id);
      if (id % 100 == 0) round(*keeper);
    }
    keeper.release();
  });
  const std::size_t before = files();
  ledger.groups_of_room = 3;
  {
    const auto keeper = open();
    EXPECT_EQ(ledger.kept.size(), 3U * 2048U);
    EXPECT_LT(files(), before / 2 + 2);
  }
  ledger.groups_of_room = 100;
  const auto keeper = open();
  EXPECT_EQ(ledger.kept.size(), 10'000U);
}

TEST_F(Keeping, SharesASmallJournalAmongManyWorkers) {
  options.segment_bytes = 8 * 1024 * 1024;
  options.journal_bytes = 16 * 1024 * 1024;
  const auto keeper = open(32);
  for (unsigned worker = 0; worker < 32; ++worker) ASSERT_TRUE(record_attempt(keeper->writer(worker), 1 + worker));
  round(*keeper);
  EXPECT_EQ(ledger.kept.size(), 32U);
  EXPECT_LE(keeper->health().journal_bytes, options.journal_bytes);
}

TEST_F(Keeping, DrainsThroughAnOutageThatFilledManyGroups) {
  options.segment_bytes = 1024 * 1024;
  options.journal_bytes = 32 * 1024 * 1024;
  const auto keeper = open();
  ledger.failing = true;
  for (AttemptId id = 1; id <= 10'000; ++id) {
    ASSERT_TRUE(record_attempt(keeper->writer(0), id)) << id;
    if (id % 100 == 0) round(*keeper);
  }
  EXPECT_EQ(keeper->health().undrained, 10'000U);
  ledger.failing = false;
  round(*keeper, Seconds(60));
  EXPECT_EQ(ledger.kept.size(), 10'000U);
  EXPECT_EQ(keeper->health().undrained, 0U);
  EXPECT_LE(files(), 3U);
}

TEST_F(Keeping, CarriesLongAttemptsOverSoThatTheirSegmentCanGo) {
  const auto keeper = open();
  ASSERT_EQ(keeper->writer(0).begin(sample_begin(1)), Recorded::Yes);
  for (AttemptId id = 2; id <= 1000; ++id) {
    ASSERT_TRUE(record_attempt(keeper->writer(0), id));
    round(*keeper);
  }
  const auto carried = directory.path() / "journal";
  round(*keeper, Seconds(31));
  EXPECT_LE(files(), 4U);
  ASSERT_EQ(keeper->writer(0).charge(sample_charge(1)), Recorded::Yes);
  ASSERT_EQ(keeper->writer(0).end(sample_end(1)), Recorded::Yes);
  round(*keeper);
  ASSERT_EQ(ledger.kept.count(1), 1U);
  EXPECT_EQ(ledger.kept.at(1).model, "claude-sonnet-4-5-20250929");
  EXPECT_EQ(ledger.kept.at(1).state, AttemptState::Completed);
}

TEST_F(Keeping, FindsCarriedAttemptsAgainAfterAKill) {
  killed_after([&] {
    auto keeper = open();
    if (keeper->writer(0).begin(sample_begin(1)) != Recorded::Yes) return;
    for (AttemptId id = 2; id <= 1000; ++id) {
      record_attempt(keeper->writer(0), id);
      round(*keeper);
    }
    round(*keeper, Seconds(31));
    if (keeper->writer(0).charge(sample_charge(1)) != Recorded::Yes) return;
    keeper.release();
  });
  const auto keeper = open();
  ASSERT_EQ(ledger.kept.count(1), 1U);
  EXPECT_EQ(ledger.kept.at(1).state, AttemptState::Interrupted);
  EXPECT_EQ(ledger.kept.at(1).model, "claude-sonnet-4-5-20250929");
  EXPECT_EQ(ledger.kept.at(1).cost, sample_charge(1).cost);
}

TEST_F(Keeping, FindsEverythingAgainAfterAKill) {
  options.segment_bytes = 512 * 1024;
  options.journal_bytes = 8 * 1024 * 1024;
  killed_after([&] {
    auto keeper = open(2);
    for (AttemptId id = 1; id <= 300; ++id) {
      record_attempt(keeper->writer(static_cast<unsigned>(id) % 2), id);
      if (keeper->writer(0).begin(sample_begin(id + 1000)) != Recorded::Yes) ::_exit(1);
      if (id % 40 == 0) {
        clock.advance(Seconds(1));
        ledger.failing = true;
        keeper->tick(clock.now());
      }
    }
    keeper.release();  // a killed process runs no destructor
  });
  const auto keeper = open();
  EXPECT_EQ(ledger.kept.size(), 600U);
  for (AttemptId id = 1; id <= 300; ++id) {
    EXPECT_EQ(ledger.kept.at(id).state, AttemptState::Completed);
    EXPECT_EQ(ledger.kept.at(id + 1000).state, AttemptState::Interrupted);
    EXPECT_TRUE(ledger.kept.at(id + 1000).estimated);
  }
  EXPECT_EQ(keeper->last_id(), 1300);
  EXPECT_EQ(files(), 1U);
}

TEST_F(Keeping, ServesAndTriesAgainWhenTheLedgerFailsAtTheStart) {
  killed_after([&] {
    record_attempt(open()->writer(0), 1);
    ledger.failing = true;
  });
  killed_after([&] {
    ledger.failing = true;
    auto keeper = open();
    record_attempt(keeper->writer(0), 2);
    keeper.release();
  });
  ledger.failing = true;
  const auto keeper = open();
  ASSERT_TRUE(record_attempt(keeper->writer(0), 3));
  round(*keeper, Seconds(60));
  EXPECT_EQ(keeper->health().last_error, "the disk is full");
  EXPECT_EQ(keeper->last_id(), 2);
  ledger.failing = false;
  round(*keeper, Seconds(60));
  EXPECT_THAT(ledger.kept, ::testing::SizeIs(2));  // 1 went to the first child's own ledger
}

TEST_F(Keeping, ReplayedTwiceCountsOnce) {
  killed_after([&] {
    auto keeper = open();
    record_attempt(keeper->writer(0), 1);
    keeper.release();
  });
  const auto saved = directory.path() / "saved";
  std::filesystem::copy(directory.path() / "journal", saved);
  open()->stop();
  const auto after_first = ledger.kept;
  std::filesystem::copy(saved, directory.path() / "journal");
  open()->stop();
  EXPECT_EQ(ledger.kept, after_first);
  EXPECT_EQ(ledger.kept.size(), 1U);
}

TEST_F(Keeping, LetsNoSecondProcessIn) {
  const auto keeper = open();
  const auto second = JournalKeeper::open(options, 1, ledger, clock);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().detail, HasSubstr("in use by process " + std::to_string(::getpid())));
}

TEST_F(Keeping, DrainsWhileWorkersWrite) {
  constexpr AttemptId kEach = 3000;
  options.segment_bytes = 256 * 1024;
  options.journal_bytes = 64 * 1024 * 1024;
  options.sync_interval = Milliseconds(1);
  SystemClock real;
  auto keeper = JournalKeeper::open(options, 2, ledger, real).value();
  std::atomic<bool> done = false;
  std::atomic<AttemptId> lost = 0;
  std::vector<std::thread> workers;
  for (unsigned worker = 0; worker < 2; ++worker) {
    workers.emplace_back([&, worker] {
      for (AttemptId i = 0; i < kEach; ++i) {
        const AttemptId id = 1 + i * 2 + worker;
        // Bounded by the test's time limit: the keeper goes round without pause.
        while (!keeper->writer(worker).accepting()) std::this_thread::yield();
        if (!record_attempt(keeper->writer(worker), id)) ++lost;
      }
    });
  }
  std::thread keeping([&] {
    while (!done) keeper->tick(real.now());
  });
  for (std::thread& worker : workers) worker.join();
  done = true;
  keeping.join();
  keeper->stop();
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(ledger.kept.size(), 2 * kEach);
  for (const auto& [id, entry] : ledger.kept) {
    ASSERT_EQ(entry.state, AttemptState::Completed) << id;
    ASSERT_EQ(entry.cost, sample_charge(id).cost) << id;
    ASSERT_EQ(entry.model, "claude-sonnet-4-5-20250929") << id;
  }
  EXPECT_EQ(keeper->health().damaged, 0U);
}

TEST_F(Keeping, RunsOnItsOwnThreadUntilStopped) {
  SystemClock real;
  auto keeper = JournalKeeper::open(options, 1, ledger, real).value();
  std::atomic<int> runs = 0;
  keeper->every(Nanoseconds(0), [&](Now) { ++runs; });
  keeper->start();
  ASSERT_TRUE(record_attempt(keeper->writer(0), 1));
  while (runs == 0) std::this_thread::yield();
  keeper->stop();
  EXPECT_EQ(ledger.kept.size(), 1U);
}

}  // namespace
}  // namespace tidegate::store
