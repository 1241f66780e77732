// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/period_limits.h"

#include <algorithm>

namespace tidegate::quota {

std::string_view to_string(PeriodDimension dimension) {
  switch (dimension) {
    case PeriodDimension::RequestsPerDay: return "requests_per_day";
    case PeriodDimension::TokensPerDay: return "tokens_per_day";
    case PeriodDimension::RequestsPerMonth: return "requests_per_month";
    case PeriodDimension::TokensPerMonth: return "tokens_per_month";
  }
  return "unknown";
}

double period_seconds(PeriodDimension dimension) {
  constexpr double kDay = 24 * 60 * 60;
  return dimension == PeriodDimension::RequestsPerDay || dimension == PeriodDimension::TokensPerDay ? kDay : 30 * kDay;
}

void PeriodLevels::set_limits(const PeriodLimits& limits) {
  any_ = false;
  for (const PeriodDimension d : kPeriodDimensions) {
    if (limits[d]) levels_[d] = limits_[d] ? levels_[d] + *limits[d] - *limits_[d] : *limits[d];
    limits_[d] = limits[d];
    any_ = any_ || limits[d].has_value();
  }
}

void PeriodLevels::set_used(PeriodDimension dimension, double used) {
  if (limits_[dimension]) levels_[dimension] = *limits_[dimension] - std::max(0.0, used);
}

void PeriodLevels::advance(double seconds) {
  if (!any_) return;
  for (const PeriodDimension d : kPeriodDimensions) {
    if (limits_[d]) levels_[d] = std::min(*limits_[d], levels_[d] + *limits_[d] * seconds / period_seconds(d));
  }
}

void PeriodLevels::charge(double requests, double tokens) {
  if (!any_) return;
  for (const PeriodDimension d : kPeriodDimensions) {
    if (limits_[d]) levels_[d] = std::min(*limits_[d], levels_[d] - (counts_tokens(d) ? tokens : requests));
  }
}

PeriodLevels::Wait PeriodLevels::wait(double tokens) const {
  Wait longest;
  if (!any_) return longest;
  for (const PeriodDimension d : kPeriodDimensions) {
    if (!limits_[d]) continue;
    // What is larger than the whole limit goes when it is full: the provider judges it.
    const double missing = std::min(counts_tokens(d) ? tokens : 1.0, *limits_[d]) - levels_[d];
    const double seconds = missing * period_seconds(d) / *limits_[d];
    if (missing > 1e-6 && seconds > longest.seconds) longest = {seconds, d};
  }
  return longest;
}

void PeriodLevels::merge(const PeriodLevels& other) {
  for (const PeriodDimension d : kPeriodDimensions) {
    if (!other.limits_[d]) continue;
    const double used = (limits_[d] ? *limits_[d] - levels_[d] : 0) + (*other.limits_[d] - other.levels_[d]);
    limits_[d] = limits_[d] ? std::min(*limits_[d], *other.limits_[d]) : *other.limits_[d];
    levels_[d] = *limits_[d] - used;
    any_ = true;
  }
}

}  // namespace tidegate::quota
