// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_operations.h"

#include "store/sqlite/sqlite_directory.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::store {
namespace {

using testing::HasSubstr;

const WallTime kNow = parse_rfc3339("2026-05-01T12:00:00Z").value();

class SqliteOperationsTest : public testing::Test {
 protected:
  SqliteOperationsTest() {
    Tenant web{TenantId("web"), "The web team", {}, {"anthropic"}};
    web.allowance.requests_per_minute = 100;
    web.allowance.tokens_per_minute = 50'001;
    web.allowance.weight = 3;
    put(web.allowance, quota::parse_budget("5/day").value());
    web_ = web;
    EXPECT_TRUE(directory_.put_tenant(web));
  }
  [[nodiscard]] Tenant web() { return directory_.list_tenants().value().at(0); }

  const TemporaryDirectory place_;
  const std::filesystem::path path_ = place_.path() / "directory.db";
  SqliteDirectory directory_{path_};
  SqliteOperations operations_{path_};
  Tenant web_;
};

TEST_F(SqliteOperationsTest, KeepsHowAnActionStands) {
  StoredAction action{.name = "scale-up",
                      .kind = "webhook",
                      .incident = "scale-up-1",
                      .by = "ada",
                      .began_at = kNow,
                      .alert_id = "1",
                      .rule = "key_lost",
                      .subject = "pool 1",
                      .severity = "warning",
                      .summary = "gone",
                      .value = 0.1,
                      .threshold = 1e-9,
                      .ran_at = kNow,
                      .day = kNow,
                      .runs = 2};
  ASSERT_TRUE(operations_.save(action));
  EXPECT_EQ(SqliteOperations(path_).load().value(), std::vector{action});
  action.incident.clear();
  action.ran_at.reset();
  ASSERT_TRUE(operations_.save(action));
  EXPECT_EQ(SqliteOperations(path_).load().value(), std::vector{action});
}

TEST_F(SqliteOperationsTest, GivesTheNewestOfTheAudit) {
  for (const char* text : {"one", "two", "three"}) {
    ASSERT_TRUE(operations_.add({.at = kNow, .actor = "alert", .subject = "action up", .text = text}));
  }
  const auto newest = operations_.newest(2).value();
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_EQ(newest[0], (AuditEntry{.at = kNow, .actor = "alert", .subject = "action up", .text = "three"}));
  EXPECT_EQ(newest[1].text, "two");
}

TEST_F(SqliteOperationsTest, ATenantsLimitsReturnToExactlyWhatTheyWere) {
  const ScaledLimits limits = operations_.scale_limits("brake", TenantId("web"), 0.5).value();
  EXPECT_EQ(limits, (ScaledLimits{100, 50, 50'001, 25'001}));
  EXPECT_EQ(web().allowance.requests_per_minute, 50);
  EXPECT_EQ(web().allowance.tokens_per_minute, 25'001);
  EXPECT_EQ(operations_.scale_limits("brake", TenantId("web"), 0.5).value(), limits) << "asked again, it changes nothing";
  EXPECT_EQ(web().allowance.requests_per_minute, 50);
  // As a later process would.
  EXPECT_EQ(SqliteOperations(path_).return_limits("brake").value(), LimitsReturn::Returned);
  EXPECT_EQ(web(), web_);
  EXPECT_EQ(operations_.return_limits("brake").value(), LimitsReturn::Nothing);
}

TEST_F(SqliteOperationsTest, WhatSomebodySetMeanwhileStays) {
  ASSERT_TRUE(operations_.scale_limits("brake", TenantId("web"), 0.5));
  Tenant changed = web();
  changed.allowance.requests_per_minute = 70;
  ASSERT_TRUE(directory_.put_tenant(changed));
  EXPECT_EQ(operations_.return_limits("brake").value(), LimitsReturn::Changed);
  EXPECT_EQ(web(), changed);
  EXPECT_TRUE(operations_.scale_limits("brake", TenantId("web"), 0.5)) << "it holds nothing any more";
}

TEST_F(SqliteOperationsTest, OtherThingsOfTheTenantMayChangeMeanwhile) {
  ASSERT_TRUE(operations_.scale_limits("brake", TenantId("web"), 0.5));
  Tenant changed = web();
  changed.allowance.weight = 9;
  ASSERT_TRUE(directory_.put_tenant(changed));
  EXPECT_EQ(operations_.return_limits("brake").value(), LimitsReturn::Returned);
  web_.allowance.weight = 9;
  EXPECT_EQ(web(), web_);
}

TEST_F(SqliteOperationsTest, RefusesWhatItCouldNotTakeBack) {
  ASSERT_TRUE(operations_.scale_limits("brake", TenantId("web"), 0.5));
  EXPECT_THAT(operations_.scale_limits("boost", TenantId("web"), 2).error().detail, HasSubstr("action 'brake' changed"));
  EXPECT_THAT(operations_.scale_limits("boost", TenantId("nobody"), 2).error().detail, HasSubstr("has no limits per minute"));
  ASSERT_TRUE(directory_.put_tenant({TenantId("free"), "free", {}, {}}));
  EXPECT_EQ(operations_.scale_limits("boost", TenantId("free"), 2).error().kind, FailureKind::NotFound);
}

TEST_F(SqliteOperationsTest, ALimitNeverBecomesZero) {
  EXPECT_EQ(operations_.scale_limits("brake", TenantId("web"), 0.001)->requests_after, 1);
}

}  // namespace
}  // namespace tidegate::store
