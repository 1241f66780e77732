// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace tidegate::monitor {
namespace {

/// The standard fixes what the engine gives, and not what its distributions make of it.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : engine_(seed) {}
  double uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) / 9007199254740992.0; }
  double exponential() { return -std::log(uniform()); }
  double normal() { return std::sqrt(2 * exponential()) * std::cos(6.283185307179586 * uniform()); }

 private:
  std::mt19937_64 engine_;
};

std::vector<std::uint32_t> numbers(std::size_t count) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

std::optional<Estimate> median_of(const std::vector<double>& values, std::vector<std::uint32_t> groups, std::uint64_t seed,
                                  std::size_t resamples = Bootstrap::kResamples) {
  Bootstrap bootstrap(std::move(groups));
  const std::size_t at = bootstrap.add_median(numbers(values.size()), values);
  return bootstrap.run(seed, resamples)[at];
}

TEST(Wilson, AgreesWithPublishedIntervals) {
  // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
  const struct {
    std::int64_t successes, trials;
    double low, high;
  } published[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0.0, 0.1611}, {1, 29, 0.0061, 0.1718}};
  for (const auto& [successes, trials, low, high] : published) {
    const auto found = wilson(successes, trials);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->low, low, 0.00006) << successes << "/" << trials;
    EXPECT_NEAR(found->high, high, 0.00006) << successes << "/" << trials;
  }
  EXPECT_EQ(wilson(20, 20)->high, 1);
  EXPECT_FALSE(wilson(0, 0));
}

TEST(PairedShareDifference, HasWidthEvenWhereNothingEverFailed) {
  const auto found = paired_share_difference(0, 0, 100);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->value, 0);
  EXPECT_NEAR(found->low, -0.0272, 0.0001);
  EXPECT_NEAR(found->high, 0.0272, 0.0001);
}

TEST(PairedShareDifference, HoldsTheTrueDifferenceInNinetyFiveOfAHundredRuns) {
  Noise noise(1);
  int held = 0;
  constexpr int kRuns = 2'000;
  for (int run = 0; run < kRuns; ++run) {
    std::int64_t only_first = 0, only_second = 0;
    for (int i = 0; i < 150; ++i) {
      const double draw = noise.uniform();  // 6 % fail at the second alone, 1 % at the first alone
      if (draw < 0.06) ++only_first;
      if (draw > 0.99) ++only_second;
    }
    const auto found = paired_share_difference(only_first, only_second, 150);
    held += found->low <= -0.05 && -0.05 <= found->high ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(held) / kRuns, 0.95, 0.02);
}

TEST(Median, IsTheMiddle) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_FALSE(median({}));
}

TEST(Bootstrap, GivesTheSameForTheSameSeed) {
  Noise noise(2);
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(noise.exponential());
  EXPECT_EQ(median_of(values, numbers(200), 7), median_of(values, numbers(200), 7));
  EXPECT_NE(median_of(values, numbers(200), 7)->low, median_of(values, numbers(200), 8)->low);
  EXPECT_EQ(median_of(values, numbers(200), 7)->value, *median(values));
}

// The exact distribution of a resample's median is known (Efron 1979): of n = 2m + 1 values in order it is at most the k-th with the
// chance that a binomial of n and k/n is above m.
TEST(Bootstrap, DrawsTheMedianAsTheExactDistributionHasIt) {
  constexpr int kValues = 101;
  std::vector<double> values;
  for (int i = 1; i <= kValues; ++i) values.push_back(i);
  const auto at_most = [](int k) {
    const double p = static_cast<double>(k) / kValues;
    double sum = 0;
    for (int j = (kValues + 1) / 2; j <= kValues; ++j) {
      const double ways = std::lgamma(kValues + 1) - std::lgamma(j + 1) - std::lgamma(kValues - j + 1);
      sum += k == kValues ? (j == kValues ? 1 : 0) : std::exp(ways + j * std::log(p) + (kValues - j) * std::log1p(-p));
    }
    return sum;
  };
  int low = 1, high = 1;
  while (at_most(low) < 0.025) ++low;
  while (at_most(high) < 0.975) ++high;
  const auto found = median_of(values, numbers(kValues), 3);
  EXPECT_NEAR(found->low, low, 1);
  EXPECT_NEAR(found->high, high, 1);
}

TEST(Bootstrap, HoldsTheTrueMedianInNinetyFiveOfAHundredRuns) {
  constexpr int kRuns = 500;
  constexpr std::size_t kPairs = 80;
  Noise noise(4);
  int held = 0;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    std::vector<double> values;
    for (std::size_t i = 0; i < kPairs; ++i) values.push_back(100 * noise.exponential() - 30);  // skewed, as delays are
    const auto found = median_of(values, numbers(kPairs), run, 1'000);
    const double truth = 100 * std::log(2.0) - 30;
    held += found->low <= truth && truth <= found->high ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(held) / kRuns, 0.95, 0.025);
}

TEST(Bootstrap, HoldsItForConversationsWhoseRequestsAreAlike) {
  constexpr int kRuns = 300;
  constexpr std::uint32_t kConversations = 40;
  constexpr std::uint32_t kRequests = 8;
  Noise noise(5);
  int held = 0, held_if_taken_apart = 0;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    std::vector<double> values;
    std::vector<std::uint32_t> groups;
    for (std::uint32_t conversation = 0; conversation < kConversations; ++conversation) {
      const double own = noise.normal();
      for (std::uint32_t i = 0; i < kRequests; ++i) {
        values.push_back(own + 0.3 * noise.normal());
        groups.push_back(conversation);
      }
    }
    const auto holds = [](const std::optional<Estimate>& found) { return found->low <= 0 && 0 <= found->high ? 1 : 0; };
    held += holds(median_of(values, groups, run, 600));
    held_if_taken_apart += holds(median_of(values, numbers(values.size()), run, 600));
  }
  EXPECT_NEAR(static_cast<double>(held) / kRuns, 0.95, 0.04);
  EXPECT_LT(static_cast<double>(held_if_taken_apart) / kRuns, 0.75) << "or else drawing whole conversations would be for nothing";
}

TEST(Bootstrap, WeighsARatioByItsSums) {
  Bootstrap bootstrap(numbers(3));
  const std::vector<double> cost{1, 1, 8}, usual{2, 2, 16}, nothing{0, 0, 0};
  const std::size_t half = bootstrap.add_ratio(numbers(3), cost, usual);
  const std::size_t undefined = bootstrap.add_ratio(numbers(3), cost, nothing);
  const std::size_t empty = bootstrap.add_median({}, {});
  const auto found = bootstrap.run(1);
  EXPECT_EQ(found[half], (Estimate{.value = 0.5, .low = 0.5, .high = 0.5, .count = 3}));
  EXPECT_FALSE(found[undefined]);
  EXPECT_FALSE(found[empty]);
}

}  // namespace
}  // namespace tidegate::monitor
