// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/period_use.h"

#include "store/attempt_id.h"
#include "store/sample_records.h"
#include "store/sqlite/ledger_reader.h"
#include "store/sqlite/sqlite_ledger.h"
#include "store/temporary_directory.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

using quota::PeriodDimension;
using std::chrono::hours;

const WallTime kNow = parse_rfc3339("2026-05-15T12:30:00Z").value();

store::LedgerEntry entry(WallTime at, int number, std::string model, std::string organisation) {
  store::LedgerEntry entry;
  entry.started_at = at;
  entry.id = store::first_id_at(at) + static_cast<store::AttemptId>(number);
  entry.attempt = 1;
  entry.provider = "anthropic";
  entry.pool = "KEY";
  entry.organisation = std::move(organisation);
  entry.model = std::move(model);
  entry.endpoint = "messages";
  entry.state = store::AttemptState::Completed;
  entry.tokens = {.input = 100, .cache_read = 5'000, .cache_write_5m = 20, .cache_write_1h = 0, .output = 30, .reasoning = 0};
  return entry;
}

void write(store::SqliteLedger& ledger, const std::vector<store::LedgerEntry>& entries) {
  ASSERT_TRUE(store::write_entries(ledger, entries));
}

TEST(PeriodUse, TheLedgerRemembersWhatNoHeaderTells) {
  const store::TemporaryDirectory directory;
  {
    store::SqliteLedger ledger(directory.path() / "ledger.db");
    const std::vector<store::LedgerEntry> entries{
        entry(kNow - hours(2), 1, "claude-opus-5", "org-1"),       entry(kNow - hours(3), 2, "claude-opus-5", "org-1"),
        entry(kNow - hours(100), 3, "claude-opus-5", "org-1"),     entry(kNow - hours(2), 4, "claude-haiku-4-5", "org-1"),
        entry(kNow - hours(40 * 24), 5, "claude-opus-5", "org-1"), entry(kNow - hours(2), 6, "claude-opus-5", ""),
    };
    write(ledger, entries);
  }
  store::LedgerReader reader(directory.path(), store::LedgerReader::Writers::None);
  PeriodUse use;
  upstream::ProviderOptions provider;
  provider.id = ProviderId("anthropic");
  ASSERT_TRUE(use.restore(reader, std::span(&provider, 1), kNow));

  std::vector<quota::KnownPool> pools;
  use.add_to(pools, "anthropic", "opus-5", kNow);
  ASSERT_EQ(pools.size(), 2U);
  EXPECT_EQ(pools[0].pool, "key:KEY");
  EXPECT_EQ(pools[1].pool, "org-1");
  EXPECT_EQ(pools[1].used[PeriodDimension::RequestsPerDay], 2);
  EXPECT_EQ(pools[1].used[PeriodDimension::TokensPerDay], 300) << "cache reads do not count";
  EXPECT_EQ(pools[1].used[PeriodDimension::RequestsPerMonth], 3);
  EXPECT_EQ(pools[1].used[PeriodDimension::TokensPerMonth], 450);

  std::vector<quota::KnownPool> later;
  use.add_to(later, "anthropic", "opus-5", kNow + hours(12));
  EXPECT_EQ(later[1].used[PeriodDimension::RequestsPerDay], 1) << "half of it has rolled off";
}

TEST(PeriodUse, AKeyWithAWorkspaceOfItsOwnHasAPoolOfItsOwn) {
  const store::TemporaryDirectory directory;
  {
    store::SqliteLedger ledger(directory.path() / "ledger.db");
    const std::vector<store::LedgerEntry> entries{entry(kNow - hours(2), 1, "claude-opus-5", "org-1")};
    write(ledger, entries);
  }
  store::LedgerReader reader(directory.path(), store::LedgerReader::Writers::None);
  upstream::ProviderOptions provider;
  provider.id = ProviderId("anthropic");
  provider.keys.push_back({.name = "KEY", .secret = {}, .organisation = {}, .workspace = "ci"});
  PeriodUse use;
  ASSERT_TRUE(use.restore(reader, std::span(&provider, 1), kNow));
  std::vector<quota::KnownPool> pools{{.pool = "org-1/ci", .limits = {}, .levels = {}, .used = {}}};
  use.add_to(pools, "anthropic", "opus-5", kNow);
  ASSERT_EQ(pools.size(), 1U);
  EXPECT_EQ(pools[0].used[PeriodDimension::RequestsPerDay], 1);
}

TEST(PeriodUse, IsNeededWhereSomeLimitIsLong) {
  upstream::ProviderOptions provider;
  EXPECT_FALSE(PeriodUse::is_needed(std::span(&provider, 1)));
  provider.pools.limits.emplace_back().limits.periods[PeriodDimension::RequestsPerDay] = 5;
  EXPECT_TRUE(PeriodUse::is_needed(std::span(&provider, 1)));
}

}  // namespace
}  // namespace tidegate::app
