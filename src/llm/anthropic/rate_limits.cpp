// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/rate_limits.h"

#include "base/number.h"
#include "llm/limit_fields.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tidegate::llm::anthropic {

namespace {

/// A bound on what a provider can make us hold; there are about five windows.
constexpr std::size_t kMostWindows = 16;

/// No name of interest is longer; a bound on what a window can be called.
constexpr std::size_t kLongestName = 64;

/// By dimension. Resets wait here until `Date`, which may come after them, is known.
using Resets = std::array<std::string_view, static_cast<std::size_t>(LimitDimension::PriorityOutputTokens) + 1>;

/// Takes the family, and the dash behind it, off the front of what follows `anthropic-ratelimit-`.
std::optional<LimitDimension> take_family(std::string_view& name) {
  if (take_name_prefix(name, "requests-")) return LimitDimension::Requests;
  if (take_name_prefix(name, "tokens-")) return LimitDimension::Tokens;
  if (take_name_prefix(name, "input-tokens-")) return LimitDimension::InputTokens;
  if (take_name_prefix(name, "output-tokens-")) return LimitDimension::OutputTokens;
  return std::nullopt;
}

/// Likewise off what follows `anthropic-`, for the families that not every answer tells of.
std::optional<LimitDimension> take_rare_family(std::string_view& name) {
  if (take_name_prefix(name, "fast-input-tokens-")) return LimitDimension::FastInputTokens;
  if (take_name_prefix(name, "fast-output-tokens-")) return LimitDimension::FastOutputTokens;
  if (take_name_prefix(name, "priority-input-tokens-")) return LimitDimension::PriorityInputTokens;
  if (take_name_prefix(name, "priority-output-tokens-")) return LimitDimension::PriorityOutputTokens;
  return std::nullopt;
}

UnifiedWindow& window_named(std::vector<UnifiedWindow>& windows, std::string_view name) {
  const auto found =
      std::find_if(windows.begin(), windows.end(), [&](const auto& window) { return window.name == name; });
  if (found != windows.end()) return *found;
  windows.push_back({std::string(name), {}, {}, {}});
  return windows.back();
}

/// `status`, `5h-utilization`, `7d_oi-reset` …: an optional window, then what is said of it. Others are not limits.
void take_unified(std::string_view rest, std::string_view value, std::vector<UnifiedWindow>& windows) {
  const std::size_t dash = rest.rfind('-');
  const std::string_view name = dash == std::string_view::npos ? std::string_view{} : rest.substr(0, dash);
  const std::string_view what = dash == std::string_view::npos ? rest : rest.substr(dash + 1);
  if (what != "status" && what != "reset" && what != "utilization") return;
  if (windows.size() >= kMostWindows) return;
  UnifiedWindow& window = window_named(windows, name);
  if (what == "status") {
    window.status = value;
  } else if (what == "utilization") {
    const auto fraction = parse_decimal(value);
    if (fraction && *fraction >= 0) window.utilization = fraction;
  } else if (const auto seconds = parse_integer(value); seconds && *seconds > 0 && *seconds < 9'000'000'000) {
    window.reset_at = WallTime(Seconds(*seconds));
  }
}

void take_limit(LimitDimension dimension, std::string_view what, std::string_view value, LimitCollector& limits,
                Resets& resets) {
  if (name_is(what, "limit")) {
    limits.of(dimension).limit = read_figure(value);
  } else if (name_is(what, "remaining")) {
    limits.of(dimension).remaining = read_figure(value);
  } else if (name_is(what, "reset")) {
    resets[static_cast<std::size_t>(dimension)] = value;
  }
}

void apply_resets(const Resets& resets, WallTime date, LimitCollector& limits) {
  std::string_view last_text;  // full buckets share their reset
  std::optional<WallTime> instant;
  for (std::size_t i = 0; i < resets.size(); ++i) {
    if (resets[i].empty()) continue;
    if (resets[i] != last_text) {
      last_text = resets[i];
      const auto parsed = parse_rfc3339(last_text);
      instant = parsed ? std::optional(*parsed) : std::nullopt;
    }
    if (instant) limits.of(static_cast<LimitDimension>(i)).full_after = time_until(*instant, date);
  }
}

}  // namespace

RateLimitReading read_rate_limits(HeaderFields fields) {
  RateLimitReading reading;
  LimitCollector limits;
  Resets resets{};
  RetryAfterFields retry_after;
  for (const HeaderField& field : fields) {
    // Most fields of a head are not ours, and the first letter says so.
    const char first = field.name.empty() ? '\0' : to_lower(field.name[0]);
    if ((first != 'a' && first != 'r' && first != 'd') || field.name.size() > kLongestName) continue;
    std::string_view name = field.name;
    if (take_name_prefix(name, "anthropic-ratelimit-")) {
      if (const auto dimension = take_family(name)) {
        take_limit(*dimension, name, field.value, limits, resets);
      } else if (take_name_prefix(name, "unified-")) {
        take_unified(lower(name), field.value, reading.unified);
      }
    } else if (take_name_prefix(name, "anthropic-")) {
      if (const auto dimension = take_rare_family(name)) {
        take_limit(*dimension, name, field.value, limits, resets);
      } else if (name_is(name, "organization-id")) {
        reading.organisation = field.value;
      } else if (name_is(name, "workspace-id")) {
        reading.workspace = field.value;
      }
    } else if (name_is(name, "date")) {
      if (const auto date = parse_http_date(field.value)) reading.date = *date;
    } else {
      retry_after.take(name, field.value);
    }
  }
  if (reading.date) apply_resets(resets, *reading.date, limits);
  reading.limits = limits.take();
  reading.retry_after = retry_after.duration(reading.date);
  return reading;
}

}  // namespace tidegate::llm::anthropic
