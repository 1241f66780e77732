// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/board.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::gateway {

/// What is changed, for now, about where requests go. Immutable and swapped whole; a request reads it when it is planned.
struct Steering {
  /// A share of the requests that would ask this provider first asks the further targets of their routes before it.
  struct Shift {
    std::string provider;
    double share = 0;  ///< in [0, 1]
  };
  std::vector<Shift> shifts;

  /// The largest share that holds for the provider; 0: none.
  [[nodiscard]] double share_away_from(std::string_view provider) const {
    double share = 0;
    for (const Shift& shift : shifts) {
      if (shift.provider == provider) share = std::max(share, shift.share);
    }
    return share;
  }
};
using SteeringBoard = Board<Steering>;
using SteeringView = BoardView<Steering>;

}  // namespace tidegate::gateway
