// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <optional>

namespace tidegate::app {

/// Notices when the wall clock is set while the program runs. Pacing and deadlines go by the steady clock and do not
/// care; ledger entries, days and key expiry go by the wall clock. One thread.
class ClockWatch {
 public:
  /// How far the wall clock has jumped since the last look: forward is positive. Absent below a second, which is what a
  /// time service corrects by itself.
  [[nodiscard]] std::optional<Nanoseconds> look(Now now) {
    const std::optional<Now> before = last_;
    last_ = now;
    if (!before) return std::nullopt;
    const Nanoseconds jump = (now.wall - before->wall) - (now.steady - before->steady);
    return jump > kTolerated || jump < -kTolerated ? std::optional(jump) : std::nullopt;
  }

 private:
  static constexpr Seconds kTolerated{1};
  std::optional<Now> last_;
};

}  // namespace tidegate::app
