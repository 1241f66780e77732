// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/model/tier_desk.h"
#include "sim/server/provider.h"
#include "sim/server/reply.h"
#include "sim/server/request_reader.h"

#include <atomic>
#include <map>
#include <mutex>
#include <string>

namespace tidegate::sim {

/// The upgrade interface: where an organisation gets a wider tier, and gives it back. Any thread; one lock, taken
/// before the provider's.
///
///     POST /sim/upgrades[?organisation=org-a]
///     idempotency-key: …
///     x-tidegate-timestamp: 1764160000
///     x-tidegate-signature: v1=…          HMAC-SHA256 of timestamp, dot and body, if a secret is set
///     {"event": "trigger", "proposed_tier": "double"}     or {"event": "return"}
///
/// What else stands in the body is for people. 200 tells how the organisation stands; a key that was seen gets the
/// answer it got.
class Upgrades {
 public:
  explicit Upgrades(Provider& provider)
      : provider_(provider), desk_(provider.options().tiers), secret_(provider.options().upgrade_secret) {}

  [[nodiscard]] Reply serve(const Request& request, Now now);
  /// Ends upgrades whose time has come; cheap while there are none to end. Before each request.
  void look(Now now);
  /// All have their own tier again, by the provider's books: those it is given anew.
  void reset();

 private:
  [[nodiscard]] std::string why_refused(const Request& request, Now now) const;
  [[nodiscard]] Reply take(const Request& request, const std::string& organisation, Now now);
  [[nodiscard]] bool fits_own_tier(const std::string& organisation, Now now) const;
  [[nodiscard]] std::string standing() const;

  Provider& provider_;
  mutable std::mutex mutex_;  ///< guards the fields below
  TierDesk desk_;
  const std::string secret_;
  std::map<std::string, OrganisationLimits, std::less<>> own_;  ///< of those who have a wider tier
  std::atomic<SteadyTime::rep> look_at_{kNever};                ///< when something may have to end

  static constexpr SteadyTime::rep kNever = SteadyTime::max().time_since_epoch().count();
};

}  // namespace tidegate::sim
