// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/worker_metrics.h"

#include "metrics/names.h"

namespace tidegate::metrics {

WorkerMetrics::WorkerMetrics(Registry& registry)
    : shard(registry.add_shard()),
      requests(registry, shard),
      in_flight(registry.gauge(definition(Metric::InFlightRequests)).with(shard)),
      client_connections(registry.gauge(definition(Metric::ConnectionsOpen)).with(shard, {"client"})),
      upstream_connections(registry.gauge(definition(Metric::ConnectionsOpen)).with(shard, {"upstream"})),
      stale_socket_replays(registry.counter(definition(Metric::StaleSocketReplays)).with(shard)),
      connections_opened(registry.counter(definition(Metric::UpstreamConnectionsOpened)), shard) {}

ControlMetrics::ControlMetrics(Registry& registry)
    : shard(registry.add_shard()),
      config_applied(registry.counter(definition(Metric::ConfigReloads)).with(shard, {"applied"})),
      config_rejected(registry.counter(definition(Metric::ConfigReloads)).with(shard, {"rejected"})) {}

}  // namespace tidegate::metrics
