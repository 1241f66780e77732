// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "gateway/outcome.h"
#include "gateway/worker.h"
#include "monitor/shadow_sample.h"
#include "net/task.h"

#include <memory>
#include <string>

namespace tidegate::gateway {

/// A request that was served, as far as its copy needs it.
struct ServedRequest {
  Outcome official;              ///< as it ended
  monitor::ShadowSide side;      ///< how its own provider did
  std::string body;              ///< as the client sent it
  std::string target;            ///< path and query
  std::string version, beta;     ///< the client's `anthropic-version` and `anthropic-beta`; empty: none
  ProviderId provider;           ///< who gets the copy
};

/// Sends the copy, if the port and the provider's room let it go at once, reads its answer and throws it away, and tells the port how the
/// two compare. Nobody waits for it; it ends at once when the worker drains.
[[nodiscard]] net::Task<void> send_shadow_copy(Worker& worker, std::shared_ptr<const Setup> setup, std::unique_ptr<ServedRequest> request);

}  // namespace tidegate::gateway
