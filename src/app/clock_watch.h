// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "base/time.h"

#include <optional>

namespace tidegate::app {

/// Alarm `clock` for ten minutes after the wall clock was set while the program runs. Pacing and deadlines go by the steady
/// clock and do not care; ledger entries, days and key expiry go by the wall clock. One thread.
class ClockWatch {
 public:
  void look(AlarmBoard& alarms, Now now);

 private:
  /// How far the wall clock has jumped since the last look: forward is positive. Absent below a second, which is what a
  /// time service corrects by itself.
  [[nodiscard]] std::optional<Nanoseconds> jump_until(Now now);

  std::optional<Now> last_;
  std::optional<SteadyTime> jumped_;  ///< when, while it is told
};

}  // namespace tidegate::app
