// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::sim {

/// What a provider's upgrade desk grants.
struct TierTerms {
  std::map<std::string, double, std::less<>> tiers;  ///< name → times an organisation's own limits
  Nanoseconds shortest = std::chrono::minutes(30);   ///< an upgrade lasts at least so long

  friend bool operator==(const TierTerms&, const TierTerms&) = default;
};

/// Which organisations have a wider tier than their own. Whoever asks gets it at once. Whoever gives it back keeps it
/// for the shortest term, and for as long as the use does not fit the organisation's own tier: no upgrade ends in the
/// middle of what it was bought for. Pure; one thread.
class TierDesk {
 public:
  struct Upgrade {
    std::string tier;
    double factor = 1;
    Now since{};
    bool is_given_back = false;

    friend bool operator==(const Upgrade&, const Upgrade&) = default;
  };
  using Upgrades = std::map<std::string, Upgrade, std::less<>>;  ///< by organisation

  explicit TierDesk(TierTerms terms) : terms_(std::move(terms)) {}

  /// From now on; its term begins anew. False: there is no such tier.
  bool widen(const std::string& organisation, std::string_view tier, Now now);
  /// False: it has none.
  bool give_back(std::string_view organisation);
  /// Ends the upgrades whose time has come, and gives whose they were.
  std::vector<std::string> end_due(Now now, const std::function<bool(const std::string& organisation)>& fits_own_tier);
  void clear() { upgrades_.clear(); }

  [[nodiscard]] const Upgrades& upgrades() const { return upgrades_; }
  [[nodiscard]] const TierTerms& terms() const { return terms_; }

  // What was answered to a key, so that a call that comes twice counts once. The last kMostKeys.
  [[nodiscard]] const std::string* answer_to(std::string_view key) const;
  void remember(std::string key, std::string answer);
  static constexpr std::size_t kMostKeys = 1'000;

 private:
  TierTerms terms_;
  Upgrades upgrades_;
  std::deque<std::pair<std::string, std::string>> answers_;  ///< newest first
};

}  // namespace tidegate::sim
