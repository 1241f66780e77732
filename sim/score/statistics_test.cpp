// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/score/statistics.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <string>
#include <vector>

namespace tidegate::sim {
namespace {

constexpr std::size_t kAnna = 0, kEmbed = 4;

std::vector<ScoredRequest> ten_requests() {
  std::vector<ScoredRequest> requests;
  for (int i = 1; i <= 6; ++i) {
    requests.push_back({.tenant = kAnna, .attempts = 1, .last_status = 200, .is_whole = true, .wait_seconds = 0.5 * i});
  }
  requests.push_back(
      {.tenant = kAnna, .attempts = 2, .refused_429 = 1, .last_status = 200, .is_whole = true, .wait_seconds = 9});
  requests.push_back({.tenant = kEmbed, .attempts = 3, .refused_429 = 3, .last_status = 429, .wait_seconds = {}});
  requests.push_back({.tenant = kEmbed, .attempts = 1, .last_status = 200, .wait_seconds = 4});
  requests.push_back({.tenant = kEmbed, .attempts = 1, .wait_seconds = {}});
  return requests;
}

TEST(Score, TellsRefusalsFromThoseThatWereNeverOvercome) {
  const Score score = summarise(ten_requests(), std::nullopt);
  EXPECT_EQ(score.requests, 10U);
  EXPECT_EQ(score.attempts, 13U);
  EXPECT_DOUBLE_EQ(score.any_429, 20);
  EXPECT_DOUBLE_EQ(score.final_429, 10);
  EXPECT_DOUBLE_EQ(score.failures, 30);
  EXPECT_EQ(score.failed_by, (std::map<std::string, std::size_t>{{"429", 1}, {"broken off", 1}, {"no answer", 1}}));
}

TEST(Score, TakesWaitsByClassOfWhateverBegan) {
  const Score score = summarise(ten_requests(), std::nullopt);
  EXPECT_EQ(score.waits[0].count, 7U);
  EXPECT_DOUBLE_EQ(score.waits[0].p50, 2.0);
  EXPECT_DOUBLE_EQ(score.waits[0].p99, 9.0);
  EXPECT_EQ(score.waits[1].count, 1U);
  EXPECT_DOUBLE_EQ(score.waits[1].p95, 4.0);
}

TEST(Score, AddsWhatTheProviderCounted) {
  ProviderCounts counts{.refused_429 = 2, .refusals = {{"concurrency", 2}}, .charged = 9, .dimension = {}};
  set_binding(counts, {{"requests", 240, 300}, {"input_tokens", 300'000, 600'000}, {"output_tokens", 10, 0}}, 1);
  EXPECT_EQ(counts.dimension, "requests");
  EXPECT_DOUBLE_EQ(counts.utilisation, 80);
  const Score score = summarise(ten_requests(), counts);
  EXPECT_DOUBLE_EQ(score.upstream_429_per_100, 20);
  const auto read = boost::json::parse(to_json(score)).as_object();
  EXPECT_DOUBLE_EQ(read.at("provider").at("429_per_100").to_number<double>(), 20);
  EXPECT_EQ(read.at("provider").at("dimension").as_string(), "requests");
  EXPECT_EQ(read.at("provider").at("refusals").at("concurrency"), 2);
  EXPECT_NE(to_table(score).find("utilisation of its requests"), std::string::npos);
}

TEST(Score, OfNothingIsZero) {
  const Score score = summarise({}, std::nullopt);
  EXPECT_EQ(score.failures, 0);
  EXPECT_EQ(score.waits[0].p99, 0);
  EXPECT_FALSE(boost::json::parse(to_json(score)).as_object().contains("provider"));
}

}  // namespace
}  // namespace tidegate::sim
