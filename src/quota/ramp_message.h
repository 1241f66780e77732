// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "quota/dimension.h"

#include <optional>
#include <string_view>

namespace tidegate::quota {

/// What a 429 about too sharp an increase says: input tokens per minute.
struct RampFigures {
  double now = 0;
  double at_next_minute = 0;

  friend bool operator==(const RampFigures&, const RampFigures&) = default;
};

/// Reads "Your current limit is 58,276 input tokens per minute, and will increase to 68,276 at the next minute boundary". Nothing if
/// either figure is missing.
[[nodiscard]] std::optional<RampFigures> parse_ramp_message(std::string_view message);

/// The limit that a 429 names: "… rate limit of 30,000 input tokens per minute …". Nothing if it names none.
[[nodiscard]] std::optional<Dimension> parse_refused_dimension(std::string_view message);

}  // namespace tidegate::quota
