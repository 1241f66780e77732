// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "quota/dimension.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::quota {

/// What some providers limit over longer times than a minute. No header tells of these.
enum class PeriodDimension : std::uint8_t { RequestsPerDay, TokensPerDay, RequestsPerMonth, TokensPerMonth };
inline constexpr std::array kPeriodDimensions{PeriodDimension::RequestsPerDay, PeriodDimension::TokensPerDay, PeriodDimension::RequestsPerMonth,
                                              PeriodDimension::TokensPerMonth};
[[nodiscard]] std::string_view to_string(PeriodDimension dimension);
/// Of a day, or of a month of thirty.
[[nodiscard]] double period_seconds(PeriodDimension dimension);
[[nodiscard]] constexpr bool counts_tokens(PeriodDimension dimension) {
  return dimension == PeriodDimension::TokensPerDay || dimension == PeriodDimension::TokensPerMonth;
}

/// One value per period dimension.
template <typename T>
class PerPeriod {
 public:
  [[nodiscard]] T& operator[](PeriodDimension dimension) { return values_[static_cast<std::size_t>(dimension)]; }
  [[nodiscard]] const T& operator[](PeriodDimension dimension) const { return values_[static_cast<std::size_t>(dimension)]; }
  friend bool operator==(const PerPeriod&, const PerPeriod&) = default;

 private:
  std::array<T, kPeriodDimensions.size()> values_{};
};
/// In one period; tokens of input and output together. What is absent is not limited.
using PeriodLimits = PerPeriod<std::optional<double>>;

/// How much of the long limits of a pool is left. Buckets like those of a minute: they refill all the time, so that what is used up
/// early in a day comes back over the next, however the provider draws its days. Pure; time is told by `advance`.
class PeriodLevels {
 public:
  /// A limit that was not there begins full; one that changes keeps what is used.
  void set_limits(const PeriodLimits& limits);
  /// What was used of a limit during the last period, as the ledger knows it. Without such a limit: ignored.
  void set_used(PeriodDimension dimension, double used);
  void advance(double seconds);
  /// Negative: comes back.
  void charge(double requests, double tokens);

  /// Seconds until a request of so many tokens fits, which is now for 0; and which limit it is that lasts longest.
  struct Wait {
    double seconds = 0;
    PeriodDimension dimension = PeriodDimension::RequestsPerDay;
  };
  [[nodiscard]] Wait wait(double tokens) const;

  [[nodiscard]] bool any() const { return any_; }
  [[nodiscard]] std::optional<double> limit(PeriodDimension dimension) const { return limits_[dimension]; }
  [[nodiscard]] double level(PeriodDimension dimension) const { return levels_[dimension]; }
  /// Two pools turn out to be one: the smaller limit and what both used.
  void merge(const PeriodLevels& other);

 private:
  PeriodLimits limits_;
  PerPeriod<double> levels_;
  bool any_ = false;
};

}  // namespace tidegate::quota
