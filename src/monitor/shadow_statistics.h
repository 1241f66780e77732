// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tidegate::monitor {

/// A figure with its 95 % interval.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
  std::size_t count = 0;  ///< observations it rests on

  /// Of a normal distribution with this interval: its half width ÷ 1.96.
  [[nodiscard]] double standard_error() const { return (high - low) / (2 * 1.959964); }
  friend bool operator==(const Estimate&, const Estimate&) = default;
};

/// A share of successes with Wilson's score interval (Wilson 1927): inside 0…1 and honest near its ends. Nothing without a trial.
[[nodiscard]] std::optional<Estimate> wilson(std::int64_t successes, std::int64_t trials);

/// Second share less first share, of two outcomes of the same trials, by the adjusted interval of Bonett and Price (2012): right for
/// few trials, and not of zero width where both always succeed.
/// `only_first`, `only_second`: trials in which one succeeded and the other did not. Nothing without a trial.
[[nodiscard]] std::optional<Estimate> paired_share_difference(std::int64_t only_first, std::int64_t only_second, std::int64_t trials);

/// The value in the middle; of an even number the mean of the two. Nothing of nothing.
[[nodiscard]] std::optional<double> median(std::vector<double> values);

/// Percentile bootstrap over groups of observations: what belongs together (a conversation) is drawn together, because it is alike.
///
///     Bootstrap bootstrap(group_of_pair);                     // pair 0 is of group group_of_pair[0] …
///     const std::size_t first = bootstrap.add_median(pairs, differences);
///     const std::vector<std::optional<Estimate>> found = bootstrap.run(seed);   // found[first]
///
/// Every resample draws as many groups as there are, with replacement, and serves all statistics: pairs stay pairs. The same seed
/// gives the same figures on every machine.
class Bootstrap {
 public:
  /// Groups are numbered from 0 without gaps.
  explicit Bootstrap(std::vector<std::uint32_t> group_of_pair);

  // Each gives its place in what `run` returns. `pairs[i]` is the pair that `values[i]` is of.
  std::size_t add_median(std::span<const std::uint32_t> pairs, std::span<const double> values);
  /// Sum of values ÷ sum of divisors.
  std::size_t add_ratio(std::span<const std::uint32_t> pairs, std::span<const double> values, std::span<const double> divisors);

  static constexpr std::size_t kResamples = 2'000;
  /// Time: some 10 ns per pair, statistic and thousand resamples: a fifth of a second for 10,000 pairs and six statistics.
  /// Nothing for a statistic without an observation, or a ratio without a divisor.
  [[nodiscard]] std::vector<std::optional<Estimate>> run(std::uint64_t seed, std::size_t resamples = kResamples) const;

 private:
  struct Statistic {
    std::vector<std::uint32_t> groups;  ///< of each value
    std::vector<double> values;         ///< of a median: in order of size
    std::vector<double> divisors;       ///< empty: a median
  };
  [[nodiscard]] static std::optional<double> evaluate(const Statistic& statistic, std::span<const std::uint32_t> weights);

  std::vector<std::uint32_t> group_of_pair_;
  std::uint32_t groups_ = 0;
  std::vector<Statistic> statistics_;
};

}  // namespace tidegate::monitor
