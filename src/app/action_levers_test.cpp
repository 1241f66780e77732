// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/action_levers.h"

#include "store/sqlite/sqlite_directory.h"
#include "store/sqlite/sqlite_operations.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

using operations::ActionEvent;
using operations::ActionKind;
using operations::ActionStep;
using testing::ElementsAre;
using testing::IsEmpty;

class ActionLeversTest : public testing::Test {
 protected:
  /// What moving it in either direction tells.
  std::string move(ActionStep step, ActionEvent event) {
    step.event = event;
    const auto told = levers_.move(step);
    return told ? *told : "failed: " + told.error().detail;
  }
  static ActionStep step(ActionKind kind, std::string name) {
    ActionStep made;
    made.options.kind = kind;
    made.options.name = std::move(name);
    return made;
  }
  [[nodiscard]] std::vector<std::string> keys() const {
    std::vector<std::string> names;
    for (const upstream::ProviderKey& key : spare_keys_.in_rotation(
             ProviderId("anthropic"), {{.name = "RED", .secret = {}, .organisation = {}, .workspace = {}},
                                       {.name = "BLUE", .secret = {}, .organisation = {}, .workspace = {}, .is_spare = true}})) {
      names.push_back(key.name);
    }
    return names;
  }

  const SystemClock clock_;
  const store::TemporaryDirectory place_;
  store::SqliteDirectory directory_{place_.path() / "directory.db"};
  store::SqliteOperations store_{place_.path() / "directory.db"};
  quota::RoomBook rooms_{clock_};
  gateway::SteeringBoard steering_;
  SpareKeys spare_keys_;
  std::vector<std::string> changed_;
  ActionLevers levers_{{.store = store_,
                        .rooms = rooms_,
                        .steering = steering_,
                        .spare_keys = spare_keys_,
                        .keys_changed = [this](const ProviderId& provider) { changed_.push_back(provider.text()); }}};
};

TEST_F(ActionLeversTest, ATenantsLimitsGoAndReturn) {
  store::Tenant web{TenantId("web"), "web", {}, {}};
  web.allowance.requests_per_minute = 100;
  ASSERT_TRUE(directory_.put_tenant(web));
  ActionStep brake = step(ActionKind::TenantLimit, "brake");
  brake.options.tenant = "web";
  brake.options.factor = 0.5;
  EXPECT_EQ(move(brake, ActionEvent::Trigger), "tenant web, requests per minute 100 → 50");
  EXPECT_EQ(directory_.list_tenants()->at(0).allowance.requests_per_minute, 50);
  EXPECT_EQ(move(brake, ActionEvent::Return), "the tenant's limits are what they were");
  EXPECT_EQ(directory_.list_tenants()->at(0), web);
  EXPECT_EQ(move(brake, ActionEvent::Return), "no limits had been changed");
  brake.options.tenant = "nobody";
  EXPECT_THAT(move(brake, ActionEvent::Trigger), testing::StartsWith("failed: tenant 'nobody' has no limits per minute"));
}

TEST_F(ActionLeversTest, SharesOfAProviderAreShiftedByTheLargestAsked) {
  ActionStep some = step(ActionKind::ShiftShare, "some");
  some.options.provider = "anthropic";
  some.options.share = 0.2;
  ActionStep most = some;
  most.options.name = "most";
  most.options.share = 0.9;
  EXPECT_EQ(move(some, ActionEvent::Trigger), "20 % of the requests ask anthropic last");
  EXPECT_EQ(move(most, ActionEvent::Trigger), "90 % of the requests ask anthropic last");
  EXPECT_EQ(steering_.current()->share_away_from("anthropic"), 0.9);
  EXPECT_EQ(steering_.current()->share_away_from("relay"), 0);
  EXPECT_EQ(move(most, ActionEvent::Return), "20 % of the requests ask anthropic last");
  EXPECT_EQ(move(some, ActionEvent::Return), "all requests ask anthropic first again");
  EXPECT_THAT(steering_.current()->shifts, IsEmpty());
}

TEST_F(ActionLeversTest, ASpareKeyIsInRotationWhileAnActionHoldsIt) {
  EXPECT_THAT(keys(), ElementsAre("RED"));
  ActionStep more = step(ActionKind::EnableKey, "more");
  more.options.provider = "anthropic";
  more.options.key = "BLUE";
  EXPECT_EQ(move(more, ActionEvent::Trigger), "BLUE of anthropic is in rotation");
  EXPECT_THAT(keys(), ElementsAre("RED", "BLUE"));
  EXPECT_EQ(move(more, ActionEvent::Return), "BLUE of anthropic takes no new request");
  EXPECT_THAT(keys(), ElementsAre("RED"));
  EXPECT_EQ(move(more, ActionEvent::Return), "no key had been put into rotation");
  EXPECT_THAT(changed_, ElementsAre("anthropic", "anthropic"));
}

TEST_F(ActionLeversTest, BatchRequestsWaitAsLongAsAnyActionHoldsThem) {
  const quota::ProviderPlan plan{.provider = "anthropic", .pools = {}, .keys = {}};
  rooms_.configure({}, std::span(&plan, 1));
  const auto waits = [&] {
    const SteadyTime now = clock_.now().steady;
    quota::LiveRoom* const room = rooms_.room({.provider = "anthropic", .model_group = "opus-5", .class_name = {}, .credential = {}});
    quota::Submission submission;
    submission.tenant = "a";
    submission.priority = quota::Priority::Batch;
    submission.deadline = now + Seconds(60);
    const auto answer = room->enter(now, submission, {}, [] { return std::shared_ptr<quota::Waiter>(); });
    room->cancel(now, answer.request);
    return !answer.decision;
  };
  const ActionStep all = step(ActionKind::PauseBatch, "all");
  ActionStep one = step(ActionKind::PauseBatch, "one");
  one.options.provider = "anthropic";
  EXPECT_FALSE(waits());
  EXPECT_EQ(move(all, ActionEvent::Trigger), "batch requests wait, interactive ones go on");
  EXPECT_EQ(move(one, ActionEvent::Trigger), "batch requests to anthropic wait, interactive ones go on");
  EXPECT_EQ(move(all, ActionEvent::Return), "another action holds batch requests yet");
  EXPECT_TRUE(waits());
  EXPECT_EQ(move(one, ActionEvent::Return), "batch requests to anthropic go on");
  EXPECT_FALSE(waits());
}

}  // namespace
}  // namespace tidegate::app
