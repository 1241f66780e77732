// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/courier.h"
#include "monitor/delivery/local_peer.h"
#include "monitor/delivery/run_program.h"
#include "monitor/delivery/signature.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <future>
#include <thread>

namespace tidegate::delivery {
namespace {

using testing::HasSubstr;

const std::atomic<bool> kGoOn = false;

Message message(int alerts) {
  Message out{.id = "tg-1", .instance = "http://127.0.0.1:3000", .at = *parse_rfc3339("2026-11-26T10:00:00Z"), .notices = {}, .notes = {}, .firing = {}};
  for (int i = 0; i < alerts; ++i) {
    monitor::Alert alert;
    alert.id = fmt::format("{:016x}", i);
    alert.rule = "key_lost";
    alert.subject = fmt::format("key_lost anthropic/<K{}>", i);
    alert.state = monitor::AlertState::Firing;
    alert.summary = "refused";
    alert.recent = {0, 1};
    out.notices.push_back({.kind = monitor::AlertNotice::Kind::Firing, .alert = alert});
    out.firing.push_back(alert);
  }
  return out;
}

TEST(Signature, IsThatOfRfc4231) {
  EXPECT_EQ(hmac_sha256(Secret("Jefe"), "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Message, ChartsFiguresAndSaysAStormInOneLine) {
  EXPECT_EQ(chart(std::vector<double>{0, 1, 0.5}), "▁█▅");
  EXPECT_EQ(headline(message(3)), "3 alerts fire: key_lost");
}

TEST(SlackBody, StaysWithinSlacksLimitsAndEscapesItsMarks) {
  const std::string body = slack_body(message(300));
  EXPECT_THAT(body, HasSubstr("and 290 more"));
  EXPECT_THAT(body, HasSubstr("&lt;K0&gt;"));
  EXPECT_THAT(body, HasSubstr("▁█"));
}

TEST(PagerDuty, RingsOncePerRuleAndResolvesWhenNoneFires) {
  Message storm = message(50);
  const auto bodies = pagerduty_bodies(storm, "R");
  ASSERT_EQ(bodies.size(), 1U);
  EXPECT_THAT(bodies[0], HasSubstr(R"("event_action":"trigger")"));
  storm.firing.clear();
  EXPECT_THAT(pagerduty_bodies(storm, "R").at(0), HasSubstr(R"("event_action":"resolve")"));
}

TEST(Deliver, SignsAWebhook) {
  Peer there(http({"204 x"}));
  ReceiverOptions robot{.name = "robot", .kind = ReceiverKind::Webhook, .url = "http://" + there.place + "/hook"};
  robot.secret = Secret("s");
  const auto told = deliver(robot, message(1), kGoOn);
  ASSERT_TRUE(told) << told.error().detail;
  const std::string request = there.first();
  const std::string body = request.substr(request.find("\r\n\r\n") + 4);
  EXPECT_THAT(request, HasSubstr("x-tidegate-signature: v1=" + hmac_sha256(Secret("s"), "1795687200." + body)));
  EXPECT_THAT(request, HasSubstr("idempotency-key: tg-1"));
}

TEST(Deliver, SaysWhetherTryingAgainMayHelpAndNeverRepeatsTheAddress) {
  for (const auto& [status, retry] : {std::pair(503, Retry::Later), std::pair(404, Retry::Never)}) {
    Peer there(http({fmt::format("{} x", status)}));
    ReceiverOptions slack{.name = "slack", .kind = ReceiverKind::Slack};
    slack.address = Secret("http://" + there.place + "/hook");
    const auto told = deliver(slack, message(1), kGoOn);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().retry, retry);
    EXPECT_EQ(told.error().detail, fmt::format("127.0.0.1 answered {}", status));
  }
}

TEST(Courier, TellsAStormInOneMessage) {
  Peer there(http({"200 x"}));
  const SystemClock clock;
  Courier courier(clock);
  courier.adopt({ReceiverOptions{.name = "robot", .kind = ReceiverKind::Webhook, .url = "http://" + there.place + "/hook"}}, Milliseconds(50), "here");
  const Message storm = message(100);
  courier.post(storm.notices, storm.firing, clock.now());
  courier.start();
  EXPECT_THAT(there.first(), HasSubstr("100 alerts fire: key_lost"));
  courier.stop();
  EXPECT_LE(courier.counts()[std::pair("robot", "sent")], 1);
}

ActionNote note(const std::string& text) {
  return {.alert_id = "1", .rule = "key_lost", .severity = monitor::AlertSeverity::Warning, .action = "scale-up", .text = text, .at = WallTime{}};
}

TEST(Message, OfNotesAloneSaysWhatWasDone) {
  Message out = message(0);
  out.notes = {note("triggered, expected back in 5m")};
  EXPECT_EQ(headline(out), "key_lost: scale-up triggered, expected back in 5m");
  EXPECT_THAT(plain_text(out), HasSubstr("\nscale-up triggered, expected back in 5m\n"));
  EXPECT_THAT(slack_body(out), HasSubstr("*scale-up* triggered, expected back in 5m"));
  EXPECT_THAT(webhook_body(out), HasSubstr(R"("action":"scale-up","text":"triggered, expected back in 5m")"));
  out.notes.push_back(note("failed: no"));
  EXPECT_THAT(headline(out), testing::EndsWith(" and 1 more"));
}

TEST(PagerDuty, IsToldOfActionsWhileTheRuleFiresAndNotAfterwards) {
  Message out = message(1);
  out.notices.clear();
  out.notes = {note("failed: no answer")};
  const auto bodies = pagerduty_bodies(out, "R");
  ASSERT_EQ(bodies.size(), 1U);
  EXPECT_THAT(bodies[0], HasSubstr(R"("actions":["scale-up failed: no answer"])"));
  out.firing.clear();
  EXPECT_TRUE(pagerduty_bodies(out, "R").empty()) << "it would close an incident that is over, or open it again";
}

TEST(Courier, ANoteGoesWithTheNextMessageOrAsOneOfItsOwn) {
  Peer there(http({"200 x"}));
  ManualClock clock;
  Courier courier(clock);
  const std::string url = "http://" + there.place + "/hook";
  courier.adopt({ReceiverOptions{.name = "robot", .kind = ReceiverKind::Webhook, .url = url},
                 ReceiverOptions{.name = "other", .kind = ReceiverKind::Webhook, .url = url, .rules = {"provider_down"}},
                 ReceiverOptions{.name = "manager", .kind = ReceiverKind::Alertmanager, .url = url}},
                Seconds(10), "here");
  const Message one = message(1);
  courier.post(one.notices, {}, clock.now());
  courier.note(note("triggered"), clock.now());
  EXPECT_TRUE(courier.deliver_next()) << "they gather first";
  clock.advance(Seconds(10));
  EXPECT_FALSE(courier.deliver_next());
  EXPECT_FALSE(courier.deliver_next()) << "Alertmanager is told of the alert";
  courier.note(note("returned"), clock.now());
  clock.advance(Seconds(10));
  EXPECT_TRUE(courier.deliver_next()) << "further messages come at most every six times the grouping";
  clock.advance(Seconds(50));
  EXPECT_FALSE(courier.deliver_next());
  EXPECT_TRUE(courier.deliver_next()) << "nobody else is told of the note";
  const std::vector<std::string> told = there.told();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_THAT(told[0], testing::AllOf(HasSubstr(R"("rule":"key_lost")"), HasSubstr(R"("text":"triggered")")));
  EXPECT_THAT(told[2], testing::AllOf(HasSubstr(R"("alerts":[])"), HasSubstr(R"("text":"returned")")));
}

TEST(Courier, SignsEachAttemptWithItsOwnTime) {
  Peer there(http({"503 x", "204 x"}));
  ManualClock clock;
  Courier courier(clock);
  ReceiverOptions robot{.name = "robot", .kind = ReceiverKind::Webhook, .url = "http://" + there.place + "/hook"};
  robot.secret = Secret("s");
  courier.adopt({robot}, Nanoseconds(0), "here");
  courier.post(message(1).notices, {}, clock.now());
  EXPECT_FALSE(courier.deliver_next());
  clock.advance(std::chrono::minutes(6));
  EXPECT_FALSE(courier.deliver_next());
  const std::vector<std::string> told = there.told();
  ASSERT_EQ(told.size(), 2U);
  const std::string at = fmt::format("{}", unix_nanoseconds(clock.now().wall) / 1'000'000'000);
  EXPECT_THAT(told[1], HasSubstr("x-tidegate-timestamp: " + at + "\r\n"));
  EXPECT_THAT(told[1], HasSubstr("v1=" + hmac_sha256(Secret("s"), at + "." + told[1].substr(told[1].find("\r\n\r\n") + 4))));
  const auto id_in = [](const std::string& request) {
    const std::size_t from = request.find("idempotency-key: ");
    return request.substr(from, request.find("\r\n", from) - from);
  };
  EXPECT_EQ(id_in(told[0]), id_in(told[1]));
}

TEST(Courier, WhoHeardOfTheWorstHearsOfTheEndAsWell) {
  Peer there(http({"200 x"}));
  ManualClock clock;
  Courier courier(clock);
  courier.adopt({ReceiverOptions{.name = "pager",
                                 .kind = ReceiverKind::Webhook,
                                 .url = "http://" + there.place + "/hook",
                                 .min_severity = monitor::AlertSeverity::Critical}},
                Seconds(10), "here");
  monitor::AlertNotice end{.kind = monitor::AlertNotice::Kind::Resolved, .alert = message(1).notices[0].alert};
  end.alert.severity = monitor::AlertSeverity::Warning;  // it got better before it was over
  courier.post({end}, {}, clock.now());
  EXPECT_TRUE(courier.is_idle()) << "it was never told that it is critical";
  end.worst_told = monitor::AlertSeverity::Critical;
  courier.post({end}, {}, clock.now());
  clock.advance(Seconds(10));
  EXPECT_FALSE(courier.deliver_next());
  EXPECT_THAT(there.first(), HasSubstr(R"("notice":"resolved")"));
}

TEST(RunProgram, GivesInputFactsAndNoOtherVariable) {
  const auto printed = run({.arguments = {"sh", "-c", "cat; env | sort"}, .environment = {{"TIDEGATE_RULE", "key_lost"}}, .input = "hello\n"}, kGoOn);
  ASSERT_TRUE(printed) << printed.error().detail;
  EXPECT_THAT(*printed, testing::StartsWith("hello"));
  EXPECT_THAT(*printed, HasSubstr("TIDEGATE_RULE=key_lost"));
  EXPECT_THAT(*printed, testing::Not(HasSubstr("HOME=")));
}

TEST(RunProgram, EndsWhatTakesTooLongAndTellsExitCodes) {
  EXPECT_EQ(run({.arguments = {"sleep", "60"}, .timeout = Milliseconds(60)}, kGoOn).error().kind, FailureKind::Timeout);
  EXPECT_THAT(run({.arguments = {"sh", "-c", "echo no; exit 3"}}, kGoOn).error().detail, HasSubstr("exit code 3; it printed: no"));
  EXPECT_EQ(run({.arguments = {"no-such-program"}}, kGoOn).error().kind, FailureKind::NotFound);
}

}  // namespace
}  // namespace tidegate::delivery
