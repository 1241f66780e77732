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

NewKey wanted() {
  return NewKey{TenantId("team-a"), "ci",
                kNow + Seconds(60), {"claude-*", "gpt-4o"},
                {{"owner", "ann"}}, Allowance{Money::dollars(5), {}, 60, {}}};
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

TEST(SqliteDirectories, NoticeTheirOwnChanges) {
  const TemporaryDirectory directory;
  SqliteDirectory store(directory.path() / "directory.db");
  ASSERT_TRUE(store.changed_snapshot().value());
  const Tenant tenant{TenantId("team-b"), "Team B", 3, Allowance{{}, Money::dollars(100), {}, 20'000}};
  ASSERT_TRUE(store.put_tenant(tenant));
  EXPECT_EQ(*store.changed_snapshot().value()->find_tenant("team-b"), tenant);
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
