// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/data_plane.h"

#include "net/listener.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <set>
#include <string_view>
#include <utility>

namespace tidegate::app {

namespace {

constexpr Seconds kLongestHandover(1);

/// Counts workers that have taken a setup over.
class Handover {
 public:
  void taken() {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    changed_.notify_one();
  }
  void wait_for(std::size_t count, Nanoseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;  ///< guards count_
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

/// `next`, whose providers also hold the keys that they have in `former`; `next` itself if they do. A provider that moved gets none of its
/// former keys: they are not for whoever is there now.
std::shared_ptr<const gateway::Setup> with_former_keys(const std::shared_ptr<const gateway::Setup>& next,
                                                       const gateway::Setup& former) {
  auto both = std::make_shared<gateway::Setup>(*next);
  bool has_more = false;
  for (std::shared_ptr<const upstream::Provider>& provider : both->providers) {
    std::vector<upstream::ProviderKey> keys = provider->options().keys;
    for (const auto& earlier : former.providers) {
      if (earlier->id() != provider->id() || earlier->options().base_url != provider->options().base_url) continue;
      for (const upstream::ProviderKey& key : earlier->options().keys) {
        if (!provider->find_key(key.name)) keys.push_back(key);
      }
    }
    if (keys.size() == provider->options().keys.size()) continue;
    provider = provider->with_keys(std::move(keys));
    has_more = true;
  }
  return has_more ? both : next;
}

}  // namespace

Result<std::shared_ptr<const gateway::Setup>> make_setup(const config::Options& options, WallTime now) {
  auto setup = std::make_shared<gateway::Setup>();
  setup->options = options.gateway;
  setup->limits = options.limits;
  for (const upstream::ProviderOptions& row : options.providers) {
    auto provider = upstream::Provider::make(row);
    if (!provider) return fail(provider);
    setup->providers.push_back(std::move(*provider));
  }
  setup->lay_routes();
  if (!options.listen.certificate_file.empty()) {
    auto tls = net::TlsServerContext::make(options.listen.certificate_file, options.listen.private_key_file, now);
    if (!tls) return fail(tls);
    setup->tls = std::move(*tls);
  }
  return std::shared_ptr<const gateway::Setup>(std::move(setup));
}

std::vector<quota::ProviderPlan> provider_plans(const gateway::Setup& setup) {
  std::vector<quota::ProviderPlan> plans;
  for (const auto& provider : setup.providers) {
    const upstream::ProviderOptions& row = provider->options();
    quota::ProviderPlan& plan = plans.emplace_back();
    plan.provider = row.id.text();
    plan.pools = row.pools;
    for (const upstream::ProviderKey& key : row.keys) plan.keys.push_back({key.name, key.organisation, key.workspace});
  }
  return plans;
}

DataPlane::DataPlane(const config::Options& options, const Clock& clock, quota::RoomBook& rooms, gateway::TieBoard& ties)
    : clock_(clock), rooms_(rooms), ties_(ties), body_memory_(options.gateway.body_memory), resolver_(clock) {}

Result<std::unique_ptr<DataPlane>> DataPlane::start(const config::Options& options, const Clock& clock,
                                                    quota::RoomBook& rooms, gateway::TieBoard& ties, const PortsOf& ports_of) {
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

  std::unique_ptr<DataPlane> plane(new DataPlane(options, clock, rooms, ties));
  rooms.configure(options.gateway.admission, provider_plans(**setup));
  const std::uint32_t count = options.gateway.worker_threads > 0 ? options.gateway.worker_threads
                                                                 : std::max(1U, std::thread::hardware_concurrency());
  plane->setup_ = *setup;
  plane->note_certificate(**setup);
  net::ListenOptions listen = options.listen;
  for (std::uint32_t number = 0; number < count; ++number) {
    const WorkerPorts ports = ports_of(number);
    auto worker = std::make_unique<gateway::Worker>(
        clock,
        gateway::Worker::Shared{plane->body_memory_, plane->connections_, plane->resolver_, plane->ties_, plane->health_, ports.prompt_marks, ports.shadow, rooms, ports.key_check, ports.tenants, ports.answers, ports.waiting, ports.steering},
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
  note_certificate(**setup);
  adopt(std::move(*setup));
  return {};
}

void DataPlane::adopt(std::shared_ptr<const gateway::Setup> setup) {
  // Between the two hand-overs a room may choose a key that is gone already or has just come: workers find either.
  const std::shared_ptr<const gateway::Setup> first = with_former_keys(setup, *setup_);
  hand_over(first);
  rooms_.configure(setup->options.admission, provider_plans(*setup));
  if (first != setup) hand_over(setup);
}

/// Returns when all workers have taken it. One that does not come to it (it ends, or is held up) is not waited for.
void DataPlane::hand_over(const std::shared_ptr<const gateway::Setup>& setup) {
  {
    const std::lock_guard lock(setup_mutex_);
    std::erase_if(former_, [](const auto& former) { return former.expired(); });
    former_.emplace_back(setup_);
    setup_ = setup;
  }
  const auto handover = std::make_shared<Handover>();  // shared: a worker may come to it later than anybody waits
  for (const auto& worker : workers_) worker->adopt(setup, [handover] { handover->taken(); });
  handover->wait_for(workers_.size(), kLongestHandover);
}

void DataPlane::adopt_keys(const std::map<ProviderId, std::vector<upstream::ProviderKey>>& keys) {
  auto setup = std::make_shared<gateway::Setup>(*setup_);  // whoever could change it is the caller
  for (std::shared_ptr<const upstream::Provider>& provider : setup->providers) {
    const auto found = keys.find(provider->id());
    if (found != keys.end()) provider = provider->with_keys(found->second);
  }
  adopt(std::move(setup));
}

std::vector<DataPlane::KeyCount> DataPlane::key_counts() const {
  std::shared_ptr<const gateway::Setup> setup;
  std::vector<std::shared_ptr<const gateway::Setup>> former;
  {
    const std::lock_guard lock(setup_mutex_);
    setup = setup_;
    for (const auto& held : former_) {
      if (auto still = held.lock()) former.push_back(std::move(still));
    }
  }
  std::vector<KeyCount> counts;
  for (const auto& provider : setup->providers) {
    std::set<std::string_view> draining;
    for (const auto& held : former) {
      for (const auto& earlier : held->providers) {
        if (earlier->id() != provider->id()) continue;
        for (const upstream::ProviderKey& key : earlier->options().keys) draining.insert(key.name);
      }
    }
    for (const upstream::ProviderKey& key : provider->options().keys) draining.erase(key.name);
    counts.push_back(
        {.provider = provider->id(), .in_use = provider->options().keys.size(), .draining = draining.size()});
  }
  return counts;
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
