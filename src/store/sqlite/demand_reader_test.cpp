// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/demand_reader.h"

#include "store/attempt_id.h"
#include "store/sample_records.h"
#include "store/sqlite/database.h"
#include "store/sqlite/sqlite_ledger.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string_view>
#include <vector>

namespace tidegate::store {
namespace {

using testing::ElementsAre;

WallTime at(std::string_view text) { return parse_rfc3339(text).value(); }

std::int64_t minute_of(std::string_view text) {
  return std::chrono::floor<std::chrono::minutes>(at(text)).time_since_epoch().count();
}

class DemandReading : public ::testing::Test {
 protected:
  AttemptRecords attempt(std::string_view time, int number) {
    const AttemptId id = first_id_at(at(time)) + number;
    return {sample_begin(id), sample_charge(id), sample_end(id)};
  }
  void write(const std::vector<AttemptRecords>& attempts) {
    std::vector<const AttemptRecords*> pointers;
    for (const AttemptRecords& one : attempts) pointers.push_back(&one);
    SqliteLedger ledger(directory_.path() / "ledger.db");
    ASSERT_TRUE(ledger.write(pointers));
  }
  std::vector<DemandRow> read(std::string_view since = "2026-05-01T00:00:00Z",
                              std::string_view until = "2026-06-01T00:00:00Z") {
    std::vector<DemandRow> rows;
    const auto done = DemandReader(directory_.path()).for_each_minute(at(since), at(until), [&](const DemandRow& row) {
      rows.push_back(row);
      return true;
    });
    EXPECT_TRUE(done) << done.error().detail;
    return rows;
  }

  TemporaryDirectory directory_;
};

TEST_F(DemandReading, AnEmptyDirectoryHasNoPast) { EXPECT_TRUE(read().empty()); }

TEST_F(DemandReading, SumsEachMinuteByItsLabels) {
  auto other = attempt("2026-05-02T10:00:30Z", 3);
  other.begin.tenant = "ci";
  write({attempt("2026-05-02T10:00:00Z", 1), attempt("2026-05-02T10:00:59.999Z", 2), other,
         attempt("2026-05-02T10:01:00Z", 4), attempt("2026-05-02T23:30:00Z", 5)});
  std::vector<DemandRow> rows = read();
  ASSERT_EQ(rows.size(), 4U);
  if (rows[0].tenant == "ci") std::swap(rows[0], rows[1]);
  EXPECT_EQ(rows[0], (DemandRow{.minute = minute_of("2026-05-02T10:00:00Z"),
                                .provider = "anthropic",
                                .endpoint = "/v1/messages",
                                .model = "claude-sonnet-4-5-20250929",
                                .speed = {},
                                .tenant = "default",
                                .key = "k7Hq2mVx",
                                .wanted_room = {},
                                .requests = 2,
                                .attempts = 2,
                                .unserved = 0,
                                .input_tokens = 2 * (12 + 64),
                                .output_tokens = 2 * 301,
                                .cached_tokens = 2 * 800,
                                .cost = Money::nanodollars(2 * 5'031'000)}));
  EXPECT_EQ(rows[1].tenant, "ci");
  EXPECT_EQ(rows[1].minute, rows[0].minute);
  EXPECT_EQ(rows[2].minute, rows[0].minute + 1);
  EXPECT_EQ(rows[3].minute, minute_of("2026-05-02T23:30:00Z"));
}

TEST_F(DemandReading, TellsWhatWasRefusedForWantOfCapacityAndNothingElseThatWasRefused) {
  auto refused = attempt("2026-05-02T10:00:00Z", 1);
  refused.charge = {};
  refused.end.state = AttemptState::Refused;
  refused.end.error_kind = "no_capacity";
  auto wrong = refused;
  wrong.begin.id = wrong.end.id = wrong.charge.id = refused.begin.id + 1;
  refused.charge.id = refused.begin.id;
  wrong.end.error_kind = "unauthorised";
  auto shadow = attempt("2026-05-02T10:00:00Z", 7);
  shadow.begin.kind = EntryKind::Shadow;
  write({refused, wrong, shadow});
  const std::vector<DemandRow> rows = read();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].attempts, 0);
  EXPECT_EQ(rows[0].unserved, 1);
  EXPECT_EQ(rows[0].input_tokens, 0);
}

TEST_F(DemandReading, TellsWhatWasWantedElsewhereApart) {
  auto first = attempt("2026-05-02T10:00:00Z", 1);
  auto second = attempt("2026-05-02T10:00:01Z", 2);  // of the same request, after the first provider had failed
  second.begin.attempt = 2;
  second.begin.provider = "relay";
  second.begin.wanted_room = "anthropic/sonnet-4";
  auto overflowed = attempt("2026-05-02T10:00:02Z", 3);  // the first provider was not asked at all
  overflowed.begin.provider = "relay";
  overflowed.begin.wanted_room = "anthropic/sonnet-4";
  auto refused = overflowed;
  refused.begin.id = refused.charge.id = refused.end.id = overflowed.begin.id + 1;
  refused.charge.tokens = {};
  refused.charge.cost = {};
  refused.end.state = AttemptState::Refused;
  refused.end.error_kind = "no_capacity";
  write({first, second, overflowed, refused});
  const std::vector<DemandRow> rows = read();
  ASSERT_EQ(rows.size(), 3U);
  std::int64_t requests = 0;
  for (const DemandRow& row : rows) {
    requests += row.requests;
    if (row.provider == "anthropic") {
      EXPECT_EQ(row.wanted_room, "");
      EXPECT_EQ(row.requests, 1);
    } else {
      EXPECT_EQ(row.wanted_room, "anthropic/sonnet-4");
      EXPECT_EQ(row.requests, row.unserved == 1 ? 0 : 1);
      EXPECT_EQ(row.attempts, row.unserved == 1 ? 0 : 2);
    }
  }
  EXPECT_EQ(requests, 2);
}

TEST_F(DemandReading, ReadsALedgerThatNoLaterProgramHasOpenedYet) {
  write({attempt("2026-05-02T10:00:00Z", 1)});
  {
    auto database = Database::open(directory_.path() / "ledger.db", Database::Access::ReadWrite);
    ASSERT_TRUE(database);
    ASSERT_TRUE(
        database->execute("DROP TABLE state_tie; DROP VIEW entries; ALTER TABLE entry DROP COLUMN wanted_room; PRAGMA user_version = 1"));
  }
  const std::vector<DemandRow> rows = read();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].requests, 1);
  EXPECT_EQ(rows[0].wanted_room, "");
}

TEST_F(DemandReading, KeepsToItsTimeAndStopsWhenTold) {
  write({attempt("2026-05-02T10:00:00Z", 1), attempt("2026-05-02T12:00:00Z", 2), attempt("2026-05-02T14:00:00Z", 3)});
  EXPECT_EQ(read("2026-05-02T11:00:00Z", "2026-05-02T14:00:00Z").size(), 1U);
  int taken = 0;
  ASSERT_TRUE(DemandReader(directory_.path())
                  .for_each_minute(at("2026-05-01T00:00:00Z"), at("2026-06-01T00:00:00Z"),
                                   [&](const DemandRow&) { return ++taken < 2; }));
  EXPECT_EQ(taken, 2);
}

}  // namespace
}  // namespace tidegate::store
