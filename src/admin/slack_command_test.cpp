// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/slack_command.h"

#include "admin/slack_text.h"
#include "monitor/delivery/local_peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <future>

namespace tidegate::admin {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The worked example of docs.slack.dev/authentication/verifying-requests-from-slack.
const Secret kSecret("8f742231b10e8888abcd99yyyzzz85a5");
constexpr std::string_view kTimestamp = "1531420618";
constexpr std::string_view kBody =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&"
    "user_id=U2CERLKJA"
    "&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%"
    "2FT1DC2JH3J%2F397700885554"
    "%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
constexpr std::string_view kSignature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

Now at(std::int64_t seconds_later) {
  return {SteadyTime(Seconds(1'000 + seconds_later)), WallTime(Seconds(1'531'420'618 + seconds_later))};
}

TEST(SlackVerifier, TakesSlacksOwnExampleOnce) {
  EXPECT_EQ(slack_signature(kSecret, kTimestamp, kBody), kSignature);
  SlackVerifier verifier;
  EXPECT_TRUE(verifier.verify(kSecret, kSignature, kTimestamp, kBody, at(2)));
  const auto again = verifier.verify(kSecret, kSignature, kTimestamp, kBody, at(3));
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().detail, HasSubstr("here before"));
  EXPECT_FALSE(verifier.verify(kSecret, kSignature, kTimestamp, kBody, at(300))) << "to the end of the window";
}

TEST(SlackVerifier, RemembersARequestFromAheadUntilItsTimestampIsTooOld) {
  SlackVerifier verifier;
  EXPECT_TRUE(verifier.verify(kSecret, kSignature, kTimestamp, kBody, at(-300)));
  for (const int seconds : {0, 299, 300}) {
    const auto again = verifier.verify(kSecret, kSignature, kTimestamp, kBody, at(seconds));
    ASSERT_FALSE(again) << seconds;
    EXPECT_THAT(again.error().detail, HasSubstr("here before")) << seconds;
  }
}

TEST(SlackVerifier, RefusesOldAndFutureTimestamps) {
  for (const int seconds : {-301, 301, 86'400}) {
    SlackVerifier verifier;
    const auto refused = verifier.verify(kSecret, kSignature, kTimestamp, kBody, at(seconds));
    ASSERT_FALSE(refused) << seconds;
    EXPECT_THAT(refused.error().detail, HasSubstr("five minutes")) << seconds;
  }
  for (const int seconds : {-300, 300}) {
    SlackVerifier verifier;
    EXPECT_TRUE(verifier.verify(kSecret, kSignature, kTimestamp, kBody, at(seconds))) << seconds;
  }
  SlackVerifier verifier;
  for (const char* timestamp :
       {"", "soon", "1531420618.5", "-9223372036854775808", "9223372036854775807", "99999999999999999999"})
    EXPECT_FALSE(verifier.verify(kSecret, kSignature, timestamp, kBody, at(0))) << timestamp;
}

TEST(SlackVerifier, RefusesWhatItsSecretDidNotSign) {
  SlackVerifier verifier;
  const std::string changed = std::string(kBody) + "&user_id=U0";
  EXPECT_FALSE(verifier.verify(kSecret, kSignature, kTimestamp, changed, at(0)));
  EXPECT_FALSE(verifier.verify(kSecret, kSignature, "1531420619", kBody, at(0))) << "another timestamp";
  EXPECT_FALSE(verifier.verify(Secret("another"), kSignature, kTimestamp, kBody, at(0)));
  EXPECT_FALSE(verifier.verify(kSecret, "", kTimestamp, kBody, at(0)));
  EXPECT_FALSE(verifier.verify(kSecret, kSignature.substr(3), kTimestamp, kBody, at(0))) << "without its version";
  const auto wrong = verifier.verify(kSecret, "v0=" + std::string(64, '0'), kTimestamp, kBody, at(0));
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().detail, Not(HasSubstr("a2114d57")));
  EXPECT_TRUE(verifier.verify(kSecret, kSignature, kTimestamp, kBody, at(0))) << "what failed is not remembered";
}

TEST(SlackCommand, IsReadFromTheForm) {
  const auto command = read_slack_command("user_id=U1&text=+Silence++%60ab12%60+90&user_name=x");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->user, "U1");
  EXPECT_EQ(command->verb, "silence");
  EXPECT_EQ(command->words, (std::vector<std::string>{"ab12", "90"}));
  EXPECT_EQ(read_slack_command("user_id=U1&text=")->verb, "");
  EXPECT_FALSE(read_slack_command("text=%zz"));
}

/// Only what the command asks for.
class Gateway : public Instance {
 public:
  Now now() const override { return at(seconds); }
  Status status() const override {
    Status status;
    status.version = "1.2.3";
    status.now = now().wall;
    return status;
  }
  Result<monitor::WindowTotals> totals(Nanoseconds) override { return monitor::WindowTotals(); }
  Result<std::vector<monitor::WindowLine>> lines(Nanoseconds, monitor::Dimension) override {
    return std::vector<monitor::WindowLine>();
  }
  std::vector<quota::PoolLevel> limits() const override { return pools; }
  std::vector<quota::RoomBook::NamedRoom> rooms() const override { return {}; }
  std::vector<quota::RoomBook::NamedKeys> provider_keys() const override { return {}; }
  std::vector<quota::AccountLevel> accounts() const override { return {}; }
  std::vector<monitor::Alarm> alarms() const override {
    return {{.kind = "ledger",
             .subject = {},
             .severity = monitor::Severity::Critical,
             .message = "disk <full>",
             .since = {}}};
  }
  AlertsState alerts() override {
    AlertsState state;
    state.alerts = open;
    return state;
  }
  Result<void> acknowledge_alert(std::string_view id, const std::string& by) override {
    if (id != "00ff") return fail(FailureKind::NotFound, Origin::Client, "there is no alert " + std::string(id));
    done = "ack by " + by;
    return {};
  }
  Result<void> silence_alert(std::string_view id, Nanoseconds length, const std::string& by) override {
    if (id != "00ff") return fail(FailureKind::NotFound, Origin::Client, "there is no alert " + std::string(id));
    done = "silence " + to_text(length) + " by " + by;
    return {};
  }
  std::string metrics(metrics::TextFormat) const override { return {}; }
  std::string configuration() const override { return {}; }
  Result<std::vector<store::CostRow>> cost(const store::EntryFilter& filter,
                                           std::span<const store::Dimension> by) override {
    ++cost_questions;
    if (ledger_is_gone) return fail(FailureKind::Io, Origin::Store, "cannot open ledger.db");
    EXPECT_EQ(to_rfc3339(filter.since.value()), "2018-07-12T00:00:00Z");
    EXPECT_EQ(std::vector(by.begin(), by.end()), std::vector{store::Dimension::Model});
    store::CostRow dear, cheap;
    dear.labels = {"claude-opus-5"};
    dear.cost = *Money::parse("12.50");
    dear.requests = 1'200;
    cheap.labels = {"claude-`haiku`"};
    cheap.cost = *Money::parse("0.25");
    cheap.price_unknown = 2;
    return std::vector{dear, cheap};
  }
  Result<std::vector<store::LedgerEntry>> entries(const store::EntryFilter&, std::size_t) override {
    return std::vector<store::LedgerEntry>();
  }
  ShadowState shadow(Nanoseconds) override { return {}; }
  std::vector<monitor::SeriesForecast> forecast(int horizon) override {
    EXPECT_EQ(horizon, 30);
    return series;
  }
  Result<std::vector<std::string>> reload() override { return std::vector<std::string>(); }
  Result<std::vector<store::VirtualKey>> keys() override { return std::vector<store::VirtualKey>(); }
  Result<store::CreatedKey> create_key(const store::NewKey&) override {
    return fail(FailureKind::Unsupported, Origin::Operator, "no");
  }
  Result<void> revoke_key(const KeyId&) override { return {}; }
  Result<void> allow_key(const KeyId&, const quota::Allowance&) override { return {}; }
  Result<std::vector<store::Tenant>> tenants() override { return std::vector<store::Tenant>(); }
  Result<void> put_tenant(const store::Tenant&) override { return {}; }
  SlackOptions slack_command() const override { return options; }

  SlackOptions options{.signing_secret_name = "S", .signing_secret = kSecret, .users = {"U1"}};
  std::int64_t seconds = 0;
  std::vector<quota::PoolLevel> pools;
  std::vector<monitor::Alert> open;
  std::vector<monitor::SeriesForecast> series;
  std::string done;
  int cost_questions = 0;
  bool ledger_is_gone = false;
};

/// With an action to run.
class Scaling final : public Gateway {
 public:
  Result<std::string> run_action(std::string_view name, const std::string& by) override {
    done = "run '" + std::string(name) + "' by " + by;
    return std::string("scale-up triggered, expected back in 5 min");
  }
};

/// The text of the answer to a signed request of U1.
std::string say(SlackDesk& desk, const std::string& text, const std::string& user = "U1") {
  static int number = 0;  // no two requests are the same
  const std::string body = "user_id=" + user + "&trigger_id=" + std::to_string(++number) + "&text=" + text;
  const std::string signature = slack_signature(kSecret, kTimestamp, body);
  const Request request{.method = "POST",
                        .path = "/slack/command",
                        .query = {},
                        .body = body,
                        .accept = {},
                        .last_segment = {},
                        .takes_gzip = false,
                        .slack_signature = signature,
                        .slack_timestamp = kTimestamp};
  const auto refused = desk.check(request);
  const Answer answer = refused ? *refused : desk.answer(request);
  EXPECT_EQ(answer.status, 200) << answer.body;
  const auto read = boost::json::parse(answer.body);
  EXPECT_EQ(read.at("response_type").as_string(), "ephemeral");
  return std::string(read.at("text").as_string());
}

int refused_with(SlackDesk& desk, std::string_view body, std::string_view signature) {
  const auto refused = desk.check({.method = "POST",
                                   .path = "/slack/command",
                                   .query = {},
                                   .body = body,
                                   .accept = {},
                                   .last_segment = {},
                                   .takes_gzip = false,
                                   .slack_signature = signature,
                                   .slack_timestamp = kTimestamp});
  return refused ? refused->status : 0;
}

TEST(SlackDesk, IsNotThereWithoutASecret) {
  Gateway gateway;
  SlackDesk desk(gateway);
  EXPECT_EQ(refused_with(desk, kBody, "v0=0"), 401);
  EXPECT_EQ(refused_with(desk, kBody, ""), 401);
  gateway.options = {};
  EXPECT_EQ(refused_with(desk, kBody, kSignature), 404);
  EXPECT_EQ(refused_with(desk, kBody, slack_signature(Secret(), kTimestamp, kBody)), 404)
      << "an empty secret signs nothing";
}

TEST(SlackDesk, ServesThoseOnTheListAlone) {
  Gateway gateway;
  SlackDesk desk(gateway);
  EXPECT_THAT(say(desk, "ack+00ff", "U2"), HasSubstr("does not name your Slack user id, U2"));
  EXPECT_THAT(say(desk, "ack+00ff", ""), HasSubstr("does not name"));
  EXPECT_EQ(gateway.done, "");
  gateway.options.users.clear();
  EXPECT_THAT(say(desk, "ack+00ff"), HasSubstr("does not name"));
  EXPECT_EQ(gateway.done, "");
}

TEST(SlackDesk, ServesARequestOnce) {
  Gateway gateway;
  SlackDesk desk(gateway);
  const std::string body = "user_id=U1&text=status";
  const std::string signature = slack_signature(kSecret, kTimestamp, body);
  EXPECT_EQ(refused_with(desk, body, signature), 0);
  EXPECT_EQ(refused_with(desk, body, signature), 401);
}

TEST(SlackDesk, TellsWhatIsLeftAndWhatIsWrong) {
  Gateway gateway;
  SlackDesk desk(gateway);
  EXPECT_THAT(say(desk, "status"), HasSubstr("No provider has told its limits yet."));
  EXPECT_THAT(say(desk, "status"), HasSubstr("*No alert*"));
  for (const double left : {40.0, 5.4}) {
    quota::PoolLevel pool{.pool = left > 10 ? "anthropic/full" : "anthropic/low",
                          .provider = "anthropic",
                          .organisation = {},
                          .workspace = {},
                          .model_group = "haiku",
                          .keys = {},
                          .limits = {}};
    pool.limits.push_back({.dimension = llm::LimitDimension::Requests,
                           .limit = 50,
                           .remaining = 5,
                           .full_after = {},
                           .remaining_now = left,
                           .seconds_to_exhaustion = {},
                           .read_at = {}});
    gateway.pools.push_back(pool);
  }
  monitor::Alert alert;
  alert.id = "00ff";
  alert.rule = "key_lost";
  alert.severity = monitor::AlertSeverity::Critical;
  alert.state = monitor::AlertState::Firing;
  alert.summary = "key A & B are lost";
  alert.acknowledged_by = "Slack U1";
  gateway.open.push_back(alert);
  alert.state = monitor::AlertState::Resolved;
  alert.summary = "over";
  gateway.open.push_back(alert);
  const std::string text = say(desk, "STATUS");
  EXPECT_THAT(text, StartsWith("*Tidegate 1.2.3*"));
  EXPECT_THAT(text, HasSubstr("`anthropic/low` haiku: 5 of 50 requests (10.8 %)"));
  EXPECT_LT(text.find("anthropic/low"), text.find("anthropic/full")) << "the emptiest first";
  EXPECT_THAT(text, HasSubstr("*critical* firing: key A &amp; B are lost `00ff`, taken on by Slack U1"));
  EXPECT_THAT(text, Not(HasSubstr("over")));
  EXPECT_THAT(text, HasSubstr("*critical* ledger: disk &lt;full&gt;"));
}

TEST(SlackDesk, TellsTheCostOfToday) {
  Gateway gateway;
  gateway.ledger_is_gone = true;
  SlackDesk desk(gateway);
  EXPECT_THAT(say(desk, "cost"), HasSubstr("cannot open ledger.db"));
  gateway.ledger_is_gone = false;
  const std::string text = say(desk, "cost");
  EXPECT_THAT(text, StartsWith("*$12.75* on 2018-07-12 (UTC), 1,200 requests\n`claude-opus-5` $12.50, 1,200 requests"));
  EXPECT_THAT(text, HasSubstr("`claude-'haiku'` $0.25"));
  EXPECT_THAT(text, HasSubstr("2 attempts are of models without a price"));
  EXPECT_EQ(say(desk, "cost"), text);
  EXPECT_EQ(gateway.cost_questions, 2) << "a failure is not kept, an answer is";
  gateway.seconds = 61;
  (void)say(desk, "cost");
  EXPECT_EQ(gateway.cost_questions, 3);
}

TEST(SlackDesk, TellsWhatMayRunOut) {
  Gateway gateway;
  SlackDesk desk(gateway);
  EXPECT_THAT(say(desk, "forecast"), HasSubstr("too little history"));
  monitor::SeriesForecast series{};
  series.has_enough_history = true;
  for (const double probability : {0.2, 0.853, 0.001}) {
    monitor::LimitForecast limit;
    limit.limit.of = {.scope = monitor::ForecastScope::Pool, .name = "anthropic/haiku"};
    limit.limit.limit = probability > 0.5 ? "output tokens per minute" : "requests per minute";
    limit.exhaustion.probability = probability;
    if (probability > 0.5) limit.exhaustion.first_crossing = 12;
    limit.exhaustion.reason = "demand > refill";
    series.limits.push_back(limit);
  }
  gateway.series.push_back(series);
  EXPECT_EQ(say(desk, "forecast"),
            "*May run out within 30 min*\n"
            "85.3 %: pool `anthropic/haiku` output tokens per minute, in about 12 min. demand &gt; refill\n"
            "20.0 %: pool `anthropic/haiku` requests per minute. demand &gt; refill\n");
  gateway.series[0].limits.erase(gateway.series[0].limits.begin(), gateway.series[0].limits.begin() + 2);
  EXPECT_EQ(say(desk, "forecast"), "Nothing is likely to run out within 30 min.");
}

TEST(SlackDesk, AcknowledgesAndSilences) {
  Gateway gateway;
  SlackDesk desk(gateway);
  EXPECT_THAT(say(desk, "ack+00ff"), HasSubstr("You took on alert `00ff`"));
  EXPECT_EQ(gateway.done, "ack by Slack U1");
  EXPECT_THAT(say(desk, "ack+%3Cx%3E"), HasSubstr("there is no alert &lt;x&gt;"));
  EXPECT_THAT(say(desk, "ack"), HasSubstr("Which alert?"));
  EXPECT_THAT(say(desk, "silence+00ff+90"), HasSubstr("for 90 min"));
  EXPECT_EQ(gateway.done, "silence 1h30m by Slack U1");
  EXPECT_THAT(say(desk, "silence+00ff"), HasSubstr("for 60 min"));
  gateway.done.clear();
  for (const char* wrong :
       {"silence", "silence+00ff+0", "silence+00ff+10081", "silence+00ff+long", "silence+00ff+60+60"})
    EXPECT_THAT(say(desk, wrong), HasSubstr("1 to 10080")) << wrong;
  EXPECT_THAT(say(desk, "silence+none+60"), HasSubstr("there is no alert none"));
  EXPECT_EQ(gateway.done, "");
}

TEST(SlackDesk, RunsTheActionOrSaysThatThereIsNone) {
  Gateway gateway;
  SlackDesk desk(gateway);
  EXPECT_EQ(say(desk, "scale"), "no action is configured");
  Scaling scaling;
  SlackDesk other(scaling);
  EXPECT_EQ(say(other, "scale+up"), "scale-up triggered, expected back in 5 min");
  EXPECT_EQ(scaling.done, "run 'up' by Slack U1");
  EXPECT_THAT(say(other, "scale+up+down"), HasSubstr("Which action?"));
}

TEST(SlackDesk, BringsALateAnswerToTheAddressThatCameWithTheCommand) {
  delivery::Peer hooks(delivery::http({"503 x", "200 x"}));
  Gateway gateway;
  SlackDesk desk(gateway, {"http://" + hooks.place + "/commands/"});
  const std::string body = "user_id=U1&text=forecast&response_url=http%3A%2F%2F" + hooks.place + "%2Fcommands%2FT1%2F2%2F3";
  const Request request{.method = "POST", .path = "/slack/command", .query = {}, .body = body, .accept = {}, .last_segment = {}};
  desk.follow_up(request, desk.answer(request));
  hooks.wait_for(2);  // the first one was refused, so it is tried again
  EXPECT_THAT(hooks.told()[1], AllOf(StartsWith("POST /commands/T1/2/3 HTTP/1.1\r\n"), HasSubstr("content-type: application/json"),
                                     HasSubstr(R"("response_type":"ephemeral")"), HasSubstr("too little history")));
}

TEST(SlackFollowUps, WriteToSlackAloneAndKeepNoMoreThanTheySay) {
  SlackFollowUps slack;
  for (const char* elsewhere : {"", "http://hooks.slack.com/commands/1", "https://hooks.slack.com.example/", "https://127.0.0.1/", "file:///etc/passwd"})
    EXPECT_FALSE(slack.send(elsewhere, "{}")) << elsewhere;
  std::promise<void> go_on;
  delivery::Peer hooks([&, waits = go_on.get_future().share()](delivery::Peer& peer, int client) {
    peer.keep(delivery::read_request(client));
    waits.wait();
    delivery::answer(client, "200 x", "ok");
  });
  const std::string address = "http://" + hooks.place + "/";
  SlackFollowUps follow_ups({address});
  EXPECT_TRUE(follow_ups.send(address, "{}"));
  hooks.wait_for(1);
  for (std::size_t i = 0; i < SlackFollowUps::kMostWaiting; ++i) EXPECT_TRUE(follow_ups.send(address, "{}"));
  EXPECT_FALSE(follow_ups.send(address, "{}"));
  go_on.set_value();
  hooks.wait_for(SlackFollowUps::kMostWaiting + 1);
}

TEST(SlackDesk, HelpsWithAnythingElse) {
  Gateway gateway;
  SlackDesk desk(gateway);
  for (const char* text : {"", "help", "drop+tables"}) {
    for (const char* verb : {"status", "cost", "forecast", "ack", "silence", "scale"})
      EXPECT_THAT(say(desk, text), HasSubstr(std::string("/tidegate ") + verb));
  }
}

}  // namespace
}  // namespace tidegate::admin
