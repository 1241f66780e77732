// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_exhaustion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tidegate::monitor {
namespace {

using testing::HasSubstr;
using Outlook = Exhaustion::Outlook;

constexpr MinuteNumber kMonday = 4 * kMinutesPerDay;

/// Rises each day from 0.5 at eight by 0.01 a minute to 1.1 at nine, and is 0.5 else.
double rush(std::int64_t minute) {
  const std::int64_t since_eight = minute % kMinutesPerDay - 8 * 60;
  return since_eight < 0 || since_eight > 120
             ? 0.5
             : 0.5 + 0.01 * static_cast<double>(std::min<std::int64_t>(since_eight, 60));
}

Forecaster noisy(std::int64_t minutes, double (*demand)(std::int64_t), double noise = 0.05) {
  std::mt19937 random(7);
  std::normal_distribution<double> chance(0, noise);
  Forecaster forecaster(kMonday);
  for (std::int64_t minute = 0; minute < minutes; ++minute)
    forecaster.observe(std::max(demand(minute) + chance(random), 0.0));
  return forecaster;
}

TEST(Exhaustion, SaysThatThereIsTooLittleHistory) {
  const Exhaustion exhaustion = forecast_exhaustion(noisy(50, rush), RefillingLimit{1}, 30);
  EXPECT_EQ(exhaustion.outlook, Outlook::TooLittleHistory);
  EXPECT_EQ(exhaustion.minutes_missing, 40);
  EXPECT_THAT(exhaustion.reason, HasSubstr("40 more minutes"));
}

TEST(Exhaustion, SeesTheDailyRushComeAndSaysWhy) {
  // Half past eight on the twelfth day; ten minutes ask for more than the limit from five to nine on.
  const Exhaustion exhaustion =
      forecast_exhaustion(noisy(11 * kMinutesPerDay + 8 * 60 + 30, rush), RefillingLimit{1}, 60);
  EXPECT_EQ(exhaustion.outlook, Outlook::Foreseen);
  EXPECT_GT(exhaustion.probability, 0.8);
  ASSERT_TRUE(exhaustion.minutes_to_exhaustion);
  EXPECT_NEAR(static_cast<double>(*exhaustion.minutes_to_exhaustion), 25, 6);
  EXPECT_NEAR(exhaustion.first_crossing.value_or(0), 25, 6);
  EXPECT_GT(exhaustion.parts.usual_change + exhaustion.parts.momentum, 0.1);
  EXPECT_THAT(exhaustion.reason, HasSubstr("first crossing in about"));
  EXPECT_THAT(exhaustion.reason, HasSubstr("of the limit"));
}

TEST(Exhaustion, ABucketThatHoldsSomethingLastsLonger) {
  const Forecaster forecaster = noisy(4 * kMinutesPerDay + 8 * 60 + 30, rush);
  EXPECT_LT(forecast_exhaustion(forecaster, RefillingLimit{1, 1}, 30).probability,
            forecast_exhaustion(forecaster, RefillingLimit{1, 0}, 30).probability);
}

TEST(Exhaustion, ProbabilityRisesWithTheHorizonAndFallsWithTheLimit) {
  const Forecaster forecaster = noisy(4 * kMinutesPerDay + 8 * 60 + 10, rush);
  double before = 0;
  for (int horizon = 5; horizon <= 120; horizon += 5) {
    const double probability = forecast_exhaustion(forecaster, RefillingLimit{0.9}, horizon).probability;
    EXPECT_GE(probability, before - 1e-9) << horizon;
    before = probability;
  }
  before = 1;
  for (double limit = 0.7; limit < 2; limit += 0.05) {
    const double probability = forecast_exhaustion(forecaster, RefillingLimit{limit}, 30).probability;
    EXPECT_LE(probability, before + 1e-9) << limit;
    before = probability;
  }
}

TEST(Exhaustion, KnowsWhenItIsThere) {
  const Exhaustion exhaustion =
      forecast_exhaustion(noisy(4 * kMinutesPerDay + 9 * 60 + 20, rush), RefillingLimit{1}, 30);
  EXPECT_EQ(exhaustion.outlook, Outlook::Exhausted);
  EXPECT_EQ(exhaustion.probability, 1);
  EXPECT_EQ(exhaustion.minutes_to_exhaustion, 0);
}

TEST(Exhaustion, NeedsNoHistoryForWhatIsThereAlready) {
  Forecaster forecaster(kMonday);
  for (int minute = 0; minute < 9; ++minute) forecaster.observe(1.2);
  EXPECT_EQ(forecast_exhaustion(forecaster, RefillingLimit{1}, 30).outlook, Outlook::TooLittleHistory);
  forecaster.observe(1.2);
  EXPECT_EQ(forecast_exhaustion(forecaster, RefillingLimit{1}, 30).outlook, Outlook::Exhausted);
}

TEST(Exhaustion, NeverWarnsOfASteadySeriesBelowHalf) {
  std::mt19937 random(23);
  std::gamma_distribution<double> requests(0.4 * 60 / 1.25,
                                           1.25 / 60);  // 60 requests a minute at the limit, sizes that differ much
  Forecaster forecaster(kMonday);
  for (std::int64_t minute = 0; minute < 10 * kMinutesPerDay; ++minute) {
    forecaster.observe(requests(random));
    const Exhaustion exhaustion = forecast_exhaustion(forecaster, RefillingLimit{1}, 30);
    ASSERT_LT(exhaustion.probability, 0.1) << minute;
    ASSERT_EQ(exhaustion.first_crossing.has_value(), exhaustion.probability >= 0.005) << minute;
  }
}

TEST(Exhaustion, TellsWhenABudgetWillBeSpent) {
  const Forecaster forecaster = noisy(2 * kMinutesPerDay, [](std::int64_t) { return 0.5; });
  const Exhaustion soon = forecast_exhaustion(forecaster, RemainingBudget{10}, 30);
  EXPECT_NEAR(static_cast<double>(soon.minutes_to_exhaustion.value_or(0)), 20, 2);
  EXPECT_GT(soon.probability, 0.95);
  const Exhaustion later = forecast_exhaustion(forecaster, RemainingBudget{300}, 30);
  EXPECT_NEAR(static_cast<double>(later.minutes_to_exhaustion.value_or(0)), 600, 20);
  EXPECT_LT(later.probability, 0.01);
}

TEST(Exhaustion, ABudgetThatRenewsFirstIsNotSpent) {
  const Forecaster forecaster = noisy(2 * kMinutesPerDay, [](std::int64_t) { return 0.5; });
  const Exhaustion exhaustion = forecast_exhaustion(forecaster, RemainingBudget{10, 10}, 30);
  EXPECT_FALSE(exhaustion.minutes_to_exhaustion);
  EXPECT_LT(exhaustion.probability, 0.01);
}

TEST(Exhaustion, WhatComesBackAsFastAsItIsUsedLasts) {
  const Forecaster forecaster = noisy(2 * kMinutesPerDay, [](std::int64_t) { return 0.5; });
  const RemainingBudget slow{.left = 100, .refill = 0.4, .whole = 576};
  EXPECT_NEAR(static_cast<double>(forecast_exhaustion(forecaster, slow, 30).minutes_to_exhaustion.value_or(0)), 1'000,
              60);
  const RemainingBudget fast{.left = 100, .refill = 0.6, .whole = 864};
  EXPECT_FALSE(forecast_exhaustion(forecaster, fast, 30).minutes_to_exhaustion);
  EXPECT_LT(forecast_exhaustion(forecaster, RemainingBudget{.left = 5, .refill = 0.6, .whole = 864}, 30).probability,
            0.01);
  EXPECT_GT(forecast_exhaustion(forecaster, RemainingBudget{.left = 5, .refill = 0.2, .whole = 288}, 30).probability,
            0.95);
}

/// Whatever the series: more left, more that comes back or a nearer renewal never makes exhaustion likelier or sooner.
TEST(Exhaustion, MoreOfABudgetNeverRunsOutSooner) {
  std::mt19937 random(31);
  std::uniform_real_distribution<double> share(0, 1);
  for (int series = 0; series < 6; ++series) {
    const Forecaster forecaster =
        noisy(kMinutesPerDay + static_cast<std::int64_t>(share(random) * 700), rush, 0.2 * share(random));
    for (int i = 0; i < 40; ++i) {
      RemainingBudget less{.left = 60 * share(random) + 0.1, .refill = 0.8 * share(random), .whole = 2'000};
      if (i % 3 == 0) less.minutes_to_renewal = 1 + static_cast<std::int64_t>(600 * share(random));
      RemainingBudget more = less;
      more.left += 20 * share(random);
      more.refill += 0.3 * share(random);
      if (more.minutes_to_renewal) *more.minutes_to_renewal = 1 + *more.minutes_to_renewal / 2;
      const Exhaustion of_less = forecast_exhaustion(forecaster, less, 30);
      const Exhaustion of_more = forecast_exhaustion(forecaster, more, 30);
      ASSERT_GE(of_less.probability, of_more.probability - 1e-9) << series << " " << i;
      if (!of_more.minutes_to_exhaustion) continue;
      ASSERT_TRUE(of_less.minutes_to_exhaustion) << series << " " << i;
      ASSERT_LE(*of_less.minutes_to_exhaustion, *of_more.minutes_to_exhaustion) << series << " " << i;
    }
  }
}

TEST(Exhaustion, KnowsThatABudgetIsSpentWithoutAnyHistory) {
  const Exhaustion exhaustion = forecast_exhaustion(Forecaster(kMonday), RemainingBudget{0}, 30);
  EXPECT_EQ(exhaustion.outlook, Outlook::Exhausted);
  EXPECT_EQ(exhaustion.minutes_to_exhaustion, 0);
}

}  // namespace
}  // namespace tidegate::monitor
