// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace tidegate::operations {
namespace {

using testing::HasSubstr;

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
