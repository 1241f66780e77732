// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/shadow_board.h"

#include "monitor/shadow_hash.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tidegate::app {

using monitor::ShadowDecision;
using monitor::ShadowReport;

namespace {

constexpr std::chrono::minutes kRecent(10);
constexpr std::chrono::hours kDay(24);

}  // namespace

ShadowBoard::ShadowBoard(monitor::ShadowOptions options, std::size_t workers)
    : is_on_(options.is_on()), gate_(std::move(options)), lanes_(workers) {}

ProviderId ShadowBoard::drawn(std::string_view request_id, std::string_view session) const {
  if (!is_on_.load(std::memory_order_relaxed)) return {};
  const std::lock_guard lock(gate_mutex_);
  const monitor::ShadowOptions& options = gate_.options();
  return monitor::is_in_shadow_sample(options, request_id, session) ? options.provider : ProviderId();
}

ShadowDecision ShadowBoard::ask(const monitor::ShadowQuestion& question, Now now) {
  if (!is_on_.load(std::memory_order_relaxed)) return ShadowDecision::Off;
  const std::lock_guard lock(gate_mutex_);
  const ShadowDecision decision = gate_.ask(question, now);
  ++decided_[static_cast<std::size_t>(decision)];
  return decision;
}

void ShadowBoard::finish(std::size_t worker, Money estimate, monitor::ShadowSample sample, Now now) {
  {
    const std::lock_guard lock(gate_mutex_);
    gate_.settle(estimate, sample.shadow.cost, now);
    Answered& answered = answered_[sample.shadow_provider];
    ++(sample.shadow.ok ? answered.good : answered.failed);
    answered.cost += sample.shadow.cost;
  }
  Lane& lane = lanes_[worker];
  if (!lane.pairs.push(std::move(sample))) lane.dropped.fetch_add(1, std::memory_order_relaxed);
}

void ShadowBoard::abandon(Money estimate, Money cost, Now now) {
  const std::lock_guard lock(gate_mutex_);
  gate_.settle(estimate, cost, now);
}

monitor::ShadowOptions ShadowBoard::options() const {
  const std::lock_guard lock(gate_mutex_);
  return gate_.options();
}

monitor::ShadowCounts ShadowBoard::counts(Now now) const {
  monitor::ShadowCounts counts;
  for (const Lane& lane : lanes_) counts.dropped += lane.dropped.load(std::memory_order_relaxed);
  const std::lock_guard lock(gate_mutex_);
  counts.decided = decided_;
  counts.running = gate_.running();
  counts.spent_today = gate_.spent(now);
  for (const auto& [provider, answered] : answered_) {
    counts.answered.push_back({.provider = provider, .good = answered.good, .failed = answered.failed, .cost = answered.cost});
  }
  return counts;
}

void ShadowBoard::adopt(monitor::ShadowOptions options) {
  const std::lock_guard lock(gate_mutex_);
  is_on_.store(options.is_on(), std::memory_order_relaxed);
  gate_.adopt(std::move(options));
}

bool ShadowBoard::misses_past() const {
  const std::lock_guard lock(gate_mutex_);
  return gate_.options().is_on() && gate_.misses_past();
}

void ShadowBoard::restore(Money spent_today, Now now) {
  const std::lock_guard lock(gate_mutex_);
  gate_.restore(spent_today, now);
}

void ShadowBoard::collect() {
  const std::lock_guard lock(book_mutex_);
  for (Lane& lane : lanes_) {
    // At most what waited at the beginning: a worker that goes on must not keep us here.
    for (std::size_t waiting = lane.pairs.size(); waiting > 0; --waiting) {
      if (auto sample = lane.pairs.pop()) book_.add(std::move(*sample));
    }
  }
}

std::vector<monitor::ShadowBook::Providers> ShadowBoard::providers() {
  collect();
  const std::lock_guard lock(book_mutex_);
  return book_.providers();
}

ShadowReport ShadowBoard::report_of(const std::string& official, const std::string& shadow, const std::string& model, SteadyTime since,
                                    SteadyTime until) const {
  std::unique_lock lock(book_mutex_);
  const std::vector<monitor::ShadowSample> samples = book_.samples(official, shadow, model, since, until);
  lock.unlock();  // comparing takes long
  ShadowReport report = monitor::compare(samples, monitor::stable_hash(official + '\n' + shadow + '\n' + model));
  report.official_provider = official;
  report.shadow_provider = shadow;
  return report;
}

std::vector<ShadowReport> ShadowBoard::reports(Nanoseconds length, SteadyTime now) {
  // Longer than the machine has been up means all: the length comes from outside, and must not overflow.
  const SteadyTime since = length < now.time_since_epoch() ? now - length : SteadyTime::min();
  std::vector<ShadowReport> all;
  for (const auto& [official, shadow, models] : providers()) {
    ShadowReport together = report_of(official, shadow, {}, since, SteadyTime::max());
    const bool one_model = !together.model.empty();
    if (together.pairs == 0) continue;
    all.push_back(std::move(together));
    if (one_model) continue;
    for (std::size_t i = 0; i < std::min(models.size(), kMostModels); ++i) {
      if (models[i].empty()) continue;
      ShadowReport report = report_of(official, shadow, models[i], since, SteadyTime::max());
      if (report.pairs > 0) all.push_back(std::move(report));
    }
  }
  return all;
}

std::vector<ShadowBoard::Standing> ShadowBoard::standings(SteadyTime now) {
  std::vector<Standing> all;
  for (const auto& [official, shadow, models] : providers()) {
    ShadowReport recent = report_of(official, shadow, {}, now - kRecent, SteadyTime::max());
    if (recent.pairs == 0) continue;
    all.push_back({std::move(recent), report_of(official, shadow, {}, now - kDay, now - kRecent)});
  }
  return all;
}

}  // namespace tidegate::app
