// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::monitor {
namespace {

using testing::ElementsAre;

ShadowSample pair_at(int second, const std::string& model = "m", const std::string& shadow = "relay") {
  ShadowSample sample;
  sample.official_provider = "anthropic";
  sample.shadow_provider = shadow;
  sample.model = model;
  sample.at = SteadyTime(Seconds(second));
  return sample;
}

std::vector<int> seconds(const std::vector<ShadowSample>& samples) {
  std::vector<int> all;
  for (const ShadowSample& sample : samples) {
    all.push_back(static_cast<int>(std::chrono::duration_cast<Seconds>(sample.at.time_since_epoch()).count()));
  }
  return all;
}

constexpr SteadyTime kEver = SteadyTime::min();

TEST(ShadowBook, GivesBackWhatItWasGiven) {
  ShadowBook book;
  ShadowSample sample = pair_at(3);
  sample.conversation = 7;
  sample.official = {.ok = true, .time_to_first_token = Milliseconds(5), .total_time = Milliseconds(9), .stop_reason = "end_turn"};
  sample.shadow = {.error_kind = "overloaded"};
  book.add(sample);
  EXPECT_THAT(book.samples("anthropic", "relay", "m", kEver), ElementsAre(sample));
}

TEST(ShadowBook, KeepsTheNewestOfEachModelAndOfAll) {
  ShadowBook book({.per_model = 3, .in_all = 5, .models = 10});
  for (int i = 1; i <= 4; ++i) book.add(pair_at(i, "a"));
  EXPECT_THAT(seconds(book.samples("anthropic", "relay", "a", kEver)), ElementsAre(2, 3, 4));
  for (int i = 5; i <= 7; ++i) book.add(pair_at(i, "b"));
  EXPECT_EQ(book.size(), 5U);
  EXPECT_THAT(seconds(book.samples("anthropic", "relay", "a", kEver)), ElementsAre(3, 4));
  EXPECT_THAT(seconds(book.samples("anthropic", "relay", "b", kEver)), ElementsAre(5, 6, 7));
}

TEST(ShadowBook, IsBoundedAgainstInventedModels) {
  ShadowBook book({.per_model = 10, .in_all = 1'000, .models = 3});
  for (int i = 0; i < 50; ++i) book.add(pair_at(i, "invented-" + std::to_string(i)));
  ASSERT_EQ(book.providers().size(), 1U);
  EXPECT_EQ(book.providers()[0].models.size(), 3U);
  EXPECT_EQ(book.size(), 3U);
  EXPECT_THAT(seconds(book.samples("anthropic", "relay", "", kEver)), ElementsAre(47, 48, 49));
}

TEST(ShadowBook, TellsProvidersApartAndJoinsTheirModelsInOrderOfTime) {
  ShadowBook book({.per_model = 4, .in_all = 100, .models = 10});
  book.add(pair_at(1, "b"));
  book.add(pair_at(2, "a"));
  book.add(pair_at(3, "b"));
  book.add(pair_at(4, "a", "other"));
  const auto providers = book.providers();
  ASSERT_EQ(providers.size(), 2U);
  EXPECT_EQ(providers[0].shadow, "other");
  EXPECT_THAT(providers[1].models, ElementsAre("b", "a")) << "most pairs first";
  EXPECT_THAT(seconds(book.samples("anthropic", "relay", "", kEver)), ElementsAre(1, 2, 3));
  book.add(pair_at(5, "c"));
  book.add(pair_at(6, "c"));
  EXPECT_THAT(seconds(book.samples("anthropic", "relay", "", kEver)), ElementsAre(2, 3, 5, 6)) << "the newest four";
}

TEST(ShadowBook, CutsTimeFromItsBeginningToBeforeItsEnd) {
  ShadowBook book;
  for (int i = 1; i <= 5; ++i) book.add(pair_at(i));
  EXPECT_THAT(seconds(book.samples("anthropic", "relay", "m", SteadyTime(Seconds(2)), SteadyTime(Seconds(4)))), ElementsAre(2, 3));
  EXPECT_TRUE(book.samples("anthropic", "nobody", "m", kEver).empty());
}

TEST(ShadowBook, CutsOverLongWordsBetweenCharacters) {
  ShadowBook book;
  ShadowSample sample = pair_at(1);
  sample.official.stop_reason = std::string(31, 'x') + "\u00e9";
  book.add(sample);
  EXPECT_EQ(book.samples("anthropic", "relay", "m", kEver)[0].official.stop_reason, std::string(31, 'x'));
}

}  // namespace
}  // namespace tidegate::monitor
