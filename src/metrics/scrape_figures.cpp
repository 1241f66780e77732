// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/scrape_figures.h"

namespace tidegate::metrics {

void add(SampleSink& sink, Metric metric, std::optional<double> value) { sink.add(definition(metric), {}, value); }

void add(SampleSink& sink, Metric metric, WallTime time) {
  add(sink, metric, std::chrono::duration_cast<Seconds>(time.time_since_epoch()).count());
}

void add(SampleSink& sink, const PoolFigures& figures) {
  const auto add_one = [&](Metric metric, std::optional<double> value) {
    sink.add(definition(metric), {figures.pool, figures.model_group, figures.dimension}, value);
  };
  add_one(Metric::PoolLimit, figures.limit);
  add_one(Metric::PoolRemaining, figures.remaining);
  add_one(Metric::PoolSecondsToExhaustion, figures.seconds_to_exhaustion);
}

void add(SampleSink& sink, const RoomFigures& figures) {
  const auto add_waiting = [&](std::string_view priority, std::int64_t count) {
    sink.add(definition(Metric::QueuedRequests), {figures.provider, figures.model_group, priority}, static_cast<double>(count));
  };
  add_waiting("interactive", figures.waiting_interactive);
  add_waiting("batch", figures.waiting_batch);
  sink.add(definition(Metric::RoomInFlight), {figures.provider, figures.model_group}, static_cast<double>(figures.in_flight));
}

void add(SampleSink& sink, const KeyFigures& figures) {
  const auto add_one = [&](std::string_view state, std::int64_t count) {
    sink.add(definition(Metric::ProviderKeys), {figures.provider, state}, static_cast<double>(count));
  };
  add_one("in_use", figures.in_use - figures.missing);
  add_one("missing", figures.missing);
  add_one("draining", figures.draining);
}

void add(SampleSink& sink, const BudgetFigures& figures) {
  const auto add_one = [&](Metric metric, double value) {
    sink.add(definition(metric), {figures.tenant, figures.period, figures.unit}, value);
  };
  add_one(Metric::BudgetLimit, figures.limit);
  add_one(Metric::BudgetSpent, figures.spent);
  add_one(Metric::BudgetReserved, figures.reserved);
  add_one(Metric::BudgetOverspent, figures.overspent);
}

void add(SampleSink& sink, const LedgerFigures& figures) {
  add(sink, Metric::LedgerAppended, figures.appended);
  add(sink, Metric::LedgerDrained, figures.drained);
  add(sink, Metric::LedgerUndrained, figures.undrained);
  add(sink, Metric::LedgerJournalBytes, figures.journal_bytes);
  add(sink, Metric::LedgerJournalLimit, figures.journal_limit);
  add(sink, Metric::LedgerErrors, figures.errors);
  add(sink, Metric::LedgerUnrecorded, figures.unrecorded);
}

void add(SampleSink& sink, const ShadowFigures& figures) {
  const MetricDefinition& requests = definition(Metric::ShadowRequests);
  sink.add(requests, {figures.provider, "good"}, static_cast<double>(figures.good));
  sink.add(requests, {figures.provider, "failed"}, static_cast<double>(figures.failed));
  sink.add(definition(Metric::ShadowCost), {figures.provider}, figures.dollars);
}

void add(SampleSink& sink, const AnswerCacheFigures& figures) {
  const MetricDefinition& requests = definition(Metric::AnswerCacheRequests);
  sink.add(requests, {"hit"}, static_cast<double>(figures.hits));
  sink.add(requests, {"joined"}, static_cast<double>(figures.joined));
  sink.add(requests, {"miss"}, static_cast<double>(figures.misses));
  add(sink, Metric::AnswerCacheEntries, figures.entries);
  add(sink, Metric::AnswerCacheBytes, figures.bytes);
  add(sink, Metric::AnswerCacheSaved, std::optional<double>(figures.saved_dollars));
}

void add(SampleSink& sink, const BuildFigures& figures) {
  sink.add(definition(Metric::BuildInfo), {figures.version, figures.commit}, 1.0);
}

void add(SampleSink& sink, const ProcessFigures& figures) {
  add(sink, Metric::ProcessStartTime, figures.start_time);
  add(sink, Metric::ProcessResidentMemory, figures.resident_bytes);
  add(sink, Metric::ProcessCpu, figures.cpu_seconds);
}

}  // namespace tidegate::metrics
