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

struct Family {
  std::string_view name;
  LimitDimension dimension;
};
constexpr std::array<Family, 8> kFamilies{{
    {"ratelimit-requests", LimitDimension::Requests},
    {"ratelimit-tokens", LimitDimension::Tokens},
    {"ratelimit-input-tokens", LimitDimension::InputTokens},
    {"ratelimit-output-tokens", LimitDimension::OutputTokens},
    {"fast-input-tokens", LimitDimension::FastInputTokens},
    {"fast-output-tokens", LimitDimension::FastOutputTokens},
    {"priority-input-tokens", LimitDimension::PriorityInputTokens},
    {"priority-output-tokens", LimitDimension::PriorityOutputTokens},
}};

/// Resets wait here until `Date`, which may come after them, is known.
using Resets = std::array<std::string_view, kFamilies.size()>;

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
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

void take_limit(std::string_view rest, std::string_view value, LimitCollector& limits, Resets& resets) {
  const std::size_t dash = rest.rfind('-');
  if (dash == std::string_view::npos) return;
  const std::string_view family = rest.substr(0, dash);
  const std::string_view what = rest.substr(dash + 1);
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    if (kFamilies[i].name != family) continue;
    LimitReading& reading = limits.of(kFamilies[i].dimension);
    if (what == "limit") reading.limit = read_figure(value);
    if (what == "remaining") reading.remaining = read_figure(value);
    if (what == "reset") resets[i] = value;
    return;
  }
}

void apply_resets(const Resets& resets, WallTime date, LimitCollector& limits) {
  std::string_view last_text;  // full buckets share their reset
  std::optional<WallTime> instant;
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    if (resets[i].empty()) continue;
    if (resets[i] != last_text) {
      last_text = resets[i];
      const auto parsed = parse_rfc3339(last_text);
      instant = parsed ? std::optional(*parsed) : std::nullopt;
    }
    if (instant) limits.of(kFamilies[i].dimension).full_after = time_until(*instant, date);
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
    if (first != 'a' && first != 'r' && first != 'd') continue;
    const LowerName lower(field.name);
    std::string_view name = lower.view();
    if (take_prefix(name, "anthropic-")) {
      if (std::string_view rest = name; take_prefix(rest, "ratelimit-unified-")) {
        take_unified(rest, field.value, reading.unified);
      } else if (name == "organization-id") {
        reading.organisation = field.value;
      } else if (name == "workspace-id") {
        reading.workspace = field.value;
      } else {
        take_limit(name, field.value, limits, resets);
      }
    } else if (name == "date") {
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
