// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/clock_watch.h"

#include <fmt/format.h>

namespace tidegate::app {

namespace {

constexpr Seconds kTolerated(1);
constexpr std::chrono::minutes kTell(10);

}  // namespace

void ClockWatch::look(AlarmBoard& alarms, Now now) {
  if (const auto jump = jump_until(now)) {
    jumped_ = now.steady;
    const bool forward = *jump > Nanoseconds(0);
    alarms.raise({.kind = "clock",
                  .subject = {},
                  .severity = Severity::Warning,
                  .message = fmt::format("the machine's clock was set {} by {}: days and hours in the ledger, and the expiry of keys and "
                                         "certificates, follow it from here on; check the time service (`timedatectl`)",
                                         forward ? "forward" : "back", to_text(forward ? *jump : -*jump)),
                  .since = now.wall});
  } else if (jumped_ && now.steady - *jumped_ > kTell) {
    jumped_.reset();
    alarms.clear("clock", {}, now.wall);
  }
}

std::optional<Nanoseconds> ClockWatch::jump_until(Now now) {
  const std::optional<Now> before = last_;
  last_ = now;
  if (!before) return std::nullopt;
  const Nanoseconds jump = (now.wall - before->wall) - (now.steady - before->steady);
  return jump > kTolerated || jump < -kTolerated ? std::optional(jump) : std::nullopt;
}

}  // namespace tidegate::app
