// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::monitor {

/// Whose demand a forecast is about.
enum class ForecastScope : std::uint8_t {
  All,
  Pool,  ///< all pools that a provider has for a group of models: a request waits for whichever has room
  Model,
  Tenant,
  Key,  ///< a virtual key that has limits of its own
};
/// `all`, `pool`, `model`, `tenant`, `key`.
[[nodiscard]] std::string_view to_string(ForecastScope scope);
[[nodiscard]] std::optional<ForecastScope> forecast_scope_named(std::string_view name);

/// What of demand is counted, per minute.
enum class DemandMeasure : std::uint8_t {
  Requests,
  InputTokens,  ///< as providers' limits count: written to the prompt cache included, read from it not
  OutputTokens,
  Cost,  ///< dollars
  /// Input and output together, as the limits of the scope count them: of a pool without what was read from the prompt
  /// cache, else all.
  Tokens,
};
/// `requests`, `input_tokens`, `output_tokens`, `cost_usd`, `tokens`.
[[nodiscard]] std::string_view to_string(DemandMeasure measure);

/// How likely one limit or budget runs out within the horizon: what alert rules look at.
struct ExhaustionForecast {
  ForecastScope scope = ForecastScope::All;
  std::string name;  ///< of the pool (`provider/model_group`), model, tenant or key; empty for all
  DemandMeasure measure = DemandMeasure::Requests;
  std::string limit;  ///< `requests per minute`, `daily budget` …
  double probability = 0;
  std::optional<std::chrono::minutes> first_crossing = {};  ///< from now; absent: never within the horizon
  std::string reason;                                       ///< one sentence, for people

  friend bool operator==(const ExhaustionForecast&, const ExhaustionForecast&) = default;
};

}  // namespace tidegate::monitor
