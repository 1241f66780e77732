// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/provider_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

using testing::HasSubstr;

constexpr std::string_view kUsagePage = R"({"data":[
  {"starting_at":"2026-11-24T10:00:00Z","ending_at":"2026-11-24T10:01:00Z","results":[
    {"uncached_input_tokens":10,"cache_read_input_tokens":20,"cache_creation":{"ephemeral_5m_input_tokens":3,
     "ephemeral_1h_input_tokens":4},"output_tokens":5,"server_tool_use":{"web_search_requests":0},"api_key_id":null,
     "model":"claude-haiku-4-5-20251001","service_tier":null}]},
  {"starting_at":"2026-11-24T10:01:00Z","ending_at":"2026-11-24T10:02:00Z","results":[
    {"uncached_input_tokens":1,"output_tokens":1,"model":"claude-haiku-4-5","cache_creation":null}]}],
  "has_more":true,"next_page":"page_2"})";

TEST(ProviderReports, AddUpTokensOfAllBuckets) {
  UseByModel use;
  EXPECT_EQ(add_usage_page(kUsagePage, use).value(), "page_2");
  ASSERT_EQ(use.size(), 1U);
  EXPECT_EQ(use["claude-haiku-4-5"].tokens, (llm::TokenCounts{11, 20, 3, 4, 6, 0}));
  EXPECT_EQ(add_usage_page(R"({"data":[],"has_more":false,"next_page":null})", use).value(), std::nullopt);
}

TEST(ProviderReports, ReadAmountsAsCents) {
  UseByModel use;
  const auto next = add_cost_page(
      R"({"data":[{"results":[{"amount":"123.45","currency":"USD","model":"claude-opus-5-5"},)"
      R"({"amount":"0.0000001","model":"claude-opus-5-5"},{"amount":"7","model":"claude-haiku-4-5"},)"
      R"({"amount":"1.123456789012","model":"claude-sonnet-5-5"},{"amount":"9","model":null,"cost_type":"code_execution"},)"
      R"({"amount":"30","model":null,"cost_type":"web_search","description":"Web Search Usage"}]}],"has_more":false})",
      use);
  EXPECT_EQ(next.value(), std::nullopt);
  EXPECT_EQ(to_text(use["claude-opus-5-5"].cost), "1.234500001");
  EXPECT_EQ(to_text(use["claude-haiku-4-5"].cost), "0.07");
  EXPECT_EQ(to_text(use["claude-sonnet-5-5"].cost), "0.011234568");
  EXPECT_EQ(to_text(use[std::string(kWebSearch)].cost), "0.30");
  EXPECT_EQ(use.size(), 4U);
}

TEST(ProviderReports, SayWhatIsWrongWithAnAnswer) {
  UseByModel use;
  const auto why = [&](std::string_view page) {
    const auto read = add_usage_page(page, use);
    return read ? std::string("nothing") : read.error().detail;
  };
  EXPECT_THAT(why("<html>"), HasSubstr("no JSON"));
  EXPECT_THAT(why("[]"), HasSubstr("no 'data'"));
  EXPECT_THAT(why(R"({"data":[{}]})"), HasSubstr("no 'results'"));
  EXPECT_THAT(why(R"({"data":[{"results":[{}]}]})"), HasSubstr("names no model"));
  EXPECT_THAT(why(R"({"data":[{"results":[{"model":"m","output_tokens":"5"}]}]})"), HasSubstr("no whole number"));
  EXPECT_THAT(why(R"({"data":[],"has_more":true,"next_page":null})"), HasSubstr("more pages"));
  const auto amount = add_cost_page(R"({"data":[{"results":[{"amount":"much","model":"m"}]}]})", use);
  ASSERT_FALSE(amount);
  EXPECT_THAT(amount.error().detail, HasSubstr("no decimal number"));
}

}  // namespace
}  // namespace tidegate::app
