// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "quota/book/live_room.h"
#include "store/ledger_query.h"
#include "upstream/provider_options.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tidegate::app {

/// What every pool used during the day and the month before this process began: limits over such times are in no header, so that only
/// the ledger remembers them. Written before workers begin, read by any thread after.
class PeriodUse {
 public:
  /// Whether any provider has a limit of that kind, or may come to have one because its Admin API is asked.
  [[nodiscard]] static bool is_needed(std::span<const upstream::ProviderOptions> providers);

  /// Reads the last thirty days. Failure: the ledger's.
  [[nodiscard]] Result<void> restore(store::LedgerQueries& ledger, std::span<const upstream::ProviderOptions> providers, WallTime now);
  /// Adds it to what is known of the pools of a provider's model group; older use has rolled off in proportion.
  void add_to(std::vector<quota::KnownPool>& pools, std::string_view provider, std::string_view model_group, WallTime now) const;

 private:
  using Name = std::tuple<std::string, std::string, std::string>;  ///< provider, model group, pool
  std::map<Name, quota::PerPeriod<double>> used_;
  WallTime at_{};
};

}  // namespace tidegate::app
