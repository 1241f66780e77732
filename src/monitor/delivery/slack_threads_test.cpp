// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/slack_threads.h"

#include "monitor/delivery/courier.h"
#include "monitor/delivery/local_peer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <map>

namespace tidegate::delivery {
namespace {

using monitor::AlertNotice;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto kFiring = AlertNotice::Kind::Firing;
constexpr auto kReminder = AlertNotice::Kind::Reminder;
constexpr auto kResolved = AlertNotice::Kind::Resolved;

const std::atomic<bool> kGoOn = false;

/// A workspace with one channel, C1, which the bot calls `#ops`.
class FakeSlack {
 public:
  /// Each call in short: `post`, `update 1`, `reply 1`, `reply 1 broadcast`, and what was refused.
  [[nodiscard]] std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return std::exchange(calls_, {});
  }
  /// The text and blocks of a message as they stand now.
  [[nodiscard]] std::string message(const std::string& ts) {
    const std::lock_guard lock(mutex_);
    return messages_.at(ts);
  }
  void remove(const std::string& ts) {
    const std::lock_guard lock(mutex_);
    messages_.erase(ts);
  }
  /// The next call gets this instead.
  void answer_next(std::string status, std::string body) {
    const std::lock_guard lock(mutex_);
    instead_.emplace_back(std::move(status), std::move(body));
  }
  [[nodiscard]] ReceiverOptions bot() const {
    ReceiverOptions bot{
        .name = "ops", .kind = ReceiverKind::Slack, .url = "http://" + peer_.place + "/api", .channel = "#ops"};
    bot.secret = Secret("xoxb-1");
    return bot;
  }

 private:
  std::pair<std::string, std::string> take(const std::string& request) {
    const std::lock_guard lock(mutex_);
    if (!instead_.empty()) {
      auto first = std::move(instead_.front());
      instead_.erase(instead_.begin());
      calls_.emplace_back("refused");
      return first;
    }
    const auto refuse = [&](const char* error) {
      calls_.emplace_back(error);
      return std::pair<std::string, std::string>("200 OK", fmt::format(R"({{"ok":false,"error":"{}"}})", error));
    };
    if (request.find("\r\nauthorization: Bearer xoxb-1\r\n") == std::string::npos) return refuse("invalid_auth");
    const auto body = boost::json::parse(request.substr(request.find("\r\n\r\n") + 4)).as_object();
    const std::string channel(body.at("channel").as_string());
    const auto ts_in = [&](const char* name) {
      return body.contains(name) ? std::string(body.at(name).as_string()) : std::string();
    };
    std::string ts;
    if (request.starts_with("POST /api/chat.postMessage ")) {
      if (channel != "#ops" && channel != "C1") return refuse("channel_not_found");
      const std::string thread = ts_in("thread_ts");
      if (!thread.empty() && !messages_.contains(thread)) return refuse("thread_not_found");
      const bool is_broadcast = body.contains("reply_broadcast") && body.at("reply_broadcast").as_bool();
      calls_.push_back((thread.empty() ? "post" : "reply " + thread) + (is_broadcast ? " broadcast" : ""));
      ts = fmt::format("{}", ++last_);
    } else if (request.starts_with("POST /api/chat.update ")) {
      ts = ts_in("ts");
      if (channel != "C1") return refuse("channel_not_found");  // an update wants the id
      if (!messages_.contains(ts)) return refuse("message_not_found");
      calls_.push_back("update " + ts);
    } else {
      return {"404 x", "no such method"};
    }
    messages_[ts] = std::string(body.at("text").as_string()) + "\n" +
                    (body.contains("blocks") ? boost::json::serialize(body.at("blocks")) : "");
    return {"200 OK", fmt::format(R"({{"ok":true,"channel":"C1","ts":"{}"}})", ts)};
  }

  std::mutex mutex_;  ///< guards the fields below but the last
  std::vector<std::string> calls_;
  std::map<std::string, std::string> messages_;
  std::vector<std::pair<std::string, std::string>> instead_;
  int last_ = 0;
  Peer peer_{[this](Peer&, int client) {
    const auto [status, body] = take(read_request(client));
    answer(client, status, body);
  }};
};

/// Alerts come and go by hand; each `tell` is one message.
class SlackThreadsTest : public testing::Test {
 protected:
  /// `firing` begins or goes on; whatever fires afterwards is what was named and not resolved.
  void say(AlertNotice::Kind kind, const std::string& rule, const std::string& subject = "a",
           const std::string& summary = "bad") {
    monitor::Alert alert;
    alert.id = monitor::alert_id(rule, subject);
    alert.rule = rule;
    alert.subject = subject;
    alert.summary = summary;
    alert.recent = {3, 1};
    alert.state = kind == kResolved ? monitor::AlertState::Resolved : monitor::AlertState::Firing;
    std::erase_if(next_.firing, [&](const monitor::Alert& one) { return one.id == alert.id; });
    if (kind != kResolved) next_.firing.push_back(alert);
    next_.notices.push_back({.kind = kind, .alert = alert});
  }
  void note(const std::string& rule, const std::string& text, const std::string& subject = "a") {
    next_.notes.push_back({.alert_id = monitor::alert_id(rule, subject),
                           .rule = rule,
                           .action = "scale-up",
                           .text = text,
                           .at = next_.at});
  }
  Result<void> tell() {
    next_.id = fmt::format("tg-{}", ++number_);
    last_ = next_;
    next_.notices.clear();
    next_.notes.clear();
    return again();
  }
  /// The same message once more.
  Result<void> again() { return threads_.tell(bot_, last_, kGoOn); }

  FakeSlack slack_;
  ManualClock clock_;
  ReceiverOptions bot_ = slack_.bot();
  SlackThreads threads_;
  Message next_{.id = {},
                .instance = "here",
                .at = *parse_rfc3339("2026-11-26T10:00:00Z"),
                .notices = {},
                .notes = {},
                .firing = {}};
  Message last_;
  int number_ = 0;
};

TEST_F(SlackThreadsTest, OneMessageShowsHowTheIncidentStandsAndItsThreadHasTheSteps) {
  say(kFiring, "key_lost", "a");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post"));
  EXPECT_THAT(slack_.message("1"), AllOf(HasSubstr("warning: key_lost (a)"), HasSubstr("█▁")));
  say(kReminder, "key_lost", "a", "still bad");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1"));
  EXPECT_THAT(slack_.message("1"), HasSubstr("still bad"));
  say(kFiring, "key_lost", "b");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1 broadcast"))
      << "who does not follow the thread sees what begins";
  EXPECT_THAT(slack_.message("1"), HasSubstr("2 alerts fire: key_lost"));
  say(kResolved, "key_lost", "a");
  say(kResolved, "key_lost", "b");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1"));
  EXPECT_THAT(slack_.message("1"), AllOf(testing::StartsWith("2 are over: key_lost"), HasSubstr("0 firing now")));
  EXPECT_THAT(slack_.message("4"),
              HasSubstr(":white_check_mark: *key_lost* a: bad\n:white_check_mark: *key_lost* b: bad"));
}

TEST_F(SlackThreadsTest, WhatBeginsTogetherIsOneIncidentAndOtherRulesBeginAnother) {
  say(kFiring, "key_lost");
  say(kFiring, "provider_down");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post"));
  say(kFiring, "balance_low");
  say(kFiring, "provider_down", "b");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1 broadcast", "post"));
  EXPECT_THAT(slack_.message("3"), AllOf(HasSubstr("balance_low"), Not(HasSubstr("provider_down"))));
  say(kResolved, "key_lost");
  say(kResolved, "provider_down");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1")) << "one of its alerts fires yet";
  say(kResolved, "provider_down", "b");
  ASSERT_TRUE(tell());
  (void)slack_.calls();
  say(kFiring, "provider_down");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post")) << "the incident was over";
}

TEST_F(SlackThreadsTest, NotesOfActionsGoIntoTheThreadOfTheirAlertEvenWhenItIsOver) {
  say(kFiring, "tokens_remaining_low");
  note("tokens_remaining_low", "triggered, expected back in 5 min");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post", "reply 1"));
  EXPECT_THAT(slack_.message("1"), HasSubstr("triggered, expected back in 5 min"));
  EXPECT_EQ(slack_.message("2"), ":wrench: *scale-up* triggered, expected back in 5 min\n");
  say(kResolved, "tokens_remaining_low");
  ASSERT_TRUE(tell());
  (void)slack_.calls();
  note("tokens_remaining_low", "returned");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1"));
  EXPECT_THAT(slack_.message("1"), HasSubstr("returned"));
  note("key_lost", "of an alert that nobody here was told of");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post"));
}

TEST_F(SlackThreadsTest, AnAlertThatWasSilencedEndsWhereItBegan) {
  say(kFiring, "key_lost");
  ASSERT_TRUE(tell());
  const auto firing = std::exchange(next_.firing, {});
  say(kFiring, "provider_down");
  ASSERT_TRUE(tell());
  say(kFiring, "key_lost", "b");
  (void)slack_.calls();
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post")) << "somebody has dealt with the first one";
  next_.firing.push_back(firing[0]);
  say(kReminder, "key_lost");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1"));
}

TEST_F(SlackThreadsTest, GoesOnWhereItStoppedAndSaysNothingTwice) {
  say(kFiring, "key_lost");
  ASSERT_TRUE(tell());
  say(kFiring, "provider_down");
  ASSERT_TRUE(tell());
  (void)slack_.calls();
  say(kResolved, "key_lost");
  say(kResolved, "provider_down");
  slack_.answer_next("429 x\r\nretry-after: 30", R"({"ok":false,"error":"ratelimited"})");
  auto failed = tell();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().retry, Retry::Later);
  EXPECT_EQ(failed.error().retry_after, Seconds(30));
  EXPECT_THAT(slack_.calls(), ElementsAre("refused"));
  ASSERT_TRUE(again());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1", "update 2", "reply 2"));
  ASSERT_TRUE(again());
  EXPECT_THAT(slack_.calls(), IsEmpty());
}

TEST_F(SlackThreadsTest, WhatWasGivenUpIsToldWithTheNextMessage) {
  say(kFiring, "key_lost");
  slack_.answer_next("200 OK\r\nretry-after: 7", R"({"ok":false,"error":"ratelimited"})");
  const auto failed = tell();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().retry_after, Seconds(7)) << "a no may come with 200";
  EXPECT_EQ(failed.error().detail, "Slack cannot take it now (ratelimited)");
  (void)slack_.calls();
  say(kResolved, "key_lost");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post", "reply 1"));
  EXPECT_THAT(slack_.message("1"), HasSubstr("1 is over"));
}

TEST_F(SlackThreadsTest, AMessageThatSomebodyDeletedIsWrittenAnewAndOneThatIsTooOldStays) {
  say(kFiring, "key_lost");
  ASSERT_TRUE(tell());
  slack_.remove("1");
  say(kReminder, "key_lost");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post", "message_not_found", "post", "reply 2"));
  slack_.answer_next("200 OK", R"({"ok":false,"error":"edit_window_closed"})");
  say(kResolved, "key_lost");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("refused", "reply 2"));
}

TEST_F(SlackThreadsTest, AnotherChannelKnowsNothingOfTheThreads) {
  say(kFiring, "key_lost");
  ASSERT_TRUE(tell());
  bot_.channel = "C1";
  say(kReminder, "key_lost");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post", "post"));
}

TEST_F(SlackThreadsTest, ARefusalSaysWhatTheOperatorCanDo) {
  bot_.channel = "C404";
  say(kFiring, "key_lost");
  auto refused = tell();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry, Retry::Never);
  EXPECT_EQ(refused.error().detail,
            "Slack has no channel C404 that the bot may write to (channel_not_found); write its id, as C012AB3CD, and "
            "invite the bot there");
  bot_.secret = Secret("xoxb-wrong");
  say(kReminder, "key_lost");
  refused = tell();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry, Retry::Never);
  EXPECT_THAT(refused.error().detail,
              AllOf(HasSubstr("does not take the token (invalid_auth)"), Not(HasSubstr("wrong"))));
  for (const char* body : {"<html>", "{}", R"({"ok":"yes"})", R"({"ok":false,"error":"<b> xoxb-wrong"})"}) {
    slack_.answer_next("200 OK", body);
    say(kFiring, "provider_down", body);
    refused = tell();
    ASSERT_FALSE(refused) << body;
    EXPECT_EQ(refused.error().detail, "Slack refuses: no reason given");
  }
  EXPECT_EQ(slack_failure(bot_, {.error = ""}).detail, "Slack refuses: no reason given");
  EXPECT_EQ(slack_failure(bot_, {.error = "msg_too_long"}).detail, "Slack refuses: msg_too_long");
}

TEST_F(SlackThreadsTest, WhatSlackRefusesForGoodKeepsNothingElseBack) {
  say(kFiring, "key_lost");
  ASSERT_TRUE(tell());
  (void)slack_.calls();
  say(kReminder, "key_lost");
  say(kFiring, "provider_down");
  slack_.answer_next("200 OK", R"({"ok":false,"error":"invalid_blocks"})");
  const auto refused = tell();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "Slack refuses: invalid_blocks");
  EXPECT_THAT(slack_.calls(), ElementsAre("refused", "reply 1", "post"));
}

TEST_F(SlackThreadsTest, KeepsNoMoreThanItSays) {
  for (std::size_t i = 0; i < SlackThreads::kMostIncidents + 1; ++i) {
    say(kFiring, fmt::format("rule_{}", i));
    ASSERT_TRUE(tell());
  }
  (void)slack_.calls();
  say(kReminder, "rule_0");
  say(kReminder, "rule_50");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 51", "reply 51", "post")) << "the oldest thread is forgotten";
}

TEST(SlackBot, TheCourierKeepsItsThreadsFromMessageToMessage) {
  FakeSlack slack;
  ManualClock clock;
  Courier courier(clock);
  courier.adopt({slack.bot()}, Seconds(10), "here");
  monitor::Alert alert;
  alert.id = "1";
  alert.rule = "key_lost";
  alert.subject = "a";
  alert.state = monitor::AlertState::Firing;
  courier.post({{.kind = kFiring, .alert = alert}}, {alert}, clock.now());
  clock.advance(Seconds(10));
  EXPECT_FALSE(courier.deliver_next());
  courier.adopt({slack.bot()}, Seconds(10), "here");  // a reload
  courier.post({{.kind = kResolved, .alert = alert}}, {}, clock.now());
  clock.advance(Seconds(60));
  EXPECT_FALSE(courier.deliver_next());
  EXPECT_THAT(slack.calls(), ElementsAre("post", "update 1", "reply 1"));
  courier.adopt({[&] {
                  ReceiverOptions wrong = slack.bot();
                  wrong.secret = Secret("xoxb-2");
                  return wrong;
                }()},
                Seconds(10), "here");
  courier.post({{.kind = kFiring, .alert = alert}}, {alert}, clock.now());
  clock.advance(Seconds(60));
  EXPECT_FALSE(courier.deliver_next());
  ASSERT_EQ(courier.dead().size(), 1U);
  EXPECT_THAT(courier.dead()[0].error, HasSubstr("invalid_auth"));
}

TEST_F(SlackThreadsTest, TheNextProcessGoesOnInTheSameThread) {
  say(kFiring, "key_lost", "a");
  note("key_lost", "triggered");
  ASSERT_TRUE(tell());
  (void)slack_.calls();
  const std::string left = threads_.memory();
  threads_ = SlackThreads();
  threads_.restore(left);
  EXPECT_EQ(threads_.memory(), left);
  say(kFiring, "key_lost", "b");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1 broadcast"));
  EXPECT_THAT(slack_.message("1"), AllOf(HasSubstr("2 alerts fire: key_lost"), HasSubstr("triggered")));
  say(kResolved, "key_lost", "a");
  say(kResolved, "key_lost", "b");
  ASSERT_TRUE(tell());
  (void)slack_.calls();
  say(kFiring, "key_lost", "a");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post")) << "that incident is over";
}

TEST_F(SlackThreadsTest, AMemoryThatCannotBeReadOrOfAnotherChannelIsNone) {
  say(kFiring, "key_lost");
  ASSERT_TRUE(tell());
  (void)slack_.calls();
  const std::string left = threads_.memory();
  for (const std::string& memory : {std::string(), std::string("{}"), left.substr(1), left.substr(0, left.size() / 2), std::string("[1]"),
                                    std::string(R"({"place":"x","incidents":[{"channel":1}]})")}) {
    threads_ = SlackThreads();
    threads_.restore(memory);
    EXPECT_EQ(threads_.memory(), "") << memory;
  }
  threads_.restore(left);
  bot_.channel = "C1";
  say(kReminder, "key_lost");
  ASSERT_TRUE(tell());
  EXPECT_THAT(slack_.calls(), ElementsAre("post"));
}

TEST_F(SlackThreadsTest, ACourierHandsItsThreadsOn) {
  const auto tell_by = [&](Courier& courier) {
    courier.adopt({bot_}, Nanoseconds(0), "here");
    courier.post(std::exchange(next_.notices, {}), next_.firing, clock_.now());
    EXPECT_FALSE(courier.deliver_next());
  };
  Courier first(clock_);
  EXPECT_TRUE(first.threads().empty());
  say(kFiring, "key_lost", "a");
  tell_by(first);
  ASSERT_EQ(first.threads().size(), 1U);
  (void)slack_.calls();
  Courier second(clock_);
  second.restore_threads(first.threads());
  EXPECT_EQ(second.threads(), first.threads()) << "what is not used yet is not lost either";
  say(kResolved, "key_lost", "a");
  tell_by(second);
  EXPECT_THAT(slack_.calls(), ElementsAre("update 1", "reply 1"));
}

}  // namespace
}  // namespace tidegate::delivery
