// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_directory.h"

#include "store/temporary_directory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace tidegate::store {
namespace {

const WallTime kNow = parse_rfc3339("2026-05-01T12:00:00Z").value();

quota::Allowance allowance(std::initializer_list<const char*> budgets) {
  quota::Allowance made;
  for (const char* text : budgets) put(made, quota::parse_budget(text).value());
  return made;
}

NewKey wanted() {
  NewKey key{TenantId("team-a"),   "ci",
             kNow + Seconds(60),   {"claude-*", "gpt-4o"},
             {{"owner", "ann"}},   allowance({"2.00", "500k tokens/hour:soft:warn=95%"})};
  key.allowance.requests_per_minute = 60;
  key.allowance.priority = quota::Priority::Batch;
  key.allowance.reserve = quota::ReserveMode::Learned;
  key.allowance.max_wait = Seconds(90);
  return key;
}

TEST(SqliteDirectories, GiveAKeyOnceAndKnowItAfterwards) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "directory.db";
  const CreatedKey created = SqliteDirectory(path).create_key(wanted(), kNow).value();
  SqliteDirectory reopened(path);
  EXPECT_EQ(reopened.list_keys().value(), std::vector<VirtualKey>{created.key});
  const auto snapshot = reopened.changed_snapshot().value();
  const KeyCheck check = snapshot->check(created.plain.reveal(), kNow);
  EXPECT_EQ(check.verdict, KeyVerdict::Valid);
  EXPECT_EQ(check.key->tenant, TenantId("team-a"));
  EXPECT_NE(snapshot->find_tenant("team-a"), nullptr);
}

TEST(SqliteDirectories, DoNotHoldTheSecret) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "directory.db";
  const CreatedKey created = SqliteDirectory(path).create_key(wanted(), kNow).value();
  const std::string secret(parse_key(created.plain.reveal())->secret);
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    EXPECT_EQ(content.find(secret), std::string::npos) << file.path();
  }
}

TEST(SqliteDirectories, NoticeWhatAnotherProcessChanged) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "directory.db";
  SqliteDirectory serving(path);
  EXPECT_EQ(serving.changed_snapshot().value()->key_count(), 0U);
  EXPECT_EQ(serving.changed_snapshot().value(), nullptr);
  SqliteDirectory command_line(path);
  const CreatedKey created = command_line.create_key(wanted(), kNow).value();
  EXPECT_EQ(serving.changed_snapshot().value()->check(created.plain.reveal(), kNow).verdict, KeyVerdict::Valid);
  EXPECT_EQ(serving.changed_snapshot().value(), nullptr);
  ASSERT_TRUE(command_line.revoke_key(created.key.id, kNow));
  EXPECT_EQ(serving.changed_snapshot().value()->check(created.plain.reveal(), kNow).verdict, KeyVerdict::Revoked);
}

TEST(SqliteDirectories, NoticeThatTheirFileWasReplacedAndMakeNoNewOneWhileItHasGone) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "directory.db";
  const auto other = directory.path() / "other.db";
  const CreatedKey restored = SqliteDirectory(other).create_key(wanted(), kNow).value();
  SqliteDirectory store(path);
  ASSERT_TRUE(store.create_key(wanted(), kNow));
  std::filesystem::remove(path);
  const auto gone = store.changed_snapshot();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, FailureKind::NotFound);
  EXPECT_FALSE(store.create_key(wanted(), kNow));
  EXPECT_FALSE(std::filesystem::exists(path));
  std::filesystem::rename(other, path);
  EXPECT_EQ(store.list_keys().value(), std::vector<VirtualKey>{restored.key});
}

TEST(SqliteDirectories, NoticeTheirOwnChanges) {
  const TemporaryDirectory directory;
  SqliteDirectory store(directory.path() / "directory.db");
  ASSERT_TRUE(store.changed_snapshot().value());
  Tenant tenant{TenantId("team-b"), "Team B", allowance({"100/month", "9/day"})};
  tenant.allowance.tokens_per_minute = 20'000;
  tenant.allowance.weight = 3;
  ASSERT_TRUE(store.put_tenant(tenant));
  EXPECT_EQ(*store.changed_snapshot().value()->find_tenant("team-b"), tenant);
  tenant.allowance = allowance({"50/month"});
  ASSERT_TRUE(store.put_tenant(tenant));
  EXPECT_EQ(*store.changed_snapshot().value()->find_tenant("team-b"), tenant) << "in place of what there was";
}

TEST(SqliteDirectories, ChangeWhatAKeyMayTake) {
  const TemporaryDirectory directory;
  SqliteDirectory store(directory.path() / "directory.db");
  const KeyId id = store.create_key(wanted(), kNow).value().key.id;
  ASSERT_TRUE(store.allow_key(id, allowance({"7/day"})));
  EXPECT_EQ(store.list_keys().value()[0].allowance, allowance({"7/day"}));
  EXPECT_EQ(store.allow_key(KeyId("none"), {}).error().kind, FailureKind::NotFound);
}

TEST(SqliteDirectories, TakeOverTheLimitsOfTheirFirstVersion) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "directory.db";
  {
    auto first = Database::open(path, Database::Access::ReadWrite).value();
    ASSERT_TRUE(first.execute(R"sql(
CREATE TABLE tenant (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, weight INTEGER NOT NULL,
  per_day INTEGER, per_month INTEGER,
  requests_per_minute INTEGER, tokens_per_minute INTEGER
) WITHOUT ROWID;
CREATE TABLE virtual_key (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, secret_sha256 TEXT NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER,
  per_day INTEGER, per_month INTEGER, requests_per_minute INTEGER, tokens_per_minute INTEGER
) WITHOUT ROWID;
CREATE TABLE key_model (key TEXT NOT NULL, position INTEGER NOT NULL, glob TEXT NOT NULL, PRIMARY KEY (key, position)) WITHOUT ROWID;
CREATE TABLE key_label (key TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (key, name)) WITHOUT ROWID;
INSERT INTO tenant VALUES ('a', 'A', 1, NULL, NULL, NULL, NULL), ('b', 'B', 3, 5000000000, 100000000000, 60, 9000);
INSERT INTO virtual_key VALUES ('k', 'b', 'ci', '00', 1, 2, NULL, 2500000000, NULL, NULL, 7);
PRAGMA user_version=1;
)sql"));
  }
  SqliteDirectory store(path);
  quota::Allowance b = allowance({"5/day", "100/month"});
  b.requests_per_minute = 60;
  b.tokens_per_minute = 9'000;
  b.weight = 3;
  EXPECT_EQ(store.list_tenants().value(),
            (std::vector<Tenant>{{TenantId("a"), "A", {}}, {TenantId("b"), "B", b}}));
  quota::Allowance k = allowance({"2.50/day"});
  k.tokens_per_minute = 7;
  const VirtualKey key = store.list_keys().value()[0];
  EXPECT_EQ(key.allowance, k);
  EXPECT_EQ(key.tenant, TenantId("b"));
  EXPECT_EQ(key.expires_at, wall_time_from_unix_nanoseconds(2));
}

TEST(SqliteDirectories, KnowWhereATenantsPromptsMayGo) {
  const TemporaryDirectory directory;
  SqliteDirectory directories(directory.path() / "directory.db");
  Tenant tenant{TenantId("team-a"), "Team A", {}};
  tenant.providers = {"anthropic", "relay"};
  ASSERT_TRUE(directories.put_tenant(tenant));
  EXPECT_EQ(directories.list_tenants().value(), std::vector<Tenant>{tenant});
  tenant.providers = {"relay"};
  ASSERT_TRUE(directories.put_tenant(tenant));
  EXPECT_EQ(directories.changed_snapshot().value()->find_tenant("team-a")->providers, tenant.providers);
}

TEST(SqliteDirectories, RefuseToRevokeWhatIsNotThere) {
  const TemporaryDirectory directory;
  const auto revoked = SqliteDirectory(directory.path() / "directory.db").revoke_key(KeyId("none"), kNow);
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().kind, FailureKind::NotFound);
}

TEST(SqliteDirectories, KeepTheFirstTimeOfRevocation) {
  const TemporaryDirectory directory;
  SqliteDirectory store(directory.path() / "directory.db");
  const KeyId id = store.create_key(wanted(), kNow).value().key.id;
  ASSERT_TRUE(store.revoke_key(id, kNow));
  ASSERT_TRUE(store.revoke_key(id, kNow + Seconds(5)));
  EXPECT_EQ(store.list_keys().value()[0].revoked_at, kNow);
}

}  // namespace
}  // namespace tidegate::store
