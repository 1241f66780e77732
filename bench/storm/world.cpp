// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/storm/world.h"

#include <algorithm>
#include <cmath>

namespace tidegate::storm {
namespace {

using quota::Dimension;

// What the official SDKs do: two more attempts, 0.5 s × 2^n up to 8 s less up to a quarter, or what the answer asks for up to a minute.
constexpr std::uint32_t kClientRetries = 2;
constexpr double kClientTimeout = 600;
constexpr double kTokensPerSecond = 60;
constexpr double kDropSeconds = 0.7;
constexpr double kSampleSeconds = 0.25;
constexpr double kDecisionGrace = 0.05;
constexpr double kDrain = 3600;  // after the last arrival; who is not done then never will be

}  // namespace

World::World(const Scenario& scenario, PolicyKind policy, std::uint64_t seed)
    : scenario_(scenario), binding_(binding_dimension(scenario.limits)), measured_from_(kBegin + nanoseconds(scenario.warm_up)), ends_at_(kBegin + nanoseconds(scenario.length)),
      network_(seed * 1000 + 1), clients_(seed * 1000 + 2), foreign_(seed * 1000 + 3) {
  if (policy == PolicyKind::Clairvoyant) scenario_.delay_min = scenario_.delay_max = 0;
  for (std::size_t i = 0; i < scenario.organisations; ++i) {
    const ProviderSettings settings{.limits = scenario.limits,
                                    .estimate_error = policy == PolicyKind::Clairvoyant ? 0 : 0.03,
                                    .sends_headers = scenario.sends_headers,
                                    .is_overloaded_at_times = scenario.is_overloaded_at_times};
    providers_.push_back(std::make_unique<Provider>(settings, measured_from_, ends_at_, seed * 1000 + 10 + i));
    organisation_of_key_.insert(organisation_of_key_.end(), scenario.keys_each, i);
  }
  const double all = capacity(scenario.limits) * static_cast<double>(scenario.organisations);
  for (std::size_t i = 0; i < kTenants.size(); ++i) {
    sources_.emplace_back(kTenants[i], scenario.shape, all * scenario.load * kTenants[i].share, scenario.length,
                          scenario.size_sigma, seed * 1000 + 100 + i);
    agenda_.add(sources_[i].next(kBegin), EventKind::Arrival, static_cast<std::uint32_t>(i));
  }
  if (scenario.drop_requests > 0) {
    agenda_.add(kBegin + nanoseconds(scenario.drop_at), EventKind::Drop, static_cast<std::uint32_t>(kTenants.size() - 1));
  }
  if (scenario.foreign_load > 0) {
    for (std::uint32_t i = 0; i < scenario.organisations; ++i) agenda_.add(kBegin, EventKind::Foreign, i);
  }
  if (scenario.limits_factor_from_half) agenda_.add(kBegin + nanoseconds(scenario.length / 2), EventKind::LimitsChange);
  agenda_.add(kBegin, EventKind::Sample);
  const std::size_t minutes = static_cast<std::size_t>(scenario.length / 60) + 1;
  measures_.requests_of_minute.resize(minutes);
  measures_.client_429_of_minute.resize(minutes);
  policy_ = make_policy(policy, Surroundings{.desk = *this, .providers = providers_, .organisation_of_key = organisation_of_key_,
                                             .knows_organisations = scenario.knows_organisations,
                                             .knows_limits = scenario.knows_limits, .has_fallback = scenario.has_fallback,
                                             .seed = seed});
}

Report World::run() {
  const SteadyTime drained = ends_at_ + nanoseconds(kDrain);
  while (!agenda_.empty()) {
    const Event event = agenda_.take();
    if (event.at > drained) break;
    now_ = event.at;
    happen(event);
    if (now_ >= ends_at_ && open_requests_ == 0 && free_exchanges_.size() == exchanges_.size()) break;
  }
  Report report = summarise(measures_);
  double used = 0;
  for (const auto& provider : providers_) used += provider->used(binding_);
  const double refill = limit_of(scenario_.limits, binding_) / 60 * seconds(ends_at_ - measured_from_) * static_cast<double>(providers_.size());
  report.utilisation = 100 * used / refill;
  report.stuck = open_requests_ + policy_->stuck();
  return report;
}

void World::happen(const Event& event) {
  const std::uint32_t subject = event.subject;
  switch (event.kind) {
    case EventKind::Arrival: {
      if (now_ >= ends_at_) return;
      agenda_.add(sources_[subject].next(now_), EventKind::Arrival, subject);
      return add_request(subject, sources_[subject].size());
    }
    case EventKind::Drop: {
      add_request(subject, sources_[subject].size());
      if (event.detail + 1 >= scenario_.drop_requests) return;
      const double pause = kDropSeconds / static_cast<double>(scenario_.drop_requests);
      return agenda_.add(now_ + nanoseconds(pause), EventKind::Drop, subject, event.detail + 1);
    }
    case EventKind::Retry: return submit(subject);
    case EventKind::Timeout: {
      Request& request = requests_[subject];
      if (!request.is_open || request.attempt != event.detail || request.has_head) return;
      policy_->left(now_, subject);
      return try_again(subject, std::nullopt, Outcome::Failed);
    }
    case EventKind::Received: return receive(subject);
    case EventKind::Begun: return begin(subject);
    case EventKind::Produced: return produce(subject);
    case EventKind::Refused: {
      const Exchange exchange = exchanges_[subject];
      free_exchanges_.push_back(subject);
      if (is_current(exchange)) policy_->refused(now_, exchange.call, exchange.key, *exchange.refusal);
      return;
    }
    case EventKind::Head: {
      const Exchange& exchange = exchanges_[subject];
      if (!is_current(exchange)) return;
      requests_[exchange.call].has_head = true;
      return policy_->head(now_, exchange.call, {exchange.readings, exchange.organisation, exchange.input});
    }
    case EventKind::Chunk: {
      const Exchange& exchange = exchanges_[subject];
      if (is_current(exchange)) policy_->produced(now_, exchange.call, event.detail);
      return;
    }
    case EventKind::End: {
      const Exchange exchange = exchanges_[subject];
      free_exchanges_.push_back(subject);
      if (exchange.is_foreign || !is_current(exchange)) return;
      policy_->ended(now_, exchange.call);
      return end_request(exchange.call, Outcome::Answered);
    }
    case EventKind::Wake:
      if (wakes_at_ && *wakes_at_ == now_) wakes_at_.reset();
      return policy_->woken(now_);
    case EventKind::Foreign: return foreign_request(subject);
    case EventKind::LimitsChange:
      for (auto& provider : providers_) provider->set_limits(now_, scenario_.limits.scaled(*scenario_.limits_factor_from_half));
      return;
    case EventKind::Sample: return sample();
  }
}

// --- clients ----------------------------------------------------------------------------------------------------------

void World::add_request(std::uint32_t tenant, const Size& size) {
  const auto call = static_cast<CallId>(requests_.size());
  requests_.push_back(Request{.size = size, .tenant = tenant, .sent_at = now_});
  ++open_requests_;
  ++measures_.requests_of_minute[static_cast<std::size_t>(seconds(now_ - kBegin) / 60)];
  if (is_measured(now_)) {
    ++measures_.requests;
    measures_.tokens += size.input + size.output;
  }
  submit(call);
}

void World::submit(CallId call) {
  Request& request = requests_[call];
  const quota::Priority priority = kTenants[request.tenant].priority;
  const double budget = priority == quota::Priority::Interactive ? scenario_.interactive_budget : scenario_.batch_budget;
  request.deadline = now_ + nanoseconds(budget);
  request.is_open = true;
  request.has_head = request.is_decided = false;
  agenda_.add(now_ + nanoseconds(kClientTimeout), EventKind::Timeout, call, request.attempt);
  const Call what{.tenant = request.tenant, .priority = priority, .body_bytes = request.size.body_bytes, .deadline = request.deadline,
                  .exact = request.size};
  policy_->arrive(now_, call, what);
}

void World::try_again(CallId call, std::optional<double> retry_after_seconds, Outcome if_exhausted) {
  Request& request = requests_[call];
  request.is_open = false;
  if (request.attempt >= kClientRetries) return end_request(call, if_exhausted);
  const bool obeys = retry_after_seconds && *retry_after_seconds > 0 && *retry_after_seconds <= 60;
  const double own = std::min(8.0, 0.5 * std::exp2(request.attempt)) * (1 - 0.25 * clients_.uniform());
  ++request.attempt;
  agenda_.add(now_ + nanoseconds(obeys ? *retry_after_seconds : own), EventKind::Retry, call);
}

void World::end_request(CallId call, Outcome outcome) {
  Request& request = requests_[call];
  request.is_open = false;
  request.is_done = true;
  --open_requests_;
  if (!is_measured(request.sent_at)) return;
  measures_.saw_429 += request.saw_429;
  measures_.refused += outcome == Outcome::Refused;
  measures_.failed += outcome == Outcome::Failed;
  if (outcome == Outcome::Spare) {
    ++measures_.spare;
    measures_.spare_tokens += request.size.input + request.size.output;
  }
  if (!request.started_at) return;
  const auto priority = static_cast<std::size_t>(kTenants[request.tenant].priority);
  measures_.delays[priority].push_back(static_cast<float>(seconds(*request.started_at - request.sent_at)));
}

// --- what a policy does -----------------------------------------------------------------------------------------------

void World::note_decision(CallId call) {
  Request& request = requests_[call];
  if (!request.is_decided && now_ > request.deadline + nanoseconds(kDecisionGrace)) ++measures_.deadline_misses;
  request.is_decided = true;
}

void World::send(CallId call, std::size_t key) {
  note_decision(call);
  const std::uint32_t number = open_exchange();
  const Request& request = requests_[call];
  exchanges_[number] = Exchange{.call = call, .attempt = request.attempt, .key = key, .organisation = organisation_of_key_[key],
                                .input = request.size.input, .output = request.size.output};
  agenda_.add(after_network(), EventKind::Received, number);
}

void World::fall_back(CallId call) {
  note_decision(call);
  requests_[call].started_at = after_network();
  end_request(call, Outcome::Spare);
}

void World::refuse(CallId call, int status, std::optional<double> retry_after_seconds) {
  note_decision(call);
  if (status == 429) {
    requests_[call].saw_429 = true;
    const auto minute = static_cast<std::size_t>(seconds(now_ - kBegin) / 60);
    if (minute < measures_.client_429_of_minute.size()) ++measures_.client_429_of_minute[minute];
  }
  try_again(call, retry_after_seconds, status == 429 ? Outcome::Refused : Outcome::Failed);
}

void World::wake(SteadyTime at) {
  if (wakes_at_ && *wakes_at_ <= at) return;
  wakes_at_ = std::max(at, now_);
  agenda_.add(*wakes_at_, EventKind::Wake);
}

// --- the way to the provider and back ---------------------------------------------------------------------------------

std::uint32_t World::open_exchange() {
  if (free_exchanges_.empty()) {
    exchanges_.emplace_back();
    return static_cast<std::uint32_t>(exchanges_.size() - 1);
  }
  const std::uint32_t number = free_exchanges_.back();
  free_exchanges_.pop_back();
  return number;
}

bool World::is_current(const Exchange& exchange) const {
  const Request& request = requests_[exchange.call];
  return request.is_open && request.attempt == exchange.attempt;
}

void World::receive(std::uint32_t number) {
  Exchange& exchange = exchanges_[number];
  Provider& provider = *providers_[exchange.organisation];
  auto answer = provider.receive(now_, exchange.input);
  if (auto* turned = std::get_if<Turned>(&answer)) {
    if (exchange.is_foreign) return free_exchanges_.push_back(number);
    if (is_measured(now_)) ++(turned->status == 429 ? measures_.upstream_429 : measures_.upstream_529);
    if (!scenario_.sends_headers) turned->readings = {};
    exchange.refusal = std::move(*turned);
    return agenda_.add(after_network(), EventKind::Refused, number);
  }
  const Taken& taken = std::get<Taken>(answer);
  exchange.ticket = taken.ticket;
  agenda_.add(now_ + taken.first_token, EventKind::Begun, number);
  if (exchange.is_foreign) return;
  Request& request = requests_[exchange.call];
  if (!request.started_at) request.started_at = now_;
  if (!is_measured(now_)) return;
  double cost = 0;
  const auto part = [&](const std::optional<double>& limit, double amount) {
    if (limit) cost = std::max(cost, amount * 60 / *limit);
  };
  part(scenario_.limits.requests, 1);
  part(scenario_.limits.input_tokens, exchange.input);
  part(scenario_.limits.output_tokens, exchange.output);
  measures_.service[request.tenant] += cost;
}

void World::begin(std::uint32_t number) {
  Exchange& exchange = exchanges_[number];
  exchange.readings = providers_[exchange.organisation]->begin(now_, exchange.ticket, exchange.input);
  agenda_.add(now_ + nanoseconds(std::min(1.0, exchange.output / kTokensPerSecond)), EventKind::Produced, number);
  if (scenario_.streams && !exchange.is_foreign) deliver(number, EventKind::Head, 0);
}

void World::produce(std::uint32_t number) {
  Exchange& exchange = exchanges_[number];
  Provider& provider = *providers_[exchange.organisation];
  const double tokens = std::min(kTokensPerSecond, exchange.output - exchange.produced);
  provider.produce(now_, exchange.ticket, tokens);
  exchange.produced += tokens;
  const bool is_whole = exchange.produced >= exchange.output;
  if (is_whole) provider.finish(now_, exchange.ticket);
  if (exchange.is_foreign) {
    if (is_whole) return free_exchanges_.push_back(number);
  } else if (scenario_.streams) {
    deliver(number, EventKind::Chunk, static_cast<std::uint32_t>(tokens));
  }
  if (!is_whole) {
    const double left = exchange.output - exchange.produced;
    return agenda_.add(now_ + nanoseconds(std::min(1.0, left / kTokensPerSecond)), EventKind::Produced, number);
  }
  if (!scenario_.streams) {
    deliver(number, EventKind::Head, 0);
    deliver(number, EventKind::Chunk, static_cast<std::uint32_t>(exchange.output));
  }
  deliver(number, EventKind::End, 0);
}

void World::deliver(std::uint32_t number, EventKind kind, std::uint32_t tokens) {
  Exchange& exchange = exchanges_[number];
  // The end comes with the last piece, and everything of a whole answer at once.
  const bool comes_along = kind == EventKind::End || (!scenario_.streams && kind == EventKind::Chunk);
  if (!comes_along) exchange.delivered_at = std::max(exchange.delivered_at, after_network());
  agenda_.add(exchange.delivered_at, kind, number, tokens);
}

void World::foreign_request(std::uint32_t organisation) {
  if (now_ >= ends_at_) return;
  const double rate = scenario_.foreign_load * capacity(scenario_.limits);
  agenda_.add(now_ - nanoseconds(std::log(1 - foreign_.uniform()) / rate), EventKind::Foreign, organisation);
  double draw = foreign_.uniform();
  std::size_t tenant = 0;
  while (tenant + 1 < kTenants.size() && draw >= kTenants[tenant].share) draw -= kTenants[tenant++].share;
  const Size size = draw_size(kTenants[tenant].priority, 0, foreign_);
  const std::uint32_t number = open_exchange();
  exchanges_[number] = Exchange{.organisation = organisation, .input = size.input, .output = size.output,
                                .is_foreign = true};
  receive(number);
}

void World::sample() {
  if (now_ >= ends_at_) return;
  agenda_.add(now_ + nanoseconds(kSampleSeconds), EventKind::Sample);
  if (!is_measured(now_) || policy_->waiting() == 0) return;
  const auto is_full = [](const std::optional<sim::LimitReading>& level) { return !level || level->until_full == Nanoseconds(0); };
  for (auto& provider : providers_) {
    const sim::RateLimitReading levels = provider->levels(now_);
    const auto& binding = binding_ == Dimension::Requests ? levels.requests
                          : binding_ == Dimension::Input  ? levels.input_tokens
                                                          : levels.output_tokens;
    measures_.samples_while_waiting += 1;
    measures_.full_while_waiting += is_full(binding);
    measures_.idle_while_waiting += is_full(levels.requests) && is_full(levels.input_tokens) && is_full(levels.output_tokens);
  }
}

}  // namespace tidegate::storm
