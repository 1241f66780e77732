// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/guard_request.h"

#include "base/number.h"

#include <fmt/format.h>

namespace tidegate::admin {

namespace {

tl::unexpected<Failure> wrong(std::string what) {
  return fail(FailureKind::InvalidInput, Origin::Client, std::move(what));
}

Result<std::optional<std::int64_t>> count(const Parameters& parameters, std::string_view name) {
  const auto text = parameters.find(name);
  if (!text) return std::optional<std::int64_t>();
  const auto number = parse_integer(*text);
  if (!number || *number < 0) return wrong(fmt::format("{}: '{}' is no whole number from 0", name, *text));
  return number;
}

Result<std::optional<double>> share(const Parameters& parameters, std::string_view name) {
  auto text = parameters.find(name);
  if (!text) return std::optional<double>();
  const bool percent = text->ends_with('%');
  const auto number = parse_decimal(percent ? text->substr(0, text->size() - 1) : *text);
  const double value = number.value_or(-1) / (percent ? 100 : 1);
  if (value < 0 || value > 1)
    return wrong(fmt::format("{}: '{}' is no share from 0% to 100% (or 0 to 1)", name, *text));
  return std::optional(value);
}

}  // namespace

Result<monitor::GuardLimits> read_guard_request(const Parameters& parameters) {
  if (auto known = parameters.allow_only({"window", "max_requests", "max_tokens", "max_errors", "min_left"}); !known)
    return fail(known);
  monitor::GuardLimits limits;
  if (const auto window = parameters.find("window")) {
    const auto length = parse_duration(*window);
    if (!length) return wrong(fmt::format("window: {}", length.error().detail));
    limits.window = *length;
  }
  auto requests = count(parameters, "max_requests");
  if (!requests) return fail(requests);
  auto tokens = count(parameters, "max_tokens");
  if (!tokens) return fail(tokens);
  auto errors = share(parameters, "max_errors");
  if (!errors) return fail(errors);
  auto left = share(parameters, "min_left");
  if (!left) return fail(left);
  limits.max_requests = *requests;
  limits.max_tokens = *tokens;
  limits.max_error_ratio = *errors;
  limits.min_left = *left;
  if (!*requests && !*tokens && !*errors && !*left) {
    return wrong(
        "no limit is given, so nothing would be guarded; give max_requests, max_tokens, max_errors or min_left");
  }
  return limits;
}

}  // namespace tidegate::admin
