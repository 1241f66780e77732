// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "operations/action_book.h"

#include <string>

namespace tidegate::operations {

/// Port to what an action can move in the gateway itself; `app` implements it. One thread at a time.
class Levers {
 public:
  virtual ~Levers() = default;
  /// Does what a step of any kind but Command and Webhook says. The same step again does no harm, and a return of what was never done
  /// is fine. Gives what to tell of it. Failure: why it cannot be done.
  [[nodiscard]] virtual Result<std::string> move(const ActionStep& step) = 0;
};

}  // namespace tidegate::operations
