// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/figure_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace tidegate::monitor {

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first_digit = number < 0 ? 1 : 0;
  for (std::size_t i = text.size(); i > first_digit + 3;) {
    i -= 3;
    text.insert(i, ",");
  }
  return text;
}

std::string percent_text(double share) {
  if (share <= 0) return "0 %";
  if (share >= 1) return "100 %";
  if (share >= 0.0005 && share < 0.9995) return fmt::format("{:.1f} %", share * 100);
  return fmt::format("{:.2f} %", std::clamp(share * 100, 0.01, 99.99));
}

std::string milliseconds_text(double milliseconds) {
  if (std::abs(milliseconds) >= 10'000) return fmt::format("{:.1f} s", milliseconds / 1'000);
  return grouped(std::llround(milliseconds)) + " ms";
}

}  // namespace tidegate::monitor
