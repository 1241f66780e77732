// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/request_class.h"

#include "base/glob.h"
#include "llm/json/tools.h"
#include "net/http1/field_class.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace tidegate::gateway {
namespace {

std::string_view text_of(llm::ByteRange range, std::string_view body) {
  return range.length == 0 || range.offset + range.length > body.size() ? std::string_view{} : body.substr(range.offset, range.length);
}

bool fits(const ClassRule& rule, const net::http1::RequestHead& head, const llm::RequestView& view, std::string_view body) {
  if (!matches_glob(rule.model, view.model) || !matches_glob(rule.path, head.path())) return false;
  if (!rule.header.empty()) {
    const auto value = find_header(head.fields, rule.header);
    if (!value || !matches_glob(rule.value, *value)) return false;
  }
  if (!rule.tool.empty()) {
    const auto names = llm::json::tool_names(text_of(view.tools_range, body));
    if (std::none_of(names.begin(), names.end(), [&](const std::string& name) { return matches_glob(rule.tool, name); })) return false;
  }
  return rule.system_hash.empty() || rule.system_hash == system_hash(view, body);
}

}  // namespace

const ClassRule* find_class(std::span<const ClassRule> rules, const net::http1::RequestHead& head, const llm::RequestView& view,
                            std::string_view body) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const ClassRule& rule) { return fits(rule, head, view, body); });
  return found == rules.end() ? nullptr : &*found;
}

std::string system_hash(const llm::RequestView& view, std::string_view body) {
  const std::string_view system = text_of(view.system_range, body);
  if (system.empty()) return {};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(system.data()), system.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + 8, ""));
}

bool needs_system_hash(std::span<const ClassRule> rules) {
  return std::any_of(rules.begin(), rules.end(), [](const ClassRule& rule) { return !rule.system_hash.empty(); });
}

}  // namespace tidegate::gateway
