// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::sim {

/// Tokens that a subscription may use in each of its windows; cache reads are free.
struct SubscriptionLimits {
  double five_hours = 0;
  double seven_days = 0;

  friend bool operator==(const SubscriptionLimits&, const SubscriptionLimits&) = default;
};

/// The two windows of a subscription and their headers, as observed with Claude Code (facts/anthropic-api.md 1.3; not
/// documented): a window opens with the first use after the last one has closed, and closes all at once.
class Subscription {
 public:
  explicit Subscription(SubscriptionLimits limits);

  /// How long a request must wait; nothing if it may pass. A request may pass as long as anything is left.
  [[nodiscard]] std::optional<Nanoseconds> refuse(WallTime now);
  void charge(WallTime now, double tokens);
  /// `anthropic-ratelimit-unified-…`, each with its line end. Reset in Unix seconds, utilization as a fraction that can
  /// exceed 1.
  [[nodiscard]] std::string headers(WallTime now);

 private:
  struct Window {
    std::string_view name, claim;
    Nanoseconds length;
    double limit;
    double used = 0;
    std::optional<WallTime> ends = std::nullopt;  ///< while it is open

    void advance(WallTime now);
    [[nodiscard]] double utilization() const { return used / limit; }
    [[nodiscard]] std::string_view status() const;
  };

  std::array<Window, 2> windows_;
};

}  // namespace tidegate::sim
