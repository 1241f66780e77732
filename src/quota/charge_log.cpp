// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/charge_log.h"

#include <algorithm>

namespace tidegate::quota {

void ChargeLog::add(SteadyTime at, Dimension dimension, double amount) {
  const std::int64_t slot = slot_of(at);
  if (newest_ < 0) {
    newest_ = oldest_ = slot;
    slots_[place_of(slot)] = {};
  }
  if (slot < oldest_) return;
  if (slot > newest_) {
    const std::int64_t first = std::max(newest_ + 1, slot - static_cast<std::int64_t>(kSlots) + 1);
    for (std::int64_t cleared = first; cleared <= slot; ++cleared) slots_[place_of(cleared)] = {};
    newest_ = slot;
    oldest_ = std::max(oldest_, slot - static_cast<std::int64_t>(kSlots) + 1);
  }
  slots_[place_of(slot)][dimension] += amount;
}

double ChargeLog::since(SteadyTime from, Dimension dimension) const {
  if (newest_ < 0) return 0;
  double sum = 0;
  for (std::int64_t slot = std::max(slot_of(from), oldest_); slot <= newest_; ++slot) sum += slots_[place_of(slot)][dimension];
  return sum;
}

}  // namespace tidegate::quota
