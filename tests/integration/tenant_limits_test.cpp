// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What a client sees of its own limits, through a worker with both far ends written by hand.
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::PlainListener;
using testing::PlainSocket;
using testing::RunningGateway;

const std::string kAnswer =
    R"({"id":"msg_1","type":"message","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":3}})";

std::string request(std::string_view path) {
  const std::string body = R"({"model":"m","max_tokens":100,"messages":[]})";
  return fmt::format("POST {} HTTP/1.1\r\nhost: gw\r\ncontent-length: {}\r\n\r\n{}", path, body.size(), body);
}

std::string answer() {
  return fmt::format(
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_up\r\n"
      "anthropic-ratelimit-requests-limit: 4000\r\nanthropic-ratelimit-requests-remaining: 3999\r\n"
      "anthropic-ratelimit-input-tokens-remaining: 90000\r\nx-ratelimit-remaining-tokens: 77\r\n"
      "anthropic-organization-id: org\r\ncontent-length: {}\r\n\r\n{}",
      kAnswer.size(), kAnswer);
}

/// Reads a request's head and body away.
void read_request(const PlainSocket& upstream) {
  const std::string head = upstream.read_until("\r\n\r\n");
  const std::size_t at = head.find("content-length: ");
  ASSERT_NE(at, std::string::npos) << head;
  (void)upstream.read_exactly(std::stoul(head.substr(at + 16)));
}

class TenantLimits : public ::testing::Test {
 protected:
  void start(const quota::Allowance& allowance, Money cost = {}, quota::PoolOptions pools = RunningGateway::unlimited()) {
    const std::vector<quota::TenantAccount> accounts{{"default", "", allowance}};
    (void)book_.adopt(accounts, SystemClock().now());
    gateway_ = std::make_unique<RunningGateway>(provider_.port(), RunningGateway::Choice{
                                                                      .options = RunningGateway::impatient(),
                                                                      .pools = std::move(pools),
                                                                      .limits = {},
                                                                      .deadlines = {},
                                                                      .base_path = {},
                                                                      .tls = nullptr,
                                                                      .tenants = &book_,
                                                                      .cost = cost});
  }
  void start(const char* budget, Money cost) {
    quota::Allowance allowance;
    put(allowance, quota::parse_budget(budget).value());
    start(allowance, cost);
  }
  /// One request through to its answer; gives the head that the client sees.
  std::string exchange(std::string_view path) {
    const PlainSocket client = PlainSocket::connect(gateway_->port());
    client.send(request(path));
    if (!upstream_.valid()) upstream_ = provider_.accept();
    read_request(upstream_);
    upstream_.send(answer());
    std::string head = client.read_until("\r\n\r\n");
    EXPECT_EQ(client.read_exactly(kAnswer.size()), kAnswer);
    return head;
  }
  quota::BudgetLevel level() {
    return book_.levels(quota::TenantBook::Which::All, SystemClock().now()).at(0).budgets.at(0);
  }

  PlainListener provider_;
  PlainSocket upstream_;
  quota::TenantBook book_;
  std::unique_ptr<RunningGateway> gateway_;
};

TEST_F(TenantLimits, LeaveTheProvidersHeadersToACallerWithoutAny) {
  start(quota::Allowance{});
  const std::string head = exchange("/v1/messages");
  EXPECT_THAT(head, HasSubstr("anthropic-ratelimit-requests-limit: 4000\r\n"));
  EXPECT_THAT(head, HasSubstr("x-ratelimit-remaining-tokens: 77\r\n"));
}

TEST_F(TenantLimits, ReplaceTheProvidersFamiliesAndMixNothing) {
  quota::Allowance allowance;
  allowance.requests_per_minute = 60;
  start(allowance);
  const std::string head = exchange("/v1/messages");
  EXPECT_THAT(head, HasSubstr("anthropic-ratelimit-requests-limit: 60\r\nanthropic-ratelimit-requests-remaining: 59\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("requests-limit: 4000")));
  EXPECT_THAT(head, Not(HasSubstr("input-tokens"))) << "a family that the tenant does not have is absent";
  EXPECT_THAT(head, Not(HasSubstr("x-ratelimit")));
  EXPECT_THAT(head, HasSubstr("request-id: req_up\r\n"));
  EXPECT_THAT(head, HasSubstr("anthropic-organization-id: org\r\n"));
}

TEST_F(TenantLimits, RefuseBeforeAnythingGoesToTheProvider) {
  start("2", Money::dollars(1));
  (void)exchange("/v1/messages");
  const std::string second = exchange("/v1/messages");
  EXPECT_THAT(second, Not(HasSubstr("x-tidegate-budget-warning"))) << "half of it";
  EXPECT_EQ(level().spent, 2'000'000'000);
  const PlainSocket client = PlainSocket::connect(gateway_->port());
  client.send(request("/v1/messages"));
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(head, HasSubstr("x-should-retry: false\r\n"));
  EXPECT_THAT(head, HasSubstr("x-tidegate-budget-warning: tenant 2.00/life: 2.00 USD spent\r\n"));
  const auto outcomes = gateway_->recorded().wait_for(3);
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcomes[2].state, store::AttemptState::Refused);
  EXPECT_EQ(outcomes[2].refusal, "budget");
  EXPECT_EQ(outcomes[2].provider, "");
  EXPECT_EQ(outcomes[2].id, 0);
}

TEST_F(TenantLimits, GiveBackWhatTheProvidersFailureDidNotTake) {
  start("1", Money::dollars(1));
  const PlainSocket client = PlainSocket::connect(gateway_->port());
  client.send(request("/v1/messages"));
  const PlainSocket upstream = provider_.accept();
  read_request(upstream);
  EXPECT_EQ(level().reserved, 1'000'000'000);
  upstream.send("HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 400 "));
  ASSERT_EQ(gateway_->recorded().wait_for(1).size(), 1U);
  EXPECT_EQ(level().left(), 1'000'000'000);
}

TEST_F(TenantLimits, KeepWhatAClientThatLeftHasPerhapsSpent) {
  start("1", Money::dollars(1));
  PlainSocket client = PlainSocket::connect(gateway_->port());
  client.send(request("/v1/messages"));
  const PlainSocket upstream = provider_.accept();
  read_request(upstream);
  client.close();  // the provider has the request, and may have worked on it
  EXPECT_EQ(upstream.read_all(), "");
  ASSERT_EQ(gateway_->recorded().wait_for(1).size(), 1U);
  EXPECT_EQ(level().left(), 0);
}

/// The whole head of what a client is told at once.
std::string refusal_of(std::uint16_t port) {
  const PlainSocket client = PlainSocket::connect(port);
  client.send(request("/v1/messages"));
  return client.read_until("\r\n\r\n");
}

TEST_F(TenantLimits, GiveBackWhatTheRoomRefusedAndTellTheTenantsOwnTruth) {
  quota::Allowance allowance;
  allowance.requests_per_minute = 3;
  put(allowance, quota::parse_budget("2").value());
  quota::PoolOptions full = RunningGateway::unlimited();
  full.limits[0].limits.concurrency = 1;
  start(allowance, Money::dollars(1), full);
  const PlainSocket first = PlainSocket::connect(gateway_->port());
  first.send(request("/v1/messages"));
  const PlainSocket upstream = provider_.accept();
  read_request(upstream);
  // More often than requests per minute and budget would allow, if a refusal counted.
  for (int i = 0; i < 5; ++i) {
    const std::string head = refusal_of(gateway_->port());
    EXPECT_THAT(head, StartsWith("HTTP/1.1 429 "));
    EXPECT_THAT(head, HasSubstr("anthropic-ratelimit-requests-limit: 3\r\nanthropic-ratelimit-requests-remaining: 2\r\n")) << i;
    EXPECT_EQ(level().reserved, 1'000'000'000) << "of the one that is on its way";
  }
  for (const gateway::Outcome& outcome : gateway_->recorded().wait_for(5)) EXPECT_EQ(outcome.refusal, "no_capacity");
  upstream.send(answer());
  EXPECT_THAT(first.read_until("\r\n\r\n"), HasSubstr("anthropic-ratelimit-requests-remaining: 2\r\n"));
}

TEST_F(TenantLimits, CountWhatWasSentAlsoWhenNobodyAnswered) {
  quota::Allowance allowance;
  allowance.requests_per_minute = 3;
  start(allowance);
  PlainSocket client = PlainSocket::connect(gateway_->port());
  client.send(request("/v1/messages"));
  PlainSocket upstream = provider_.accept();
  read_request(upstream);
  upstream.close();
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(head, HasSubstr("anthropic-ratelimit-requests-limit: 3\r\nanthropic-ratelimit-requests-remaining: 2\r\n"));
}

TEST_F(TenantLimits, LetFiftyOfTwoHundredConcurrentRequestsThroughABudgetForFifty) {
  start("50", Money::dollars(1));
  std::vector<PlainSocket> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(PlainSocket::connect(gateway_->port()));
    clients.back().send(request("/v1/messages"));
  }
  std::vector<PlainSocket> upstreams;
  for (int i = 0; i < 50; ++i) {
    upstreams.push_back(provider_.accept());
    ASSERT_TRUE(upstreams.back().valid());
    read_request(upstreams.back());
  }
  // None is answered yet, and 150 have been told to come back.
  ASSERT_EQ(gateway_->recorded().wait_for(150).size(), 150U);
  EXPECT_EQ(level().left(), 0);
  for (const PlainSocket& upstream : upstreams) upstream.send(answer());
  int served = 0;
  int refused = 0;
  for (const PlainSocket& client : clients) {
    const std::string head = client.read_until("\r\n\r\n");
    if (head.starts_with("HTTP/1.1 200 ")) ++served;
    if (head.starts_with("HTTP/1.1 429 ")) {
      ++refused;
      EXPECT_THAT(head, Not(HasSubstr("x-should-retry"))) << "those in flight might have taken less";
    }
  }
  EXPECT_EQ(served, 50);
  EXPECT_EQ(refused, 150);
  ASSERT_EQ(gateway_->recorded().wait_for(200).size(), 200U);
  EXPECT_EQ(level().spent, 50'000'000'000);
  EXPECT_EQ(level().reserved, 0);
}

}  // namespace
}  // namespace tidegate
