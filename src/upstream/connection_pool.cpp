// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/connection_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace tidegate::upstream {

bool ConnectionPool::take_idle(const Provider& provider, Connection& connection) {
  const auto found = uplinks_.find(provider.destination());
  if (found == uplinks_.end()) return false;
  std::deque<Idle>& idle = found->second.idle;
  const SteadyTime oldest = reactor_.now().steady - provider.options().max_idle_time;
  while (!idle.empty()) {
    Idle& last = idle.back();
    // The reactor has already heard whether the provider closed it or sent something nobody asked for.
    const bool is_good = last.since >= oldest && last.connection.stream->is_quiet();
    if (is_good) connection = std::move(last.connection);
    idle.pop_back();
    if (!is_good) continue;
    connection.reused = true;
    return true;
  }
  return false;
}

ConnectionPool::Uplink& ConnectionPool::uplink(const Provider& provider) {
  return uplinks_.try_emplace(provider.destination(), reactor_).first->second;
}

net::Task<Result<Connection>> ConnectionPool::open(std::shared_ptr<const Provider> provider, Places::Wish wish) {
  const ProviderOptions& options = provider->options();
  Connection connection;
  {
    Uplink& to_provider = uplink(*provider);
    // One that lies idle makes room for one that must be fresh.
    if (to_provider.places->taken() >= options.max_connections && !to_provider.idle.empty()) to_provider.idle.pop_front();
    const std::shared_ptr<Places> places = to_provider.places;
    if (std::optional<Place> place = places->take(options.max_connections)) {
      connection.place = std::move(*place);
    } else {
      Places::Turn turn = places->wait(wish, reactor_.now().steady + options.deadlines.connect);
      std::optional<Connection> given = co_await turn;
      if (!given) {
        co_return tl::unexpected<Failure>(
            Failure{FailureKind::Timeout, Origin::Upstream, Retry::OtherTarget, std::nullopt,
                    fmt::format("all {} connections to {} stayed in use for {}; the provider's connections.max allows no more",
                                options.max_connections, provider->authority(), to_text(options.deadlines.connect))});
      }
      if (given->stream != nullptr) co_return std::move(*given);
      connection = std::move(*given);
    }
  }
  net::Task<Result<std::unique_ptr<net::Stream>>> connecting =
      net::connect(reactor_, resolver_, provider->destination(), reactor_.now().steady + options.deadlines.connect);
  Result<std::unique_ptr<net::Stream>> stream = co_await connecting;
  if (!stream) co_return fail(stream);
  if (on_opened_) on_opened_(*provider);
  connection.stream = std::move(*stream);
  co_return std::move(connection);
}

void ConnectionPool::release(const Provider& provider, Connection connection) {
  if (!connection.stream->is_quiet()) return;
  connection.stream->clear_deadline();
  Uplink& to_provider = uplink(provider);
  if (to_provider.places->waiting() > 0) {
    to_provider.places->pass_on(std::move(connection));
    return;
  }
  std::deque<Idle>& idle = to_provider.idle;
  const SteadyTime now = reactor_.now().steady;
  const SteadyTime oldest = now - provider.options().max_idle_time;
  while (!idle.empty() && (idle.front().since < oldest || idle.size() >= provider.options().max_idle_connections)) {
    idle.pop_front();
  }
  if (provider.options().max_idle_connections > 0) idle.push_back(Idle{std::move(connection), now});
}

void ConnectionPool::keep_only(std::span<const std::shared_ptr<const Provider>> providers) {
  std::erase_if(uplinks_, [&](const auto& uplink) {
    return std::none_of(providers.begin(), providers.end(),
                        [&](const auto& provider) { return provider->destination() == uplink.first; });
  });
}

std::size_t ConnectionPool::idle() const {
  std::size_t count = 0;
  for (const auto& [destination, uplink] : uplinks_) count += uplink.idle.size();
  return count;
}

}  // namespace tidegate::upstream
