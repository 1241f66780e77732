// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// A thousand requests against a provider that fails in every way it knows, and clients that leave: whatever happens,
// each request has exactly one outcome, and what the provider charged is in it.
#include "running_gateway.h"

#include "sim/server/server.h"
#include "sim/server/test_client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <map>
#include <string>
#include <thread>
#include <vector>

namespace tidegate {
namespace {

namespace json = boost::json;
using sim::Received;
using sim::TestClient;
using testing::RunningGateway;

constexpr int kClients = 4;
constexpr int kRequestsOfOne = 250;

sim::Options failing_provider() {
  sim::Options options;
  options.instant = true;
  options.flush_each_event = true;
  options.limits = sim::preset_limits("unlimited").value();
  options.faults =
      sim::parse_fault_rules(
          "529:0.03, rate=1:0.005, 500:0.02, 502:0.02, 400:0.03, reset_before_head:0.03, close_before_head:0.02, "
          "garbage_head:0.02, reset_after_head:0.03, reset_mid_stream=4:0.03, cut=4:0.03, truncate=4:0.03, "
          "short_body:0.02, error_event:0.03, split:0.02, close_delimited:0.03, no_rate_headers:0.02")
          .value();
  return options;
}

struct Call {
  std::string path, body, fields;
};

/// The `i`th call of a client, one in three of them not streamed.
Call call_of(llm::Dialect dialect, int i) {
  const bool streams = i % 3 != 0;
  if (dialect == llm::Dialect::Anthropic) {
    return {
        "/v1/messages",
        fmt::format(
            R"({{"model":"claude-haiku-4-5","max_tokens":100,"stream":{},"messages":[{{"role":"user","content":"{}"}}]}})",
            streams, i),
        "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n"};
  }
  if (i % 2 == 0) {
    return {"/v1/responses", fmt::format(R"({{"model":"gpt-5.1","stream":{},"input":"{}"}})", streams, i),
            "authorization: Bearer k\r\n"};
  }
  const std::string_view usage = streams ? R"(,"stream_options":{"include_usage":true})" : "";
  return {"/v1/chat/completions",
          fmt::format(R"({{"model":"gpt-4.1-mini","stream":{}{},"messages":[{{"role":"user","content":"{}"}}]}})",
                      streams, usage, i),
          "authorization: Bearer k\r\n"};
}

/// What one client does: its calls on a connection for as long as that lasts; now and then it hangs up.
void be_a_client(std::uint16_t port, llm::Dialect dialect, int number) {
  auto connection = std::make_unique<TestClient>(port);
  for (int i = 0; i < kRequestsOfOne; ++i) {
    Call call = call_of(dialect, i);
    const bool leaves = i % 17 == number;
    // Who leaves has asked for something slow, so that there is something to leave.
    if (leaves) call.fields += "x-sim-event-delay-ms: 5\r\n";
    connection->begin("POST", call.path, call.body, call.fields);
    bool goes_on = false;
    if (leaves) {
      (void)connection->wait_for_bytes();
    } else {
      const Received received = connection->receive();
      goes_on = received.is_complete && received.header("connection") != "close";
    }
    if (!goes_on) connection = std::make_unique<TestClient>(port);
  }
}

class Chaos : public ::testing::TestWithParam<llm::Dialect> {};

TEST_P(Chaos, LosesNothingThatWasChargedAndRecordsEachRequestOnce) {
  const sim::Server provider(failing_provider());
  RunningGateway::Choice choice;
  choice.dialect = GetParam();
  choice.options.admission.max_wait = Seconds(30);  // refusals and failures before the head are tried again
  RunningGateway gateway(provider.port(), choice);
  std::vector<std::thread> clients;
  for (int number = 0; number < kClients; ++number)
    clients.emplace_back(be_a_client, gateway.port(), GetParam(), number);
  for (std::thread& client : clients) client.join();

  const std::vector<gateway::Outcome> outcomes = gateway.recorded().wait_for(std::size_t{kClients} * kRequestsOfOne);
  ASSERT_EQ(outcomes.size(), std::size_t{kClients} * kRequestsOfOne);
  std::map<std::string, const gateway::Outcome*> by_id;
  std::size_t left_without_id = 0;
  std::map<store::AttemptState, int> states;
  for (const gateway::Outcome& outcome : outcomes) {
    ++states[outcome.state];
    if (outcome.upstream_request_id.empty()) {
      left_without_id += outcome.state == store::AttemptState::ClientGone ? 1U : 0U;
    } else {
      EXPECT_TRUE(by_id.emplace(outcome.upstream_request_id, &outcome).second) << outcome.upstream_request_id;
    }
  }
  // A provider that breaks off before its head has said no id, whatever it had charged; each is an attempt of its own.
  for (const gateway::Outcome& attempt : gateway.recorded().attempts()) left_without_id += attempt.upstream_request_id.empty() ? 1U : 0U;
  // The provider's last calls may still be ending where a client has just left.
  json::object stats = json::parse(provider.stats()).as_object();
  while (stats.at("in_flight").to_number<int>() > 0) stats = json::parse(provider.stats()).as_object();

  std::size_t unseen = 0;
  std::size_t compared = 0;
  for (const json::value& charge : stats.at("charges").as_array()) {
    const std::string id(charge.at("request_id").as_string());
    const std::string_view how(charge.at("outcome").as_string().data(), charge.at("outcome").as_string().size());
    const auto found = by_id.find(id);
    if (found == by_id.end()) {  // only where no head had come
      ++unseen;
      continue;
    }
    const gateway::Outcome& outcome = *found->second;
    const llm::Usage& usage = outcome.answer.usage;
    if (how != "completed") {
      EXPECT_NE(outcome.state, store::AttemptState::Completed) << id;
    }
    if (outcome.state != store::AttemptState::Completed) continue;
    ++compared;
    EXPECT_FALSE(usage.estimated) << id;
    EXPECT_EQ(usage.tokens.input, charge.at("input_tokens").to_number<std::int64_t>()) << id;
    EXPECT_EQ(usage.tokens.output, charge.at("output_tokens").to_number<std::int64_t>()) << id;
  }
  EXPECT_LE(unseen, left_without_id) << "everything charged has an entry";
  EXPECT_GT(compared, 400U);  // most requests come through, or the test shows nothing
  EXPECT_GT(states[store::AttemptState::Truncated], 10);
  EXPECT_GT(states[store::AttemptState::Failed], 10);
  EXPECT_GT(states[store::AttemptState::ClientGone], 10);
}

INSTANTIATE_TEST_SUITE_P(Dialects, Chaos, ::testing::Values(llm::Dialect::Anthropic, llm::Dialect::OpenAi),
                         [](const auto& dialect) { return std::string(llm::to_string(dialect.param)); });

}  // namespace
}  // namespace tidegate
