// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What a client sees, and what a provider is spared, when capacity is short: both far ends written by hand, the rooms real.
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tidegate {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::PlainListener;
using testing::PlainSocket;
using testing::RunningGateway;

const std::string kGood =
    R"({"id":"msg_1","type":"message","model":"claude-haiku-4-5","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":3}})";
const std::string kOverloaded = R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";
const std::string kLimited = R"({"type":"error","error":{"type":"rate_limit_error","message":"requests"},"request_id":"req_l"})";

std::string ask(std::string_view extra = "", bool stream = false) {
  const std::string body = fmt::format(R"({{"model":"claude-haiku-4-5","max_tokens":9,"stream":{},"messages":[]}})", stream);
  return fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nAnthropic-Version: 2023-06-01\r\n{}Content-Length: {}\r\n\r\n{}", extra,
                     body.size(), body);
}
std::string answer(std::string_view status, std::string_view body, std::string_view extra = "") {
  return fmt::format("HTTP/1.1 {}\r\ncontent-type: application/json\r\nconnection: close\r\n{}content-length: {}\r\n\r\n{}", status, extra,
                     body.size(), body);
}
std::string read_head(const PlainSocket& socket) { return socket.read_until("\r\n\r\n"); }
/// Head and body of an answer of known length.
std::string read_answer(const PlainSocket& socket) {
  std::string text = read_head(socket);
  const std::size_t at = text.find("content-length: ");
  if (at != std::string::npos) text += socket.read_exactly(std::stoul(text.substr(at + 16)));
  return text;
}

RunningGateway::Choice patient() {
  RunningGateway::Choice choice;
  choice.options.admission.max_wait = Seconds(30);
  choice.options.admission.spare_after = Nanoseconds(0);
  return choice;
}

TEST(Admission, WhatCannotBeRecordedAnyMoreWhenItsTurnComesIsRefusedAndNotSent) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  gateway.recorded().be_full();
  const PlainSocket client = PlainSocket::connect(gateway.port());
  for (int time = 0; time < 2; ++time) {
    client.send(ask());
    const std::string got = read_answer(client);
    EXPECT_THAT(got, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(got, HasSubstr("retry-after: 10\r\n"));
    EXPECT_THAT(got, HasSubstr("ledger.when_full"));
  }
  const auto outcomes = gateway.recorded().wait_for(2);
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].refusal, "ledger_full");
  EXPECT_EQ(outcomes[0].attempt, 0);
  EXPECT_THAT(gateway.recorded().events(), ::testing::ElementsAre("begin", "finish", "begin", "finish"));
}

TEST(Admission, APoolThatIsFullForAMomentCostsAMomentAndNoClientSeesIt) {
  const PlainListener provider;
  RunningGateway gateway(provider.port(), patient());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(ask());
  const PlainSocket first = provider.accept();
  (void)read_head(first);
  first.send(answer("429 Too Many Requests", kLimited, "retry-after-ms: 80\r\n"));
  const PlainSocket second = provider.accept();
  (void)read_head(second);
  second.send(answer("200 OK", kGood));
  const std::string got = read_answer(client);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(got, HasSubstr("x-tidegate-attempts: 2\r\n"));
  EXPECT_THAT(got, HasSubstr("x-tidegate-wait-ms: "));
  EXPECT_THAT(got, EndsWith(kGood));
  const auto outcomes = gateway.recorded().wait_for(1);
  EXPECT_EQ(outcomes[0].attempt, 2);
  EXPECT_GE(outcomes[0].queue_wait, Milliseconds(80));
}

TEST(Admission, AnOverloadIsTriedAgain) {
  const PlainListener provider;
  RunningGateway gateway(provider.port(), patient());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(ask());
  const PlainSocket first = provider.accept();
  (void)read_head(first);
  first.send(answer("529 Overloaded", kOverloaded));
  const PlainSocket second = provider.accept();
  (void)read_head(second);
  second.send(answer("200 OK", kGood));
  EXPECT_THAT(read_answer(client), StartsWith("HTTP/1.1 200 "));
}

TEST(Admission, WhatWouldWaitTooLongGoesToTheSpareAndSaysSo) {
  const PlainListener provider, relay;
  RunningGateway::Choice choice = patient();
  choice.spare_ports = {relay.port()};
  RunningGateway gateway(provider.port(), choice);
  for (int turn = 0; turn < 2; ++turn) {
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(ask());
    if (turn == 0) {  // and afterwards nobody asks it before its time
      const PlainSocket first = provider.accept();
      (void)read_head(first);
      first.send(answer("429 Too Many Requests", kLimited, "retry-after: 600\r\n"));
    }
    const PlainSocket spare = relay.accept();
    (void)read_head(spare);
    spare.send(answer("200 OK", kGood));
    const std::string got = read_answer(client);
    EXPECT_THAT(got, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(got, HasSubstr("x-tidegate-provider: spare-1\r\n"));
  }
  for (const gateway::Outcome& outcome : gateway.recorded().wait_for(2)) {
    EXPECT_EQ(outcome.provider, "spare-1");
    EXPECT_EQ(outcome.wanted_room, "test/haiku-4-5") << "also where the first was not asked at all";
  }
  const auto given_up = gateway.recorded().attempts();
  ASSERT_EQ(given_up.size(), 1U);
  EXPECT_EQ(given_up[0].wanted_room, "") << "it went where it was wanted";
}

TEST(Admission, WithoutATargetLeftTheProvidersOwnWordReachesTheClientUnchanged) {
  const PlainListener provider, relay;
  RunningGateway::Choice choice = patient();
  choice.spare_ports = {relay.port()};
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(ask());
  const PlainSocket first = provider.accept();
  (void)read_head(first);
  first.send(answer("429 Too Many Requests", kLimited, "retry-after: 600\r\nx-odd: 1\r\n"));
  const PlainSocket spare = relay.accept();
  (void)read_head(spare);
  spare.send(answer("429 Too Many Requests", kLimited, "retry-after: 700\r\nx-odd: 2\r\n"));
  const std::string got = read_answer(client);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(got, HasSubstr("retry-after: 700\r\nx-odd: 2\r\n"));
  EXPECT_THAT(got, EndsWith(kLimited));
}

/// The provider, asked for the first time, is full for a moment that is too long to wait while there is a spare.
void be_full_for_a_moment(const PlainListener& provider) {
  const PlainSocket first = provider.accept();
  (void)read_head(first);
  first.send(answer("429 Too Many Requests", kLimited, "retry-after-ms: 400\r\n"));
}

TEST(Admission, ASpareThatFailsSendsTheRequestBackToWhoWouldHaveServedIt) {
  for (const std::string_view failure : {"529 Overloaded", "429 Too Many Requests", "402 Payment Required", "500 Internal Server Error"}) {
    SCOPED_TRACE(failure);
    const PlainListener provider, relay;
    RunningGateway::Choice choice = patient();
    choice.spare_ports = {relay.port()};
    RunningGateway gateway(provider.port(), choice);
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(ask());
    be_full_for_a_moment(provider);
    const PlainSocket spare = relay.accept();
    (void)read_head(spare);
    spare.send(answer(failure, kOverloaded, "retry-after: 700\r\n"));
    const PlainSocket second = provider.accept();
    (void)read_head(second);
    second.send(answer("200 OK", kGood));
    const std::string got = read_answer(client);
    EXPECT_THAT(got, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(got, HasSubstr("x-tidegate-attempts: 3\r\n"));
    EXPECT_THAT(got, HasSubstr("x-tidegate-provider: test\r\n"));
    EXPECT_THAT(got, EndsWith(kGood));
  }
}

TEST(Admission, ASpareThatCannotBeReachedSendsTheRequestBackToo) {
  const PlainListener provider;
  std::uint16_t nobody = 0;
  { nobody = PlainListener().port(); }
  RunningGateway::Choice choice = patient();
  choice.spare_ports = {nobody};
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(ask());
  be_full_for_a_moment(provider);
  const PlainSocket second = provider.accept();
  (void)read_head(second);
  second.send(answer("200 OK", kGood));
  EXPECT_THAT(read_answer(client), StartsWith("HTTP/1.1 200 "));
}

TEST(Admission, ItsOwn429TellsTheSoonestOfAllTargets) {
  const PlainListener provider, relay;
  RunningGateway::Choice choice = patient();
  choice.spare_ports = {relay.port()};
  choice.options.admission.max_wait = Seconds(1);
  RunningGateway gateway(provider.port(), choice);
  // One request meets both refusals; the next one is told what is left of the shorter.
  const PlainSocket one = PlainSocket::connect(gateway.port());
  one.send(ask());
  const PlainSocket first = provider.accept();
  (void)read_head(first);
  first.send(answer("429 Too Many Requests", kLimited, "retry-after: 20\r\n"));
  const PlainSocket spare = relay.accept();
  (void)read_head(spare);
  spare.send(answer("429 Too Many Requests", kLimited, "retry-after: 50\r\n"));
  EXPECT_THAT(read_answer(one), StartsWith("HTTP/1.1 429 "));
  const PlainSocket two = PlainSocket::connect(gateway.port());
  two.send(ask());
  const std::string got = read_answer(two);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 429 "));
  const std::size_t at = got.find("retry-after: ");
  ASSERT_NE(at, std::string::npos) << got;
  EXPECT_LE(std::stoi(got.substr(at + 13)), 21) << got;
}

TEST(Admission, ItsOwn429SaysWhatIsShortAndWhenToComeBack) {
  const PlainListener provider;
  RunningGateway::Choice choice;  // nothing waits
  choice.pools.limits[0].limits.limits[quota::Dimension::Requests] = 1;
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket one = PlainSocket::connect(gateway.port());
  one.send(ask());
  const PlainSocket upstream = provider.accept();
  (void)read_head(upstream);
  const PlainSocket two = PlainSocket::connect(gateway.port());
  two.send(ask());
  const std::string got = read_answer(two);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 429 "));
  const int seconds = std::stoi(got.substr(got.find("retry-after: ") + 13));
  EXPECT_GE(seconds, 1);
  EXPECT_LE(seconds, 60);
  EXPECT_THAT(got, HasSubstr("retry-after-ms: "));
  EXPECT_THAT(got, HasSubstr(R"("type":"rate_limit_error")"));
  EXPECT_THAT(got, HasSubstr("(requests)"));
  const auto refused = gateway.recorded().wait_for(1);
  EXPECT_EQ(refused[0].refusal, "no_capacity");
  EXPECT_EQ(refused[0].obstacle, quota::Obstacle::Requests);
  EXPECT_EQ(refused[0].attempt, 0);
  upstream.send(answer("200 OK", kGood));
  EXPECT_THAT(read_answer(one), StartsWith("HTTP/1.1 200 "));
}

TEST(Admission, ARefusedKeyGivesWayToAnotherAndTheClientNeverHearsOfIt) {
  const PlainListener provider;
  RunningGateway::Choice choice = patient();
  choice.keys = {"key-1", "key-2"};
  RunningGateway gateway(provider.port(), choice);
  for (int turn = 0; turn < 3; ++turn) {
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(ask());
    if (turn == 0) {
      const PlainSocket first = provider.accept();
      EXPECT_THAT(read_head(first), HasSubstr("x-api-key: key-1\r\n"));
      first.send(answer("401 Unauthorized", R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})"));
    }
    const PlainSocket next = provider.accept();
    EXPECT_THAT(read_head(next), HasSubstr("x-api-key: key-2\r\n"));
    next.send(answer("200 OK", kGood));
    EXPECT_THAT(read_answer(client), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_THAT(gateway.recorded().events(), ::testing::Contains("key_changed"));
}

TEST(Admission, WhatTheMarksOnMessagesShareGoesToThePoolThatHasIt) {
  const PlainListener provider;
  RunningGateway::Choice choice = patient();
  choice.keys = {"key-1", "key-2"};
  RunningGateway gateway(provider.port(), choice);
  const auto marked = [](std::string_view question) {
    const std::string body = fmt::format(
        R"({{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{{"role":"user","content":[{{"type":"text","text":"{}","cache_control":{{"type":"ephemeral"}}}},{{"type":"text","text":"{}"}}]}}]}})",
        std::string(4'096, 'a'), question);
    return fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nAnthropic-Version: 2023-06-01\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
  };
  const auto key_of = [&](const std::string& request) {
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(request);
    const PlainSocket upstream = provider.accept();
    const std::string head = read_head(upstream);
    upstream.send(answer("200 OK", kGood));
    EXPECT_THAT(read_answer(client), StartsWith("HTTP/1.1 200 "));
    return head.substr(head.find("x-api-key: "), 16);
  };
  const std::string first = key_of(marked("What is this?"));
  for (const char* question : {"And that?", "Who wrote it, and when?", "Why?"}) EXPECT_EQ(key_of(marked(question)), first) << question;
  EXPECT_NE(key_of(ask()), key_of(ask())) << "others take turns";
}

/// Puts a configuration with these providers, each at a port, in place of the present one.
void reload(RunningGateway& gateway, const std::vector<std::pair<std::string, std::uint16_t>>& providers, llm::Dialect dialect = llm::Dialect::Anthropic) {
  auto setup = std::make_shared<gateway::Setup>(*gateway.worker().setup());
  setup->providers.clear();
  std::vector<quota::ProviderPlan> plans;
  for (const auto& [name, port] : providers) {
    upstream::ProviderOptions options;
    options.id = ProviderId(name);
    options.base_url = fmt::format("http://127.0.0.1:{}", port);
    options.dialect = dialect;
    options.pools = RunningGateway::unlimited();
    options.keys.push_back({.name = "KEY_NEW", .secret = Secret("new"), .organisation = {}, .workspace = {}});
    setup->providers.push_back(upstream::Provider::make(options).value());
    plans.push_back({name, options.pools, {{.name = "KEY_NEW", .organisation = {}, .workspace = {}}}});
  }
  setup->lay_routes();
  std::promise<void> taken;
  gateway.worker().adopt(setup, [&taken] { taken.set_value(); });
  taken.get_future().wait();
  gateway.rooms().configure(setup->options.admission, plans);
}

/// One request is on its way and takes the only place; another one waits for it.
class AReload : public ::testing::Test {
 protected:
  AReload() : gateway_(provider_.port(), one_at_once()), running_(PlainSocket::connect(gateway_.port())), waiting_(PlainSocket::connect(gateway_.port())) {
    running_.send(ask());
    upstream_ = provider_.accept();
    (void)read_head(upstream_);
    waiting_.send(ask());
    while (gateway_.waiting().lines().empty()) std::this_thread::yield();
  }
  static RunningGateway::Choice one_at_once() {
    RunningGateway::Choice choice = patient();
    choice.pools.limits[0].limits.concurrency = 1;
    return choice;
  }
  /// What was on its way is served by the provider that is gone.
  void expect_that_the_running_one_runs_on() {
    upstream_.send(answer("200 OK", kGood));
    EXPECT_THAT(read_answer(running_), EndsWith(kGood));
  }

  PlainListener provider_;
  RunningGateway gateway_;
  PlainSocket running_, waiting_, upstream_;
};

TEST_F(AReload, ThatTakesAProviderAwaySendsWhoWaitsForItToItsSuccessor) {
  const PlainListener successor;
  reload(gateway_, {{"successor", successor.port()}});
  const PlainSocket next = successor.accept();
  EXPECT_THAT(read_head(next), HasSubstr("x-api-key: new\r\n"));
  next.send(answer("200 OK", kGood));
  EXPECT_THAT(read_answer(waiting_), EndsWith(kGood));
  expect_that_the_running_one_runs_on();
  for (const gateway::Outcome& outcome : gateway_.recorded().wait_for(2)) EXPECT_EQ(outcome.attempt, 1);
}

TEST_F(AReload, ThatLeavesNobodyForARequestTellsItSo) {
  const PlainListener other;
  reload(gateway_, {{"of_another_dialect", other.port()}}, llm::Dialect::OpenAi);
  const std::string got = read_answer(waiting_);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(got, HasSubstr("No provider speaks the anthropic dialect for this path"));
  expect_that_the_running_one_runs_on();
}

TEST(Admission, TheClientsOwnMistakesAreNotTriedAgain) {
  const PlainListener provider, relay;
  RunningGateway::Choice choice = patient();
  choice.spare_ports = {relay.port()};
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(ask());
  const PlainSocket upstream = provider.accept();
  (void)read_head(upstream);
  const std::string mistake = R"({"type":"error","error":{"type":"invalid_request_error","message":"max_tokens"}})";
  upstream.send(answer("400 Bad Request", mistake));
  EXPECT_THAT(read_answer(client), EndsWith(mistake));
  EXPECT_EQ(gateway.recorded().wait_for(1)[0].attempt, 1);
}

TEST(Admission, WhatMakesSomethingForGoodIsNotSentTwiceWhereItMayHaveBeenDone) {
  const PlainListener provider, relay;
  RunningGateway::Choice choice = patient();
  choice.spare_ports = {relay.port()};
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send("POST /v1/messages/batches HTTP/1.1\r\nHost: gw\r\nContent-Length: 15\r\n\r\n{\"requests\":[]}");
  PlainSocket upstream = provider.accept();
  (void)read_head(upstream);
  upstream.close();
  EXPECT_THAT(read_answer(client), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(gateway.recorded().wait_for(1)[0].attempt, 1);
}

TEST(Admission, ARefusedBatchIsTriedAgain) {
  const PlainListener provider;
  RunningGateway gateway(provider.port(), patient());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send("POST /v1/messages/batches HTTP/1.1\r\nHost: gw\r\nContent-Length: 15\r\n\r\n{\"requests\":[]}");
  const PlainSocket first = provider.accept();
  (void)read_head(first);
  first.send(answer("429 Too Many Requests", kLimited, "retry-after-ms: 20\r\n"));
  const PlainSocket second = provider.accept();
  (void)read_head(second);
  second.send(answer("200 OK", R"({"id":"msgbatch_1"})"));
  EXPECT_THAT(read_answer(client), EndsWith(R"({"id":"msgbatch_1"})"));
}

TEST(Admission, WhoLeavesWhileWaitingIsNeverSent) {
  const PlainListener provider;
  RunningGateway::Choice choice = patient();
  choice.pools.limits[0].limits.concurrency = 1;
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket one = PlainSocket::connect(gateway.port());
  one.send(ask());
  const PlainSocket upstream = provider.accept();
  (void)read_head(upstream);
  PlainSocket two = PlainSocket::connect(gateway.port());
  two.send(ask());
  two.close();
  const auto outcomes = gateway.recorded().wait_for(1);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].state, store::AttemptState::ClientGone);
  EXPECT_EQ(outcomes[0].attempt, 0);
  upstream.send(answer("200 OK", kGood));
  EXPECT_THAT(read_answer(one), StartsWith("HTTP/1.1 200 "));
}

TEST(Admission, OneWaitsForTheOthersPlaceAndThenGoes) {
  const PlainListener provider;
  RunningGateway::Choice choice = patient();
  choice.pools.limits[0].limits.concurrency = 1;
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket one = PlainSocket::connect(gateway.port());
  one.send(ask());
  const PlainSocket first = provider.accept();
  (void)read_head(first);
  const PlainSocket two = PlainSocket::connect(gateway.port());
  two.send(ask("x-tidegate-priority: batch\r\nx-tidegate-max-wait: 25s\r\n"));
  first.send(answer("200 OK", kGood));
  EXPECT_THAT(read_answer(one), StartsWith("HTTP/1.1 200 "));
  const PlainSocket second = provider.accept();
  EXPECT_THAT(read_head(second), Not(HasSubstr("x-tidegate-"))) << "they are for us alone";
  second.send(answer("200 OK", kGood));
  EXPECT_THAT(read_answer(two), StartsWith("HTTP/1.1 200 "));
}

TEST(Admission, AStreamThatWaitsLongHearsOfUsAndThenOfTheProvider) {
  const PlainListener provider;
  RunningGateway::Choice choice = patient();
  choice.pools.limits[0].limits.concurrency = 1;
  choice.options.admission.longest_silence = Milliseconds(50);
  choice.options.admission.keep_awake_every = Milliseconds(50);
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket one = PlainSocket::connect(gateway.port());
  one.send(ask("", true));
  const PlainSocket first = provider.accept();
  (void)read_head(first);
  const PlainSocket two = PlainSocket::connect(gateway.port());
  two.send(ask("", true));
  EXPECT_THAT(read_head(two), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(two.read_until(": waiting for capacity\n\n\r\n"), EndsWith(": waiting for capacity\n\n\r\n"));
  const auto waiting = gateway.waiting().lines();
  ASSERT_EQ(waiting.size(), 1U) << "one of the two";
  EXPECT_EQ(waiting[0].requests, 1);
  EXPECT_EQ(waiting[0].label.room, "test/haiku-4-5");
  EXPECT_EQ(waiting[0].label.model, "claude-haiku-4-5");
  EXPECT_EQ(waiting[0].label.tenant, "default");
  EXPECT_THAT(two.read_until(": waiting for capacity\n\n\r\n"), EndsWith(": waiting for capacity\n\n\r\n"));
  first.send(answer("200 OK", kGood));
  EXPECT_THAT(read_answer(one), EndsWith(kGood));
  PlainSocket second = provider.accept();
  EXPECT_TRUE(gateway.waiting().lines().empty());
  (void)second.read_until("messages\":[]}");  // the whole request: a socket that is closed with bytes unread is reset
  second.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
              "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"claude-haiku-4-5\",\"usage\":"
              "{\"input_tokens\":5,\"output_tokens\":1}}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  second.close();
  const std::string rest = two.read_until("\r\n0\r\n\r\n");
  EXPECT_THAT(rest, HasSubstr("event: message_start\n"));
  EXPECT_THAT(rest, HasSubstr("event: message_stop\n"));
  EXPECT_THAT(rest, EndsWith("\r\n0\r\n\r\n"));
  EXPECT_EQ(gateway.recorded().wait_for(2).size(), 2U);
}

TEST(Admission, AStreamThatWasKeptAwakeHearsOfARefusalInAnEvent) {
  const PlainListener provider;
  RunningGateway::Choice choice = patient();
  choice.pools.limits[0].limits.concurrency = 1;
  choice.options.admission.longest_silence = Milliseconds(50);
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket one = PlainSocket::connect(gateway.port());
  one.send(ask("", true));
  const PlainSocket first = provider.accept();
  (void)read_head(first);
  const PlainSocket two = PlainSocket::connect(gateway.port());
  two.send(ask("", true));
  EXPECT_THAT(read_head(two), StartsWith("HTTP/1.1 200 "));
  first.send(answer("200 OK", kGood));
  const PlainSocket second = provider.accept();
  (void)read_head(second);
  second.send(answer("400 Bad Request", R"({"type":"error","error":{"type":"invalid_request_error","message":"no such tool"}})"));
  const std::string rest = two.read_until("\r\n0\r\n\r\n");
  EXPECT_THAT(rest, HasSubstr("event: error\n"));
  EXPECT_THAT(rest, HasSubstr("no such tool"));
  EXPECT_THAT(rest, EndsWith("\r\n0\r\n\r\n"));
}

TEST(Admission, RefusesAWaitThatIsNone) {
  const PlainListener provider;
  RunningGateway gateway(provider.port(), patient());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(ask("x-tidegate-max-wait: soon\r\n"));
  const std::string got = read_answer(client);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(got, HasSubstr("30s"));
}

}  // namespace
}  // namespace tidegate
