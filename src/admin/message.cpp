// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/message.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <iterator>

namespace tidegate::admin {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      out += ' ';
    } else if (text[at] != '%') {
      out += text[at];
    } else {
      const int high = at + 1 < text.size() ? hex_value(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      at += 2;
    }
  }
  return out;
}

int status_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::InvalidInput: return 400;
    case FailureKind::TooLarge: return 413;
    case FailureKind::NotFound: return 404;
    case FailureKind::Denied: return 403;
    case FailureKind::Unsupported: return 501;
    default: return 503;
  }
}

}  // namespace

Answer error_answer(int status, std::string_view kind, std::string_view message) {
  const boost::json::value body{{"error", {{"kind", kind}, {"message", message}}}};
  return {.status = status, .body = boost::json::serialize(body)};
}

Answer error_answer(const Failure& failure) {
  return error_answer(status_of(failure.kind), to_string(failure.kind), failure.detail);
}

Result<Parameters> Parameters::parse(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals));
    auto value = decoded(pair.substr(std::min(pair.size(), equals + 1)));
    if (!name || !value) {
      return fail(FailureKind::InvalidInput, Origin::Client,
                  fmt::format("'{}' in the query has a broken % escape", pair));
    }
    parameters.values_.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

std::optional<std::string_view> Parameters::find(std::string_view name) const {
  const auto found =
      std::find_if(values_.rbegin(), values_.rend(), [&](const auto& value) { return value.first == name; });
  return found == values_.rend() ? std::nullopt : std::optional<std::string_view>(found->second);
}

Result<void> Parameters::allow_only(std::initializer_list<std::string_view> known) const {
  for (const auto& [name, value] : values_) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return fail(FailureKind::InvalidInput, Origin::Client,
                known.size() == 0
                    ? fmt::format("'{}' is no parameter here; there are none", name)
                    : fmt::format("'{}' is no parameter here; there are: {}", name, fmt::join(known, ", ")));
  }
  return {};
}

}  // namespace tidegate::admin
