// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/charge_log.h"

#include <algorithm>

namespace tidegate::quota {
namespace {

void accumulate(PerDimension<double>& sum, const PerDimension<double>& more) {
  for (const Dimension d : kAllDimensions) sum[d] += more[d];
}

}  // namespace

void ChargeLog::move_to(std::int64_t newest) {
  if (newest_ < 0) {
    slots_.resize(kSlots);
    groups_.resize(kGroups);
  } else {
    const std::int64_t first = std::max(group_of(newest_) + 1, group_of(newest) - kGroups + 1);
    for (std::int64_t cleared = first; cleared <= group_of(newest); ++cleared) {
      group(cleared) = {};
      for (std::int64_t at = cleared * kGroup; at < (cleared + 1) * kGroup; ++at) slot(at) = {};
    }
  }
  newest_ = newest;
}

/// False: it is older than the log.
bool ChargeLog::make_place(std::int64_t place) {
  if (place > newest_) move_to(place);
  return place >= oldest_kept();
}

void ChargeLog::add(SteadyTime at, Dimension dimension, double amount) {
  const std::int64_t place = slot_of(at);
  if (!make_place(place)) return;
  slot(place)[dimension] += amount;
  group(group_of(place))[dimension] += amount;
}

void ChargeLog::add(SteadyTime at, const PerDimension<double>& amounts) {
  const std::int64_t place = slot_of(at);
  if (!make_place(place)) return;
  accumulate(slot(place), amounts);
  accumulate(group(group_of(place)), amounts);
}

PerDimension<double> ChargeLog::since(SteadyTime from) const {
  PerDimension<double> sum;
  if (newest_ < 0) return sum;
  std::int64_t at = std::max({slot_of(from), oldest_kept(), std::int64_t{0}});
  for (; at <= newest_ && at % kGroup != 0; ++at) accumulate(sum, slot(at));
  for (; at <= newest_; at += kGroup) accumulate(sum, group(group_of(at)));
  return sum;
}

void ChargeLog::merge(const ChargeLog& other) {
  if (other.newest_ < 0) return;
  if (other.newest_ > newest_) move_to(other.newest_);
  for (std::int64_t at = std::max({other.oldest_kept(), oldest_kept(), std::int64_t{0}}); at <= other.newest_; ++at) {
    accumulate(slot(at), other.slot(at));
    accumulate(group(group_of(at)), other.slot(at));
  }
}

}  // namespace tidegate::quota
