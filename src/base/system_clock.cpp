// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// The one file of the product that reads the machine's clocks (tools/check_allowed.py).
#include "base/time.h"

namespace tidegate {

Now SystemClock::now() const {
  return Now{std::chrono::time_point_cast<Nanoseconds>(std::chrono::steady_clock::now()),
             std::chrono::time_point_cast<Nanoseconds>(std::chrono::system_clock::now())};
}

}  // namespace tidegate
