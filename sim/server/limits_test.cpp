// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What the simulator lets through, what it refuses, and what its headers tell of both.
#include "sim/server/sim_server.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::sim {
namespace {

using testing::HasSubstr;

TEST(SimServerBatches, AreRefusedAboveTheirSizeAndAboveTheQueue) {
  VirtualClock clock(*parse_rfc3339("2026-11-23T10:00:00Z"));
  Options options;  // not instant: a batch takes 2 s
  options.limits.batches = BatchLimits{.queued = 5, .per_batch = 3};
  const Server server(options, clock);
  TestClient client(server.port());
  const auto create = [&](int requests) {
    std::string items;
    for (int i = 0; i < requests; ++i)
      items += fmt::format(R"({}{{"custom_id":"{}","params":{}}})", i == 0 ? "" : ",", i, kHi);
    return client.request("POST", "/v1/messages/batches", fmt::format(R"({{"requests":[{}]}})", items), kAnthropic);
  };
  const Received large = create(4);
  EXPECT_EQ(large.status, 400);
  EXPECT_THAT(large.body, HasSubstr("a batch has at most 3 requests, not 4"));
  EXPECT_EQ(create(3).status, 200);
  const Received queued = create(3);
  EXPECT_EQ(queued.status, 429);
  EXPECT_THAT(queued.body, HasSubstr("5 queued batch requests"));
  EXPECT_EQ(queued.header("retry-after"), "2");
  EXPECT_EQ(create(2).status, 200);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(create(3).status, 200);
  EXPECT_THAT(
      client.request("GET", "/v1/organizations/rate_limits?group_type=batch", {}, "x-api-key: sk-ant-admin01-x\r\n")
          .body,
      HasSubstr(R"({"type":"enqueued_batch_requests","value":5})"));
}

/// Limits of tier1: 5 requests and 25,000 tokens a minute, one at a time.
class SimServerOfTier1 : public SimServer {
 protected:
  static Options tier1() {
    Options options = instant();
    options.limits = *preset_limits("tier1");
    return options;
  }
  SimServerOfTier1() : SimServer(tier1()) {}
};

TEST_F(SimServerOfTier1, RefusesTheSixthRequestAndTellsWhenToComeBack) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(message().status, 200);
  const Received refused = message();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("retry-after"), "12");
  EXPECT_EQ(refused.header("anthropic-ratelimit-requests-remaining"), "0");
  EXPECT_EQ(refused.header("anthropic-ratelimit-requests-reset"), "2026-11-23T10:01:00Z");
  EXPECT_EQ(refused.header("anthropic-ratelimit-tokens-limit"), "25000");
  EXPECT_EQ(message(kHi, "x-api-key: k@other\r\n").status, 429);  // the first of two keys counts
  EXPECT_EQ(post("/v1/messages", kHi, "x-api-key: k@other\r\nanthropic-version: 2023-06-01\r\n").status, 200);
  clock_.advance(std::chrono::seconds(12));
  EXPECT_EQ(message().status, 200);
  EXPECT_EQ(stats().at("refusals").at("requests"), 2);
}

TEST(SimServerHeaders, TellWhatWasLeftWhenTheRequestWasAdmitted) {
  VirtualClock clock(*parse_rfc3339("2026-11-23T10:00:00Z"));
  Options options = instant();
  options.limits = *preset_limits("storm_c");
  const Server server(options, clock);
  const auto in_flight = [&] { return json::parse(server.stats()).at("in_flight").to_number<int>(); };
  TestClient slow(server.port());
  slow.begin("POST", "/v1/messages", kHi, fmt::format("{}x-sim-delay-ms: 500\r\n", kAnthropic));
  TestClient other(server.port());
  // Bounded by the test's own time limit: each look is a request of its own.
  while (in_flight() == 0) other.request("GET", "/sim/stats", {}, {});
  for (int i = 0; i < 10; ++i) other.request("POST", "/v1/messages", kHi, kAnthropic);
  clock.advance(std::chrono::seconds(3));
  EXPECT_EQ(slow.receive().header("anthropic-ratelimit-requests-remaining"), "99");
  EXPECT_EQ(other.request("POST", "/v1/messages", kHi, kAnthropic).header("anthropic-ratelimit-requests-remaining"),
            "93");
}

TEST_F(SimServerOfTier1, NamesNoTimeForARequestThatCanNeverPass) {
  const std::string long_text(4 * 37'000, 'x');
  const Received refused = message(fmt::format(
      R"({{"model":"claude-opus-5","max_tokens":5,"messages":[{{"role":"user","content":"{}"}}]}})", long_text));
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr("25,000 tokens per minute"));
  EXPECT_EQ(refused.header("retry-after"), "");
}

TEST_F(SimServerOfTier1, WidensAndResetsItsLimitsOnDemand) {
  EXPECT_EQ(post("/sim/limits", R"({"preset":"tier2"})", {}).status, 200);
  EXPECT_EQ(message().header("anthropic-ratelimit-requests-limit"), "20");
  EXPECT_EQ(post("/sim/limits", R"({"requests":1})", {}).status, 200);
  EXPECT_EQ(post("/sim/reset", "{}", {}).status, 200);
  EXPECT_EQ(message().status, 200);
  EXPECT_EQ(message().status, 429);
}

class SimServerWithAWorkspace : public SimServer {
 protected:
  static Options narrow() {
    Options options = instant();
    options.limits = *preset_limits("start");
    options.limits.workspaces["ws1"].table.standard.requests = 2;
    return options;
  }
  SimServerWithAWorkspace() : SimServer(narrow()) {}
  std::string limit_of(std::string_view model) {
    return message(
               fmt::format(R"({{"model":"{}","max_tokens":5,"messages":[{{"role":"user","content":"hi"}}]}})", model))
        .header("anthropic-ratelimit-requests-limit");
  }
  Received change(std::string_view body) { return post("/sim/limits", body, {}); }
};

TEST_F(SimServerWithAWorkspace, KeepsItWhenALimitIsSetAndSetsFiguresOfEveryGroup) {
  EXPECT_EQ(change(R"({"preset":"build"})").status, 200);
  EXPECT_EQ(limit_of("claude-fable-5"), "2000");
  const auto in_workspace = [this] {
    return post("/v1/messages", kHi, "x-api-key: k@org-sim:ws1\r\nanthropic-version: 2023-06-01\r\n").status;
  };
  EXPECT_EQ(in_workspace(), 200);
  EXPECT_EQ(in_workspace(), 200);
  EXPECT_EQ(in_workspace(), 429);
  EXPECT_EQ(change(R"({"preset":"start","requests":7})").status, 200);
  EXPECT_EQ(limit_of("claude-fable-5"), "7");
  EXPECT_EQ(limit_of("claude-opus-5"), "7");
  EXPECT_EQ(post("/v1/messages/count_tokens", kHi, kAnthropic).header("anthropic-ratelimit-requests-limit"), "2000");
}

TEST_F(SimServerWithAWorkspace, ShowsFastModesLimitsAndPriorityTiersWhereTheyAreSet) {
  EXPECT_EQ(change(R"({"fast":"5/20000/4000","priority":"30000/6000"})").status, 200);
  const Received ordinary = message();
  EXPECT_EQ(ordinary.header("anthropic-priority-input-tokens-limit"), "30000");
  EXPECT_EQ(ordinary.header("anthropic-priority-output-tokens-remaining"), "6000");
  EXPECT_EQ(json::parse(ordinary.body).at("usage").at("service_tier"), "priority");
  const Received fast = message(
      R"({"model":"claude-opus-5-5","max_tokens":5,"speed":"fast","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(fast.header("anthropic-fast-input-tokens-limit"), "20000");
  EXPECT_EQ(fast.header("anthropic-fast-output-tokens-limit"), "4000");
  EXPECT_EQ(json::parse(fast.body).at("usage").at("service_tier"), "standard");
  const Received standard = message(
      R"({"model":"claude-opus-5-5","max_tokens":5,"service_tier":"standard_only","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(json::parse(standard.body).at("usage").at("service_tier"), "standard");
  EXPECT_THAT(get("/v1/organizations/rate_limits", "x-api-key: sk-ant-admin01-x\r\n").body,
              HasSubstr(R"({"type":"fast_otpm","value":4000})"));
  clock_.advance(std::chrono::seconds(1));
  const json::value cost =
      json::parse(get("/v1/organizations/cost_report?starting_at=2026-11-23T00:00:00Z&group_by[]=description",
                      "x-api-key: sk-ant-admin01-x\r\n")
                      .body);
  ASSERT_EQ(cost.at("data").at(0).at("results").get_array().size(), 1U);  // without Priority Tier's
  EXPECT_EQ(cost.at("data").at(0).at("results").at(0).at("model"), "claude-opus-5-5");
}

TEST_F(SimServerWithAWorkspace, RefusesLimitsItDoesNotUnderstand) {
  EXPECT_THAT(change(R"({"request":7})").body, HasSubstr("request: no such field; there are preset, "));
  EXPECT_THAT(change(R"({"requests":0})").body, HasSubstr("requests: a number from 0.001 to "));
  EXPECT_THAT(change(R"({"requests":"7"})").body, HasSubstr("requests: a number from "));
  EXPECT_THAT(change(R"({"concurrent":0})").body, HasSubstr("concurrent: a number from 1 to "));
  EXPECT_THAT(change(R"({"ramp":1})").body, HasSubstr("ramp: true or false"));
  EXPECT_THAT(change(R"({"preset":5})").body, HasSubstr("preset: a text"));
  EXPECT_THAT(change(R"({"priority":{"input_tokens":5}})").body, HasSubstr("priority: a text"));
  EXPECT_THAT(change(R"({"fast":"5"})").body, HasSubstr("fast: '5' is not limits like 50/20000/-"));
  EXPECT_EQ(change(R"({"requests":7,"input":1})").status, 400);
  EXPECT_EQ(limit_of("claude-opus-5"), "1000");  // all or nothing
}

TEST(SimServerSubscription, ShowsItsWindowsAndRefusesWhenOneIsFull) {
  VirtualClock clock(*parse_rfc3339("2026-11-23T10:00:00Z"));
  Options options = instant();
  options.subscription = SubscriptionLimits{20, 1000};
  const Server server(options, clock);
  TestClient client(server.port());
  const auto ask = [&] { return client.request("POST", "/v1/messages", kHi, kAnthropic); };
  const Received first = ask();
  EXPECT_EQ(first.header("anthropic-ratelimit-unified-status"), "allowed");
  EXPECT_EQ(first.header("anthropic-ratelimit-requests-limit"), "");
  EXPECT_EQ(ask().header("anthropic-ratelimit-unified-5h-utilization"), "0.8");  // 16 of 20 tokens, before this answer
  const Received refused = ask();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("retry-after"), "18000");
  EXPECT_EQ(refused.header("anthropic-ratelimit-unified-status"), "rejected");
  clock.advance(std::chrono::hours(5));
  EXPECT_EQ(ask().status, 200);
}

TEST(SimServerPresets, AreTheTiersOfTheBook) {
  struct Row {
    std::string_view preset, requests, tokens;
  };
  for (const Row& row : {Row{"tier1", "5", "25000"}, Row{"tier2", "20", "40000"}, Row{"tier3", "100", "200000"},
                         Row{"start", "1000", ""}, Row{"build", "5000", ""}, Row{"scale", "10000", ""}}) {
    Options options = instant();
    options.limits = *preset_limits(row.preset);
    const Server server(options);
    const Received received = TestClient(server.port()).request("POST", "/v1/messages", kHi, kAnthropic);
    EXPECT_EQ(received.header("anthropic-ratelimit-requests-limit"), row.requests) << row.preset;
    if (!row.tokens.empty()) {
      EXPECT_EQ(received.header("anthropic-ratelimit-tokens-limit"), row.tokens) << row.preset;
    }
  }
}

}  // namespace
}  // namespace tidegate::sim
