// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// The provider's books: usage, cost and limits as its Admin API tells them, and a relay's balance.
#include "sim/server/sim_server.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::sim {
namespace {

using testing::HasSubstr;

TEST_F(SimServer, ReportsUsageCostAndLimitsToAdmins) {
  message();
  message();
  post("/v1/chat/completions", R"({"model":"gpt-4.1-mini","messages":[{"role":"user","content":"hi"}]})", kOpenAi);
  clock_.advance(std::chrono::seconds(90));
  constexpr std::string_view admin = "x-api-key: sk-ant-admin01-x\r\n";
  const json::value usage = json::parse(
      get("/v1/organizations/usage_report/messages?starting_at=2026-11-23T10:00:00Z&bucket_width=1m&group_by[]=model",
          admin)
          .body);
  ASSERT_EQ(usage.at("data").at(0).at("results").get_array().size(), 1U);  // Anthropic's books have no OpenAI model
  EXPECT_EQ(usage.at("data").at(0).at("results").at(0).at("output_tokens"), 24);
  EXPECT_EQ(usage.at("data").at(0).at("results").at(0).at("model"), "claude-haiku-4-5");
  const json::value cost =
      json::parse(get("/v1/organizations/cost_report?starting_at=2026-11-23T00:00:00Z", admin).body);
  EXPECT_EQ(cost.at("data").at(0).at("results").at(0).at("amount"), "0.0128000");  // cents: 8 × $1 + 24 × $5 a million
  EXPECT_THAT(get("/v1/organizations/rate_limits?model=claude-opus-4-8", admin).body,
              HasSubstr("input_tokens_per_minute_cache_aware"));
  EXPECT_EQ(get("/v1/organizations/rate_limits", kAnthropic).status, 403);
  EXPECT_EQ(get("/v1/organizations/rate_limits", {}).status, 401);
}

TEST_F(SimServer, FiltersAndGroupsUsageByWhatACallWas) {
  const auto call = [this](std::string_view members, std::string_view key = "k") {
    const std::string body = fmt::format(
        R"({{"model":"claude-opus-5-5","max_tokens":9,{}"messages":[{{"role":"user","content":"hi"}}]}})", members);
    ASSERT_EQ(post("/v1/messages", body, fmt::format("x-api-key: {}\r\nanthropic-version: 2023-06-01\r\n", key)).status,
              200);
  };
  call("");
  call(R"("speed":"fast",)");
  call(R"("inference_geo":"us",)");
  call("", "k@org-sim:ws9");
  post("/v1/messages/batches", fmt::format(R"({{"requests":[{{"custom_id":"a","params":{}}}]}})", kHi), kAnthropic);
  clock_.advance(std::chrono::seconds(90));
  const auto ask = [this](std::string_view report, std::string_view query) {
    return get(fmt::format("/v1/organizations/{}?starting_at=2026-11-23T00:00:00Z&{}", report, query),
               "x-api-key: sk-ant-admin01-x\r\n");
  };
  const auto lines = [&](std::string_view query) {
    return json::parse(ask("usage_report/messages", query).body).at("data").at(0).at("results").get_array();
  };
  for (const std::string_view one :
       {"service_tiers[]=batch", "speeds[]=fast", "inference_geos[]=us", "workspace_ids[]=ws9",
        "models[]=claude-haiku-4-5", "speeds%5B%5D=fast&inference_geos[]=global"}) {
    ASSERT_EQ(lines(one).size(), 1U) << one;
    EXPECT_LE(lines(one)[0].at("output_tokens").to_number<int>(), 12) << one << ": of one call";
  }
  EXPECT_TRUE(lines("service_tiers[]=flex").empty());
  EXPECT_TRUE(lines("api_key_ids[]=apikey_1").empty());
  EXPECT_EQ(lines("context_window[]=0-200k")[0].at("output_tokens"), 4 * 9 + 12);
  const json::array by_speed = lines("group_by[]=speed");
  ASSERT_EQ(by_speed.size(), 2U);
  EXPECT_EQ(by_speed[0].at("speed"), "fast");
  EXPECT_EQ(by_speed[1].at("speed"), "standard");
  EXPECT_TRUE(by_speed[1].at("inference_geo").is_null());
  const json::array by_geo = lines("group_by[]=inference_geo");
  ASSERT_EQ(by_geo.size(), 2U);
  EXPECT_EQ(by_geo[1].at("inference_geo"), "us");

  EXPECT_THAT(ask("usage_report/messages", "group_by[]=nonsense").body,
              HasSubstr("group_by: Input should be 'account_id', "));
  EXPECT_THAT(ask("usage_report/messages", "speeds[]=slow").body,
              HasSubstr("speeds: Input should be 'standard', 'fast'"));
  EXPECT_THAT(ask("usage_report/messages", "speed[]=fast").body, HasSubstr("speed: Extra inputs are not permitted"));
  EXPECT_THAT(ask("cost_report", "group_by[]=model").body,
              HasSubstr("group_by: Input should be 'description', 'workspace_id'"));
  const Received hourly = ask("cost_report", "bucket_width=1h");
  EXPECT_EQ(hourly.status, 400);
  EXPECT_THAT(hourly.body, HasSubstr("bucket_width: Input should be '1d'"));
}

TEST_F(SimServer, TellsWhatIsLeftOfTheMoneyAsARelayDoes) {
  const auto told = [this](const char* path) { return json::parse(get(std::string("/v1/dashboard/billing/") + path, kAnthropic).body); };
  EXPECT_EQ(told("subscription").at("hard_limit_usd"), 100.0);
  EXPECT_EQ(told("usage").at("total_usage"), 0.0);
  message();
  post("/v1/chat/completions", R"({"model":"gpt-4.1-mini","messages":[{"role":"user","content":"hi"}]})", kOpenAi);
  EXPECT_NEAR(told("usage").at("total_usage").as_double(), 0.0064, 1e-9) << "cents: 4 × $1 + 12 × $5 a million, and nothing of OpenAI's";
  EXPECT_EQ(get("/v1/dashboard/billing/usage", {}).status, 401);
}

}  // namespace
}  // namespace tidegate::sim
