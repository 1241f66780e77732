// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_runner.h"

#include "monitor/delivery/local_peer.h"
#include "monitor/delivery/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>

namespace tidegate::operations {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Lines that come from another thread.
class Lines {
 public:
  void add(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
    changed_.notify_all();
  }
  /// The first that holds the text, once there is one.
  std::string with(std::string_view text) {
    std::unique_lock lock(mutex_);
    while (true) {
      for (const std::string& line : lines_) {
        if (line.find(text) != std::string::npos) return line;
      }
      changed_.wait(lock);
    }
  }

 private:
  std::mutex mutex_;  ///< guards lines_
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

class MemoryStore final : public store::OperationsStore {
 public:
  Result<void> save(const store::StoredAction& action) override {
    actions[action.name] = action;
    return {};
  }
  Result<std::vector<store::StoredAction>> load() override {
    std::vector<store::StoredAction> out;
    for (const auto& [name, action] : actions) out.push_back(action);
    return out;
  }
  Result<void> add(const store::AuditEntry& entry) override {
    audit.push_back(entry);
    return {};
  }
  Result<std::vector<store::AuditEntry>> newest(std::size_t /*most*/) override { return audit; }
  Result<store::ScaledLimits> scale_limits(const std::string& /*holder*/, const TenantId& /*tenant*/, double /*factor*/) override {
    return store::ScaledLimits{};
  }
  Result<store::LimitsReturn> return_limits(const std::string& /*holder*/) override { return store::LimitsReturn::Nothing; }

  std::map<std::string, store::StoredAction> actions;
  std::vector<store::AuditEntry> audit;
};

/// Writes down what it is asked for, and how the action was stored at that moment.
class NotingLevers final : public Levers {
 public:
  explicit NotingLevers(MemoryStore& store) : store_(store) {}
  Result<std::string> move(const ActionStep& step) override {
    moved.push_back(fmt::format("{} {}, stored: {}", to_string(step.event), step.options.name,
                                store_.actions[step.options.name].incident.empty() ? "no" : "yes"));
    return "moved";
  }
  std::vector<std::string> moved;

 private:
  MemoryStore& store_;
};

class ActionRunnerTest : public testing::Test {
 protected:
  ActionRunnerTest() {
    options_.name = "scale-up";
    options_.rules = {"key_lost"};
    options_.keep = Nanoseconds(0);
    alert_.id = "1";
    alert_.rule = "key_lost";
    alert_.subject = "pool 1";
    alert_.state = monitor::AlertState::Firing;
  }
  ActionRunner::Ports ports() {
    return {.store = store_,
            .levers = levers_,
            .say = [this](const std::string& line) { said_.add(line); },
            .tell = [this](const delivery::ActionNote& note, Now) { told_.add(to_text(note)); }};
  }

  ManualClock clock_;
  const std::atomic<bool> stop_ = false;
  ActionOptions options_;
  monitor::Alert alert_;
  MemoryStore store_;
  NotingLevers levers_{store_};
  Lines said_, told_;
};

TEST_F(ActionRunnerTest, AProgramGetsTheFactsAndItsEndIsSaid) {
  // Ends well only if the facts are there.
  options_.command = {"sh", "-c",
                      "test \"$TIDEGATE_EVENT $TIDEGATE_RULE $TIDEGATE_SUBJECT $TIDEGATE_ATTEMPT\" = 'trigger key_lost pool 1 1'"};
  ActionRunner runner(clock_, ports());
  runner.adopt({options_});
  runner.start();
  runner.look({alert_}, clock_.now());
  EXPECT_THAT(said_.with("is done"), HasSubstr("action=scale-up rule=key_lost incident=scale-up-1-"));
  EXPECT_EQ(told_.with("triggered"), "scale-up triggered, expected back in 5m");
  runner.stop();
  EXPECT_EQ(runner.list().at(0).state, ActionState::Done) << runner.list().at(0).detail;
  ASSERT_EQ(store_.audit.size(), 2U);
  EXPECT_EQ(store_.audit[0].actor, "alert key_lost");
  EXPECT_EQ(store_.audit[0].subject, "action scale-up");
  EXPECT_THAT(store_.audit[0].text, HasSubstr("triggered, expected back in 5m [scale-up-1-"));
  EXPECT_THAT(store_.audit[1].text, HasSubstr("is done: sh ended well"));
}

TEST_F(ActionRunnerTest, WhatIsBegunIsStoredFirstAndTakenBackByTheNextProcess) {
  options_.kind = ActionKind::TenantLimit;
  {
    ActionRunner runner(clock_, ports());
    runner.adopt({options_});
    runner.start();
    runner.look({alert_}, clock_.now());
    (void)told_.with("is done: moved");
  }
  EXPECT_THAT(levers_.moved, testing::ElementsAre("trigger scale-up, stored: yes"));
  ActionRunner next(clock_, ports());
  next.adopt({options_});
  next.start();
  clock_.advance(ActionBook::kGrace);
  next.look({}, clock_.now());
  (void)told_.with("is back: the alert is over after 2m; moved");
  next.stop();
  EXPECT_THAT(levers_.moved, testing::ElementsAre("trigger scale-up, stored: yes", "return scale-up, stored: yes"));
  EXPECT_EQ(store_.actions["scale-up"].incident, "");
}

TEST_F(ActionRunnerTest, SomebodyAsksAndTheAuditSaysWho) {
  options_.kind = ActionKind::PauseBatch;
  ActionRunner runner(clock_, ports());
  runner.adopt({options_});
  runner.start();
  EXPECT_EQ(runner.run("scale-up", "ada").value(), "scale-up triggered, expected back in 5m");
  (void)told_.with("is done: moved");
  EXPECT_FALSE(runner.run("scale-up", "bob"));
  EXPECT_EQ(runner.take_back("scale-up", "bob").value(), "scale-up is taken back");
  (void)told_.with("is back: after 0s; moved (bob asked for it)");
  runner.stop();
  std::vector<std::string> actors;
  for (const store::AuditEntry& entry : store_.audit) actors.push_back(entry.actor + ": " + entry.text.substr(0, entry.text.find(' ')));
  EXPECT_THAT(actors, testing::ElementsAre("ada: triggered,", "ada: is", "bob: refused:", "bob: is"));
}

TEST_F(ActionRunnerTest, AFailureOfAProgramIsTold) {
  options_.command = {"no-such-program"};
  ActionRunner runner(clock_, ports());
  runner.adopt({options_});
  runner.start();
  runner.look({alert_}, clock_.now());
  EXPECT_THAT(told_.with("failed: "), HasSubstr("no-such-program"));
}

TEST_F(ActionRunnerTest, AWebhookIsToldOfTheIncidentSignedAndOfItsEnd) {
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
  step.alert.pool = monitor::PoolStanding{.provider = "anthropic", .model_group = "opus-4", .pool = "org-1", .dimension = "requests", .limit = 50, .remaining = 9};
  step.alert.forecast = monitor::PredictedExhaustion{.scope = "pool",
                         .name = "anthropic/opus-4",
                         .measure = "requests",
                         .limit = "requests per minute",
                         .probability = 0.75,
                         .minutes = 12,
                         .reason = "level 80 % of the limit"};
  ASSERT_TRUE(carry_out(step, levers_, clock_.now(), stop_));
  step.event = ActionEvent::Return;
  ASSERT_TRUE(carry_out(step, levers_, clock_.now(), stop_));
  const std::vector<std::string> told = there.told();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_THAT(told[0], HasSubstr("POST /scale HTTP/1.1"));
  EXPECT_THAT(told[0], HasSubstr("idempotency-key: incident-1\r\n"));
  for (const char* member :
       {R"("event":"trigger")", R"("rule":"requests_remaining_low")", R"("subject":"pool 1")", R"("proposed_tier":"tier 4")",
        R"("pool":{"provider":"anthropic","model_group":"opus-4","dimension":"requests","pool":"org-1","limit":5E1,"remaining":9E0})",
        R"("limit":"requests per minute","probability":7.5E-1,"minutes_to_exhaustion":1.2E1,"reason":"level 80 % of the limit"})"}) {
    EXPECT_THAT(told[0], HasSubstr(member));
  }
  const std::string body = told[0].substr(told[0].find("\r\n\r\n") + 4);
  const std::string at = fmt::format("{}", unix_nanoseconds(clock_.now().wall) / 1'000'000'000);
  EXPECT_THAT(told[0], HasSubstr("x-tidegate-timestamp: " + at + "\r\n"));
  EXPECT_THAT(told[0], HasSubstr("x-tidegate-signature: v1=" + delivery::hmac_sha256(Secret("s3cr3t"), at + "." + body) + "\r\n"));
  EXPECT_THAT(told[0], Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(told[1], HasSubstr("idempotency-key: incident-1-return\r\n")) << "with the trigger's key it would be taken for a repeat";
  EXPECT_THAT(told[1], HasSubstr(R"("event":"return")"));
}

TEST_F(ActionRunnerTest, AWebhookThatRefusesHasFailed) {
  delivery::Peer there(delivery::http({"500 x"}));
  ActionStep step;
  step.options.kind = ActionKind::Webhook;
  step.options.url = "http://" + there.place + "/";
  const Result<std::string> result = carry_out(step, levers_, clock_.now(), stop_);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().detail, HasSubstr("answered 500"));
}

TEST_F(ActionRunnerTest, AnUnreachableWebhookFails) {
  ActionStep step;
  step.options.kind = ActionKind::Webhook;
  step.options.url = "http://127.0.0.1:1/";
  EXPECT_FALSE(carry_out(step, levers_, clock_.now(), stop_));
}

}  // namespace
}  // namespace tidegate::operations
