// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/directory_key_check.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::app {
namespace {

class DirectoryKeyCheckTest : public ::testing::Test {
 protected:
  void know(std::optional<WallTime> expires_at, std::vector<std::string> models) {
    store::VirtualKey key;
    key.id = KeyId("red");
    key.tenant = TenantId("blue");
    key.secret_sha256 = store::sha256(secret_);
    key.expires_at = expires_at;
    key.allowed_models = std::move(models);
    board_.swap(std::make_shared<const store::DirectorySnapshot>(std::vector<store::Tenant>{}, std::vector<store::VirtualKey>{key}));
  }
  FailureKind refusal(std::string_view credential) {
    const auto caller = check_.check(credential, clock_.now().wall);
    return caller ? FailureKind::Io : caller.error().kind;
  }

  ManualClock clock_;
  std::string secret_ = std::string(store::kSecretLength, 'x');
  std::string good_ = "tg_red_" + secret_;
  store::DirectoryBoard board_;
  DirectoryKeyCheck check_{board_};
};

TEST_F(DirectoryKeyCheckTest, NamesTenantAndKeyOfAValidOne) {
  know(std::nullopt, {});
  const auto caller = check_.check(good_, clock_.now().wall);
  ASSERT_TRUE(caller) << caller.error().detail;
  EXPECT_EQ(caller->tenant, "blue");
  EXPECT_EQ(caller->key, "red");
}

TEST_F(DirectoryKeyCheckTest, SaysWhereTheTenantsPromptsMayGoAndHowItWaits) {
  store::VirtualKey key;
  key.id = KeyId("red");
  key.tenant = TenantId("blue");
  key.secret_sha256 = store::sha256(secret_);
  store::Tenant tenant{TenantId("blue"), "Blue", {}};
  tenant.providers = {"relay"};
  tenant.allowance.priority = quota::Priority::Batch;
  board_.swap(std::make_shared<const store::DirectorySnapshot>(std::vector{tenant}, std::vector{key}));
  const auto caller = check_.check(good_, clock_.now().wall);
  ASSERT_TRUE(caller) << caller.error().detail;
  EXPECT_EQ(caller->providers, tenant.providers);
  EXPECT_EQ(caller->priority, quota::Priority::Batch);
}

TEST_F(DirectoryKeyCheckTest, RefusesWhatIsNotOurs) {
  EXPECT_EQ(refusal("sk-ant-something"), FailureKind::Denied);
  EXPECT_EQ(refusal(good_), FailureKind::Denied) << "before the key is known";
  know(std::nullopt, {});
  EXPECT_EQ(refusal("tg_red_" + std::string(store::kSecretLength, 'y')), FailureKind::Denied);
}

TEST_F(DirectoryKeyCheckTest, RefusesAnExpiredOne) {
  know(clock_.now().wall + Seconds(60), {});
  EXPECT_EQ(refusal(good_), FailureKind::Io) << "still valid";
  clock_.advance(Seconds(61));
  EXPECT_EQ(refusal(good_), FailureKind::Denied);
}

TEST_F(DirectoryKeyCheckTest, ChecksAKeyAnewThatItHasProvenBefore) {
  know(std::nullopt, {});
  EXPECT_TRUE(check_.check(good_, clock_.now().wall));
  EXPECT_TRUE(check_.check(good_, clock_.now().wall));
  std::string wrong = good_;
  wrong.back() = 'y';
  EXPECT_EQ(refusal(wrong), FailureKind::Denied);
  know(std::nullopt, {"claude-haiku-*"});
  EXPECT_EQ(check_.check(good_, clock_.now().wall)->models.size(), 1U) << "the directory changed";
  board_.swap(std::make_shared<const store::DirectorySnapshot>());
  EXPECT_EQ(refusal(good_), FailureKind::Denied) << "the key is gone";
}

TEST_F(DirectoryKeyCheckTest, SaysWhichModelsAKeyMayUse) {
  know(std::nullopt, {"claude-haiku-*", "claude-sonnet-5"});
  EXPECT_EQ(check_.check(good_, clock_.now().wall)->models, (std::vector<std::string>{"claude-haiku-*", "claude-sonnet-5"}));
}

}  // namespace
}  // namespace tidegate::app
