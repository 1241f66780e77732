// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "running_gateway.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <utility>

namespace tidegate::testing {

void Recorded::note(std::string event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
}

Amount Recorded::estimate(const gateway::Outcome& outcome) {
  return {1, 0, outcome.view.max_tokens.value_or(0), cost_};
}

store::AttemptId Recorded::begin(const gateway::Outcome&) {
  note("begin");
  return is_full_ ? 0 : next_++;
}
void Recorded::answered(const gateway::Outcome&, const llm::RateLimitReading&) { note("answered"); }
void Recorded::attempt_over(const gateway::Outcome& outcome) {
  note("attempt_over");
  const std::lock_guard lock(mutex_);
  attempts_.push_back(outcome);
}
void Recorded::provider_changed(std::string_view, bool out) { note(out ? "provider_out" : "provider_back"); }
void Recorded::key_changed(std::string_view, std::string_view, std::optional<quota::KeyRing::Fault>) { note("key_changed"); }
gateway::Charged Recorded::charge(const gateway::Outcome& outcome) {
  note("charge");
  return {.cost = outcome.answer.usage.seen ? cost_ : Money()};
}
void Recorded::finish(const gateway::Outcome& outcome) {
  note("finish");
  const std::lock_guard lock(mutex_);
  outcomes_.push_back(outcome);
  changed_.notify_all();
}

std::vector<gateway::Outcome> Recorded::wait_for(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, Seconds(10), [&] { return outcomes_.size() >= count; });
  return outcomes_;
}

std::vector<gateway::Outcome> Recorded::attempts() {
  const std::lock_guard lock(mutex_);
  return attempts_;
}

std::vector<std::string> Recorded::events() {
  const std::lock_guard lock(mutex_);
  return events_;
}

gateway::GatewayOptions RunningGateway::impatient() {
  gateway::GatewayOptions options;
  options.admission.max_wait = options.admission.batch_max_wait = Nanoseconds(0);
  return options;
}

quota::PoolOptions RunningGateway::unlimited() {
  quota::PoolOptions pools;
  quota::GroupLimitRule& rule = pools.limits.emplace_back();
  rule.limits.limits[quota::Dimension::Requests] = 1e9;
  return pools;
}

RunningGateway::RunningGateway(std::uint16_t provider_port, Choice choice)
    : body_memory_(choice.options.body_memory), resolver_(clock_), rooms_(clock_), recorded_(choice.cost) {
  auto setup = std::make_shared<gateway::Setup>();
  setup->options = choice.options;
  setup->limits = choice.limits;
  setup->tls = choice.tls;
  std::vector<std::uint16_t> ports = {provider_port};
  ports.insert(ports.end(), choice.spare_ports.begin(), choice.spare_ports.end());
  std::vector<quota::ProviderPlan> plans;
  for (std::size_t number = 0; number < ports.size(); ++number) {
    upstream::ProviderOptions provider;
    provider.id = ProviderId(number == 0 ? std::string("test") : fmt::format("spare-{}", number));
    provider.base_url = fmt::format("http://127.0.0.1:{}{}", ports[number], choice.base_path);
    provider.dialect = choice.dialect;
    provider.deadlines = choice.deadlines;
    provider.pools = choice.pools;
    quota::ProviderPlan& plan = plans.emplace_back();
    plan.provider = provider.id.text();
    plan.pools = choice.pools;
    for (std::size_t i = 0; i < choice.keys.size(); ++i) {
      const std::string name = fmt::format("KEY_{}", static_cast<char>('A' + i));
      provider.keys.push_back({.name = name, .secret = Secret(choice.keys[i]), .organisation = {}, .workspace = {}});
      plan.keys.push_back({.name = name, .organisation = {}, .workspace = {}});
    }
    if (choice.adapt) choice.adapt(number, provider);
    setup->providers.push_back(upstream::Provider::make(provider).value());
  }
  setup->lay_routes();
  rooms_.configure(choice.options.admission, plans);
  rooms_.start();
  net::ListenOptions listen;
  for (std::uint32_t number = 0; number < choice.workers; ++number) {
    gateway::Worker& worker = *workers_.emplace_back(std::make_unique<gateway::Worker>(
        clock_, gateway::Worker::Shared{body_memory_, connections_, resolver_, ties_, health_, choice.prompt_marks, choice.shadow, rooms_, choice.key_check, choice.tenants, choice.answers, &waiting_, choice.steering}, recorded_, setup, number));
    listen.port = port_ = worker.listen(listen).value();  // the first one's free port is everybody's
  }
  for (const auto& worker : workers_) threads_.emplace_back([&worker = *worker] { worker.run(); });
}

std::size_t RunningGateway::open_connections() const {
  std::size_t count = 0;
  for (const auto& worker : workers_) count += worker->open_connections();
  return count;
}

void RunningGateway::join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

RunningGateway::~RunningGateway() {
  rooms_.stop();
  for (const auto& worker : workers_) worker->begin_drain(Nanoseconds(0));
  join();
}

}  // namespace tidegate::testing
