// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/use_board.h"

#include "app/demand_limits.h"

#include <utility>

namespace tidegate::app {

namespace {

/// What made the request fail, in one word; empty if it went well. A client that leaves is no error of anybody.
std::string_view error_kind_of(const gateway::Outcome& outcome) {
  if (outcome.error != llm::UpstreamErrorKind::None) return llm::to_string(outcome.error);
  if (outcome.status >= 400) return outcome.refusal.empty() ? std::string_view("client_error") : std::string_view(outcome.refusal);
  if (outcome.state == store::AttemptState::Interrupted) return "interrupted";
  return {};
}

}  // namespace

void UseLane::record(const gateway::Outcome& outcome, Money cost, SteadyTime now) {
  const bool taken = samples_.push_with([&](Sample& sample) {
    sample.model = outcome.view.model;
    sample.endpoint = llm::to_string(outcome.match.endpoint);
    sample.user = outcome.caller.user;
    sample.key = outcome.caller.key;
    sample.tenant = outcome.caller.tenant;
    sample.session = outcome.caller.session;
    sample.agent = outcome.caller.agent;
    sample.error_kind = error_kind_of(outcome);
    sample.provider = outcome.provider;
    sample.model_group = outcome.model_group;
    sample.wanted_room = outcome.wanted_room;
    sample.was_sent = outcome.id != 0;
    sample.lacked_capacity = outcome.refusal == "no_capacity";
    sample.tokens = llm::billed_tokens(outcome.answer.usage);
    sample.cost = cost;
    sample.at = now;
  });
  if (!taken) dropped_.fetch_add(1, std::memory_order_relaxed);
}

UseBoard::UseBoard(monitor::Windows windows, std::size_t lanes) : lanes_(lanes), windows_(std::move(windows)) {}

void UseBoard::collect_locked() {
  for (UseLane& lane : lanes_) {
    // At most what waited at the beginning: a worker that goes on finishing requests must not keep us here.
    for (std::size_t waiting = lane.samples_.size(); waiting > 0; --waiting) {
      (void)lane.samples_.pop_with([this](const UseLane::Sample& sample) {
        windows_.record({.model = sample.model,
                         .endpoint = sample.endpoint,
                         .user = sample.user,
                         .key = sample.key,
                         .tenant = sample.tenant,
                         .session = sample.session,
                         .agent = sample.agent,
                         .error_kind = sample.error_kind,
                         .input_tokens = sample.tokens.input,
                         .output_tokens = sample.tokens.output,
                         .cache_read_tokens = sample.tokens.cache_read,
                         .cache_write_tokens = sample.tokens.cache_write_5m + sample.tokens.cache_write_1h,
                         .cost = sample.cost},
                        sample.at);
        count_demand(sample);
      });
    }
  }
}

void UseBoard::count_demand(const UseLane::Sample& sample) {
  // Others were refused for what they are: they would not have used a limit either.
  if (!sample.was_sent && !sample.lacked_capacity) return;
  using monitor::DemandMeasure;
  monitor::Demand demand;
  (sample.was_sent ? demand[DemandMeasure::Requests] : demand.unserved) = 1;
  demand[DemandMeasure::InputTokens] = static_cast<double>(sample.tokens.total_input() - sample.tokens.cache_read);
  demand[DemandMeasure::OutputTokens] = static_cast<double>(sample.tokens.output);
  demand[DemandMeasure::Cost] = static_cast<double>(sample.cost.nanodollars()) * 1e-9;
  demand[DemandMeasure::Tokens] = static_cast<double>(sample.tokens.total_input() + sample.tokens.output);
  const auto cached = static_cast<double>(sample.tokens.cache_read);
  const bool goes_on = run_.demand && run_.model == sample.model && run_.tenant == sample.tenant && run_.key == sample.key &&
                       run_.provider == sample.provider && run_.model_group == sample.model_group && run_.wanted_room == sample.wanted_room;
  if (goes_on) {
    *run_.demand += demand;
    run_.cached_tokens += cached;
    return;
  }
  end_run();
  run_.provider = sample.provider;
  run_.model_group = sample.model_group;
  run_.wanted_room = sample.wanted_room;
  run_.model = sample.model;
  run_.tenant = sample.tenant;
  run_.key = sample.key;
  run_.demand = demand;
  run_.cached_tokens = cached;
}

void UseBoard::end_run() {
  if (!run_.demand) return;
  const std::string pool = demand_pool(run_.provider, run_.model_group);
  monitor::DemandSample counted{.pool = run_.wanted_room.empty() ? pool : run_.wanted_room,
                                .model = run_.model,
                                .tenant = run_.tenant,
                                .key = run_.key,
                                .demand = *run_.demand,
                                .cached_tokens = run_.cached_tokens};
  run_.demand.reset();
  demand_.add(counted);
  if (run_.wanted_room.empty()) return;
  counted.pool = pool;
  demand_.add_spare(counted);
}

monitor::DemandMinute UseBoard::take_demand() {
  const std::lock_guard lock(mutex_);
  collect_locked();
  end_run();
  return std::exchange(demand_, {});
}

void UseBoard::collect() {
  const std::lock_guard lock(mutex_);
  collect_locked();
}

Result<monitor::WindowTotals> UseBoard::totals(Nanoseconds length, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  collect_locked();
  return windows_.totals(length, now);
}

Result<std::vector<monitor::WindowLine>> UseBoard::query(Nanoseconds length, monitor::Dimension dimension, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  collect_locked();
  return windows_.query(length, dimension, now);
}

std::uint64_t UseBoard::dropped() const {
  std::uint64_t sum = 0;
  for (const UseLane& lane : lanes_) sum += lane.dropped_.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace tidegate::app
