// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Who serves a request when the first target cannot: providers written by hand, routes and breakers real.
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace tidegate {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::PlainListener;
using testing::PlainSocket;
using testing::read_message;
using testing::RunningGateway;

const std::string kGood =
    R"({"id":"msg_1","type":"message","model":"claude-haiku-4-5","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":3}})";
const std::string kGoodStream =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],"
    "\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n"
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const std::string kErrorStream =
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";

std::string body_of(bool stream) { return fmt::format(R"({{ "max_tokens":9, "model" : "claude-haiku-4-5","stream":{},"messages":[]}})", stream); }
std::string ask(bool stream = false) {
  const std::string body = body_of(stream);
  return fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nAnthropic-Version: 2023-06-01\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}
std::string answer(std::string_view status, std::string_view body, std::string_view type = "application/json") {
  return fmt::format("HTTP/1.1 {}\r\ncontent-type: {}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{}", status, type, body.size(), body);
}
std::string stream_answer(std::string_view events) { return answer("200 OK", events, "text/event-stream"); }
/// A whole message of known length.

class Failover : public ::testing::Test {
 protected:
  Failover() {
    choice.options.admission.max_wait = Seconds(30);
    choice.options.admission.spare_after = Nanoseconds(0);
    choice.spare_ports = {relay.port()};
  }
  PlainSocket send(RunningGateway& gateway, bool stream = false) {
    PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(ask(stream));
    return client;
  }
  static std::string serve(const PlainListener& listener, const std::string& text) {
    const PlainSocket asked = listener.accept();
    std::string request = read_message(asked);
    asked.send(text);
    return request;
  }

  PlainListener official, relay;
  RunningGateway::Choice choice;
};

TEST_F(Failover, AGoodHeadBeforeAnErrorIsNoAnswer) {
  RunningGateway gateway(official.port(), choice);
  for (const std::string bad : {R"({"error":{"message":"quota","type":"new_api_error","code":"insufficient_user_quota"}})",
                                R"({ "type" : "error", "error":{"type":"api_error","message":"m"}})"}) {
    const PlainSocket client = send(gateway);
    (void)serve(official, answer("200 OK", bad));
    (void)serve(relay, answer("200 OK", kGood));
    const std::string got = read_message(client);
    EXPECT_THAT(got, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(got, HasSubstr("x-tidegate-provider: spare-1\r\n"));
    EXPECT_THAT(got, EndsWith(kGood));
  }
}

TEST_F(Failover, AnErrorOfTheClientsOwnBehindAGoodHeadIsItsAnswer) {
  RunningGateway gateway(official.port(), choice);
  const std::string bad = R"({"error":{"message":"max_tokens: too large","type":"invalid_request_error"}})";
  const PlainSocket client = send(gateway);
  (void)serve(official, answer("200 OK", bad));
  EXPECT_THAT(read_message(client), EndsWith(bad));
}

TEST_F(Failover, AStreamThatIsEmptyOrBeginsWithAnErrorIsNoAnswer) {
  RunningGateway gateway(official.port(), choice);
  for (const std::string& bad : {std::string(), std::string(": processing\n\n"), kErrorStream, ": processing\n\n" + kErrorStream}) {
    const PlainSocket client = send(gateway, true);
    (void)serve(official, stream_answer(bad));
    (void)serve(relay, stream_answer(kGoodStream));
    const std::string got = read_message(client);
    EXPECT_THAT(got, HasSubstr("x-tidegate-provider: spare-1\r\n")) << bad;
    EXPECT_THAT(got, EndsWith(kGoodStream));
  }
}

TEST_F(Failover, AStreamThatBreaksOffBeforeItsFirstEventIsNoAnswer) {
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = send(gateway, true);
  (void)serve(official, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 1000\r\n\r\n: processing\n\n");
  (void)serve(relay, stream_answer(kGoodStream));
  EXPECT_THAT(read_message(client), EndsWith(kGoodStream));
}

TEST_F(Failover, OnceAnEventHasLeftNobodyElseIsAsked) {
  RunningGateway gateway(official.port(), choice);
  PlainSocket client = send(gateway, true);
  const PlainSocket asked = official.accept();
  (void)read_message(asked);
  const std::string first = kGoodStream.substr(0, kGoodStream.find("event: message_delta"));
  asked.send(fmt::format("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n", first.size(), first));
  EXPECT_THAT(client.read_until("message_start\"" ), HasSubstr("200 OK"));
  asked.send(fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", kErrorStream.size(), kErrorStream));
  EXPECT_THAT(client.read_until("0\r\n\r\n"), HasSubstr("overloaded_error"));
}

TEST_F(Failover, TheLastWordOfAllIsTheProvidersOwn) {
  choice.options.admission.max_wait = Nanoseconds(0);
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = send(gateway, true);
  (void)serve(official, stream_answer(kErrorStream));
  const std::string last = answer("529 Overloaded", R"({"type":"error","error":{"type":"overloaded_error","message":"relay"}})");
  (void)serve(relay, last);
  EXPECT_THAT(read_message(client), HasSubstr("HTTP/1.1 529 "));
}

TEST_F(Failover, AModelThatOneDoesNotHaveAnotherMayHave) {
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = send(gateway);
  (void)serve(official, answer("404 Not Found", R"({"type":"error","error":{"type":"not_found_error","message":"model"}})"));
  (void)serve(relay, answer("200 OK", kGood));
  EXPECT_THAT(read_message(client), EndsWith(kGood));
}

TEST_F(Failover, TheModelIsCalledAsEachTargetCallsIt) {
  choice.adapt = [](std::size_t number, upstream::ProviderOptions& provider) {
    if (number == 1) provider.models = {{"claude-haiku-4-5", "relay/\"haiku\""}};
  };
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = send(gateway);
  EXPECT_THAT(serve(official, answer("529 Overloaded", "{}")), EndsWith(body_of(false)));
  const std::string there = serve(relay, answer("200 OK", kGood));
  const std::string sent = R"({ "max_tokens":9, "model" : "relay/\"haiku\"","stream":false,"messages":[]})";
  EXPECT_THAT(there, EndsWith("\r\n\r\n" + sent)) << "one place is changed, and nothing else";
  EXPECT_THAT(there, HasSubstr(fmt::format("content-length: {}\r\n", sent.size())));
  const std::string got = read_message(client);
  EXPECT_THAT(got, HasSubstr("x-tidegate-model: relay/\"haiku\"\r\n"));
  EXPECT_THAT(got, EndsWith(kGood));
  EXPECT_EQ(gateway.recorded().wait_for(1)[0].asked_model(), "relay/\"haiku\"");
}

TEST_F(Failover, ARouteNamesTargetsAndTheirTerms) {
  routing::RouteRule& route = choice.options.routes.emplace_back();
  route.model = "claude-*";
  for (const char* model : {"first", "second"}) {
    routing::TargetRule& target = route.targets.emplace_back();
    target.provider = ProviderId("spare-1");
    target.model = model;
  }
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = send(gateway);
  EXPECT_THAT(serve(relay, answer("529 Overloaded", "{}")), HasSubstr(R"("model" : "first")"));
  EXPECT_THAT(serve(relay, answer("200 OK", kGood)), HasSubstr(R"("model" : "second")"));
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(gateway.recorded().wait_for(1)[0].wanted_room, "spare-1/first") << "the same provider, and another of its rooms";
}

TEST_F(Failover, WhatCostsMoreThanATargetMayCostPassesItBy) {
  routing::RouteRule& route = choice.options.routes.emplace_back();
  routing::TargetRule& cheap = route.targets.emplace_back();
  cheap.provider = ProviderId("test");
  cheap.max_cost = Money::dollars(1);
  routing::TargetRule& dear = route.targets.emplace_back();
  dear.provider = ProviderId("spare-1");
  dear.max_cost = Money::dollars(3);
  choice.cost = Money::dollars(2);
  {
    RunningGateway gateway(official.port(), choice);
    const PlainSocket client = send(gateway);
    (void)serve(relay, answer("200 OK", kGood));
    EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 200 "));
  }
  choice.cost = Money::dollars(4);
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = send(gateway);
  const std::string got = read_message(client);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(got, HasSubstr("max_cost"));
}

TEST_F(Failover, AnEndpointThatDoesNotAnswerIsPassedByUntilAProbeComesBack) {
  std::uint16_t nobody = 0;
  {
    const PlainListener gone;
    nobody = gone.port();
  }
  RunningGateway gateway(nobody, choice);
  for (int i = 0; i < 7; ++i) {
    const PlainSocket client = send(gateway);
    (void)serve(relay, answer("200 OK", kGood));
    EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_THAT(gateway.recorded().events(), ::testing::Contains("provider_out"));
  EXPECT_EQ(gateway.recorded().attempts().size(), 5U) << "the last two went to the spare at once";
  for (const gateway::Outcome& outcome : gateway.recorded().wait_for(7)) EXPECT_EQ(outcome.wanted_room, "test/haiku-4-5") << "out or not";
}

TEST_F(Failover, AttemptsAreBounded) {
  choice.options.failover.max_attempts = 1;
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = send(gateway);
  (void)serve(official, answer("529 Overloaded", "{}"));
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 529 "));
}

class OneTenant final : public gateway::KeyCheck {
 public:
  Result<gateway::Caller> check(std::string_view, WallTime) override {
    gateway::Caller caller;
    caller.tenant = "team";
    caller.providers = {"spare-1"};
    return caller;
  }
};

TEST_F(Failover, ATenantsPromptsGoOnlyWhereItAllows) {
  OneTenant keys;
  choice.key_check = &keys;
  choice.options.auth = gateway::AuthMode::Virtual;
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = send(gateway);
  (void)serve(relay, answer("200 OK", kGood));
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Failover, ALongStreamBesideSeveralKeysEndsWell) {
  // What asked for it is let go while it streams; what its end still needs must not lie there.
  choice.keys = {"key-1", "key-2"};
  RunningGateway gateway(official.port(), choice);
  for (int turn = 0; turn < 2; ++turn) {
    const std::string body = R"({"model":"claude-haiku-4-5","max_tokens":9,"stream":true,"system":"be brief","messages":[{"role":"user","content":"first"}]})";
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
    const PlainSocket asked = official.accept();
    (void)read_message(asked);
    const std::size_t half = kGoodStream.find("event: message_delta");
    asked.send(fmt::format("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{}", kGoodStream.size(),
                           kGoodStream.substr(0, half)));
    EXPECT_THAT(client.read_until("message_start\","), HasSubstr("200 OK"));
    asked.send(kGoodStream.substr(half));
    EXPECT_THAT(client.read_until("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"), EndsWith("\"message_stop\"}\n\n"));
  }
  for (const gateway::Outcome& outcome : gateway.recorded().wait_for(2)) EXPECT_EQ(outcome.state, store::AttemptState::Completed);
}

// --- streams that have to keep to their grammar --------------------------------------------------------------------------

TEST_F(Failover, AStreamOfAStrictProviderThatLeavesItsGrammarIsNoAnswerOrIsBrokenOff) {
  choice.adapt = [](std::size_t, upstream::ProviderOptions& provider) { provider.strict = true; };
  RunningGateway gateway(official.port(), choice);
  const std::string stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  {
    const PlainSocket client = send(gateway, true);
    (void)serve(official, stream_answer(stop));  // an end without a beginning
    (void)serve(relay, stream_answer(kGoodStream));
    EXPECT_THAT(read_message(client), EndsWith(kGoodStream));
  }
  const PlainSocket client = send(gateway, true);
  const PlainSocket asked = official.accept();
  (void)read_message(asked);
  const std::string start = kGoodStream.substr(0, kGoodStream.find("event: message_delta"));
  asked.send(fmt::format("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{}", start.size() + stop.size(), start));
  EXPECT_THAT(client.read_until("message_start\",") , HasSubstr("200 OK"));
  asked.send(stop);  // without a stop reason before
  EXPECT_THAT(client.read_all(), Not(HasSubstr("message_stop")));
  const auto outcomes = gateway.recorded().wait_for(2);
  EXPECT_EQ(outcomes[1].error, llm::UpstreamErrorKind::Protocol);
  EXPECT_NE(outcomes[1].violation, "");
}

// --- what is bound to a provider ---------------------------------------------------------------------------------------

TEST_F(Failover, WhatIsBoundToOneProviderGoesNowhereElse) {
  choice.options.admission.max_wait = Nanoseconds(0);
  RunningGateway gateway(official.port(), choice);
  const auto turn = [&](std::string_view messages) {
    const std::string body = fmt::format(R"({{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{{"role":"user","content":"first"}}{}]}})", messages);
    PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
    return client;
  };
  const std::string signed_turn =
      R"(,{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"sig"}]},{"role":"user","content":"next"})";
  {
    // Nobody knows who thought that: the first of the route may, and its refusal is the answer.
    const PlainSocket client = turn(signed_turn);
    (void)serve(official, answer("529 Overloaded", "{}"));
    EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 529 "));
  }
  {
    const PlainSocket client = turn("");
    (void)serve(official, answer("529 Overloaded", "{}"));
    (void)serve(relay, answer("200 OK", kGood));
    EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 200 "));
  }
  // The same conversation goes on where it was answered.
  const PlainSocket client = turn(signed_turn);
  (void)serve(relay, answer("529 Overloaded", "{}"));
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 529 "));
}

// --- the other dialect -----------------------------------------------------------------------------------------------

const std::string kChat =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}})";
const std::string kChatStream =
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"hel\"},\"finish_reason\":null}]}\n\n"
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5\",\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}\n\n"
    "data: [DONE]\n\n";

class OtherDialect : public Failover {
 protected:
  OtherDialect() {
    routing::RouteRule& route = choice.options.routes.emplace_back();
    route.provider = ProviderId("test");
    route.overflow = {ProviderId("spare-1")};
    choice.adapt = [](std::size_t number, upstream::ProviderOptions& provider) {
      if (number != 1) return;
      provider.dialect = llm::Dialect::OpenAi;
      provider.credential = upstream::CredentialKind::Bearer;
      provider.models = {{"claude-haiku-4-5", "gpt-5"}};
    };
  }
  static std::string body(std::string_view members = "") {
    return fmt::format(R"({{"model":"claude-haiku-4-5","max_tokens":9,{}"messages":[{{"role":"user","content":"hi"}}]}})", members);
  }
  PlainSocket ask_with(RunningGateway& gateway, const std::string& text) {
    PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nAnthropic-Version: 2023-06-01\r\nx-api-key: mine\r\nContent-Length: {}\r\n\r\n{}",
                            text.size(), text));
    return client;
  }
  static std::string read_chunks(const PlainSocket& client) { return client.read_until("\r\n0\r\n\r\n"); }
};

TEST_F(OtherDialect, ServesWhatTheFirstCannot) {
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = ask_with(gateway, body());
  (void)serve(official, answer("529 Overloaded", "{}"));
  const std::string there = serve(relay, answer("200 OK", kChat));
  EXPECT_THAT(there, StartsWith("POST /v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_THAT(there, HasSubstr("authorization: Bearer pool-key\r\n"));
  EXPECT_THAT(there, HasSubstr("\"gpt-5\""));
  EXPECT_THAT(there, Not(HasSubstr("anthropic"))) << "what belongs to the client's dialect stays here";
  EXPECT_THAT(there, Not(HasSubstr("mine")));
  const std::string got = read_message(client);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(got, HasSubstr("x-tidegate-provider: spare-1\r\n"));
  EXPECT_THAT(got, HasSubstr("x-tidegate-model: gpt-5\r\n"));
  EXPECT_THAT(got, HasSubstr(R"("type":"message")"));
  EXPECT_THAT(got, HasSubstr(R"("text":"hello")"));
  const auto outcome = gateway.recorded().wait_for(1)[0];
  EXPECT_EQ(outcome.answer.usage.tokens.input, 12);
  EXPECT_EQ(outcome.answer.usage.tokens.output, 3);
  EXPECT_EQ(outcome.state, store::AttemptState::Completed);
}

TEST_F(OtherDialect, GetsTheFieldsThatTheClientAddedItselfAndNoOthers) {
  RunningGateway gateway(official.port(), choice);
  const std::string text = body();
  PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nX-Team: agents\r\nX-Api-Key: mine\r\nX-Stainless-Lang: python\r\n"
                          "x-trace-id: 7f\r\nx-app: cli\r\nX-Anthropic-Client: y\r\nX-Claude-Code-Session-Id: s\r\nX-Forwarded-For: 10.0.0.1\r\n"
                          "X-Real-Ip: 10.0.0.1\r\nX-Tidegate-Priority: batch\r\nX-Vendor-Api-Key: mine\r\nx-session-token: mine\r\n"
                          "Connection: X-Hop\r\nX-Hop: 1\r\nX-Application: portal\r\nanthropic-version: 2023-06-01\r\nUser-Agent: me/1\r\nContent-Length: {}\r\n\r\n{}",
                          text.size(), text));
  (void)serve(official, answer("529 Overloaded", "{}"));
  const std::string there = serve(relay, answer("200 OK", kChat));
  const std::string head = there.substr(0, there.find("\r\n\r\n") + 2);
  for (const char* field : {"X-Team: agents\r\n", "x-trace-id: 7f\r\n", "X-Application: portal\r\n", "user-agent: tidegate\r\n"})
    EXPECT_THAT(head, HasSubstr(field));
  for (const char* part : {"mine", "tainless", "x-app:", "nthropic", "laude-", "10.0.0.1", "X-Tidegate", "X-Hop", "me/1"})
    EXPECT_THAT(head, Not(HasSubstr(part)));
}

TEST_F(OtherDialect, StreamsEventByEventAndKeepsTheConnection) {
  RunningGateway gateway(official.port(), choice);
  PlainSocket client = ask_with(gateway, body(R"("stream":true,)"));
  for (int turn = 0; turn < 2; ++turn) {
    (void)serve(official, answer("529 Overloaded", "{}"));
    {
      const PlainSocket asked = relay.accept();
      EXPECT_THAT(read_message(asked), HasSubstr("include_usage"));
      const std::size_t half = kChatStream.find("\n\n") + 2;
      asked.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + kChatStream.substr(0, half));
      EXPECT_THAT(client.read_until("\"hel\""), HasSubstr("event: message_start\n")) << "before the rest has come";
      asked.send(kChatStream.substr(half));
    }
    const std::string rest = read_chunks(client);
    EXPECT_THAT(rest, HasSubstr("event: message_stop\n"));
    EXPECT_THAT(rest, HasSubstr(R"("output_tokens":3)"));
    if (turn == 0) client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nContent-Length: {}\r\n\r\n{}", body(R"("stream":true,)").size(), body(R"("stream":true,)")));
  }
}

TEST_F(OtherDialect, AStreamThatBreaksOffEndsInAnErrorEventAndABrokenConnection) {
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = ask_with(gateway, body(R"("stream":true,)"));
  (void)serve(official, answer("529 Overloaded", "{}"));
  (void)serve(relay, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100000\r\n\r\n" + kChatStream.substr(0, kChatStream.find("\n\n") + 2));
  const std::string got = client.read_all();
  EXPECT_THAT(got, HasSubstr("event: error\n"));
  EXPECT_THAT(got, Not(EndsWith("\r\n0\r\n\r\n")));
  EXPECT_EQ(gateway.recorded().wait_for(1)[0].state, store::AttemptState::Truncated);
}

TEST_F(OtherDialect, ItsErrorsSpeakTheClientsDialect) {
  choice.options.admission.max_wait = Nanoseconds(0);
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = ask_with(gateway, body());
  (void)serve(official, answer("529 Overloaded", "{}"));
  (void)serve(relay, answer("429 Too Many Requests", R"({"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":null}})"));
  const std::string got = read_message(client);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(got, HasSubstr(R"("type":"error")"));
  EXPECT_THAT(got, HasSubstr("slow down"));
}

TEST_F(OtherDialect, WhatIsLostIsSaidAndARouteCanRefuseIt) {
  const std::string text = body(R"("tools":[{"type":"web_search_20250305","name":"web_search"}],)");
  {
    RunningGateway gateway(official.port(), choice);
    const PlainSocket client = ask_with(gateway, text);
    (void)serve(official, answer("529 Overloaded", "{}"));
    (void)serve(relay, answer("200 OK", kChat));
    EXPECT_THAT(read_message(client), HasSubstr("x-tidegate-lossy: tools.web_search_20250305\r\n"));
  }
  choice.options.admission.max_wait = Nanoseconds(0);
  choice.options.routes[0].refuses_losses = true;
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = ask_with(gateway, text);
  (void)serve(official, answer("529 Overloaded", "{}"));
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 529 ")) << "the spare is not asked";
}

TEST_F(OtherDialect, IsTriedAgainWithATranslationOfItsOwn) {
  choice.options.routes[0].provider = ProviderId("spare-1");
  choice.options.routes[0].overflow.clear();
  RunningGateway gateway(official.port(), choice);
  const PlainSocket client = ask_with(gateway, body(R"("stream":true,)"));
  (void)serve(relay, answer("529 Overloaded", R"({"error":{"message":"m"}})"));
  (void)serve(relay, stream_answer(kChatStream));
  EXPECT_THAT(read_message(client), HasSubstr("event: message_stop\n"));
}

TEST_F(OtherDialect, OnlyMessagesAndChatCompletionsGoThere) {
  choice.options.routes[0].provider = ProviderId("spare-1");
  choice.options.routes[0].overflow.clear();
  RunningGateway gateway(official.port(), choice);
  PlainSocket client = PlainSocket::connect(gateway.port());
  client.send("POST /v1/messages/count_tokens HTTP/1.1\r\nHost: gw.local\r\nContent-Length: 2\r\n\r\n{}");
  (void)serve(official, answer("200 OK", R"({"input_tokens":1})"));
  EXPECT_THAT(read_message(client), EndsWith(R"({"input_tokens":1})"));
}

// --- marks for the prompt cache --------------------------------------------------------------------------------------

class PromptMarks : public Failover {
 protected:
  /// A conversation behind a long system prompt, its `turn`th turn.
  static std::string conversation(int turn) {
    std::string body = fmt::format(R"({{"model":"claude-sonnet-4-6","max_tokens":9,"system":"{}","messages":[)", std::string(20'000, 's'));
    for (int i = 0; i < turn; ++i) body += fmt::format(R"({{"role":"user","content":"question {}"}},{{"role":"assistant","content":"answer {}"}},)", i, i);
    return body + R"({"role":"user","content":"and now?"}]})";
  }
  static std::string answered(std::int64_t read, std::int64_t written) {
    return answer("200 OK", fmt::format(R"({{"id":"msg_1","type":"message","model":"claude-sonnet-4-6","content":[{{"type":"text","text":"hi"}}],"stop_reason":"end_turn",)"
                                        R"("usage":{{"input_tokens":12,"cache_read_input_tokens":{},"cache_creation_input_tokens":{},)"
                                        R"("cache_creation":{{"ephemeral_5m_input_tokens":{},"ephemeral_1h_input_tokens":0}},"output_tokens":3}}}})", read, written, written));
  }
  static std::string ask_once(RunningGateway& gateway, const PlainListener& listener, const std::string& body, const std::string& reply) {
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nAnthropic-Version: 2023-06-01\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
    const std::string sent = serve(listener, reply);
    EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 200 "));
    return sent.substr(sent.find("\r\n\r\n") + 4);
  }
  static std::string without(std::string text, std::string_view part) {
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
    return text;
  }
};

TEST_F(PromptMarks, AreSplicedInWhereTheyPayAndTheRestKeepsItsBytes) {
  caching::CachingOptions options;
  options.enabled = caching::Injection::On;
  gateway::PromptMarks marks(options, 7);
  choice.prompt_marks = &marks;
  choice.spare_ports.clear();
  RunningGateway gateway(official.port(), choice);
  std::string sent;
  for (int turn = 0; turn < 4; ++turn) sent = ask_once(gateway, official, conversation(turn), answered(turn == 0 ? 0 : 5'000, turn == 0 ? 5'000 : 20));
  EXPECT_THAT(sent, HasSubstr(R"("cache_control":{"type":"ephemeral"})"));
  std::string plain = without(sent, R"(,"cache_control":{"type":"ephemeral"})");
  for (const std::string_view part : {R"([{"type":"text","text":)", "}]"}) {
    // A plain text that was marked stands in a list of one block.
    EXPECT_THAT(plain, HasSubstr(std::string(part)));
  }
  const auto saved = marks.savings();
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_EQ(saved[0].model, "claude-sonnet-4-6");
  EXPECT_EQ(saved[0].savings.requests, 4U);
  EXPECT_GT(saved[0].savings.tokens_read, 10'000);
}

TEST_F(PromptMarks, ADryRunChangesNothing) {
  caching::CachingOptions options;
  options.enabled = caching::Injection::DryRun;
  gateway::PromptMarks marks(options, 7);
  choice.prompt_marks = &marks;
  choice.spare_ports.clear();
  RunningGateway gateway(official.port(), choice);
  for (int turn = 0; turn < 4; ++turn) EXPECT_EQ(ask_once(gateway, official, conversation(turn), answered(0, 0)), conversation(turn));
  ASSERT_EQ(marks.savings().size(), 1U);
  EXPECT_TRUE(marks.savings()[0].is_dry_run);
}

TEST_F(PromptMarks, LeaveTheClientsOwnMarksAlone) {
  caching::CachingOptions options;
  options.enabled = caching::Injection::On;
  gateway::PromptMarks marks(options, 7);
  choice.prompt_marks = &marks;
  choice.spare_ports.clear();
  RunningGateway gateway(official.port(), choice);
  std::string body = conversation(1);
  body.replace(body.find(R"("content":"and now?")"), std::string_view(R"("content":"and now?")").size(),
               R"("content":[{"type":"text","text":"and now?","cache_control":{"type":"ephemeral"}}])");
  for (int turn = 0; turn < 3; ++turn) EXPECT_EQ(ask_once(gateway, official, body, answered(0, 0)), body);
}

TEST_F(PromptMarks, AndAnotherNameOfTheModelGoTogether) {
  caching::CachingOptions options;
  options.enabled = caching::Injection::On;
  gateway::PromptMarks marks(options, 7);
  choice.prompt_marks = &marks;
  choice.spare_ports.clear();
  choice.adapt = [](std::size_t, upstream::ProviderOptions& provider) { provider.models = {{"claude-sonnet-4-6", "sonnet"}}; };
  RunningGateway gateway(official.port(), choice);
  std::string sent;
  for (int turn = 0; turn < 4; ++turn) sent = ask_once(gateway, official, conversation(turn), answered(5'000, 20));
  EXPECT_THAT(sent, StartsWith(R"({"model":"sonnet","max_tokens":9,)"));
  EXPECT_THAT(sent, HasSubstr("cache_control"));
}

TEST_F(Failover, AShareThatIsShiftedAsksTheFurtherTargetFirstAndTheOtherOneLast) {
  gateway::SteeringBoard steering;
  choice.steering = &steering;
  RunningGateway gateway(official.port(), choice);
  const auto shift = [&](double share) {
    auto next = std::make_shared<gateway::Steering>();
    next->shifts = {{.provider = "test", .share = share}};
    steering.swap(std::move(next));
  };
  shift(1);
  {
    const PlainSocket client = send(gateway);
    (void)serve(relay, answer("200 OK", kGood));
    EXPECT_THAT(read_message(client), HasSubstr("x-tidegate-provider: spare-1\r\n"));
  }
  {
    const PlainSocket client = send(gateway);
    (void)serve(relay, answer("503 Service Unavailable", "{}"));
    (void)serve(official, answer("200 OK", kGood));
    EXPECT_THAT(read_message(client), Not(HasSubstr("x-tidegate-provider: spare-1\r\n"))) << "it is still there for what the other cannot serve";
  }
  shift(0);
  const PlainSocket client = send(gateway);
  (void)serve(official, answer("200 OK", kGood));
  EXPECT_THAT(read_message(client), Not(HasSubstr("x-tidegate-provider: spare-1\r\n")));
}

TEST_F(Failover, AClientsOwnCredentialGoesToNoSecondProvider) {
  choice.options.auth = gateway::AuthMode::Passthrough;
  choice.options.admission.max_wait = Nanoseconds(0);
  RunningGateway gateway(official.port(), choice);
  const std::string body = body_of(false);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw\r\nx-api-key: sk-own\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  EXPECT_THAT(serve(official, answer("529 Overloaded", "{}")), HasSubstr("x-api-key: sk-own\r\n"));
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 529 "));
  EXPECT_EQ(gateway.recorded().wait_for(1).at(0).attempt, 1);
}

TEST_F(Failover, NoKeyOfOursIsLentToWhoBringsACredentialOfAnotherDialect) {
  choice.options.auth = gateway::AuthMode::Passthrough;
  routing::RouteRule& route = choice.options.routes.emplace_back();
  route.provider = ProviderId("test");
  choice.dialect = llm::Dialect::OpenAi;
  RunningGateway gateway(official.port(), choice);
  const std::string body = body_of(false);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw\r\nx-api-key: anything\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 404 "));
}

}  // namespace
}  // namespace tidegate
