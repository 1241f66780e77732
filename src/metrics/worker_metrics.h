// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/local_family.h"
#include "metrics/registry.h"
#include "metrics/request_metrics.h"

#include <string_view>

namespace tidegate::metrics {

/// Everything that one worker counts, on that worker's thread. Public, because it is a bundle of instruments and no
/// more.
///
///     WorkerMetrics metrics(registry);      // before the worker's thread starts; it takes a shard of its own
///     metrics.in_flight.add();              // … and .subtract() when the request is over
///     metrics.requests.observe(sample);
struct WorkerMetrics {
  explicit WorkerMetrics(Registry& registry);

  void upstream_connection_opened(std::string_view provider) { connections_opened.with({provider}).add(); }

  Shard& shard;
  RequestMetrics requests;
  Gauge in_flight;
  Gauge client_connections;
  Gauge upstream_connections;
  Counter stale_socket_replays;
  LocalFamily<Counter> connections_opened;
};

/// What the thread that starts, reloads and stops the process counts.
struct ControlMetrics {
  explicit ControlMetrics(Registry& registry);

  Shard& shard;
  Counter config_applied;
  Counter config_rejected;
};

}  // namespace tidegate::metrics
