// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_runner.h"

#include "monitor/delivery/local_peer.h"
#include "monitor/delivery/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace tidegate::operations {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ActionRunner, AProgramGetsTheFactsAndItsEndIsSaid) {
  const ManualClock clock;
  ActionOptions options;
  options.name = "scale-up";
  options.rules = {"key_lost"};
  // Ends well only if the facts are there.
  options.command = {"sh", "-c", "test \"$TIDEGATE_EVENT $TIDEGATE_RULE $TIDEGATE_SUBJECT\" = 'trigger key_lost pool 1'"};
  monitor::Alert alert;
  alert.id = "1";
  alert.rule = "key_lost";
  alert.subject = "pool 1";
  alert.state = monitor::AlertState::Firing;
  std::promise<std::string> said;
  ActionRunner runner(clock, [&](const std::string& line) { said.set_value(line); });
  runner.adopt({options});
  runner.start();
  runner.look({alert}, clock.now());
  EXPECT_THAT(said.get_future().get(), HasSubstr("event=trigger"));
  runner.stop();
  EXPECT_EQ(runner.list().at(0).state, ActionState::Done) << runner.list().at(0).detail;
}

TEST(ActionRunner, AWebhookIsToldOfTheIncidentSignedAndOfItsEnd) {
  const ManualClock clock;
  const std::atomic<bool> stop = false;
  delivery::Peer there(delivery::http({"200 x"}));
  ActionStep step;
  step.options.name = "scale-up";
  step.options.kind = ActionKind::Webhook;
  step.options.url = "http://" + there.place + "/scale";
  step.options.secret = Secret("s3cr3t");
  step.options.tier = "tier 4";
  step.incident = "incident-1";
  step.alert.rule = "requests_remaining_low";
  step.alert.subject = "pool 1";
  ASSERT_TRUE(carry_out(step, clock.now(), stop));
  step.event = ActionEvent::Return;
  ASSERT_TRUE(carry_out(step, clock.now(), stop));
  const std::vector<std::string> told = there.told();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_THAT(told[0], HasSubstr("POST /scale HTTP/1.1"));
  EXPECT_THAT(told[0], HasSubstr("idempotency-key: incident-1\r\n"));
  for (const char* member : {R"("event":"trigger")", R"("rule":"requests_remaining_low")", R"("subject":"pool 1")", R"("proposed_tier":"tier 4")"}) {
    EXPECT_THAT(told[0], HasSubstr(member));
  }
  const std::string body = told[0].substr(told[0].find("\r\n\r\n") + 4);
  const std::string at = fmt::format("{}", unix_nanoseconds(clock.now().wall) / 1'000'000'000);
  EXPECT_THAT(told[0], HasSubstr("x-tidegate-timestamp: " + at + "\r\n"));
  EXPECT_THAT(told[0], HasSubstr("x-tidegate-signature: v1=" + delivery::hmac_sha256(Secret("s3cr3t"), at + "." + body) + "\r\n"));
  EXPECT_THAT(told[0], Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(told[1], HasSubstr("idempotency-key: incident-1-return\r\n")) << "with the trigger's key it would be taken for a repeat";
  EXPECT_THAT(told[1], HasSubstr(R"("event":"return")"));
}

TEST(ActionRunner, AWebhookThatRefusesHasFailed) {
  const ManualClock clock;
  const std::atomic<bool> stop = false;
  delivery::Peer there(delivery::http({"500 x"}));
  ActionStep step;
  step.options.kind = ActionKind::Webhook;
  step.options.url = "http://" + there.place + "/";
  const Result<std::string> result = carry_out(step, clock.now(), stop);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().detail, HasSubstr("answered 500"));
}

TEST(ActionRunner, AnUnreachableWebhookFails) {
  const ManualClock clock;
  ActionStep step;
  step.options.kind = ActionKind::Webhook;
  step.options.url = "http://127.0.0.1:1/";
  const std::atomic<bool> stop = false;
  EXPECT_FALSE(carry_out(step, clock.now(), stop));
}

}  // namespace
}  // namespace tidegate::operations
