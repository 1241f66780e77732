// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_history.h"

#include "store/temporary_directory.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace tidegate::store {
namespace {

using monitor::AlertState;
using testing::IsEmpty;
using testing::SizeIs;

const WallTime kNow = wall_time_from_unix_nanoseconds(1'795'000'000'000'000'001);

monitor::Alert alert(std::string subject, AlertState state) {
  monitor::Alert made;
  made.rule = "requests_remaining_low";
  made.subject = std::move(subject);
  made.id = monitor::alert_id(made.rule, made.subject);
  made.severity = monitor::AlertSeverity::Critical;
  made.state = state;
  made.since = kNow - Seconds(30);
  made.began = kNow - Seconds(60);
  made.value = 0.125;
  made.threshold = 0.2;
  made.summary = "little is left";
  made.runbook = "docs/runbooks/requests_remaining_low.md";
  return made;
}

monitor::AlertChange step(int number, WallTime at = kNow) {
  return {.at = at,
          .from = AlertState::Firing,
          .to = AlertState::Resolved,
          .alert = alert(fmt::format("pool {}", number), AlertState::Resolved)};
}

monitor::LimitChange change(std::int64_t after, WallTime at = kNow) {
  return {.at = at, .pool = "org-1", .model_group = "opus-5", .dimension = "requests", .before = 50, .after = after};
}

class SqliteHistoryTest : public testing::Test {
 protected:
  AlertMemory load(std::size_t most = 100) { return SqliteHistory(path_).load(most).value(); }

  const TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "history.db";
};

TEST_F(SqliteHistoryTest, GivesBackEverythingThatWasSaved) {
  monitor::AlertStanding firing{.alert = alert("pool 1", AlertState::Firing),
                                .silence = Seconds(3'600),
                                .is_told = true,
                                .told_at = kNow,
                                .told_severity = monitor::AlertSeverity::Warning};
  firing.alert.acknowledged_by = "Zoë";
  firing.alert.silenced_until = kNow + Seconds(60);
  const monitor::AlertStanding quiet{
      .alert = alert("pool 2", AlertState::Inactive), .silence = Seconds(60), .told_at = {}};
  monitor::AlertChange ended = step(1);
  ended.alert.acknowledged_by = "ada";
  AlertMemory memory{.standings = {firing, quiet},
                     .steps = {ended, step(2)},
                     .limit_changes = {change(40), change(30)},
                     .threads = {{"ops", R"({"place":"C1"})"}, {"team", "…"}}};
  std::sort(memory.standings.begin(), memory.standings.end(),
            [](const auto& a, const auto& b) { return a.alert.id < b.alert.id; });
  ASSERT_TRUE(SqliteHistory(path_).save(memory, kNow));
  const AlertMemory found = load();
  EXPECT_EQ(found.standings, memory.standings);
  EXPECT_EQ(found.steps, memory.steps);
  EXPECT_EQ(found.limit_changes, memory.limit_changes);
  EXPECT_EQ(found.threads, memory.threads);
  ASSERT_TRUE(SqliteHistory(path_).save({.standings = {}, .steps = {}, .limit_changes = {}, .threads = {{"ops", "x"}}}, kNow));
  EXPECT_EQ(load().threads, (std::map<std::string, std::string>{{"ops", "x"}}));
}

TEST_F(SqliteHistoryTest, GivesBackBalancesSinceAnInstantAndDropsOldOnes) {
  const auto reading = [](double left, WallTime at) {
    return StoredBalance{.at = at, .provider = "relay", .account = "one_api https://relay", .currency = "CNY", .left = left};
  };
  SqliteHistory history(path_);
  const std::vector first{reading(3, kNow - BalanceStore::kKeptReadings - Seconds(1)), reading(20.25, kNow - Seconds(60)), reading(-1, kNow)};
  ASSERT_TRUE(history.add(first, kNow));
  EXPECT_EQ(SqliteHistory(path_).readings(WallTime()).value(), (std::vector{first[1], first[2]}));
  EXPECT_EQ(history.readings(kNow).value(), std::vector{first[2]});
}

TEST_F(SqliteHistoryTest, AFileOfTheFirstVersionIsTakenOver) {
  ASSERT_TRUE(SqliteHistory(path_).save({.standings = {}, .steps = {step(1)}, .limit_changes = {}}, kNow));
  {
    auto database = Database::open(path_, Database::Access::ReadWrite);
    ASSERT_TRUE(database->execute("DROP VIEW balances; DROP TABLE balance_reading; DROP TABLE thread; PRAGMA user_version=1"));
  }
  SqliteHistory history(path_);
  EXPECT_EQ(history.load(10).value().steps, std::vector{step(1)});
  EXPECT_TRUE(history.readings(kNow).value().empty());
}

TEST_F(SqliteHistoryTest, ReplacesStandingsAndAddsTheRest) {
  SqliteHistory history(path_);
  ASSERT_TRUE(history.save({.standings = {{.alert = alert("pool 1", AlertState::Firing), .told_at = {}}},
                            .steps = {step(1)},
                            .limit_changes = {change(1)}},
                           kNow));
  ASSERT_TRUE(history.save({.standings = {}, .steps = {step(2)}, .limit_changes = {change(2)}}, kNow));
  EXPECT_THAT(load().standings, IsEmpty());
  EXPECT_EQ(load().steps, (std::vector{step(1), step(2)}));
  EXPECT_EQ(load(1).steps, std::vector{step(2)}) << "the newest";
  EXPECT_EQ(load(1).limit_changes, std::vector{change(2)});
}

TEST_F(SqliteHistoryTest, IsBoundedByAgeAndCount) {
  SqliteHistory history(path_);
  AlertMemory memory;
  for (int number = 0; number < 10'010; ++number) memory.steps.push_back(step(number));
  memory.limit_changes = {change(1, kNow - HistoryStore::kKept - Seconds(1)), change(2)};
  ASSERT_TRUE(history.save(memory, kNow));
  const AlertMemory found = load(20'000);
  ASSERT_THAT(found.steps, SizeIs(10'000));
  EXPECT_EQ(found.steps.front(), step(10));
  EXPECT_EQ(found.limit_changes, std::vector{change(2)});
}

TEST_F(SqliteHistoryTest, ALockedDatabaseIsAFailureAndNothingIsHalfWritten) {
  SqliteHistory history(path_);
  ASSERT_TRUE(history.save({.standings = {}, .steps = {step(1)}, .limit_changes = {}}, kNow));
  auto other = Database::open(path_, Database::Access::ReadWrite);
  {
    auto lock = Transaction::start(*other, "BEGIN IMMEDIATE");
    ASSERT_TRUE(lock);
    const auto saved = history.save({.standings = {}, .steps = {step(2)}, .limit_changes = {}}, kNow);
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().kind, FailureKind::Timeout);
  }
  ASSERT_TRUE(history.save({.standings = {}, .steps = {step(2)}, .limit_changes = {}}, kNow));
  EXPECT_EQ(load().steps, (std::vector{step(1), step(2)}));
}

TEST_F(SqliteHistoryTest, ABrokenFileIsAFailureAndOneInItsPlaceIsTaken) {
  std::ofstream(path_) << std::string(8'192, 'x');
  SqliteHistory history(path_);
  EXPECT_EQ(history.load(10).error().kind, FailureKind::Corrupt);
  EXPECT_FALSE(history.save({}, kNow));
  std::filesystem::remove(path_);
  EXPECT_TRUE(history.save({.standings = {}, .steps = {step(1)}, .limit_changes = {}}, kNow));
  EXPECT_THAT(load().steps, SizeIs(1));
}

TEST_F(SqliteHistoryTest, PeopleReadWhatIsOverWithBeginAndEnd) {
  ASSERT_TRUE(SqliteHistory(path_).save({.standings = {}, .steps = {step(1)}, .limit_changes = {change(40)}}, kNow));
  auto database = Database::open(path_, Database::Access::ReadOnly);
  EXPECT_EQ(database->number("SELECT count(*) FROM alerts WHERE ended > began AND subject = 'pool 1'").value(), 1);
  EXPECT_EQ(database->number("SELECT count(*) FROM limits WHERE before = 50 AND after = 40 AND first_seen LIKE '20%Z'")
                .value(),
            1);
}

}  // namespace
}  // namespace tidegate::store
