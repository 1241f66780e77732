// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tidegate::sim {

inline constexpr std::string_view kSignedBy = "c2lnbmVkLWJ5";

/// What an organisation signs its thinking with, each answer differently. Whose it is can be told from it within one process.
[[nodiscard]] inline std::string thinking_signature(std::string_view organisation, std::string_view answer_id) {
  return fmt::format("{}{:016x}/{}==", kSignedBy, std::uint64_t{std::hash<std::string_view>{}(organisation)}, answer_id);
}

/// Whether another organisation of this simulator signed it: a provider then refuses the turn. What the simulator did not make, recorded
/// conversations say, it takes.
[[nodiscard]] inline bool is_anothers_signature(std::string_view signature, std::string_view organisation) {
  const std::string own = thinking_signature(organisation, {});
  const std::string_view made_by = std::string_view(own).substr(0, kSignedBy.size() + 17);
  return signature.starts_with(kSignedBy) && !signature.starts_with(made_by);
}

}  // namespace tidegate::sim
