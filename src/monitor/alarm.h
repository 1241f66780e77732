// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::monitor {

enum class Severity : std::uint8_t { Warning, Critical };
[[nodiscard]] constexpr std::string_view to_string(Severity severity) {
  return severity == Severity::Critical ? "critical" : "warning";
}

/// Something that an operator has to know until it is over.
struct Alarm {
  std::string kind;     ///< of a closed set: `price_unknown`, `ledger`, `journal_full`, `certificate`, `configuration` …
  std::string subject;  ///< what it is about: a model, a file; empty if there is only one
  Severity severity = Severity::Warning;
  std::string message;  ///< what is wrong, what follows from it, what to do
  WallTime since{};
};

}  // namespace tidegate::monitor
