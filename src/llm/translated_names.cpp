// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/translated_names.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

namespace tidegate::llm {

namespace {

/// Marks an id that was rewritten: `_` and two hex digits stand for each byte that is no letter, digit or `-`.
constexpr std::string_view kRewritten = "tgid_";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kHashSize = 16;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_plain(char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; }

std::optional<unsigned> hex_value(char c) {
  const std::size_t at = kHexDigits.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>(at);
}

std::optional<std::string> read_rewritten(std::string_view id) {
  std::string original;
  for (std::size_t at = 0; at < id.size(); ++at) {
    if (id[at] != '_') {
      original += id[at];
      continue;
    }
    if (at + 2 >= id.size()) return std::nullopt;
    const auto high = hex_value(id[at + 1]);
    const auto low = hex_value(id[at + 2]);
    if (!high || !low) return std::nullopt;
    original += static_cast<char>(*high * 16 + *low);
    at += 2;
  }
  return original;
}

/// FNV-1a, 64 bits: the same on every machine and in every version, which a prompt cache needs.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

}  // namespace

std::string plain_tool_call_id(std::string_view id) {
  const bool stays = !id.empty() && !id.starts_with(kRewritten) && std::all_of(id.begin(), id.end(), is_plain);
  if (stays) return std::string(id);
  std::string plain(kRewritten);
  for (const char c : id) {
    if (is_letter_or_digit(c) || c == '-') {
      plain += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    plain += '_';
    plain += kHexDigits[byte / 16];
    plain += kHexDigits[byte % 16];
  }
  return plain;
}

std::string original_tool_call_id(std::string_view id) {
  if (!id.starts_with(kRewritten)) return std::string(id);
  return read_rewritten(id.substr(kRewritten.size())).value_or(std::string(id));
}

std::string fallback_call_id(std::string_view answer, std::size_t number) {
  return answer_id("call_", answer, "0") + "_" + std::to_string(number);
}

std::string shortened(std::string_view name, std::size_t limit) {
  if (name.size() <= limit) return std::string(name);
  std::string result(name.substr(0, limit - kHashSize - 1));
  result += '_';
  const std::uint64_t hash = hash_of(name);
  for (int shift = 60; shift >= 0; shift -= 4) result += kHexDigits[(hash >> shift) & 15U];
  return result;
}

std::string answer_id(std::string_view prefix, std::string_view id, std::string_view request_id) {
  if (id.empty()) id = request_id;
  for (const std::string_view other : {"chatcmpl-", "msg_", "gen-"}) {
    if (!id.starts_with(other)) continue;
    id.remove_prefix(other.size());
    break;
  }
  std::string result(prefix);
  std::copy_if(id.begin(), id.end(), std::back_inserter(result), is_plain);
  return result;
}

}  // namespace tidegate::llm
