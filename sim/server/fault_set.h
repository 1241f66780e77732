// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "sim/server/options.h"
#include "sim/server/provider.h"
#include "sim/server/reply.h"
#include "sim/server/request_reader.h"

#include <optional>
#include <string_view>
#include <vector>

namespace tidegate::sim {

/// What goes wrong with one request: its `x-sim-fault` header, else what rules and schedule bring.
class FaultSet {
 public:
  /// The header names faults with commas; `none` keeps rules and schedule away. Failure: InvalidInput for an unknown
  /// name.
  [[nodiscard]] static Result<FaultSet> of(const Request& request, Provider& provider, Now now);

  [[nodiscard]] const Fault* find(std::string_view name) const;
  /// The answer of the first fault that refuses the request, if there is one.
  [[nodiscard]] std::optional<Reply> error_reply(Dialect dialect, std::string_view request_id) const;

 private:
  std::vector<Fault> faults_;
};

}  // namespace tidegate::sim
