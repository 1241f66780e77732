// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::monitor {

/// What is left of the money at a provider, as it tells.
struct Balance {
  struct Amount {
    std::string currency;  ///< ISO 4217: three capital letters
    double left = 0;       ///< may be negative

    friend bool operator==(const Amount&, const Amount&) = default;
  };
  std::vector<Amount> amounts;  ///< one per currency; empty where is_unlimited
  bool is_unlimited = false;    ///< the key has no limit of its own, and what its account has is not told
  bool is_usable = true;        ///< false: the provider says itself that it serves nothing more

  friend bool operator==(const Balance&, const Balance&) = default;
};

enum class BalanceState : std::uint8_t {
  Pending,  ///< not read yet
  Good,
  Low,      ///< below `warn_below` in every currency
  Unknown,  ///< could not be read several times in a row
};
[[nodiscard]] constexpr std::string_view to_string(BalanceState state) {
  switch (state) {
    case BalanceState::Pending: return "pending";
    case BalanceState::Good: return "good";
    case BalanceState::Low: return "low";
    case BalanceState::Unknown: return "unknown";
  }
  return "";
}

/// What is known of one provider's balance.
struct ProviderBalance {
  std::string provider;
  BalanceState state = BalanceState::Pending;
  Balance balance;  ///< as last read; meaningless without read_at
  double warn_below = 0;
  std::optional<WallTime> read_at;
  std::string trouble;  ///< why the last reading failed; empty if it did not
};

}  // namespace tidegate::monitor
