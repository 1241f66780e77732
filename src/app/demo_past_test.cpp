// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/demo_past.h"

#include "app/ledger_forecast.h"
#include "store/directory_lock.h"
#include "store/sqlite/demand_reader.h"
#include "store/sqlite/ledger_reader.h"
#include "store/sqlite/sqlite_ledger.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <vector>

namespace tidegate::app {
namespace {

using testing::HasSubstr;
using std::chrono::minutes;

pricing::PriceBook prices() {
  pricing::PriceOptions options;
  pricing::PriceRow row;
  row.model = "claude-sonnet-5";
  row.input = PricePerMillion{Money::parse("3").value()};
  row.cache_read = PricePerMillion{Money::parse("0.30").value()};
  row.output = PricePerMillion{Money::parse("15").value()};
  options.rows = {row};
  return pricing::PriceBook::make(options).value();
}

class DemoPastTest : public ::testing::Test {
 protected:
  Result<void> write(const std::vector<std::string>& lines) {
    store::SqliteLedger ledger(directory_.path() / "ledger.db");
    DemoPastWriter writer(ledger, prices_, start_);
    for (const std::string& line : lines) {
      if (Result<void> added = writer.add(line); !added) return added;
    }
    return writer.finish();
  }

  const WallTime start_ = *parse_rfc3339("2026-11-23T10:00:00Z");
  const pricing::PriceBook prices_ = prices();
  store::TemporaryDirectory directory_;
};

TEST_F(DemoPastTest, IsInTheLedgerAsIfItHadBeen) {
  ASSERT_TRUE(write({"-90000 messages claude-sonnet-5 grace 12 1 1000 4000 0 200 600 4000",
                     "-30000 messages claude-sonnet-5 support-bot 0 1 50 4000 0 100 600 2000",
                     "-20000 count_tokens claude-haiku-4-5 - 0 0 0 0 0 0 40 40",
                     "-1 chat_completions gpt-5.1 search-service 0 0 100 0 0 20 500 900"}));
  std::vector<store::DemandRow> rows;
  store::DemandReader reader(directory_.path());
  ASSERT_TRUE(reader.for_each_minute(start_ - minutes(10), start_, [&](const store::DemandRow& row) {
    rows.push_back(row);
    return true;
  }));
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].model, "claude-sonnet-5");
  EXPECT_EQ(rows[0].provider, "anthropic");
  EXPECT_EQ(rows[0].tenant, "default");
  EXPECT_EQ(rows[0].attempts, 1);
  EXPECT_EQ(rows[0].input_tokens, 1000);
  EXPECT_EQ(rows[0].output_tokens, 200);
  EXPECT_EQ(rows[0].cost, Money::nanodollars(1000 * 3000 + 4000 * 300 + 200 * 15000));
}

TEST_F(DemoPastTest, SaysOfEachEntryThatItIsMadeUp) {
  ASSERT_TRUE(write({"-90000 messages claude-sonnet-5 grace 12 1 1000 4000 0 200 600 4000"}));
  store::LedgerReader reader(directory_.path());
  const auto entries = reader.newest({}, 10);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1U);
  const store::LedgerEntry& entry = entries->front();
  EXPECT_EQ(entry.key, "demo-past");
  EXPECT_EQ(entry.request_id, "demo-past-00000001");
  EXPECT_EQ(entry.session, "demo-past-12");
  EXPECT_EQ(entry.user, "grace");
  EXPECT_EQ(entry.started_at, start_ - Milliseconds(90'000));
  EXPECT_EQ(entry.state, store::AttemptState::Completed);
}

TEST_F(DemoPastTest, RefusesWhatIsNoCall) {
  for (const char* line : {"", "nonsense", "-1 messages claude-sonnet-5 grace 12 1 1000 4000 0 200 600", "x messages m u 0 1 1 1 1 1 1 1",
                           "-1 dreams m u 0 1 1 1 1 1 1 1", "-1 messages m u 0 1 1 1 1 1 1 1 1"}) {
    const Result<void> written = write({line});
    ASSERT_FALSE(written) << line;
    EXPECT_THAT(written.error().detail, HasSubstr("is no call of the past"));
  }
}

TEST_F(DemoPastTest, ReplacesOnlyALedgerThatADemoMade) {
  const std::filesystem::path ledger = directory_.path() / "new" / "ledger.db";
  EXPECT_EQ(prepare_demo_ledger(ledger.parent_path()), DemoLedger::Empty);
  std::ofstream(ledger) << "of the first demo";
  EXPECT_EQ(prepare_demo_ledger(ledger.parent_path()), DemoLedger::Empty);
  EXPECT_FALSE(std::filesystem::exists(ledger));

  std::ofstream(directory_.path() / "ledger.db") << "somebody's";
  EXPECT_EQ(prepare_demo_ledger(directory_.path()), DemoLedger::Foreign);
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "ledger.db"));
}

TEST_F(DemoPastTest, NeverTakesALedgerForADemosThatSomebodyElseHasUsedSince) {
  EXPECT_EQ(prepare_demo_ledger(directory_.path()), DemoLedger::Empty);
  std::ofstream(directory_.path() / "ledger.db") << "a demo's, and then somebody's";
  disown_demo_ledger(directory_.path());
  EXPECT_EQ(prepare_demo_ledger(directory_.path()), DemoLedger::Foreign);
  disown_demo_ledger(directory_.path() / "nowhere");
}

TEST_F(DemoPastTest, LeavesADirectoryAloneThatIsInUse) {
  const auto lock = store::DirectoryLock::take(directory_.path());
  ASSERT_TRUE(lock);
  EXPECT_EQ(prepare_demo_ledger(directory_.path()).error().kind, FailureKind::Denied);
}

}  // namespace
}  // namespace tidegate::app
