// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// What the server tells each scrape of /metrics beside what its workers counted.
#include "app/alert_sources.h"
#include "app/forecast_figures.h"
#include "app/provider_names.h"
#include "app/room_figures.h"
#include "app/savings_figures.h"
#include "app/server.h"
#include "app/shadow_figures.h"
#include "app/version.h"
#include "metrics/scrape_figures.h"

#include <algorithm>

namespace tidegate::app {

namespace {

constexpr std::size_t kMostBudgetSamples = 2'000;

}  // namespace

void Server::collect_metrics() {
  registry_.collect([this](metrics::SampleSink& sink) {
    using metrics::Metric;
    const Now now = clock_.now();
    const std::vector<quota::PoolLevel> pools = limits_.fresh_levels(now);
    const config::Options options = this->options();
    metrics::add(sink, Metric::ClaudeRpmLeft, quota::smallest_requests_remaining(pools, provider_names(options.providers, llm::Dialect::Anthropic)));
    for (const quota::PoolLevel& pool : pools) {
      for (const quota::LimitLevel& level : pool.limits) {
        const auto limit = level.limit ? std::optional<double>(static_cast<double>(*level.limit)) : std::nullopt;
        metrics::add(sink, metrics::PoolFigures{.pool = pool.pool,
                                                .model_group = pool.model_group,
                                                .dimension = llm::to_string(level.dimension),
                                                .limit = limit,
                                                .remaining = level.remaining_now,
                                                .seconds_to_exhaustion = level.seconds_to_exhaustion});
      }
    }
    add_room_figures(sink, rooms_.rooms());
    add_shadow_figures(sink, shadow_.counts(now));
    if (answers_ != nullptr) {
      const gateway::AnswerCache::Figures kept = answers_->figures();
      metrics::add(sink, metrics::AnswerCacheFigures{.hits = kept.hits,
                                                     .joined = kept.joined,
                                                     .misses = kept.misses,
                                                     .entries = kept.entries,
                                                     .bytes = kept.bytes,
                                                     .saved_dollars = static_cast<double>(kept.saved.nanodollars()) / 1e9});
    }
    add_balance_figures(sink, balances_.list());
    add_savings_figures(sink, cache_savings());
    add_forecast_figures(sink, forecasts_);
    add_alert_figures(sink, alerts_->alerts(now));
    for (const auto& [labels, count] : courier_.counts()) {
      sink.add(metrics::definition(Metric::AlertDeliveries), {labels.first, labels.second}, static_cast<double>(count));
    }
    for (const DataPlane::KeyCount& keys : plane_->key_counts()) {
      metrics::add(sink, metrics::KeyFigures{.provider = keys.provider.text(),
                                             .in_use = static_cast<std::int64_t>(keys.in_use),
                                             .missing = static_cast<std::int64_t>(
                                                 std::min(keys.in_use, provider_keys_.missing(keys.provider))),
                                             .draining = static_cast<std::int64_t>(keys.draining)});
    }
    std::size_t samples = 0;
    for (const quota::AccountLevel& tenant : tenants_.levels(quota::TenantBook::Which::Tenants, now)) {
      for (const quota::BudgetLevel& level : tenant.budgets) {
        if (++samples > kMostBudgetSamples) break;
        // Dollars and tokens: nano-dollars are for sums.
        const double unit = level.budget.unit == quota::BudgetUnit::Money ? 1e-9 : 1;
        metrics::add(sink, metrics::BudgetFigures{.tenant = tenant.tenant,
                                                  .period = to_string(level.budget.period),
                                                  .unit = to_string(level.budget.unit),
                                                  .limit = static_cast<double>(level.budget.limit) * unit,
                                                  .spent = static_cast<double>(level.spent) * unit,
                                                  .reserved = static_cast<double>(level.reserved) * unit,
                                                  .overspent = static_cast<double>(level.overspent()) * unit});
      }
    }
    const store::LedgerHealth health = keeper_->health();
    metrics::add(sink, metrics::LedgerFigures{.appended = static_cast<std::int64_t>(health.drained + health.undrained),
                                              .drained = static_cast<std::int64_t>(health.drained),
                                              .undrained = static_cast<std::int64_t>(health.undrained),
                                              .journal_bytes = static_cast<std::int64_t>(health.journal_bytes),
                                              .journal_limit = static_cast<std::int64_t>(options_.store.journal_bytes),
                                              .errors = static_cast<std::int64_t>(health.failures),
                                              .unrecorded = static_cast<std::int64_t>(health.not_recorded)});
    metrics::add(sink, Metric::BodyMemory, static_cast<std::int64_t>(plane_->body_memory().used()));
    metrics::add(sink, Metric::LogLinesDropped, static_cast<std::int64_t>(log_.dropped()));
    if (const auto expires_at = plane_->certificate_expires_at())
      metrics::add(sink, Metric::CertificateExpiry, *expires_at);
    metrics::add(sink, metrics::BuildFigures{.version = kVersion, .commit = kCommit});
    metrics::add(sink, metrics::read_process_figures());
  });
}

}  // namespace tidegate::app
