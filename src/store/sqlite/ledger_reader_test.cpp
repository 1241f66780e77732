// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/ledger_reader.h"

#include "store/attempt_id.h"
#include "store/journal_keeper.h"
#include "store/sample_records.h"
#include "store/sqlite/sqlite_ledger.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::store {
namespace {

using ::testing::ElementsAre;

WallTime at(std::string_view text) { return parse_rfc3339(text).value(); }

LedgerEntry entry(std::string_view time, int number, std::string model, std::int64_t nanodollars) {
  LedgerEntry e;
  e.started_at = at(time);
  e.id = first_id_at(e.started_at) + number;
  e.state = AttemptState::Completed;
  e.model = std::move(model);
  e.tenant = "t";
  e.user = number % 2 == 0 ? "ann" : "";
  e.session = "s" + std::to_string(number);
  e.tokens.input = 10;
  e.tokens.output = 5;
  e.cost = Money::nanodollars(nanodollars);
  return e;
}

class Reading : public ::testing::Test {
 protected:
  void store(const std::vector<LedgerEntry>& entries) {
    SqliteLedger ledger(directory.path() / "ledger.db");
    ASSERT_TRUE(write_entries(ledger, entries));
  }
  void store_ordinary() {
    auto failed = entry("2026-05-02T10:00:00Z", 4, "opus", 0);
    failed.state = AttemptState::Failed;
    auto retried = entry("2026-05-02T10:00:01Z", 5, "opus", 900);
    retried.attempt = 2;
    retried.estimated = true;
    retried.price_known = false;
    auto refused = entry("2026-05-02T11:30:00Z", 6, "haiku", 0);
    refused.state = AttemptState::Refused;
    store({entry("2026-05-01T23:59:59Z", 1, "haiku", 100), entry("2026-05-02T00:00:00Z", 2, "haiku", 200),
           entry("2026-05-02T00:00:00Z", 3, "opus", 5000), failed, retried, refused});
  }
  std::vector<CostRow> sums(const EntryFilter& filter, std::vector<Dimension> by) {
    return LedgerReader(directory.path()).aggregate(filter, by).value();
  }

  TemporaryDirectory directory;
};

TEST_F(Reading, SumsByModelDearestFirst) {
  store_ordinary();
  const auto rows = sums({}, {Dimension::Model});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_THAT(rows[0].labels, ElementsAre("opus"));
  EXPECT_EQ(rows[0].attempts, 3);
  EXPECT_EQ(rows[0].requests, 2);
  EXPECT_EQ(rows[0].errors, 1);
  EXPECT_EQ(rows[0].tokens.input, 30);
  EXPECT_EQ(rows[0].tokens.output, 15);
  EXPECT_EQ(rows[0].cost, Money::nanodollars(5900));
  EXPECT_EQ(rows[0].estimated_cost, Money::nanodollars(900));
  EXPECT_EQ(rows[0].price_unknown, 1);
  EXPECT_THAT(rows[1].labels, ElementsAre("haiku"));
  EXPECT_EQ(rows[1].refused, 1);
}

TEST_F(Reading, FiltersByTimeAndByValue) {
  store_ordinary();
  EntryFilter filter;
  filter.since = at("2026-05-02T00:00:00Z");
  filter.until = at("2026-05-02T10:00:00Z");
  EXPECT_EQ(sums(filter, {})[0].attempts, 2);
  filter.equals = {{Dimension::User, "ann"}};
  EXPECT_EQ(sums(filter, {})[0].cost, Money::nanodollars(200));
  EXPECT_EQ(sums({.since = {}, .until = {}, .equals = {{Dimension::Session, "s3"}}}, {})[0].cost,
            Money::nanodollars(5000));
}

TEST_F(Reading, SumsByDayAndHourAndState) {
  store_ordinary();
  const auto days = sums({}, {Dimension::Day});
  ASSERT_EQ(days.size(), 2U);
  EXPECT_THAT(days[0].labels, ElementsAre("2026-05-02"));
  EXPECT_EQ(days[1].cost, Money::nanodollars(100));
  EXPECT_THAT(sums({}, {Dimension::Hour, Dimension::Model})[0].labels, ElementsAre("2026-05-02T00:00Z", "opus"));
  EXPECT_THAT(sums({}, {Dimension::Minute, Dimension::Model})[0].labels, ElementsAre("2026-05-02T00:00Z", "opus"));
  EXPECT_EQ(sums({}, {Dimension::Minute}).size(), 4U);
  EXPECT_EQ(sums({}, {Dimension::State}).size(), 3U);
}

TEST_F(Reading, GivesTheNewestFirstAndNoMoreThanAskedFor) {
  store_ordinary();
  std::vector<std::string> sessions;
  const auto newest = [&](const EntryFilter& filter, std::size_t most) {
    sessions.clear();
    const auto entries = LedgerReader(directory.path()).newest(filter, most).value();
    for (const LedgerEntry& one : entries) sessions.push_back(one.session);
    return sessions;
  };
  EXPECT_THAT(newest({}, 3), ElementsAre("s6", "s5", "s4"));
  EntryFilter opus;
  opus.equals.push_back({Dimension::Model, "opus"});
  EXPECT_THAT(newest(opus, 10), ElementsAre("s5", "s4", "s3"));
  EXPECT_THAT(newest(opus, 1), ElementsAre("s5"));
  EXPECT_TRUE(LedgerReader(directory.path() / "none").newest({}, 5).value().empty());
}

TEST_F(Reading, FindsByStatusAndByTheRequest) {
  auto limited = entry("2026-05-02T10:00:00Z", 1, "opus", 0);
  limited.status = 429;
  limited.request_id = "req_a";
  auto second = entry("2026-05-02T10:00:03Z", 2, "opus", 100);
  second.status = 200;
  second.request_id = "req_a";
  auto other = entry("2026-05-02T10:00:04Z", 3, "opus", 100);
  other.status = 500;
  other.request_id = "req_b";
  store({limited, second, other});
  LedgerReader reader(directory.path());
  EntryFilter errors;
  errors.status = {.lowest = 400, .highest = 499};
  ASSERT_EQ(reader.newest(errors, 9).value().size(), 1U);
  EXPECT_EQ(reader.newest(errors, 9).value()[0].status, 429);
  EntryFilter one;
  one.equals.push_back({Dimension::Model, "opus"});
  one.request_id = "req_a";
  EXPECT_EQ(reader.newest(one, 9).value().size(), 2U);
  EXPECT_TRUE(matches(one, limited));
  EXPECT_FALSE(matches(one, other));
  EXPECT_TRUE(matches(errors, limited));
  EXPECT_FALSE(matches(errors, other));
}

TEST_F(Reading, OfAnEmptyDirectoryGivesNothing) {
  EXPECT_TRUE(sums({}, {Dimension::Model}).empty());
  EXPECT_EQ(sums({}, {})[0].attempts, 0);
}

TEST_F(Reading, CountsSqlAndJournalAlike) {
  store_ordinary();
  std::vector<LedgerEntry> entries;
  ASSERT_TRUE(LedgerReader(directory.path()).for_each({}, [&](const LedgerEntry& one) {
    entries.push_back(one);
    return true;
  }));
  for (const auto& by :
       {std::vector<Dimension>{}, {Dimension::Model, Dimension::Day}, {Dimension::State, Dimension::Hour}, {Dimension::Minute}}) {
    for (const CostRow& row : sums({}, by)) {
      CostRow expected;
      expected.labels = row.labels;
      for (const LedgerEntry& one : entries) {
        std::vector<std::string> labels;
        for (const Dimension dimension : by) labels.push_back(value_of(one, dimension));
        if (labels == row.labels) add(expected, one);
      }
      EXPECT_EQ(row, expected);
    }
  }
}

/// Fails always, so that entries stay in the journal.
class NoLedger final : public Ledger {
 public:
  Result<void> write(std::span<const AttemptRecords* const>) override {
    return fail(FailureKind::Io, Origin::Store, "no");
  }
  Result<AttemptId> last_id() override { return 0; }
  Result<void> maintain(AttemptId) override { return {}; }
};

TEST_F(Reading, SeesWhatIsStillInTheJournalOfARunningInstance) {
  StoreOptions options;
  options.directory = directory.path().string();
  options.segment_bytes = 64 * 1024;
  ManualClock clock;
  NoLedger ledger;
  const auto keeper = JournalKeeper::open(options, 1, ledger, clock).value();
  const AttemptId first = first_id_at(at("2026-05-03T00:00:00Z"));
  ASSERT_TRUE(record_attempt(keeper->writer(0), first));
  ASSERT_EQ(keeper->writer(0).begin(sample_begin(first + 1)), Recorded::Yes);
  ASSERT_EQ(keeper->writer(0).charge(sample_charge(first + 1)), Recorded::Yes);
  ASSERT_EQ(keeper->writer(0).begin(sample_begin(first + 2)), Recorded::Yes);  // in flight: nothing to show yet
  EXPECT_EQ(sums({}, {})[0].attempts, 2);
  const auto newest = LedgerReader(directory.path()).newest({}, 1).value();
  ASSERT_EQ(newest.size(), 1U);
  EXPECT_EQ(newest[0].id, first + 1);
  store_ordinary();
  EXPECT_EQ(sums({}, {})[0].attempts, 8);
  EXPECT_EQ(sums({}, {})[0].cost, Money::nanodollars(6200 + 2 * 5'031'000));
}

TEST_F(Reading, CountsWhatADeadProcessHadInFlightForWhoeverHoldsTheDirectoryNow) {
  StoreOptions options;
  options.directory = directory.path().string();
  options.segment_bytes = 64 * 1024;
  ManualClock clock;
  NoLedger ledger;
  const AttemptId first = first_id_at(at("2026-05-03T00:00:00Z"));
  {
    const auto died = JournalKeeper::open(options, 1, ledger, clock).value();
    ASSERT_EQ(died->writer(0).begin(sample_begin(first)), Recorded::Yes);
  }
  const auto keeper = JournalKeeper::open(options, 1, ledger, clock).value();  // its ledger takes nothing either
  EXPECT_EQ(sums({}, {})[0].attempts, 0) << "taken for an attempt of the instance that runs";
  const auto rows = LedgerReader(directory.path(), LedgerReader::Writers::None).aggregate({}, {}).value();
  EXPECT_EQ(rows[0].attempts, 1);
  EXPECT_EQ(rows[0].cost, Money::nanodollars(4'000'000)) << "its estimate";
}

TEST_F(Reading, TellsALedgerWithoutEntriesFromNone) {
  const LedgerReader reader(directory.path());
  const auto none = reader.check();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, FailureKind::NotFound);
  EXPECT_FALSE(LedgerReader(directory.path() / "mistyped").check());
  std::filesystem::create_directory(directory.path() / "journal");  // a start that found no time to make the database
  EXPECT_TRUE(reader.check());
}

TEST_F(Reading, CountsAnEntryThatIsInBothPlacesOnce) {
  StoreOptions options;
  options.directory = directory.path().string();
  options.segment_bytes = 64 * 1024;
  options.drain_interval = Nanoseconds(0);
  ManualClock clock;
  SqliteLedger ledger(directory.path() / "ledger.db");
  const auto keeper = JournalKeeper::open(options, 1, ledger, clock).value();
  ASSERT_TRUE(record_attempt(keeper->writer(0), first_id_at(at("2026-05-03T00:00:00Z"))));
  keeper->tick(clock.now());
  EXPECT_EQ(keeper->health().drained, 1U);
  EXPECT_EQ(sums({}, {})[0].attempts, 1);
}

}  // namespace
}  // namespace tidegate::store
