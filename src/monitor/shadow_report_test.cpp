// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace tidegate::monitor {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;
using Kind = ShadowVerdict::Kind;

/// A good answer of 500 tokens after `first_token`.
ShadowSide good(Milliseconds first_token, Milliseconds total = Milliseconds(10'000)) {
  return {.ok = true,
          .time_to_first_token = first_token,
          .total_time = total,
          .output_tokens = 500,
          .output_characters = 2'000,
          .cost = Money::nanodollars(10'000'000),
          .stop_reason = "end_turn"};
}
ShadowSide bad(const std::string& kind) { return {.error_kind = kind, .total_time = Milliseconds(30)}; }

ShadowSample pair_of(ShadowSide official, ShadowSide shadow) {
  ShadowSample sample{
      .official_provider = "anthropic", .shadow_provider = "relay", .model = "claude-sonnet-4-6", .official = {}, .shadow = {}};
  sample.official = std::move(official);
  sample.shadow = std::move(shadow);
  return sample;
}

/// 1,240 pairs: relay some 180 ms slower, eleven of its answers and two of official's fail.
std::vector<ShadowSample> an_ordinary_day() {
  std::mt19937_64 engine(9);
  std::vector<ShadowSample> samples;
  for (int i = 0; i < 1'240; ++i) {
    const auto official = Milliseconds(500 + static_cast<int>(engine() % 900));
    const auto shadow = official + Milliseconds(180 + static_cast<int>(engine() % 1'201) - 600);
    samples.push_back(pair_of(good(official), good(shadow)));
    if (i < 11) samples.back().shadow = bad(i < 7 ? "overloaded" : "timeout");
    if (i >= 1'238) samples.back().official = bad("overloaded");
  }
  return samples;
}

TEST(ShadowReport, SaysInASentenceWhatTheDayWasLike) {
  const ShadowReport report = compare(an_ordinary_day(), 1);
  EXPECT_EQ(report.verdict.kind, Kind::Usable);
  EXPECT_EQ(report.verdict.text,
            "relay is 183 ms [153, 221] slower to first token, success 99.1 % against 99.8 %, n = 1,240: usable as spare");
  EXPECT_EQ(report.pairs, 1'240);
  EXPECT_EQ(report.both_ok, 1'227);
  EXPECT_EQ(report.model, "claude-sonnet-4-6");
  EXPECT_THAT(report.shadow.errors, ElementsAre(Pair("overloaded", 7), Pair("timeout", 4)));
  EXPECT_THAT(report.official.errors, ElementsAre(Pair("overloaded", 2)));
  EXPECT_NEAR(report.success_difference->value, -9.0 / 1'240, 1e-12);
  EXPECT_EQ(report, compare(an_ordinary_day(), 1)) << "the same seed gives the same report";
}

TEST(ShadowReport, TakesDifferencesWithinPairs) {
  // Delays differ a hundredfold from pair to pair, and the second provider is always 50 ms later: only pairs show that.
  std::vector<ShadowSample> samples;
  for (int i = 1; i <= 200; ++i) samples.push_back(pair_of(good(Milliseconds(30 * i)), good(Milliseconds(30 * i + 50))));
  const ShadowReport report = compare(samples, 1);
  EXPECT_EQ(report.time_to_first_token->difference, (Estimate{.value = 50, .low = 50, .high = 50, .count = 200}));
  EXPECT_EQ(report.time_to_first_token->official, 3'015);
  EXPECT_THAT(report.verdict.text, StartsWith("relay is 50 ms [50, 50] slower to first token, success 100 % against 100 %, n = 200"));
}

TEST(ShadowReport, DoesNotTakeAQuickErrorForSpeed) {
  std::vector<ShadowSample> samples(100, pair_of(good(Milliseconds(400)), good(Milliseconds(600))));
  for (int i = 0; i < 100; ++i) samples.push_back(pair_of(good(Milliseconds(400)), bad("overloaded")));
  const ShadowReport report = compare(samples, 1);
  EXPECT_EQ(report.time_to_first_token->difference.value, 200);
  EXPECT_EQ(report.time_to_first_token->difference.count, 100U);
  EXPECT_EQ(report.verdict.kind, Kind::NotUsable);
  EXPECT_THAT(report.verdict.text, StartsWith("not usable as spare: it fails too often, mostly by overloaded; relay is 200 ms"));
  EXPECT_THAT(report.verdict.text, EndsWith("success 50.0 % against 100 %, n = 200"));
}

TEST(ShadowReport, ComparesSpeedLengthAndCost) {
  ShadowSide shadow = good(Milliseconds(2'000), Milliseconds(7'000));
  shadow.output_characters = 1'500;
  shadow.cost = Money::nanodollars(8'000'000);
  const ShadowReport report = compare(std::vector(120, pair_of(good(Milliseconds(2'000)), shadow)), 1);
  EXPECT_EQ(report.tokens_per_second->official, 62.5);
  EXPECT_EQ(report.tokens_per_second->shadow, 100);
  EXPECT_EQ(report.tokens_per_second->difference.value, 37.5);
  EXPECT_EQ(report.total_time->difference.value, -3'000);
  EXPECT_EQ(report.length_ratio->value, 0.75);
  EXPECT_NEAR(report.cost_ratio->value, 0.8, 1e-12);
  EXPECT_EQ(report.official.cost, Money::nanodollars(1'200'000'000));
  EXPECT_THAT(report.verdict.text, StartsWith("relay is as fast to first token (difference 0 ms [0, 0])"));
}

TEST(ShadowReport, LeavesOutWhatNoPairCanTell) {
  ShadowSide whole = good(Milliseconds(1));
  whole.time_to_first_token.reset();
  whole.cost = {};
  const ShadowReport report = compare(std::vector(120, pair_of(whole, whole)), 1);
  EXPECT_FALSE(report.time_to_first_token);
  EXPECT_FALSE(report.tokens_per_second);
  EXPECT_FALSE(report.cost_ratio);
  EXPECT_FALSE(report.same_tool_use);
  EXPECT_EQ(report.verdict.text, "relay is as fast in all (difference 0 ms [0, 0]), success 100 % against 100 %, n = 120: usable as spare");
  const ShadowReport nothing = compare({}, 1);
  EXPECT_FALSE(nothing.success_difference);
  EXPECT_EQ(nothing.verdict.text, "too few samples yet (n = 0)");
}

TEST(ShadowReport, SaysWhenThereAreTooFewToTell) {
  const ShadowSample fine = pair_of(good(Milliseconds(100)), good(Milliseconds(100)));
  EXPECT_EQ(compare(std::vector(12, fine), 1).verdict, (ShadowVerdict{Kind::TooFew, "too few samples yet (n = 12)"}));
  EXPECT_EQ(compare(std::vector(99, fine), 1).verdict.kind, Kind::TooFew);
  EXPECT_EQ(compare(std::vector(100, fine), 1).verdict.kind, Kind::Usable);

  std::vector<ShadowSample> few_conversations(300, fine);
  for (std::size_t i = 0; i < few_conversations.size(); ++i) few_conversations[i].conversation = 1 + i % 19;
  EXPECT_EQ(compare(few_conversations, 1).verdict.text, "too few samples yet (n = 300, all of 19 conversations)");

  std::vector<ShadowSample> doubtful(100, fine);
  doubtful[7].shadow = doubtful[50].shadow = bad("timeout");
  const ShadowVerdict verdict = compare(doubtful, 1).verdict;
  EXPECT_EQ(verdict.kind, Kind::TooFew);
  EXPECT_EQ(verdict.text, "too few samples yet (n = 100): success may be 5.8 points lower");
}

TEST(ShadowReport, CountsFailuresOfAConversationAsThoughTheyWereFewer) {
  // 300 pairs in 30 conversations; six failures in one of them, or each in another.
  std::vector<ShadowSample> together(300, pair_of(good(Milliseconds(100)), good(Milliseconds(100))));
  for (std::size_t i = 0; i < together.size(); ++i) together[i].conversation = 1 + i / 10;
  std::vector<ShadowSample> apart = together;
  for (std::size_t i = 0; i < 6; ++i) {
    together[i].shadow = bad("timeout");
    apart[i * 40].shadow = bad("timeout");
  }
  EXPECT_LT(compare(together, 1).success_difference->low, compare(apart, 1).success_difference->low - 0.005);
}

TEST(ShadowReport, RefusesASpareThatBreaksTools) {
  ShadowSide calls = good(Milliseconds(100));
  calls.tool_calls = 2;
  calls.stop_reason = "tool_use";
  ShadowSide broken = calls;
  broken.tool_calls_valid = false;
  std::vector<ShadowSample> samples(95, pair_of(calls, calls));
  samples.insert(samples.end(), 25, pair_of(calls, broken));
  const ShadowReport report = compare(samples, 1);
  EXPECT_NEAR(report.shadow.valid_tool_calls->value, 95.0 / 120, 1e-12);
  EXPECT_THAT(report.verdict.text,
              StartsWith("not usable as spare: its tool calls are whole in 79.2 % of answers, against 100 %; relay is"));

  const ShadowReport stripped = compare(std::vector(150, pair_of(calls, good(Milliseconds(100)))), 1);
  EXPECT_THAT(stripped.verdict.text, HasSubstr("it calls tools in 0 % of the answers in which anthropic does"));
  EXPECT_THAT(stripped.verdict.text, HasSubstr("only 0 % of answers end for the same reason"));
}

TEST(ShadowReport, RefusesASpareThatIsMuchSlowerOrAnswersLikeAnotherModel) {
  EXPECT_THAT(compare(std::vector(120, pair_of(good(Milliseconds(600)), good(Milliseconds(2'700)))), 1).verdict.text,
              StartsWith("not usable as spare: it is too slow to first token; relay is 2,100 ms"));
  ShadowSide terse = good(Milliseconds(600));
  terse.output_characters = 400;
  EXPECT_THAT(compare(std::vector(120, pair_of(good(Milliseconds(600)), terse)), 1).verdict.text,
              StartsWith("not usable as spare: its answers are 0.20 times as long, as of another model;"));
}

TEST(ShadowReport, GathersRareKindsOfErrors) {
  std::vector<ShadowSample> samples;
  for (int kind = 0; kind < 12; ++kind) samples.push_back(pair_of(good(Milliseconds(1)), bad("kind-" + std::to_string(kind))));
  const ShadowReport report = compare(samples, 1);
  ASSERT_EQ(report.shadow.errors.size(), 8U);
  EXPECT_THAT(report.shadow.errors.back(), Pair("other", 5));
}

TEST(ShadowReport, NamesNoModelForSeveral) {
  std::vector<ShadowSample> samples(2, pair_of(good(Milliseconds(1)), good(Milliseconds(1))));
  samples[1].model = "another";
  EXPECT_EQ(compare(samples, 1).model, "");
}

}  // namespace
}  // namespace tidegate::monitor
