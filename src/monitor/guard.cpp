// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/guard.h"

#include "monitor/figure_text.h"

#include <fmt/format.h>

#include <string_view>

namespace tidegate::monitor {

namespace {

/// Shares are quotients: 9.7 of 50 is not 0.194 to the last bit, and exactly at a limit is within it.
constexpr double kRounding = 1e-9;

/// At most two decimals: `2%`, `0.35%`.
std::string percent(double ratio) {
  std::string text = fmt::format("{:.2f}", ratio * 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + "%";
}

/// `rate_limit 12, overloaded 3`
std::string kinds(const WindowTotals& totals) {
  std::string text;
  for (const auto& [kind, count] : totals.errors_by_kind) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", kind, grouped(count));
  }
  return text;
}

}  // namespace

std::string_view to_string(Breach::Kind kind) {
  switch (kind) {
    case Breach::Kind::Requests: return "requests";
    case Breach::Kind::Tokens: return "tokens";
    case Breach::Kind::Errors: return "errors";
    case Breach::Kind::Left: return "left";
  }
  return {};
}

std::vector<Breach> evaluate_guard(const WindowTotals& totals, const GuardLimits& limits,
                                   const std::optional<SmallestRemaining>& smallest_remaining) {
  const std::string window = to_text(limits.window);
  std::vector<Breach> breaches;
  if (limits.max_requests && totals.requests > *limits.max_requests) {
    breaches.push_back(
        {Breach::Kind::Requests, fmt::format("{} requests in the last {}, more than the {} allowed",
                                             grouped(totals.requests), window, grouped(*limits.max_requests))});
  }
  if (limits.max_tokens && totals.tokens() > *limits.max_tokens) {
    breaches.push_back(
        {Breach::Kind::Tokens,
         fmt::format(
             "{} tokens in the last {}, more than the {} allowed (input {}, output {}, cache read {}, cache write {})",
             grouped(totals.tokens()), window, grouped(*limits.max_tokens), grouped(totals.input_tokens),
             grouped(totals.output_tokens), grouped(totals.cache_read_tokens), grouped(totals.cache_write_tokens))});
  }
  if (limits.max_error_ratio && totals.requests > 0) {
    const double ratio = static_cast<double>(totals.errors) / static_cast<double>(totals.requests);
    if (ratio > *limits.max_error_ratio + kRounding) {
      breaches.push_back({Breach::Kind::Errors,
                          fmt::format("{} of {} requests in the last {} failed ({}), more than the {} allowed: {}",
                                      grouped(totals.errors), grouped(totals.requests), window, percent(ratio),
                                      percent(*limits.max_error_ratio), kinds(totals))});
    }
  }
  if (limits.min_left && smallest_remaining && smallest_remaining->share() < *limits.min_left - kRounding) {
    const SmallestRemaining& left = *smallest_remaining;
    breaches.push_back(
        {Breach::Kind::Left,
         fmt::format("pool {} has {} of its {} left ({} of {} per minute), less than the {} to be kept", left.pool,
                     percent(left.share()), left.dimension, grouped(static_cast<std::int64_t>(left.remaining)),
                     grouped(static_cast<std::int64_t>(left.limit)), percent(*limits.min_left))});
  }
  return breaches;
}

}  // namespace tidegate::monitor
