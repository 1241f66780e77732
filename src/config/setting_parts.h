// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

// What the tables of settings are made of, beside the types of config/type.h.
#include "config/type.h"

#include <cstddef>
#include <optional>
#include <string>

/// A place in a `T`: the accessor of a field. Generic, because it serves reading and printing.
#define TIDEGATE_AT(member) \
  [](auto& whole) -> auto& { return whole.member; }

namespace tidegate::config {

inline constexpr auto kItself = [](auto& whole) -> auto& { return whole; };

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;
inline constexpr std::size_t kGiB = 1024 * kMiB;

// For `checked_text`: why a text is none of these; nothing if it is one.
[[nodiscard]] std::optional<std::string> why_not_a_name(const std::string& text);
[[nodiscard]] std::optional<std::string> why_not_a_header(const std::string& text);
/// Of a URL without credentials, query and fragment.
[[nodiscard]] std::optional<std::string> why_not_an_origin(const std::string& text);
/// The same, and without the part of the path that requests bring along.
[[nodiscard]] std::optional<std::string> why_not_a_base_url(const std::string& text);
/// Of `http://host:port` or `none`.
[[nodiscard]] std::optional<std::string> why_not_a_proxy(const std::string& text);

/// A name that is a type of its own (base/ids.h).
template <typename Id>
Type<Id> id() {
  return converted<Id, std::string>(
      checked_text("name", why_not_a_name),
      [](Reading&, const Node&, const std::string& text) -> std::optional<Id> { return Id(text); },
      [](const Id& value) { return value.text(); });
}

}  // namespace tidegate::config
