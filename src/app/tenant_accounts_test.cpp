// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/tenant_accounts.h"

#include "store/attempt_id.h"

#include <gtest/gtest.h>

#include <map>

namespace tidegate::app {
namespace {

using quota::BudgetPeriod;
using quota::parse_budget;
using std::chrono::hours;
using std::chrono::minutes;

const WallTime kNow = parse_rfc3339("2026-05-15T12:30:00Z").value();

/// A ledger that holds a few entries in memory.
class FakeLedger final : public store::LedgerQueries {
 public:
  void add(WallTime at, std::string tenant, std::string key, std::int64_t dollars) {
    store::LedgerEntry entry;
    entry.started_at = at;
    entry.id = store::first_id_at(at) + static_cast<store::AttemptId>(entries_.size());
    entry.tenant = std::move(tenant);
    entry.key = std::move(key);
    entry.cost = Money::dollars(dollars);
    entry.tokens = {.input = 1, .cache_read = 20, .cache_write_5m = 300, .cache_write_1h = 4'000, .output = 50'000, .reasoning = 7};
    entries_.push_back(std::move(entry));
  }
  Result<void> for_each(const store::EntryFilter&, const std::function<bool(const store::LedgerEntry&)>&) override {
    return fail(FailureKind::Unsupported, Origin::Store, "not asked");
  }
  Result<std::vector<store::CostRow>> aggregate(const store::EntryFilter& filter,
                                                std::span<const store::Dimension> by) override {
    ++questions;
    if (fails) return fail(FailureKind::Io, Origin::Store, "disk on fire");
    std::map<std::vector<std::string>, store::CostRow> rows;
    for (const store::LedgerEntry& entry : entries_) {
      if (!matches(filter, entry)) continue;
      std::vector<std::string> labels;
      for (const store::Dimension dimension : by) labels.push_back(value_of(entry, dimension));
      store::CostRow& row = rows[labels];
      row.labels = labels;
      store::add(row, entry);
    }
    std::vector<store::CostRow> out;
    for (auto& [labels, row] : rows) out.push_back(row);
    return out;
  }

  bool fails = false;
  int questions = 0;

 private:
  std::vector<store::LedgerEntry> entries_;
};

class TenantAccountsTest : public ::testing::Test {
 protected:
  TenantAccountsTest() { clock_.set_wall(kNow); }

  static store::Tenant tenant(const char* id, std::initializer_list<const char*> budgets) {
    store::Tenant made{TenantId(id), id, {}};
    for (const char* text : budgets) put(made.allowance, parse_budget(text).value());
    return made;
  }
  static store::VirtualKey key(const char* id, const char* of, std::initializer_list<const char*> budgets) {
    store::VirtualKey made;
    made.id = KeyId(id);
    made.tenant = TenantId(of);
    made.created_at = kNow - hours(24 * 20);
    for (const char* text : budgets) put(made.allowance, parse_budget(text).value());
    return made;
  }
  void adopt(std::vector<store::Tenant> tenants, std::vector<store::VirtualKey> keys) {
    accounts_.adopt(store::DirectorySnapshot(std::move(tenants), std::move(keys)), clock_.now());
  }
  /// Dollars of an account's budgets in their order; "t" or "t/k".
  std::vector<double> spent(std::string_view name) {
    std::vector<double> dollars;
    for (const quota::AccountLevel& one : book_.levels(quota::TenantBook::Which::All, clock_.now())) {
      if ((one.key.empty() ? one.tenant : one.tenant + "/" + one.key) != name) continue;
      for (const quota::BudgetLevel& level : one.budgets) dollars.push_back(static_cast<double>(level.spent) / 1e9);
    }
    return dollars;
  }

  ManualClock clock_;
  quota::TenantBook book_;
  TenantAccounts accounts_{book_};
  FakeLedger ledger_;
};

TEST_F(TenantAccountsTest, FillTheBookFromTheLedger) {
  ledger_.add(kNow - minutes(1), "t", "k", 1);
  ledger_.add(kNow - hours(2), "t", "k", 2);
  ledger_.add(kNow - hours(24), "t", "other", 4);
  ledger_.add(kNow - hours(24 * 15), "t", "k", 8);
  ledger_.add(kNow - hours(24 * 100), "t", "other", 16);
  ledger_.add(kNow - minutes(1), "u", "", 32);
  adopt({tenant("t", {"99/hour", "99/day", "99/month", "99/life"}), tenant("u", {"99/day", "99000tokens/day"})},
        {key("k", "t", {"99/hour", "99"})});
  ASSERT_TRUE(accounts_.misses_past());
  ASSERT_TRUE(accounts_.restore(ledger_, kNow));
  EXPECT_FALSE(accounts_.misses_past());
  EXPECT_EQ(spent("t"), (std::vector<double>{1, 3, 7, 31}));
  EXPECT_EQ(spent("t/k"), (std::vector<double>{1, 11}));
  EXPECT_EQ(spent("u"), (std::vector<double>{32, 54'321 / 1e9})) << "tokens of all kinds; reasoning is part of the output";
}

TEST_F(TenantAccountsTest, ReadOfTheLedgerWhatSomebodysBudgetNeeds) {
  adopt({tenant("t", {"99/hour", "99tokens/hour"}), tenant("u", {"99/day"}), tenant("v", {})}, {});
  ASSERT_TRUE(accounts_.restore(ledger_, kNow));
  EXPECT_EQ(ledger_.questions, 2) << "the hour and the day";
}

TEST_F(TenantAccountsTest, ReadTheLifeOfAYoungKeyAndNoMore) {
  ledger_.add(kNow - hours(24 * 300), "t", "k", 1);
  adopt({tenant("t", {})}, {key("k", "t", {"5"})});
  ASSERT_TRUE(accounts_.restore(ledger_, kNow));
  EXPECT_EQ(spent("t/k"), std::vector<double>{0}) << "it is twenty days old";
}

TEST_F(TenantAccountsTest, ReadWhatAnAccountSpentBeforeItWasKnownAndNothingTwice) {
  adopt({}, {});
  ledger_.add(kNow - minutes(1), "late", "", 1);
  clock_.advance(minutes(5));
  ledger_.add(kNow + minutes(6), "late", "", 2);
  adopt({tenant("late", {"99/day"})}, {});
  clock_.advance(minutes(5));
  ASSERT_TRUE(accounts_.restore(ledger_, clock_.now().wall));
  EXPECT_EQ(spent("late"), std::vector<double>{1}) << "what began later is in the book by itself";
}

TEST_F(TenantAccountsTest, TryAgainWhenTheLedgerCannotBeRead) {
  ledger_.add(kNow - minutes(1), "t", "", 5);
  adopt({tenant("t", {"9/day"})}, {});
  ledger_.fails = true;
  const auto failed = accounts_.restore(ledger_, kNow);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().detail, "disk on fire");
  EXPECT_TRUE(accounts_.misses_past());
  ledger_.fails = false;
  ASSERT_TRUE(accounts_.restore(ledger_, kNow));
  EXPECT_EQ(spent("t"), std::vector<double>{5});
}

TEST_F(TenantAccountsTest, LeaveOutKeysThatAreRevokedOrExpired) {
  store::VirtualKey revoked = key("r", "t", {"1"});
  revoked.revoked_at = kNow;
  store::VirtualKey expired = key("e", "t", {"1"});
  expired.expires_at = kNow - minutes(1);
  adopt({tenant("t", {})}, {revoked, expired, key("k", "t", {"1"})});
  EXPECT_EQ(book_.levels(quota::TenantBook::Which::All, clock_.now()).size(), 2U) << "the tenant and one key";
}

}  // namespace
}  // namespace tidegate::app
