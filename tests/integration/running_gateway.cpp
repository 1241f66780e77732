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

store::AttemptId Recorded::begin(const gateway::Outcome&) {
  note("begin");
  return next_++;
}
void Recorded::answered(const gateway::Outcome&, HeaderFields) { note("answered"); }
gateway::Charged Recorded::charge(const gateway::Outcome&) {
  note("charge");
  return {};
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

std::vector<std::string> Recorded::events() {
  const std::lock_guard lock(mutex_);
  return events_;
}

RunningGateway::RunningGateway(std::uint16_t provider_port, Choice choice)
    : body_memory_(choice.options.body_memory), resolver_(clock_) {
  upstream::ProviderOptions provider;
  provider.id = ProviderId("test");
  provider.base_url = fmt::format("http://127.0.0.1:{}{}", provider_port, choice.base_path);
  provider.dialect = choice.dialect;
  provider.deadlines = choice.deadlines;
  for (std::size_t i = 0; i < choice.keys.size(); ++i) {
    const std::string name = fmt::format("KEY_{}", static_cast<char>('A' + i));
    provider.keys.push_back({.name = name, .secret = Secret(choice.keys[i]), .organisation = {}, .workspace = {}});
  }
  auto setup = std::make_shared<gateway::Setup>();
  setup->options = choice.options;
  setup->limits = choice.limits;
  setup->tls = choice.tls;
  setup->providers.push_back(upstream::Provider::make(provider).value());
  worker_ = std::make_unique<gateway::Worker>(clock_,
                                              gateway::Worker::Shared{body_memory_, resolver_, ties_, choice.key_check},
                                              recorded_, std::move(setup), 0);
  port_ = worker_->listen({}).value();
  thread_ = std::thread([this] { worker_->run(); });
}

void RunningGateway::join() {
  if (thread_.joinable()) thread_.join();
}

RunningGateway::~RunningGateway() {
  worker_->begin_drain(Nanoseconds(0));
  join();
}

}  // namespace tidegate::testing
