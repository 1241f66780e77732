// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/connection_pool.h"

#include <algorithm>
#include <utility>

namespace tidegate::upstream {

std::optional<Connection> ConnectionPool::take_idle(const Provider& provider) {
  const auto found = idle_.find(provider.destination());
  if (found == idle_.end()) return std::nullopt;
  std::deque<Idle>& idle = found->second;
  const SteadyTime oldest = reactor_.now().steady - provider.options().max_idle_time;
  while (!idle.empty()) {
    Idle last = std::move(idle.back());
    idle.pop_back();
    // The reactor has already heard whether the provider closed it or sent something nobody asked for.
    if (last.since >= oldest && last.stream->is_quiet()) return Connection{std::move(last.stream), true};
  }
  return std::nullopt;
}

net::Task<Result<Connection>> ConnectionPool::open(std::shared_ptr<const Provider> provider) {
  const SteadyTime deadline = reactor_.now().steady + provider->options().deadlines.connect;
  net::Task<Result<std::unique_ptr<net::Stream>>> connecting =
      net::connect(reactor_, resolver_, provider->destination(), deadline);
  Result<std::unique_ptr<net::Stream>> stream = co_await connecting;
  if (!stream) co_return fail(stream);
  if (on_opened_) on_opened_(*provider);
  co_return Connection{std::move(*stream), false};
}

void ConnectionPool::release(const Provider& provider, std::unique_ptr<net::Stream> stream) {
  if (!stream->is_quiet()) return;
  stream->clear_deadline();
  std::deque<Idle>& idle = idle_[provider.destination()];
  const SteadyTime now = reactor_.now().steady;
  const SteadyTime oldest = now - provider.options().max_idle_time;
  while (!idle.empty() && (idle.front().since < oldest || idle.size() >= provider.options().max_idle_connections)) {
    idle.pop_front();
  }
  if (provider.options().max_idle_connections > 0) idle.push_back(Idle{std::move(stream), now});
}

void ConnectionPool::keep_only(std::span<const std::shared_ptr<const Provider>> providers) {
  std::erase_if(idle_, [&](const auto& idle) {
    return std::none_of(providers.begin(), providers.end(),
                        [&](const auto& provider) { return provider->destination() == idle.first; });
  });
}

std::size_t ConnectionPool::idle() const {
  std::size_t count = 0;
  for (const auto& [destination, idle] : idle_) count += idle.size();
  return count;
}

}  // namespace tidegate::upstream
