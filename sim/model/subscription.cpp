// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/subscription.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace tidegate::sim {

namespace {

constexpr double kWarning = 0.75;  // where Claude Code begins to show one
constexpr double kLeast = 1.0;     // a limit of 0 tokens would divide by zero

std::int64_t unix_seconds(WallTime time) { return std::chrono::ceil<Seconds>(time).time_since_epoch().count(); }

}  // namespace

Subscription::Subscription(SubscriptionLimits limits)
    : windows_{{{"5h", "five_hour", std::chrono::hours(5), std::max(kLeast, limits.five_hours)},
                {"7d", "seven_day", std::chrono::hours(7 * 24), std::max(kLeast, limits.seven_days)}}} {}

void Subscription::Window::advance(WallTime now) {
  if (!ends || now < *ends) return;
  used = 0;
  ends.reset();
}

std::string_view Subscription::Window::status() const {
  if (utilization() >= 1) return "rejected";
  return utilization() >= kWarning ? "allowed_warning" : "allowed";
}

std::optional<Nanoseconds> Subscription::refuse(WallTime now) {
  std::optional<Nanoseconds> wait;
  for (Window& window : windows_) {
    window.advance(now);
    if (window.ends && window.utilization() >= 1)
      wait = std::max(wait.value_or(Nanoseconds(0)), Nanoseconds(*window.ends - now));
  }
  return wait;
}

void Subscription::charge(WallTime now, double tokens) {
  for (Window& window : windows_) {
    window.advance(now);
    if (!window.ends) window.ends = now + window.length;
    window.used += tokens;
  }
}

std::string Subscription::headers(WallTime now) {
  for (Window& window : windows_) window.advance(now);
  const Window& worst = *std::max_element(windows_.begin(), windows_.end(), [](const Window& a, const Window& b) {
    return a.utilization() < b.utilization();
  });
  std::string out;
  const auto add = [&](const Window& window, std::string_view prefix) {
    fmt::format_to(std::back_inserter(out),
                   "anthropic-ratelimit-unified-{0}status: {1}\r\nanthropic-ratelimit-unified-{0}reset: {2}\r\n",
                   prefix, window.status(), unix_seconds(window.ends.value_or(now + window.length)));
  };
  add(worst, "");
  for (const Window& window : windows_) {
    add(window, fmt::format("{}-", window.name));
    fmt::format_to(std::back_inserter(out), "anthropic-ratelimit-unified-{}-utilization: {:.4g}\r\n", window.name,
                   window.utilization());
  }
  fmt::format_to(
      std::back_inserter(out),
      "anthropic-ratelimit-unified-representative-claim: {}\r\nanthropic-ratelimit-unified-fallback-percentage: 0.5\r\n"
      "anthropic-ratelimit-unified-overage-status: rejected\r\n"
      "anthropic-ratelimit-unified-overage-disabled-reason: out_of_credits\r\n",
      worst.claim);
  return out;
}

}  // namespace tidegate::sim
