// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/provider_limits.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

using quota::Dimension;

TEST(ProviderLimits, AreTheRoomsGroupsAndDimensions) {
  const auto limits = read_provider_limits(R"({"data":[
    {"type":"rate_limit","group_type":"model_group","models":["claude-opus-4-8","claude-opus-4-5-20251101"],
     "limits":[{"type":"requests_per_minute","value":1000},{"type":"input_tokens_per_minute_cache_aware","value":2000000},
               {"type":"output_tokens_per_minute","value":400000},{"type":"tool_uses_per_second","value":3}]},
    {"group_type":"model_group","models":["claude-haiku-5-5"],"limits":[{"type":"tokens_per_minute","value":50000}]},
    {"group_type":"batch","models":null,"limits":[{"type":"requests_per_minute","value":50},{"type":"enqueued_batch_requests","value":9}]},
    {"group_type":"token_count","models":null,"limits":[{"type":"requests_per_minute","value":2000}]},
    {"group_type":"files","models":null,"limits":[{"type":"requests_per_minute","value":500}]}],"has_more":false,"next_page":null})");
  ASSERT_TRUE(limits) << limits.error().detail;
  ASSERT_EQ(limits->size(), 4U);
  EXPECT_EQ(limits->at("opus-4").limits[Dimension::Requests], 1'000);
  EXPECT_EQ(limits->at("opus-4").limits[Dimension::Input], 2'000'000);
  EXPECT_EQ(limits->at("opus-4").limits[Dimension::Output], 400'000);
  EXPECT_FALSE(limits->at("opus-4").limits[Dimension::Tokens]);
  EXPECT_EQ(limits->at("haiku-5-5").limits[Dimension::Tokens], 50'000);
  EXPECT_EQ(limits->at("batches").limits[Dimension::Requests], 50);
  EXPECT_EQ(limits->at("count_tokens").limits[Dimension::Requests], 2'000);
}

TEST(ProviderLimits, TheSmallerStandsWhereTwoOfItsGroupsAreOneHere) {
  const auto limits = read_provider_limits(R"({"data":[
    {"group_type":"model_group","models":["claude-opus-4-8"],"limits":[{"type":"requests_per_minute","value":70}]},
    {"group_type":"model_group","models":["claude-opus-4-5"],"limits":[{"type":"requests_per_minute","value":50}]}]})");
  EXPECT_EQ(limits.value().at("opus-4").limits[Dimension::Requests], 50);
}

TEST(ProviderLimits, OfAnotherShapeAreRefusedInWords) {
  for (const char* page : {"", "[]", R"({"data":1})", R"({"data":[{"models":[]}]})", R"({"data":[{"models":["m"],"limits":[1]}]})"}) {
    const auto limits = read_provider_limits(page);
    ASSERT_FALSE(limits) << page;
    EXPECT_EQ(limits.error().kind, FailureKind::Protocol);
    EXPECT_NE(limits.error().detail.find("rate limits"), std::string::npos);
  }
}

TEST(ProviderLimits, WhatIsNoFigureLimitsNothing) {
  const auto limits = read_provider_limits(
      R"({"data":[{"models":["claude-opus-5"],"limits":[{"type":"requests_per_minute","value":0},{"type":"output_tokens_per_minute","value":"x"},{"type":"requests_per_minute"}]}]})");
  EXPECT_FALSE(limits.value().at("opus-5").limits[Dimension::Requests]);
  EXPECT_FALSE(limits.value().at("opus-5").limits[Dimension::Output]);
}

}  // namespace
}  // namespace tidegate::app
