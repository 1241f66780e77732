// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/definition.h"

namespace tidegate::metrics {

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::Counter: return "counter";
    case MetricType::Gauge: return "gauge";
    case MetricType::Histogram: return "histogram";
  }
  return {};
}

std::string_view to_string(Unit unit) {
  switch (unit) {
    case Unit::One: return "1";
    case Unit::Requests: return "requests";
    case Unit::Tokens: return "tokens";
    case Unit::Bytes: return "bytes";
    case Unit::Seconds: return "seconds";
    case Unit::Dollars: return "US dollars";
  }
  return {};
}

}  // namespace tidegate::metrics
