// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/exhaustion_forecast.h"

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace tidegate::monitor {

inline constexpr std::array kDemandMeasures{DemandMeasure::Requests, DemandMeasure::InputTokens,
                                            DemandMeasure::OutputTokens, DemandMeasure::Cost, DemandMeasure::Tokens};

/// Whose demand: what a series of it is called by.
struct DemandName {
  ForecastScope scope = ForecastScope::All;
  std::string name = {};  ///< empty for all

  friend auto operator<=>(const DemandName&, const DemandName&) = default;
};

/// What was asked for in some time.
struct Demand {
  std::array<double, kDemandMeasures.size()> served{};  ///< by DemandMeasure
  /// Requests that were asked for and not served: refused for want of capacity, or (the difference to before) waiting.
  /// What they would have used is not known. Negative where waiting ones were served.
  double unserved = 0;

  [[nodiscard]] double& operator[](DemandMeasure measure) { return served[static_cast<std::size_t>(measure)]; }
  [[nodiscard]] double operator[](DemandMeasure measure) const { return served[static_cast<std::size_t>(measure)]; }
  Demand& operator+=(const Demand& other);

  friend bool operator==(const Demand&, const Demand&) = default;
};

/// Some requests with the same labels. Views, borrowed for a call; an empty one is left out, the demand counts for all
/// in any case.
struct DemandSample {
  std::string_view pool = {};  ///< `provider/model_group`: where they were to go, wherever they went
  std::string_view model = {};
  std::string_view tenant = {};
  std::string_view key = {};
  Demand demand = {};        ///< its tokens are all that there were
  double cached_tokens = 0;  ///< of them, read from the prompt cache
};

/// The demand of one minute, by everything that it is forecast for.
class DemandMinute {
 public:
  /// Labels come from clients: from the kMostNames-th name on, new ones count for all alone.
  void add(const DemandSample& sample);
  /// What was added above as wanted from another pool and came to this one, the spare: it is asked for there as well,
  /// and counts for nobody else a second time.
  void add_spare(const DemandSample& sample);
  /// Who has come to wait since `before` was true, less those who no longer do, where both say how many waited
  /// (`unserved`).
  void add_waiting(const DemandMinute& before, const DemandMinute& now);
  /// Leaves out the keys that are not among these.
  void keep_keys(const std::set<std::string, std::less<>>& keys);
  [[nodiscard]] const std::map<DemandName, Demand>& by_name() const { return by_name_; }

  static constexpr std::size_t kMostNames = 2'000;

 private:
  void add(ForecastScope scope, std::string_view name, const Demand& demand);

  std::map<DemandName, Demand> by_name_;
};

}  // namespace tidegate::monitor
