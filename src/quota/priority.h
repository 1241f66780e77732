// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tidegate::quota {

/// Who goes first where requests wait: a person before a job of many requests.
enum class Priority : std::uint8_t { Interactive, Batch };
inline constexpr std::array kPriorities{Priority::Interactive, Priority::Batch};

[[nodiscard]] constexpr std::string_view to_string(Priority priority) {
  return priority == Priority::Batch ? "batch" : "interactive";
}

}  // namespace tidegate::quota
