// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/tier_desk.h"

#include <algorithm>

namespace tidegate::sim {

bool TierDesk::widen(const std::string& organisation, std::string_view tier, Now now) {
  const auto found = terms_.tiers.find(tier);
  if (found == terms_.tiers.end()) return false;
  upgrades_[organisation] = {.tier = found->first, .factor = found->second, .since = now, .is_given_back = false};
  return true;
}

bool TierDesk::give_back(std::string_view organisation) {
  const auto found = upgrades_.find(organisation);
  if (found == upgrades_.end()) return false;
  found->second.is_given_back = true;
  return true;
}

std::vector<std::string> TierDesk::end_due(Now now, const std::function<bool(const std::string&)>& fits_own_tier) {
  std::vector<std::string> ended;
  for (const auto& [organisation, upgrade] : upgrades_) {
    if (!upgrade.is_given_back || now.steady - upgrade.since.steady < terms_.shortest) continue;
    if (fits_own_tier(organisation)) ended.push_back(organisation);
  }
  for (const std::string& organisation : ended) upgrades_.erase(organisation);
  return ended;
}

const std::string* TierDesk::answer_to(std::string_view key) const {
  const auto found = std::find_if(answers_.begin(), answers_.end(), [&](const auto& one) { return one.first == key; });
  return found == answers_.end() ? nullptr : &found->second;
}

void TierDesk::remember(std::string key, std::string answer) {
  answers_.emplace_front(std::move(key), std::move(answer));
  if (answers_.size() > kMostKeys) answers_.pop_back();
}

}  // namespace tidegate::sim
