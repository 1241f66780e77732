// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/data_plane.h"

#include "net/listener.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidegate::app {

Result<std::shared_ptr<const gateway::Setup>> make_setup(const config::Options& options, WallTime now) {
  auto setup = std::make_shared<gateway::Setup>();
  setup->options = options.gateway;
  setup->limits = options.limits;
  for (const upstream::ProviderOptions& row : options.providers) {
    auto provider = upstream::Provider::make(row);
    if (!provider) return fail(provider);
    setup->providers.push_back(std::move(*provider));
  }
  if (!options.listen.certificate_file.empty()) {
    auto tls = net::TlsServerContext::make(options.listen.certificate_file, options.listen.private_key_file, now);
    if (!tls) return fail(tls);
    setup->tls = std::move(*tls);
  }
  return std::shared_ptr<const gateway::Setup>(std::move(setup));
}

std::vector<quota::ProviderPlan> provider_plans(const config::Options& options) {
  std::vector<quota::ProviderPlan> plans;
  for (const upstream::ProviderOptions& row : options.providers) {
    quota::ProviderPlan& plan = plans.emplace_back();
    plan.provider = row.id.text();
    plan.pools = row.pools;
    for (const upstream::ProviderKey& key : row.keys) plan.keys.push_back({key.name, key.organisation, key.workspace});
  }
  return plans;
}

DataPlane::DataPlane(const config::Options& options, const Clock& clock, quota::RoomBook& rooms)
    : clock_(clock), rooms_(rooms), body_memory_(options.gateway.body_memory), resolver_(clock) {}

Result<std::unique_ptr<DataPlane>> DataPlane::start(const config::Options& options, const Clock& clock,
                                                    quota::RoomBook& rooms, const PortsOf& ports_of) {
  const auto address = net::parse_address(options.listen.host, options.listen.port);
  if (options.gateway.auth == gateway::AuthMode::Open && address && !address->is_loopback()) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("auth: open would let everyone who reaches {} spend your keys; listen on 127.0.0.1, or set "
                            "`auth: virtual` or `auth: passthrough`",
                            options.listen.host));
  }
  auto setup = make_setup(options, clock.now().wall);
  if (!setup) return fail(setup);
  if (Result<void> free = net::Listener::check_free(options.listen); !free) return fail(free);

  std::unique_ptr<DataPlane> plane(new DataPlane(options, clock, rooms));
  rooms.configure(options.gateway.admission, provider_plans(options));
  const std::uint32_t count = options.gateway.worker_threads > 0 ? options.gateway.worker_threads
                                                                 : std::max(1U, std::thread::hardware_concurrency());
  plane->note_certificate(**setup);
  net::ListenOptions listen = options.listen;
  for (std::uint32_t number = 0; number < count; ++number) {
    const WorkerPorts ports = ports_of(number);
    auto worker = std::make_unique<gateway::Worker>(
        clock, gateway::Worker::Shared{plane->body_memory_, plane->resolver_, plane->ties_, rooms, ports.key_check},
        ports.sink, *setup, number);
    Result<std::uint16_t> port = worker->listen(listen);
    if (!port) return fail(port);
    listen.port = plane->port_ = *port;  // the first one's free port is everybody's
    plane->workers_.push_back(std::move(worker));
  }
  for (const auto& worker : plane->workers_) plane->threads_.emplace_back([&worker = *worker] { worker.run(); });
  return plane;
}

Result<void> DataPlane::adopt(const config::Options& options) {
  auto setup = make_setup(options, clock_.now().wall);
  if (!setup) return fail(setup);
  // Workers first: a room may choose a new key at once, and it has to be found then.
  for (const auto& worker : workers_) worker->adopt(*setup);
  rooms_.configure(options.gateway.admission, provider_plans(options));
  note_certificate(**setup);
  return {};
}

std::size_t DataPlane::open_connections() const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->open_connections();
  return sum;
}

std::optional<WallTime> DataPlane::certificate_expires_at() const {
  const std::int64_t nanoseconds = certificate_expires_at_.load(std::memory_order_relaxed);
  return nanoseconds == 0 ? std::nullopt : std::optional(wall_time_from_unix_nanoseconds(nanoseconds));
}

void DataPlane::note_certificate(const gateway::Setup& setup) {
  certificate_expires_at_.store(setup.tls == nullptr ? 0 : unix_nanoseconds(setup.tls->expires_at()),
                                std::memory_order_relaxed);
}

void DataPlane::drain(Nanoseconds timeout) {
  for (const auto& worker : workers_) worker->begin_drain(timeout);
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

DataPlane::~DataPlane() { drain(Nanoseconds(0)); }

}  // namespace tidegate::app
