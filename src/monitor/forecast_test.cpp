// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

namespace tidegate::monitor {
namespace {

constexpr MinuteNumber kMonday = 4 * kMinutesPerDay;
constexpr std::array kShares{0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98};

Forecaster after(std::int64_t minutes, const std::function<double(std::int64_t)>& demand,
                 const ForecastOptions& options = {}) {
  Forecaster forecaster(kMonday, options);
  for (std::int64_t minute = 0; minute < minutes; ++minute) forecaster.observe(demand(minute));
  return forecaster;
}

/// An office's day between 0.2 and 0.8, noise on top.
class Office {
 public:
  explicit Office(unsigned seed, double noise = 0.05) : random_(seed), noise_(0, noise) {}
  [[nodiscard]] static double mean(std::int64_t minute) {
    return 0.5 - 0.3 * std::cos(2 * std::numbers::pi * static_cast<double>(minute % kMinutesPerDay) / kMinutesPerDay);
  }
  double operator()(std::int64_t minute) { return std::max(mean(minute) + noise_(random_), 0.0); }

 private:
  std::mt19937 random_;
  std::normal_distribution<double> noise_;
};

void expect_sound(const Forecaster& forecaster) {
  for (const ForecastTarget target : kForecastTargets) {
    for (const int horizon : {5, 7, 30, 45, 120}) {
      double before = 0;
      for (const double share : kShares) {
        const double value = forecaster.quantile(target, horizon, share);
        ASSERT_TRUE(std::isfinite(value)) << horizon << " " << share;
        ASSERT_GE(value, before) << horizon << " " << share;
        before = value;
      }
      for (const double bound : {0.0, 0.5, 1.0, 1e9}) {
        const double probability = forecaster.probability_above(target, horizon, bound);
        ASSERT_TRUE(probability >= 0 && probability <= 1) << horizon << " " << bound << " " << probability;
      }
      ASSERT_TRUE(std::isfinite(forecaster.parts(horizon).sum()));
    }
  }
  ASSERT_TRUE(std::isfinite(forecaster.expected_level(3'000)));
}

TEST(Forecaster, AsksForHistoryFirst) {
  EXPECT_EQ(after(0, [](auto) { return 1.0; }).minutes_missing(30), 90);
  EXPECT_EQ(after(89, [](auto) { return 1.0; }).minutes_missing(30), 1);
  EXPECT_EQ(after(90, [](auto) { return 1.0; }).minutes_missing(30), 0);
  EXPECT_EQ(after(90, [](auto) { return 1.0; }).minutes_missing(120), 90);
}

TEST(Forecaster, GoesOnWithAConstantSeries) {
  for (const ForecastMethod method : kForecastMethods) {
    const Forecaster forecaster = after(3 * kMinutesPerDay, [](auto) { return 0.4; }, {.method = method});
    for (const ForecastTarget target : kForecastTargets) {
      const ForecastBand band = forecaster.band(target, 30);
      EXPECT_NEAR(band.expected, 0.4, 1e-6) << to_string(method);
      EXPECT_NEAR(band.low, 0.4, 0.01) << to_string(method);
      EXPECT_NEAR(band.high, 0.4, 0.01) << to_string(method);
    }
    EXPECT_NEAR(forecaster.expected_level(1'000), 0.4, 1e-6);
    EXPECT_LT(forecaster.probability_above(ForecastTarget::Peak, 30, 1), 0.001);
  }
}

TEST(Forecaster, KnowsTheUsualChangeOfADay) {
  Forecaster forecaster = after(3 * kMinutesPerDay + 6 * 60, Office(1));
  // Six in the morning: the steepest hour, +0.078 in 60 minutes; the target's ten minutes end there.
  const ForecastBand band = forecaster.band(ForecastTarget::Level, 60);
  EXPECT_NEAR(band.expected, Office::mean(6 * 60 + 55), 0.02);
  const ForecastParts parts = forecaster.parts(60);
  EXPECT_GT(parts.usual_change, 0.03);
  EXPECT_NEAR(parts.sum(), band.expected, 1e-9);
  // And goes on knowing it beyond the horizons.
  EXPECT_NEAR(forecaster.expected_level(12 * 60), Office::mean(18 * 60), 0.05);
}

TEST(Forecaster, KnowsAWeekendFromAWorkingDay) {
  const auto demand = [](std::int64_t minute) {
    const bool weekend = minute / kMinutesPerDay % 7 >= 5;
    return weekend ? 0.1 : Office::mean(minute);
  };
  EXPECT_NEAR(after(12 * kMinutesPerDay + 360, demand).band(ForecastTarget::Level, 120).expected, 0.1, 0.02);
  EXPECT_NEAR(after(14 * kMinutesPerDay + 360, demand).band(ForecastTarget::Level, 120).expected, Office::mean(475),
              0.03);
}

TEST(Forecaster, LearnsThatLocalWeekendsBeginEarlierThanThoseOfUtc) {
  UsualDay day(8 * 60);
  const MinuteNumber friday_evening_utc = kMonday + 4 * kMinutesPerDay + 17 * 60;
  day.learn(friday_evening_utc, 0.1, 1);
  day.learn(friday_evening_utc - kMinutesPerDay, 0.9, 1);
  EXPECT_FLOAT_EQ(static_cast<float>(day.at(friday_evening_utc)), 0.1F);  // Saturday in Taipei
  EXPECT_FLOAT_EQ(static_cast<float>(day.at(friday_evening_utc - kMinutesPerDay)), 0.9F);
}

TEST(Forecaster, StaysSoundWhateverComes) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  std::mt19937 random(5);
  const std::vector<std::function<double(std::int64_t)>> series{
      [](auto) { return 0.0; },
      [](auto minute) { return minute < 2'000 ? 0.0 : 1.0; },
      [](auto minute) { return minute < 2'000 ? 1.0 : 0.0; },
      [](auto minute) { return minute < 2'000 ? 1.0 : 1e6; },
      [](auto minute) { return minute % 7 == 0 ? 1e6 : 0.0; },
      [](auto minute) { return minute == 1'999 ? 1e15 : 1e-9; },
      [&](auto minute) {
        return minute % 5 == 0 ? nan : minute % 5 == 1 ? infinity : minute % 5 == 2 ? -3.0 : 0.5;
      },
      [&](auto) { return std::exp(std::normal_distribution<double>(0, 4)(random)); },
  };
  for (const ForecastMethod method : kForecastMethods) {
    for (std::size_t i = 0; i < series.size(); ++i) {
      Forecaster forecaster(kMonday, {.method = method});
      SCOPED_TRACE(testing::Message() << to_string(method) << ", series " << i);
      for (std::int64_t minute = 0; minute < 3'200; ++minute) {
        forecaster.observe(series[i](minute));
        const bool is_asked = minute % 211 == 0 || (minute > 1'990 && minute < 2'010);
        if (is_asked) {
          ASSERT_NO_FATAL_FAILURE(expect_sound(forecaster));
        }
      }
    }
  }
}

TEST(Forecaster, DoesNotDependOnTheUnit) {
  Office one(3), million(3);
  const Forecaster shares = after(2'000, one);
  const Forecaster tokens = after(2'000, [&](auto minute) { return 1e6 * million(minute); });
  for (const int horizon : {5, 30, 120}) {
    const ForecastBand a = shares.band(ForecastTarget::Level, horizon);
    const ForecastBand b = tokens.band(ForecastTarget::Level, horizon);
    EXPECT_NEAR(b.expected / 1e6, a.expected, 1e-4);
    EXPECT_NEAR(b.low / 1e6, a.low, 1e-3);
    EXPECT_NEAR(b.high / 1e6, a.high, 1e-3);
    EXPECT_NEAR(tokens.probability_above(ForecastTarget::Peak, horizon, 0.8e6),
                shares.probability_above(ForecastTarget::Peak, horizon, 0.8), 0.01);
  }
}

/// Of what was said 30 minutes before, over seven days after three of learning: some 330 half hours, of which a tenth
/// is 0.1 ± 0.017.
struct Hits {
  double below_low = 0, below_median = 0, below_high = 0, count = 0;
};

TEST(Forecaster, ItsQuantilesHoldOnNoiseOfAllKinds) {
  std::mt19937 random(11);
  const auto steady = [&](std::int64_t) {
    return std::max(0.5 + std::normal_distribution<double>(0, 0.1)(random), 0.0);
  };
  const auto skewed = [&](std::int64_t) { return 0.2 * std::exp(std::normal_distribution<double>(0, 0.9)(random)); };
  const auto requests = [&](std::int64_t minute) {
    return static_cast<double>(std::poisson_distribution<int>(40 * Office::mean(minute))(random));
  };
  for (const std::function<double(std::int64_t)>& demand :
       {std::function<double(std::int64_t)>(steady), {skewed}, {requests}}) {
    for (const ForecastTarget target : kForecastTargets) {
      Forecaster forecaster(kMonday);
      std::vector<ForecastBand> said;
      Hits hits;
      for (std::int64_t minute = 0; minute < 10 * kMinutesPerDay; ++minute) {
        forecaster.observe(demand(minute));
        said.push_back(forecaster.band(target, 30));
        if (minute < 3 * kMinutesPerDay) continue;
        const double outcome = forecaster.recent().outcome(target, 30);
        const ForecastBand& band = said[static_cast<std::size_t>(minute - 30)];
        ++hits.count;
        hits.below_low += outcome <= band.low;
        hits.below_median += outcome <= band.median;
        hits.below_high += outcome <= band.high;
      }
      EXPECT_NEAR(hits.below_low / hits.count, 0.1, 0.045) << static_cast<int>(target);
      EXPECT_NEAR(hits.below_median / hits.count, 0.5, 0.07) << static_cast<int>(target);
      EXPECT_NEAR(hits.below_high / hits.count, 0.9, 0.045) << static_cast<int>(target);
    }
  }
}

TEST(Forecaster, ItsProbabilitiesAreKept) {
  // A slow wander around 0.7: that ten minutes come to more than 0.8 is foreseeable in part.
  std::mt19937 random(17);
  std::normal_distribution<double> step(0, 0.02);
  double wander = 0;
  Forecaster forecaster(kMonday);
  std::vector<double> said;
  std::array<double, 5> told{}, came{}, count{};
  for (std::int64_t minute = 0; minute < 30 * kMinutesPerDay; ++minute) {
    wander = 0.98 * wander + step(random);
    forecaster.observe(std::max(0.7 + wander + 2 * step(random), 0.0));
    said.push_back(forecaster.probability_above(ForecastTarget::Peak, 30, 0.8));
    if (minute < 3 * kMinutesPerDay) continue;
    const double probability = said[static_cast<std::size_t>(minute - 30)];
    const auto group = std::min(static_cast<std::size_t>(probability * 5), std::size_t{4});
    told[group] += probability;
    came[group] += forecaster.recent().outcome(ForecastTarget::Peak, 30) > 0.8;
    ++count[group];
  }
  for (std::size_t group = 0; group < count.size(); ++group) {
    ASSERT_GT(count[group], 200) << group;
    EXPECT_NEAR(told[group] / count[group], came[group] / count[group], 0.1) << group;
  }
}

TEST(Forecaster, SeesTurnsThatALineMisses) {
  // A rush of two hours each morning: the line learns of it when it has come, and of its end when it is over.
  std::mt19937 random(2);
  std::normal_distribution<double> chance(0, 0.05);
  const auto mean = [](std::int64_t minute) {
    const auto since_eight = static_cast<double>(minute % kMinutesPerDay - 8 * 60);
    return 0.5 + 0.4 * std::clamp(std::min(since_eight, 120 - since_eight) / 30, 0.0, 1.0);
  };
  std::vector<double> demand;
  for (std::int64_t minute = 0; minute < 6 * kMinutesPerDay; ++minute)
    demand.push_back(std::max(mean(minute) + chance(random), 0.0));
  const auto error = [&](ForecastMethod method) {
    Forecaster forecaster(kMonday, {.method = method});
    double sum = 0;
    for (std::size_t minute = 0; minute + 30 < demand.size(); ++minute) {
      forecaster.observe(demand[minute]);
      if (minute < 2 * kMinutesPerDay) continue;
      sum +=
          std::abs(forecaster.band(ForecastTarget::Level, 30).expected - mean(static_cast<std::int64_t>(minute) + 25));
    }
    return sum;
  };
  EXPECT_LT(error(ForecastMethod::Usual), 0.6 * error(ForecastMethod::Linear60));
  EXPECT_LT(error(ForecastMethod::Usual), 0.6 * error(ForecastMethod::Last));
}

TEST(ForecastLine, GoesThroughPointsOnALine) {
  RecentDemand recent;
  for (int minute = 0; minute < 100; ++minute) recent.add(10 + 2 * minute);
  const ForecastLine line = line_through(recent, 30);
  EXPECT_NEAR(line.at_now, 208, 1e-9);
  EXPECT_NEAR(line.per_minute, 2, 1e-9);
  EXPECT_NEAR(line(10), 228, 1e-9);
  EXPECT_EQ(line_through(RecentDemand(), 30)(10), 0);
}

TEST(ForecastErrors, GivesBackTheDistributionThatItWasFed) {
  ForecastErrors errors;
  std::mt19937 random(3);
  std::exponential_distribution<double> exponential(1);
  for (int i = 0; i < 20'000; ++i) errors.add(exponential(random));
  for (const double share : {0.1, 0.5, 0.9}) EXPECT_NEAR(errors.quantile(share), -std::log(1 - share), 0.1);
  EXPECT_NEAR(errors.share_above(1), std::exp(-1), 0.02);
  EXPECT_LT(errors.share_above(100), 1e-4);
  EXPECT_GT(errors.share_above(-100), 0.999);
}

TEST(ForecastErrors, KeepsCountOverYears) {
  ForecastErrors errors;
  for (int i = 0; i < 1'000'000; ++i) errors.add(i % 2 == 0 ? -1 : 1);
  EXPECT_NEAR(errors.share_above(0), 0.5, 0.01);
  EXPECT_NEAR(errors.quantile(0.25), -1, 0.3);
  EXPECT_TRUE(std::isfinite(errors.quantile(0)));
  EXPECT_TRUE(std::isfinite(errors.quantile(1)));
}

}  // namespace
}  // namespace tidegate::monitor
