// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/byte_size.h"

#include "base/number.h"

#include <fmt/format.h>

#include <array>

namespace tidegate::config {

namespace {

struct Unit {
  std::string_view name;
  std::size_t bytes;
};

// Longest names first when reading; largest units first when printing: this order serves both.
constexpr std::array<Unit, 9> kUnits{{{"TiB", std::size_t{1} << 40},
                                      {"GiB", std::size_t{1} << 30},
                                      {"MiB", std::size_t{1} << 20},
                                      {"KiB", std::size_t{1} << 10},
                                      {"GB", 1'000'000'000},
                                      {"MB", 1'000'000},
                                      {"KB", 1'000},
                                      {"kB", 1'000},
                                      {"B", 1}}};

}  // namespace

Result<std::size_t> parse_byte_size(std::string_view text) {
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    std::string_view digits = text.substr(0, text.size() - unit.name.size());
    while (digits.ends_with(' ')) digits.remove_suffix(1);
    const auto count = parse_integer<std::size_t>(digits);
    std::size_t bytes = 0;
    if (!count || __builtin_mul_overflow(*count, unit.bytes, &bytes)) break;
    return bytes;
  }
  return fail(FailureKind::InvalidInput, Origin::Operator,
              fmt::format("'{}' is not a size; write a whole number with its unit, as in 64KiB, 32MB or 512MiB", text));
}

std::string byte_size_text(std::size_t bytes) {
  if (bytes == 0) return "0B";
  for (const Unit& unit : kUnits) {
    if (bytes % unit.bytes == 0) return fmt::format("{}{}", bytes / unit.bytes, unit.name);
  }
  return fmt::format("{}B", bytes);
}

}  // namespace tidegate::config
