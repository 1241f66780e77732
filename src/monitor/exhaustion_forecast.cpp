// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/exhaustion_forecast.h"

namespace tidegate::monitor {

std::string_view to_string(ForecastScope scope) {
  switch (scope) {
    case ForecastScope::All: return "all";
    case ForecastScope::Pool: return "pool";
    case ForecastScope::Model: return "model";
    case ForecastScope::Tenant: return "tenant";
  }
  return {};
}

std::string_view to_string(DemandMeasure measure) {
  switch (measure) {
    case DemandMeasure::Requests: return "requests";
    case DemandMeasure::InputTokens: return "input_tokens";
    case DemandMeasure::OutputTokens: return "output_tokens";
    case DemandMeasure::Cost: return "cost_usd";
  }
  return {};
}

}  // namespace tidegate::monitor
