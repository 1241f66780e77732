// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "base/time.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::upstream {

/// Whose way of telling what is left of the money.
enum class BalanceKind : std::uint8_t { OneApi, NewApi, OpenRouter, DeepSeek, Moonshot, SiliconFlow };
[[nodiscard]] constexpr std::string_view to_string(BalanceKind kind) {
  switch (kind) {
    case BalanceKind::OneApi: return "one_api";
    case BalanceKind::NewApi: return "new_api";
    case BalanceKind::OpenRouter: return "openrouter";
    case BalanceKind::DeepSeek: return "deepseek";
    case BalanceKind::Moonshot: return "moonshot";
    case BalanceKind::SiliconFlow: return "siliconflow";
  }
  return "";
}

/// How the money that is left at a provider is watched.
struct BalanceOptions {
  BalanceKind kind = BalanceKind::OneApi;
  Nanoseconds every = std::chrono::minutes(1);
  double warn_below = 5;  ///< in the currency of the provider's answer
  std::string url;        ///< what the kind's paths are put after; empty = origin of the provider's `base_url`
  Secret key;             ///< of the account; empty = the first of the provider's own
  std::string key_name;   ///< the variable or file it came from, for people

  friend bool operator==(const BalanceOptions&, const BalanceOptions&) = default;
};

}  // namespace tidegate::upstream
