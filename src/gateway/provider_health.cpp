// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/provider_health.h"

namespace tidegate::gateway {

using State = routing::Breaker::State;

bool ProviderHealth::may_go(std::string_view provider, SteadyTime now) {
  if (!any_.load(std::memory_order_acquire)) return true;
  const std::lock_guard lock(mutex_);
  const auto found = breakers_.find(provider);
  return found == breakers_.end() || found->second.may_go(now);
}

bool ProviderHealth::succeeded(std::string_view provider, SteadyTime now) {
  if (!any_.load(std::memory_order_acquire)) return false;
  const std::lock_guard lock(mutex_);
  const auto found = breakers_.find(provider);
  if (found == breakers_.end()) return false;
  const bool was_out = found->second.state() != State::Closed;
  found->second.succeeded(now);
  return was_out;
}

bool ProviderHealth::failed(std::string_view provider, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  auto found = breakers_.find(provider);
  if (found == breakers_.end()) found = breakers_.try_emplace(std::string(provider)).first;
  any_.store(true, std::memory_order_release);
  const bool was_closed = found->second.state() == State::Closed;
  found->second.failed(now);
  return was_closed && found->second.state() != State::Closed;
}

std::vector<ProviderHealth::Row> ProviderHealth::rows() const {
  const std::lock_guard lock(mutex_);
  std::vector<Row> rows;
  for (const auto& [provider, breaker] : breakers_) rows.push_back({provider, breaker.state()});
  return rows;
}

}  // namespace tidegate::gateway
