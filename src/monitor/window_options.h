// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstddef>
#include <vector>

namespace tidegate::monitor {

struct WindowOptions {
  std::vector<Nanoseconds> lengths{Seconds(60), std::chrono::minutes(5), std::chrono::hours(1)};
  std::size_t max_values = 200;  ///< per dimension (model, user …); the rest shares one row "other"

  friend bool operator==(const WindowOptions&, const WindowOptions&) = default;
};

}  // namespace tidegate::monitor
