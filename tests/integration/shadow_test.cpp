// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Copies of served requests to a second provider: what the client never notices.
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::PlainListener;
using testing::PlainSocket;
using testing::read_message;
using testing::RunningGateway;

const std::string kGood =
    R"({"id":"msg_1","type":"message","model":"claude-haiku-4-5","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":12,"output_tokens":3}})";
const std::string kChat =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}})";
const std::string kBody = R"({"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";

std::string answer(std::string_view status, std::string_view body) {
  return fmt::format("HTTP/1.1 {}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{}", status, body.size(), body);
}

/// Draws everything, and keeps what it hears.
class Everything final : public gateway::ShadowPort {
 public:
  ProviderId drawn(std::string_view, std::string_view) override { return draws ? ProviderId("spare-1") : ProviderId(); }
  bool may_send(const monitor::ShadowQuestion&, Now) override { return may; }
  void finished(Money, monitor::ShadowSample sample, Now) override { note(std::move(sample)); }
  void abandoned(Money, Money, Now) override { note(std::nullopt); }

  /// The next word, at the latest after ten seconds.
  std::optional<monitor::ShadowSample> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [this] { return heard_.size() > taken_; });
    EXPECT_GT(heard_.size(), taken_);
    return heard_.size() > taken_ ? heard_[taken_++] : std::nullopt;
  }
  bool draws = true, may = true;

 private:
  void note(std::optional<monitor::ShadowSample> sample) {
    const std::lock_guard lock(mutex_);
    heard_.push_back(std::move(sample));
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<monitor::ShadowSample>> heard_;
  std::size_t taken_ = 0;
};

class Shadow : public ::testing::Test {
 protected:
  Shadow() {
    choice.shadow = &port;
    choice.spare_ports = {second.port()};
    routing::RouteRule& route = choice.options.routes.emplace_back();
    route.provider = ProviderId("test");
    choice.adapt = [](std::size_t number, upstream::ProviderOptions& provider) {
      if (number != 1) return;
      provider.dialect = llm::Dialect::OpenAi;
      provider.models = {{"claude-haiku-4-5", "gpt-5"}};
    };
  }
  /// The client has its whole answer when this returns.
  std::string ask(RunningGateway& gateway, const std::string& reply = answer("200 OK", kGood), const std::string& body = kBody) {
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw.local\r\nAnthropic-Version: 2023-06-01\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
    {
      const PlainSocket asked = official.accept();
      (void)read_message(asked);
      asked.send(reply);
    }
    return read_message(client);
  }

  PlainListener official, second;
  Everything port;
  RunningGateway::Choice choice;
};

TEST_F(Shadow, TheCopyComesAfterTheClientWasServedAndIsComparedWithIt) {
  RunningGateway gateway(official.port(), choice);
  EXPECT_THAT(ask(gateway), EndsWith(kGood));
  const PlainSocket copied = second.accept();
  const std::string there = read_message(copied);
  EXPECT_THAT(there, StartsWith("POST /v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_THAT(there, HasSubstr("\"gpt-5\""));
  copied.send(answer("200 OK", kChat));
  const auto pair = port.wait();
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->official_provider, "test");
  EXPECT_EQ(pair->shadow_provider, "spare-1");
  EXPECT_TRUE(pair->official.ok);
  EXPECT_TRUE(pair->shadow.ok);
  EXPECT_EQ(pair->official.output_tokens, 3);
  EXPECT_EQ(pair->shadow.output_tokens, 5);
  EXPECT_EQ(pair->official.stop_reason, pair->shadow.stop_reason) << "in one dialect's words";
  EXPECT_EQ(pair->official.tool_calls, 1);
  EXPECT_TRUE(pair->official.tool_calls_valid);
  EXPECT_EQ(pair->shadow.tool_calls, 1);
  EXPECT_FALSE(pair->shadow.tool_calls_valid);
  EXPECT_GT(pair->shadow.total_time, Nanoseconds(0));
  const auto outcomes = gateway.recorded().wait_for(2);
  EXPECT_FALSE(outcomes[0].is_shadow);
  EXPECT_TRUE(outcomes[1].is_shadow);
  EXPECT_EQ(outcomes[1].caller.tenant, "");
}

TEST_F(Shadow, ASecondProviderThatFailsHurtsNobody) {
  RunningGateway gateway(official.port(), choice);
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_THAT(ask(gateway), EndsWith(kGood));
    const PlainSocket copied = second.accept();
    (void)read_message(copied);
    if (turn == 0) copied.send(answer("529 Overloaded", R"({"error":{"message":"m"}})"));
    else copied.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
    if (turn == 1) const_cast<PlainSocket&>(copied).close();
    const auto pair = port.wait();
    ASSERT_TRUE(pair);
    EXPECT_FALSE(pair->shadow.ok);
    EXPECT_NE(pair->shadow.error_kind, "");
    EXPECT_TRUE(pair->official.ok);
  }
}

TEST_F(Shadow, WhatTheOfficialProviderFailedAtIsCopiedToo) {
  RunningGateway gateway(official.port(), choice);
  EXPECT_THAT(ask(gateway, answer("529 Overloaded", R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})")), StartsWith("HTTP/1.1 529 "));
  const PlainSocket copied = second.accept();
  (void)read_message(copied);
  copied.send(answer("200 OK", kChat));
  const auto pair = port.wait();
  ASSERT_TRUE(pair);
  EXPECT_FALSE(pair->official.ok);
  EXPECT_TRUE(pair->shadow.ok);
}

TEST_F(Shadow, TheClientsOwnMistakesAndWhatIsBoundAreNotCopied) {
  RunningGateway gateway(official.port(), choice);
  EXPECT_THAT(ask(gateway, answer("400 Bad Request", R"({"type":"error","error":{"type":"invalid_request_error","message":"m"}})")), StartsWith("HTTP/1.1 400 "));
  const std::string bound = R"({"model":"claude-haiku-4-5","max_tokens":9,"container":"container_1","messages":[]})";
  EXPECT_THAT(ask(gateway, answer("200 OK", kGood), bound), EndsWith(kGood));
  // The next one that may be copied is the first that arrives there.
  EXPECT_THAT(ask(gateway), EndsWith(kGood));
  const PlainSocket copied = second.accept();
  EXPECT_THAT(read_message(copied), HasSubstr("\"hi\""));
  copied.send(answer("200 OK", kChat));
  EXPECT_TRUE(port.wait());
}

TEST_F(Shadow, DrainingCutsTheCopyAtOnce) {
  RunningGateway gateway(official.port(), choice);
  EXPECT_THAT(ask(gateway), EndsWith(kGood));
  const PlainSocket copied = second.accept();
  (void)read_message(copied);
  gateway.worker().begin_drain(Seconds(60));
  gateway.join();
  EXPECT_FALSE(port.wait()) << "given up, not compared";
}

}  // namespace
}  // namespace tidegate
