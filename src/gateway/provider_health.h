// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "routing/breaker.h"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::gateway {

/// The breakers of all providers' endpoints, shared by all workers. Any thread; while nothing fails it costs an atomic read.
class ProviderHealth {
 public:
  /// Whether a request that has others to go to may go there now. One that may is the probe if the provider was out: see Breaker.
  [[nodiscard]] bool may_go(std::string_view provider, SteadyTime now);
  /// It answered, if only to refuse. Gives whether that is news: it was out.
  bool succeeded(std::string_view provider, SteadyTime now);
  /// It did not answer, or with a 5xx of its own. Gives whether that was one too many: it is out from now on.
  bool failed(std::string_view provider, SteadyTime now);

  struct Row {
    std::string provider;
    routing::Breaker::State state = routing::Breaker::State::Closed;
  };
  /// Those that failed of late.
  [[nodiscard]] std::vector<Row> rows() const;

 private:
  mutable std::mutex mutex_;  ///< guards breakers_
  std::map<std::string, routing::Breaker, std::less<>> breakers_;
  std::atomic<bool> any_ = false;  ///< some provider has failed since the start
};

}  // namespace tidegate::gateway
