// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Whole answers that are given again to the same question.
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

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

const std::string kMessage =
    R"({"id":"msg_1","type":"message","model":"claude-haiku-4-5","content":[{"type":"text","text":"four"}],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":3}})";
const std::string kQuestion = R"({"model":"claude-haiku-4-5","max_tokens":9,"temperature":0,"messages":[{"role":"user","content":"2+2"}]})";
const std::string kStreamed = R"({"model":"claude-haiku-4-5","max_tokens":9,"temperature":0.0,"stream":true,"messages":[{"role":"user","content":"2+2"}]})";
const std::string kEvents =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-haiku-4-5\","
    "\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}\n\n"
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"four\"}}\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":3}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

std::string reply(std::string_view body, std::string_view status = "200 OK", std::string_view type = "application/json") {
  return fmt::format("HTTP/1.1 {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{}", status, type, body.size(), body);
}

class AnswerCacheAtWork : public ::testing::Test {
 protected:
  AnswerCacheAtWork() : cache({.ttl = std::chrono::minutes(10), .max_bytes = 1024 * 1024}, gateway::AnswerCache::Id{1}) {
    choice.answers = &cache;
    choice.cost = Money::nanodollars(5'000);
  }
  static PlainSocket send(RunningGateway& gateway, const std::string& body, std::string_view more = "", std::string_view path = "/v1/messages") {
    PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(fmt::format("POST {} HTTP/1.1\r\nHost: gw.local\r\nAnthropic-Version: 2023-06-01\r\n{}Content-Length: {}\r\n\r\n{}", path, more, body.size(), body));
    return client;
  }
  /// The provider answers one request.
  void serve(const std::string& text) {
    const PlainSocket asked = provider.accept();
    ASSERT_TRUE(asked.valid());
    (void)read_message(asked);
    asked.send(text);
  }
  /// With the provider's help.
  std::string ask_provider(RunningGateway& gateway, const std::string& body, const std::string& text, std::string_view more = "", std::string_view path = "/v1/messages") {
    const PlainSocket client = send(gateway, body, more, path);
    serve(text);
    return read_message(client);
  }
  void wait_until_waiting(std::int64_t count) const {
    const auto until = SystemClock().now().steady + std::chrono::seconds(10);
    while (cache.figures().waiting != count && SystemClock().now().steady < until) std::this_thread::yield();
    ASSERT_EQ(cache.figures().waiting, count);
  }

  PlainListener provider;
  gateway::AnswerCache cache;
  RunningGateway::Choice choice;
};

TEST_F(AnswerCacheAtWork, TheSameQuestionIsAnsweredFromMemoryForNothing) {
  RunningGateway gateway(provider.port(), choice);
  const std::string first = ask_provider(gateway, kQuestion, reply(kMessage));
  EXPECT_THAT(first, HasSubstr("x-tidegate-cache: miss\r\n"));
  EXPECT_THAT(first, EndsWith(kMessage));
  const std::string second = read_message(send(gateway, kQuestion));
  EXPECT_THAT(second, StartsWith("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"));
  EXPECT_THAT(second, HasSubstr("x-tidegate-cache: hit\r\n"));
  EXPECT_THAT(second, HasSubstr("age: "));
  EXPECT_THAT(second, HasSubstr("request-id: req_tg"));
  EXPECT_THAT(second, EndsWith(kMessage));
  const auto outcomes = gateway.recorded().wait_for(2);
  EXPECT_EQ(outcomes[0].provider, "test");
  EXPECT_EQ(outcomes[1].provider, "answer_cache");
  EXPECT_EQ(outcomes[1].state, store::AttemptState::Completed);
  EXPECT_EQ(outcomes[1].id, 0) << "nothing went upstream";
  EXPECT_EQ(outcomes[1].cost, Money{});
  EXPECT_EQ(outcomes[1].answer.stop_reason, "end_turn");
  EXPECT_EQ(outcomes[1].response_bytes, static_cast<std::int64_t>(kMessage.size()));
  EXPECT_EQ(cache.figures().saved, Money::nanodollars(5'000));
}

TEST_F(AnswerCacheAtWork, AStreamIsGivenAgainEventByEvent) {
  RunningGateway gateway(provider.port(), choice);
  const std::string first = ask_provider(gateway, kStreamed, reply(kEvents, "200 OK", "text/event-stream; charset=utf-8"));
  EXPECT_THAT(first, EndsWith(kEvents));
  const PlainSocket client = send(gateway, kStreamed);
  const std::string again = read_message(client);
  EXPECT_THAT(again, HasSubstr("content-type: text/event-stream; charset=utf-8\r\n"));
  EXPECT_THAT(again, HasSubstr("x-tidegate-cache: hit\r\n"));
  EXPECT_THAT(again, EndsWith(kEvents));
  client.send("GET /api/hello HTTP/1.1\r\nHost: gw.local\r\n\r\n");
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 200 OK")) << "the connection goes on";
}

TEST_F(AnswerCacheAtWork, AnotherQuestionIsAskedAnew) {
  RunningGateway gateway(provider.port(), choice);
  (void)ask_provider(gateway, kQuestion, reply(kMessage));
  std::string other = kQuestion;
  other.replace(other.find("2+2"), 3, "2+3");
  // What is different each time: body, a header of the provider's, path, dialect.
  EXPECT_THAT(ask_provider(gateway, other, reply(kMessage)), HasSubstr("cache: miss"));
  EXPECT_THAT(ask_provider(gateway, kQuestion, reply(kMessage), "anthropic-beta: x-2026\r\n"), HasSubstr("cache: miss"));
  EXPECT_THAT(ask_provider(gateway, kQuestion, reply(kMessage), "", "/v1/messages?beta=true"), HasSubstr("cache: miss"));
  EXPECT_THAT(read_message(send(gateway, kQuestion, "x-stainless-lang: python\r\n")), HasSubstr("cache: hit"));
}

TEST_F(AnswerCacheAtWork, OnlyWhatMayBeAnsweredAgainIsKept) {
  RunningGateway gateway(provider.port(), choice);
  std::string warm = kQuestion;
  warm.replace(warm.find(":0,"), 3, ":1,");
  for (int turn = 0; turn < 2; ++turn) EXPECT_THAT(ask_provider(gateway, warm, reply(kMessage)), Not(HasSubstr("x-tidegate-cache")));
  // The client may know better.
  for (int turn = 0; turn < 2; ++turn) EXPECT_THAT(ask_provider(gateway, kQuestion, reply(kMessage), "x-tidegate-cache: no\r\n"), Not(HasSubstr("x-tidegate-cache")));
  EXPECT_THAT(ask_provider(gateway, warm, reply(kMessage), "x-tidegate-cache: yes\r\n"), HasSubstr("cache: miss"));
  EXPECT_THAT(read_message(send(gateway, warm, "x-tidegate-cache: yes\r\n")), HasSubstr("cache: hit"));
  EXPECT_THAT(read_message(send(gateway, kQuestion, "x-tidegate-cache: perhaps\r\n")), HasSubstr("400"));
  EXPECT_EQ(cache.figures().entries, 1);
}

TEST_F(AnswerCacheAtWork, ABadAnswerIsNotKept) {
  RunningGateway gateway(provider.port(), choice);
  EXPECT_THAT(ask_provider(gateway, kQuestion, reply(R"({"type":"error","error":{"type":"invalid_request_error","message":"m"}})", "400 Bad Request")), HasSubstr("400"));
  EXPECT_THAT(ask_provider(gateway, kQuestion, reply(R"({"error":{"message":"m"}})")), HasSubstr("cache: miss"));
  const PlainSocket client = send(gateway, kStreamed);
  serve(reply(kEvents.substr(0, kEvents.find("event: message_stop")), "200 OK", "text/event-stream"));
  (void)client.read_all();
  EXPECT_THAT(ask_provider(gateway, kStreamed, reply(kEvents, "200 OK", "text/event-stream")), HasSubstr("cache: miss"));
  (void)gateway.recorded().wait_for(4);
  EXPECT_EQ(cache.figures().entries, 1);
}

TEST_F(AnswerCacheAtWork, WhoAsksMeanwhileWaitsForTheFirstOnesAnswer) {
  choice.options.admission.max_wait = Seconds(60);
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket first = send(gateway, kQuestion);
  const PlainSocket asked = provider.accept();
  (void)read_message(asked);
  const PlainSocket second = send(gateway, kQuestion);
  wait_until_waiting(1);
  asked.send(reply(kMessage));
  EXPECT_THAT(read_message(first), EndsWith(kMessage));
  const std::string joined = read_message(second);
  EXPECT_THAT(joined, HasSubstr("x-tidegate-cache: hit\r\n"));
  EXPECT_THAT(joined, EndsWith(kMessage));
  EXPECT_EQ(cache.figures().joined, 1);
}

TEST_F(AnswerCacheAtWork, IfTheFirstClientLeavesTheNextOneAsks) {
  choice.options.admission.max_wait = Seconds(60);
  RunningGateway gateway(provider.port(), choice);
  PlainSocket first = send(gateway, kQuestion);
  const PlainSocket asked = provider.accept();
  (void)read_message(asked);
  const PlainSocket second = send(gateway, kQuestion);
  wait_until_waiting(1);
  first.close();
  serve(reply(kMessage));
  EXPECT_THAT(read_message(second), HasSubstr("cache: miss"));
}

TEST_F(AnswerCacheAtWork, IfTheFirstOneFailsTheOthersGoOnTheirOwn) {
  choice.options.admission.max_wait = Seconds(60);
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket first = send(gateway, kQuestion);
  const PlainSocket asked = provider.accept();
  (void)read_message(asked);
  const PlainSocket second = send(gateway, kQuestion);
  wait_until_waiting(1);
  asked.send(reply(R"({"type":"error","error":{"type":"invalid_request_error","message":"m"}})", "400 Bad Request"));
  EXPECT_THAT(read_message(first), HasSubstr("400"));
  serve(reply(kMessage));
  EXPECT_THAT(read_message(second), EndsWith(kMessage));
}

TEST_F(AnswerCacheAtWork, AClientThatLeavesWhileItWaitsIsForgotten) {
  choice.options.admission.max_wait = Seconds(60);
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket first = send(gateway, kQuestion);
  const PlainSocket asked = provider.accept();
  (void)read_message(asked);
  PlainSocket second = send(gateway, kQuestion);
  wait_until_waiting(1);
  second.close();
  wait_until_waiting(0);
  asked.send(reply(kMessage));
  EXPECT_THAT(read_message(first), EndsWith(kMessage));
  const auto outcomes = gateway.recorded().wait_for(2);
  EXPECT_EQ(outcomes[0].state, store::AttemptState::ClientGone);
}

TEST_F(AnswerCacheAtWork, WithoutPatienceNobodyWaits) {
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket first = send(gateway, kQuestion);
  const PlainSocket asked = provider.accept();
  (void)read_message(asked);
  const PlainSocket second = send(gateway, kQuestion);
  serve(reply(kMessage));
  EXPECT_THAT(read_message(second), EndsWith(kMessage));
  asked.send(reply(kMessage));
  EXPECT_THAT(read_message(first), EndsWith(kMessage));
}

TEST_F(AnswerCacheAtWork, ATranslatedAnswerIsKeptAsItsClientGotIt) {
  choice.dialect = llm::Dialect::OpenAi;
  choice.adapt = [](std::size_t, upstream::ProviderOptions& options) { options.models = {{"claude-haiku-4-5", "gpt-5"}}; };
  routing::RouteRule& route = choice.options.routes.emplace_back();
  route.provider = ProviderId("test");
  RunningGateway gateway(provider.port(), choice);
  const std::string chat =
      R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":"four"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}})";
  const auto body_of = [](const std::string& text) { return text.substr(text.find("\r\n\r\n") + 4); };
  const std::string first = ask_provider(gateway, kQuestion, reply(chat));
  EXPECT_THAT(first, HasSubstr("\"type\":\"message\""));
  const std::string second = read_message(send(gateway, kQuestion));
  EXPECT_THAT(second, HasSubstr("cache: hit"));
  EXPECT_EQ(body_of(second), body_of(first));
}

}  // namespace
}  // namespace tidegate
