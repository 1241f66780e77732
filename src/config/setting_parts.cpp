// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/setting_parts.h"

#include "config/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace tidegate::config {

std::optional<std::string> why_not_a_name(const std::string& text) {
  const bool good = text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
                    });
  if (good) return std::nullopt;
  return "is not a name; use at most 64 of a-z, 0-9, '-' and '_', because it becomes a label of metrics";
}

std::optional<std::string> why_not_a_header(const std::string& text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // RFC 9110 5.6.2
  const bool good = std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
  return good ? std::nullopt : std::optional<std::string>("is not a header name");
}

std::optional<std::string> why_not_an_origin(const std::string& text) {
  const auto url = parse_url(text);
  if (!url || (url->scheme != "http" && url->scheme != "https"))
    return "is not a URL; write it as https://host or http://host:port";
  if (!url->user.empty()) return "holds credentials; name them under 'keys'";
  if (url->has_query || url->has_fragment) return "has a query or fragment; remove it";
  return std::nullopt;
}

std::optional<std::string> why_not_a_base_url(const std::string& text) {
  if (const auto reason = why_not_an_origin(text)) return reason;
  constexpr std::array<std::string_view, 5> kEndings{"/v1", "/v1/messages", "/v1/chat/completions", "/v1/completions", "/v1/responses"};
  std::string_view base = text;
  while (base.ends_with('/')) base.remove_suffix(1);
  for (const std::string_view ending : kEndings) {
    if (!base.ends_with(ending)) continue;
    base.remove_suffix(ending.size());
    return fmt::format("ends in {}, which requests bring along; write {}", ending, shown(base));
  }
  return std::nullopt;
}

std::optional<std::string> why_not_a_proxy(const std::string& text) {
  if (text == "none") return std::nullopt;
  const auto url = parse_url(text);
  if (!url || url->scheme != "http") return "is not a proxy; write it as http://host:port, or none";
  if (!url->user.empty())
    return "holds credentials, which are not supported; use a proxy that takes this machine as it is";
  if (url->path.size() > 1 || url->has_query || url->has_fragment)
    return "has a path; a proxy is only http://host:port";
  return std::nullopt;
}

}  // namespace tidegate::config
