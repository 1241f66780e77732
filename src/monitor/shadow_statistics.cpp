// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace tidegate::monitor {

namespace {

constexpr double kNormal95 = 1.959964;

/// SplitMix64 (Steele, Lea, Flood 2014). The standard's distributions differ from library to library; this does not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// 0 … bound − 1; the bias of the multiplication is below bound ÷ 2^64.
  std::uint32_t below(std::uint32_t bound) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    z ^= z >> 31;
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint32_t>(static_cast<Wide>(z) * bound >> 64);
  }

 private:
  std::uint64_t state_;
};

/// Of values in order.
double quantile(std::span<const double> sorted, double share) {
  return sorted[static_cast<std::size_t>(std::lround(share * static_cast<double>(sorted.size() - 1)))];
}

double weighted_median(std::span<const double> sorted, std::span<const std::uint32_t> groups, std::span<const std::uint32_t> weights,
                       std::uint64_t total) {
  const std::uint64_t low = (total - 1) / 2;
  const std::uint64_t high = total / 2;
  std::uint64_t passed = 0;
  std::size_t i = 0;
  while ((passed += weights[groups[i]]) <= low) ++i;
  const double at_low = sorted[i];
  while (passed <= high) passed += weights[groups[++i]];
  return (at_low + sorted[i]) / 2;
}

}  // namespace

std::optional<Estimate> wilson(std::int64_t successes, std::int64_t trials) {
  if (trials <= 0) return std::nullopt;
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n;
  const double z2 = kNormal95 * kNormal95;
  const double centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kNormal95 * std::sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n);
  // At the ends the formula gives exactly 0 and 1, but for rounding.
  return Estimate{.value = share,
                  .low = successes == 0 ? 0 : centre - half,
                  .high = successes == trials ? 1 : centre + half,
                  .count = static_cast<std::size_t>(trials)};
}

std::optional<Estimate> paired_share_difference(std::int64_t only_first, std::int64_t only_second, std::int64_t trials) {
  if (trials <= 0) return std::nullopt;
  const double n = static_cast<double>(trials) + 2;
  const double first = (static_cast<double>(only_first) + 1) / n;
  const double second = (static_cast<double>(only_second) + 1) / n;
  const double centre = second - first;
  const double half = kNormal95 * std::sqrt((first + second - centre * centre) / n);
  const double value = static_cast<double>(only_second - only_first) / static_cast<double>(trials);
  return Estimate{.value = value,
                  .low = std::max(-1.0, centre - half),
                  .high = std::min(1.0, centre + half),
                  .count = static_cast<std::size_t>(trials)};
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

Bootstrap::Bootstrap(std::vector<std::uint32_t> group_of_pair) : group_of_pair_(std::move(group_of_pair)) {
  for (const std::uint32_t group : group_of_pair_) groups_ = std::max(groups_, group + 1);
}

std::size_t Bootstrap::add_median(std::span<const std::uint32_t> pairs, std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  Statistic& statistic = statistics_.emplace_back();
  for (const std::size_t i : order) {
    statistic.groups.push_back(group_of_pair_[pairs[i]]);
    statistic.values.push_back(values[i]);
  }
  return statistics_.size() - 1;
}

std::size_t Bootstrap::add_ratio(std::span<const std::uint32_t> pairs, std::span<const double> values, std::span<const double> divisors) {
  Statistic& statistic = statistics_.emplace_back();
  for (const std::uint32_t pair : pairs) statistic.groups.push_back(group_of_pair_[pair]);
  statistic.values.assign(values.begin(), values.end());
  statistic.divisors.assign(divisors.begin(), divisors.end());
  return statistics_.size() - 1;
}

std::optional<double> Bootstrap::evaluate(const Statistic& statistic, std::span<const std::uint32_t> weights) {
  if (statistic.divisors.empty()) {
    std::uint64_t total = 0;
    for (const std::uint32_t group : statistic.groups) total += weights[group];
    if (total == 0) return std::nullopt;
    return weighted_median(statistic.values, statistic.groups, weights, total);
  }
  double sum = 0;
  double divisor = 0;
  for (std::size_t i = 0; i < statistic.values.size(); ++i) {
    const auto weight = static_cast<double>(weights[statistic.groups[i]]);
    sum += weight * statistic.values[i];
    divisor += weight * statistic.divisors[i];
  }
  return divisor > 0 ? std::optional(sum / divisor) : std::nullopt;
}

std::vector<std::optional<Estimate>> Bootstrap::run(std::uint64_t seed, std::size_t resamples) const {
  std::vector<std::optional<Estimate>> found;
  const std::vector<std::uint32_t> once(groups_, 1);
  for (const Statistic& statistic : statistics_) {
    const std::optional<double> value = evaluate(statistic, once);
    found.push_back(value ? std::optional(Estimate{.value = *value, .count = statistic.values.size()}) : std::nullopt);
  }
  std::vector<std::vector<double>> drawn(statistics_.size());
  std::vector<std::uint32_t> weights(groups_);
  Random random(seed);
  for (std::size_t round = 0; round < resamples; ++round) {
    std::fill(weights.begin(), weights.end(), 0U);
    for (std::uint32_t i = 0; i < groups_; ++i) ++weights[random.below(groups_)];
    for (std::size_t i = 0; i < statistics_.size(); ++i) {
      if (!found[i]) continue;
      if (const auto value = evaluate(statistics_[i], weights)) drawn[i].push_back(*value);
    }
  }
  for (std::size_t i = 0; i < statistics_.size(); ++i) {
    if (!found[i]) continue;
    std::sort(drawn[i].begin(), drawn[i].end());
    found[i]->low = drawn[i].empty() ? found[i]->value : quantile(drawn[i], 0.025);
    found[i]->high = drawn[i].empty() ? found[i]->value : quantile(drawn[i], 0.975);
  }
  return found;
}

}  // namespace tidegate::monitor
