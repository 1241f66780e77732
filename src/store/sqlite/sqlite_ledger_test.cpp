// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_ledger.h"

#include "store/attempt_id.h"
#include "store/journal_keeper.h"
#include "store/sample_records.h"
#include "store/sqlite/database.h"
#include "store/sqlite/ledger_reader.h"
#include "store/sqlite/sqlite_limits.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <span>
#include <thread>

namespace tidegate::store {
namespace {

using ::testing::HasSubstr;

LedgerEntry full_entry(AttemptId id) {
  LedgerEntry e;
  e.id = id;
  e.started_at = wall_time_from_unix_nanoseconds(1'800'000'000'123'456'789);
  e.kind = EntryKind::Probe;
  e.state = AttemptState::Truncated;
  e.attempt = 2;
  e.stream = true;
  e.metered = false;
  e.request_id = "r", e.dialect = "d", e.endpoint = "e", e.provider = "p", e.pool = "po", e.model = "m",
  e.response_model = "rm";
  e.tenant = "t", e.key = "k", e.user = "u", e.session = "s", e.agent = "a", e.service_tier = "st", e.speed = "sp";
  e.inference_geo = "g", e.upstream_request_id = "ur", e.organisation = "o", e.workspace = "w", e.error_kind = "ek";
  e.stop_reason = "sr";
  e.tokens = {.input = 1, .cache_read = 2, .cache_write_5m = 3, .cache_write_1h = 4, .output = 5, .reasoning = 6};
  e.web_search_requests = 7;
  e.estimated_input = 8;
  e.cost = Money::nanodollars(9);
  e.estimated = true;
  e.price_known = false;
  e.status = 200;
  e.upstream_status = 529;
  e.queue_wait = Nanoseconds(10);
  e.time_to_first_byte = Nanoseconds(11);
  e.duration = Nanoseconds(12);
  e.request_bytes = 13;
  e.response_bytes = 14;
  return e;
}

std::vector<LedgerEntry> all(const std::filesystem::path& directory) {
  std::vector<LedgerEntry> entries;
  const auto done = LedgerReader(directory).for_each({}, [&](const LedgerEntry& entry) {
    entries.push_back(entry);
    return true;
  });
  EXPECT_TRUE(done) << done.error().detail;
  return entries;
}

Result<void> write(Ledger& ledger, const LedgerEntry& entry) { return write_entries(ledger, {entry}); }

/// A connection of somebody else's.
class Stranger {
 public:
  explicit Stranger(const std::filesystem::path& path) { sqlite3_open(path.c_str(), &database_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() { sqlite3_close(database_); }
  int run(const char* sql) { return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr); }

 private:
  sqlite3* database_ = nullptr;
};

/// Over what is in the file, which stays the same file.
void overwrite(const std::filesystem::path& path, std::size_t from, std::size_t bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(from));
  file << std::string(bytes, 'x');
}

class Ledgers : public ::testing::Test {
 protected:
  void write_many(Ledger& ledger, AttemptId from, AttemptId to) {
    std::vector<LedgerEntry> entries;
    for (AttemptId id = from; id <= to; ++id) entries.push_back(full_entry(id));
    ASSERT_TRUE(write_entries(ledger, entries));
  }
  void move_aside(const std::filesystem::path& to) {
    std::filesystem::create_directory(to);
    for (const char* side : {"", "-wal", "-shm"}) {
      std::error_code not_there;
      std::filesystem::rename(path.string() + side, (to / "ledger.db").string() + side, not_there);
    }
  }

  TemporaryDirectory directory;
  std::filesystem::path path = directory.path() / "ledger.db";
};

TEST_F(Ledgers, KeepEveryField) {
  SqliteLedger ledger(path);
  ASSERT_TRUE(write(ledger, full_entry(5)));
  EXPECT_EQ(all(directory.path()), std::vector<LedgerEntry>{full_entry(5)});
  EXPECT_EQ(ledger.last_id().value(), 5);
}

TEST_F(Ledgers, FromBeforeThereWereWantedRoomsGoOn) {
  {
    SqliteLedger ledger(path);
    ASSERT_TRUE(write(ledger, full_entry(5)));
  }
  {
    Stranger stranger(path);
    ASSERT_EQ(stranger.run("DROP VIEW entries; ALTER TABLE entry DROP COLUMN wanted_room;"
                           "DROP TABLE state_tie; CREATE VIEW entries AS SELECT id FROM entry; PRAGMA user_version = 1"),
              SQLITE_OK);
  }
  {
    SqliteLedger ledger(path);
    const LedgerEntry entry = full_entry(6);  // whose texts the records borrow
    AttemptRecords records = records_of(entry);
    records.begin.wanted_room = "anthropic/opus-4";
    const AttemptRecords* const group = &records;
    ASSERT_TRUE(ledger.write(std::span(&group, 1)));
  }
  EXPECT_EQ(all(directory.path()), (std::vector<LedgerEntry>{full_entry(5), full_entry(6)}));
  auto database = Database::open(path, Database::Access::ReadOnly);
  ASSERT_TRUE(database);
  EXPECT_EQ(database->number("SELECT count(*) * 10 + sum(wanted_room = 'anthropic/opus-4') FROM entries").value(), 21);
}

TEST_F(Ledgers, KeepEveryOneOfManyEntriesWhateverChangesBetweenThem) {
  std::vector<LedgerEntry> entries;
  for (int i = 1; i <= 100; ++i) {
    LedgerEntry e = full_entry(i);
    e.state = i % 4 == 0 ? AttemptState::Failed : AttemptState::Completed;
    e.tokens.input = i % 3 == 0 ? 0 : i;
    e.tokens.cache_read = i / 10;
    e.tokens.output = 7;
    e.cost = Money::nanodollars(i % 2 == 0 ? 0 : 1'000 * i);
    e.duration = Nanoseconds(i * i);
    e.status = i % 7 == 0 ? 0 : 200;
    e.user = i % 5 == 0 ? "" : std::string(static_cast<std::size_t>(i % 9), 'u');
    e.request_id = std::string(static_cast<std::size_t>(i % 30), 'r');
    e.upstream_request_id = i % 6 == 0 ? "" : "upstream-" + std::to_string(i);
    entries.push_back(e);
  }
  const auto part = [&](std::ptrdiff_t from, std::ptrdiff_t to) { return std::vector<LedgerEntry>(entries.begin() + from, entries.begin() + to); };
  SqliteLedger ledger(path);
  for (const auto& [from, to] : {std::pair{0, 16}, {16, 53}, {40, 53}, {53, 54}, {54, 100}}) ASSERT_TRUE(write_entries(ledger, part(from, to)));
  EXPECT_EQ(all(directory.path()), entries);
}

TEST_F(Ledgers, KeepEmptyTextsEmpty) {
  SqliteLedger ledger(path);
  LedgerEntry entry;
  entry.id = 1;
  ASSERT_TRUE(write(ledger, entry));
  EXPECT_EQ(all(directory.path()), std::vector<LedgerEntry>{entry});
}

TEST_F(Ledgers, KeepTheFirstOfTwoWritesOfOneId) {
  SqliteLedger ledger(path);
  ASSERT_TRUE(write(ledger, full_entry(5)));
  LedgerEntry again = full_entry(5);
  again.state = AttemptState::Interrupted;
  ASSERT_TRUE(write(ledger, again));
  EXPECT_EQ(all(directory.path()), std::vector<LedgerEntry>{full_entry(5)});
}

TEST_F(Ledgers, ShowReadableEntriesToPeople) {
  {
    SqliteLedger ledger(path);
    LedgerEntry entry = full_entry(5);
    entry.started_at = parse_rfc3339("2026-05-01T12:00:00.250Z").value();
    ASSERT_TRUE(write(ledger, entry));
  }
  auto database = Database::open(path, Database::Access::ReadOnly).value();
  auto query =
      database.prepare("SELECT started_at, state, kind, model, user, attempt, price_known FROM entries").value();
  ASSERT_TRUE(query.step().value());
  EXPECT_EQ(query.text(0), "2026-05-01T12:00:00.250Z");
  EXPECT_EQ(query.text(1), "truncated");
  EXPECT_EQ(query.text(2), "probe");
  EXPECT_EQ(query.text(3), "m");
  EXPECT_EQ(query.text(4), "u");
  EXPECT_EQ(query.number(5), 2);
  EXPECT_EQ(query.number(6), 0);
}

TEST_F(Ledgers, SayWhenSomebodyHasLockedThem) {
  SqliteLedger ledger(path);
  ASSERT_TRUE(write(ledger, full_entry(1)));
  Stranger stranger(path);
  ASSERT_EQ(stranger.run("BEGIN EXCLUSIVE"), SQLITE_OK);
  const auto failed = write(ledger, full_entry(2));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::Timeout);
  EXPECT_THAT(failed.error().detail, HasSubstr("locked"));
  ASSERT_EQ(stranger.run("COMMIT"), SQLITE_OK);
  ASSERT_TRUE(write(ledger, full_entry(2)));
  EXPECT_EQ(all(directory.path()).size(), 2U);
}

TEST_F(Ledgers, SayWhenTheFileIsBrokenAndStartAnewOnceItIsSetAside) {
  std::ofstream(path) << std::string(8192, 'x');
  SqliteLedger ledger(path);
  const auto failed = write(ledger, full_entry(1));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::Corrupt);
  EXPECT_THAT(failed.error().detail, HasSubstr("not a database"));
  move_aside(directory.path() / "aside");
  EXPECT_TRUE(write(ledger, full_entry(1)));
}

TEST_F(Ledgers, NoticeThatTheirFileWasMovedAndStartAnew) {
  SqliteLedger ledger(path);
  ASSERT_TRUE(write(ledger, full_entry(1)));
  const auto aside = directory.path() / "aside";
  std::filesystem::create_directory(aside);
  std::filesystem::rename(path, aside / "ledger.db");  // its log and index stay behind
  const auto failed = write(ledger, full_entry(2));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::NotFound);
  EXPECT_THAT(failed.error().detail, HasSubstr("moved, replaced or deleted"));
  ASSERT_TRUE(write(ledger, full_entry(2)));
  EXPECT_EQ(all(directory.path()), std::vector<LedgerEntry>{full_entry(2)});
  EXPECT_EQ(all(aside), std::vector<LedgerEntry>{full_entry(1)}) << "what was in the log is in the file";
}

TEST_F(Ledgers, NoticeThatTheirFileWasReplacedAndLeaveNoLogOfTheFormerOne) {
  SqliteLedger ledger(path);
  write_many(ledger, 1, 500);
  const auto copy = directory.path() / "copy.db";
  ASSERT_EQ(Stranger(path).run(("VACUUM INTO '" + copy.string() + "'").c_str()), SQLITE_OK);
  write_many(ledger, 501, 1000);
  std::filesystem::rename(copy, path);
  ASSERT_FALSE(write(ledger, full_entry(2001)));
  ASSERT_TRUE(write(ledger, full_entry(2001)));
  ASSERT_TRUE(ledger.maintain(1));
  EXPECT_EQ(all(directory.path()).size(), 501U);
  EXPECT_EQ(all(directory.path()).back(), full_entry(2001));
}

TEST_F(Ledgers, NoticeThatTheirFileWasDeletedAlsoWhenNothingIsWritten) {
  SqliteLedger ledger(path);
  ASSERT_TRUE(write(ledger, full_entry(1)));
  for (const char* side : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + side);
  EXPECT_FALSE(ledger.maintain(1));
  EXPECT_TRUE(ledger.maintain(1));
  ASSERT_TRUE(write(ledger, full_entry(2)));
  EXPECT_EQ(all(directory.path()), std::vector<LedgerEntry>{full_entry(2)});
}

TEST_F(Ledgers, TakeNothingWhileTheirFileIsOverwritten) {
  SqliteLedger ledger(path);
  SqliteLimits limits(path);  // another connection, which keeps SQLite's log alive
  ASSERT_TRUE(limits.save({}));
  write_many(ledger, 1, 10'000);
  ASSERT_TRUE(ledger.maintain(1));
  write_many(ledger, 10'001, 12'000);
  overwrite(path, 0, 200 * 4096);
  for (int time = 0; time < 3; ++time) {
    const auto failed = write(ledger, full_entry(20'000));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, FailureKind::Corrupt);
    EXPECT_THAT(failed.error().detail, HasSubstr("move the file aside together with its -wal and -shm"));
  }
  EXPECT_FALSE(limits.save({}));
  move_aside(directory.path() / "aside");
  ASSERT_TRUE(write(ledger, full_entry(20'000)));
  EXPECT_TRUE(limits.save({}));
  EXPECT_EQ(all(directory.path()), std::vector<LedgerEntry>{full_entry(20'000)});
}

TEST_F(Ledgers, TakeNothingOnceTheyWereSeenToBeBrokenInside) {
  SqliteLedger ledger(path);
  write_many(ledger, 1, 30'000);
  ASSERT_TRUE(ledger.maintain(1));
  overwrite(path, std::filesystem::file_size(path) / 4096 / 2 * 4096, 20 * 4096);
  Result<void> maintained;
  for (int time = 0; time < 3 && maintained; ++time)
    maintained = ledger.maintain(1);  // a part of the entries each time
  ASSERT_FALSE(maintained);
  EXPECT_EQ(maintained.error().kind, FailureKind::Corrupt);
  EXPECT_FALSE(write(ledger, full_entry(40'000)));
}

TEST_F(Ledgers, SayThatTheirFileWasEmptiedAndNotThatItIsLocked) {
  SqliteLedger ledger(path);
  SqliteLimits limits(path);
  ASSERT_TRUE(limits.save({}));
  write_many(ledger, 1, 1000);
  ASSERT_TRUE(ledger.maintain(1));
  std::filesystem::resize_file(path, 0);
  for (int time = 0; time < 3; ++time) {
    const auto failed = write(ledger, full_entry(2000));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, FailureKind::Corrupt);
    EXPECT_THAT(failed.error().detail, HasSubstr("was emptied while it was in use"));
  }
  move_aside(directory.path() / "aside");
  EXPECT_TRUE(write(ledger, full_entry(2000)));
}

TEST_F(Ledgers, SayThatTheirFileWasCutOff) {
  SqliteLedger ledger(path);
  write_many(ledger, 1, 1000);
  ASSERT_TRUE(ledger.maintain(1));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const auto failed = write(ledger, full_entry(2000));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().detail, HasSubstr("was cut off while it was in use"));
}

TEST_F(Ledgers, GoOnAfterSomebodyMadeThemSmaller) {
  SqliteLedger ledger(path);
  write_many(ledger, 1, 5000);
  ASSERT_TRUE(ledger.maintain(4990));
  ASSERT_TRUE(ledger.maintain(4990));
  ASSERT_EQ(Stranger(path).run("VACUUM"), SQLITE_OK);
  ASSERT_TRUE(ledger.maintain(1));
  EXPECT_TRUE(write(ledger, full_entry(6000)));
}

TEST_F(Ledgers, RecoverFromAFullDiskWithoutLosingTheirDictionaries) {
  SqliteLedger ledger(path);
  ASSERT_TRUE(write(ledger, full_entry(1)));
  // A limit on the size of files stands for a full disk; its signal is ignored, so that writing fails with EFBIG.
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 64 * 1024, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Result<void> done;
  std::vector<LedgerEntry> entries;
  for (AttemptId id = 2; id < 2000; ++id) {
    entries.push_back(full_entry(id));
    entries.back().session = "session " + std::to_string(id);
  }
  done = write_entries(ledger, entries);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(done);
  ASSERT_TRUE(write_entries(ledger, entries)) << "after space was made";
  const auto kept = all(directory.path());
  ASSERT_EQ(kept.size(), 1999U);
  EXPECT_EQ(kept.back(), entries.back());
}

TEST_F(Ledgers, OfANewerProgramAreRefused) {
  Stranger(path).run("PRAGMA user_version=99");
  SqliteLedger ledger(path);
  const auto failed = write(ledger, full_entry(1));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::Unsupported);
}

TEST_F(Ledgers, ForgetEntriesPastTheirRetention) {
  SqliteLedger ledger(path);
  ASSERT_TRUE(write(ledger, full_entry(1)));
  ASSERT_TRUE(write(ledger, full_entry(9)));
  ASSERT_TRUE(ledger.maintain(9));
  EXPECT_EQ(all(directory.path()), std::vector<LedgerEntry>{full_entry(9)});
}

TEST_F(Ledgers, HoldEveryAttemptThatWasReportedBeforeAKill) {
  StoreOptions options;
  options.directory = directory.path().string();
  options.segment_bytes = 256 * 1024;
  options.drain_interval = Milliseconds(1);
  options.sync_interval = Milliseconds(1);
  SystemClock clock;
  AttemptId reported = 0;
  for (int run = 0; run < 3; ++run) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);
      SqliteLedger ledger(path);
      auto keeper = JournalKeeper::open(options, 1, ledger, clock).value();
      keeper->start();
      for (AttemptId id = std::max<AttemptId>(keeper->last_id(), 0) + 1;; ++id) {
        while (!keeper->writer(0).accepting()) std::this_thread::yield();
        // The charge is what a client may rely on; the end comes after it has its answer.
        if (keeper->writer(0).begin(sample_begin(id)) != Recorded::Yes) ::_exit(1);
        if (keeper->writer(0).charge(sample_charge(id)) != Recorded::Yes) ::_exit(1);
        if (::write(ends[1], &id, sizeof id) != sizeof id) ::_exit(1);
        if (keeper->writer(0).end(sample_end(id)) != Recorded::Yes) ::_exit(1);
      }
    }
    ::close(ends[1]);
    for (int i = 0; i < 1500; ++i) ASSERT_EQ(::read(ends[0], &reported, sizeof reported), sizeof reported);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(ends[0], &reported, sizeof reported) == sizeof reported) {
    }
    ::close(ends[0]);
  }
  // As `tidegate cost` sees it before the next start, and after it.
  for (const bool restarted : {false, true}) {
    SqliteLedger ledger(path);
    if (restarted) JournalKeeper::open(options, 1, ledger, clock).value()->stop();
    const auto kept = all(directory.path());
    ASSERT_GE(kept.size(), static_cast<std::size_t>(reported));
    for (std::size_t i = 0; i < static_cast<std::size_t>(reported); ++i) {
      ASSERT_EQ(kept[i].id, static_cast<AttemptId>(i) + 1);
      ASSERT_EQ(kept[i].cost, sample_charge(kept[i].id).cost);
      ASSERT_FALSE(kept[i].estimated);
    }
  }
}

TEST_F(Ledgers, TakeWhatAKeeperDrainsAndLetItGoOnWhileTheyAreLocked) {
  StoreOptions options;
  options.directory = directory.path().string();
  options.segment_bytes = 256 * 1024;
  options.drain_interval = Nanoseconds(0);
  ManualClock clock;
  SqliteLedger ledger(path);
  const auto keeper = JournalKeeper::open(options, 1, ledger, clock).value();
  {
    Stranger stranger(path);
    ASSERT_EQ(stranger.run("BEGIN EXCLUSIVE"), SQLITE_OK);
    ASSERT_TRUE(record_attempt(keeper->writer(0), 1));
    keeper->tick(clock.now());
    EXPECT_THAT(keeper->health().last_error, HasSubstr("locked"));
    ASSERT_TRUE(record_attempt(keeper->writer(0), 2));
  }
  clock.advance(Seconds(60));
  keeper->tick(clock.now());
  EXPECT_EQ(keeper->health().last_error, "");
  EXPECT_EQ(all(directory.path()).size(), 2U);
}

TEST_F(Ledgers, LeaveEntriesInTheJournalWhileTheirFileHasGone) {
  StoreOptions options;
  options.directory = directory.path().string();
  options.segment_bytes = 256 * 1024;
  options.drain_interval = Nanoseconds(0);
  ManualClock clock;
  SqliteLedger ledger(path);
  const auto keeper = JournalKeeper::open(options, 1, ledger, clock).value();
  ASSERT_TRUE(record_attempt(keeper->writer(0), 1));
  keeper->tick(clock.now());
  for (const char* side : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + side);
  ASSERT_TRUE(record_attempt(keeper->writer(0), 2));
  keeper->tick(clock.now());
  EXPECT_THAT(keeper->health().last_error, HasSubstr("deleted"));
  EXPECT_EQ(keeper->health().drained, 1U);
  EXPECT_EQ(keeper->health().undrained, 1U);
  clock.advance(Seconds(2));
  keeper->tick(clock.now());
  EXPECT_EQ(keeper->health().last_error, "");
  auto database = Database::open(path, Database::Access::ReadOnly);  // without the journal
  ASSERT_TRUE(database);
  EXPECT_EQ(database->number("SELECT sum(id) FROM entry").value(), 2);
}

}  // namespace
}  // namespace tidegate::store
