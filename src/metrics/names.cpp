// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// The table of every metric. Names follow prometheus.io/docs/practices/naming; `process_*` and `gen_ai_*` are not ours
// to choose: the former are what Prometheus client libraries expose, the latter are the OpenTelemetry GenAI conventions
// ("Semantic conventions for generative AI metrics") as the OpenTelemetry-to-Prometheus rules render them: dots to
// underscores, `s` to `_seconds`, a unit in braces to nothing.
#include "metrics/names.h"

#include <array>
#include <cstddef>

namespace tidegate::metrics {

namespace {

using enum MetricType;

constexpr LabelDefinition closed(std::string_view name) { return {name, LabelValues::Closed}; }
constexpr LabelDefinition open(std::string_view name) { return {name, LabelValues::Open}; }

// Clients write the model's name and, with `auth: passthrough`, bring the key that makes the pool and the tenant.
constexpr std::array kStatus{closed("status")};
constexpr std::array kRequest{closed("provider"), open("model"), closed("endpoint"), closed("status"), open("tenant")};
constexpr std::array kTokens{closed("provider"), open("model"), closed("kind")};
constexpr std::array kCost{closed("provider"), open("model"), open("tenant")};
constexpr std::array kPool{open("pool"), open("model_group"), closed("dimension")};
constexpr std::array kBudget{open("tenant"), closed("period"), closed("unit")};
constexpr std::array kProviderModel{closed("provider"), open("model")};
constexpr std::array kDuration{closed("provider"), open("model"), closed("endpoint")};
constexpr std::array kProviderKind{closed("provider"), closed("kind")};
constexpr std::array kProviderState{closed("provider"), closed("state")};
constexpr std::array kProviderCurrency{closed("provider"), closed("currency")};
constexpr std::array kRoom{closed("provider"), open("model_group")};
constexpr std::array kRoomPriority{closed("provider"), open("model_group"), closed("priority")};
constexpr std::array kProviderPriority{closed("provider"), closed("priority")};
constexpr std::array kProviderObstacle{closed("provider"), closed("obstacle")};
constexpr std::array kSide{closed("side")};
constexpr std::array kProvider{closed("provider")};
constexpr std::array kProviderOutcome{closed("provider"), closed("outcome")};
constexpr std::array kReason{closed("reason")};
constexpr std::array kAlert{closed("rule"), closed("severity"), closed("state")};
constexpr std::array kDelivery{closed("receiver"), closed("result")};
constexpr std::array kModel{open("model")};
constexpr std::array kModelMode{open("model"), closed("mode")};
constexpr std::array kModelKindMode{open("model"), closed("kind"), closed("mode")};
constexpr std::array kResult{closed("result")};
constexpr std::array kForecastLimit{closed("scope"), open("name"), closed("measure"), closed("limit")};
constexpr std::array kForecastSeries{closed("scope"), open("name"), closed("measure"), closed("percentile")};
constexpr std::array kMetric{closed("metric")};
constexpr std::array kBuild{closed("version"), closed("commit")};
constexpr std::array kGenAi{closed("gen_ai_operation_name"), closed("gen_ai_provider_name"),
                            open("gen_ai_request_model"), open("gen_ai_response_model")};
constexpr std::array kGenAiTokens{closed("gen_ai_operation_name"), closed("gen_ai_provider_name"),
                                  closed("gen_ai_token_type"), open("gen_ai_request_model"),
                                  open("gen_ai_response_model")};
constexpr std::array kGenAiDuration{closed("gen_ai_operation_name"), closed("gen_ai_provider_name"),
                                    closed("error_type"), open("gen_ai_request_model"), open("gen_ai_response_model")};

// Answers take from a tenth of a second (an error, a short count) to ten minutes (a long stream).
constexpr std::array kDurationBounds{0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0, 600.0};
constexpr std::array kFirstTokenBounds{0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0};
// The level is 50 µs of added time (added time to first byte, CPU part).
constexpr std::array kOverheadBounds{0.000'01, 0.000'025, 0.000'05, 0.000'1, 0.000'25, 0.000'5,
                                     0.001,    0.002'5,   0.005,    0.01,    0.05,     0.25};
// From no wait at all to the ten minutes that a batch request waits at most by default.
constexpr std::array kQueueWaitBounds{0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 240.0, 600.0};
// These three are the advice of the OpenTelemetry GenAI conventions.
constexpr std::array kGenAiTokenBounds{1.0,         4.0,         16.0,         64.0,        256.0,
                                       1'024.0,     4'096.0,     16'384.0,     65'536.0,    262'144.0,
                                       1'048'576.0, 4'194'304.0, 16'777'216.0, 67'108'864.0};
constexpr std::array kGenAiDurationBounds{0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                          1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
constexpr std::array kGenAiFirstTokenBounds{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,
                                            0.25,  0.5,   0.75, 1.0,  2.5,  5.0,  7.5,  10.0};

struct Row {
  Metric metric;
  MetricDefinition definition;
};

constexpr std::array kRows{
    Row{Metric::ClaudeRequests,
        {"claude_req_total", Counter, Unit::Requests, kStatus,
         "Requests finished, by the HTTP status that the client saw; none if it left before one was sent"}},
    Row{Metric::ClaudeRpmLeft,
        {"claude_rpm_left",
         Gauge,
         Unit::Requests,
         {},
         "Requests per minute that remain, for messages, in the pool of a Claude provider that has fewest, advanced to this moment; absent "
         "while none was read within 15 minutes"}},
    Row{Metric::Requests,
        {"tidegate_requests_total", Counter, Unit::Requests, kRequest,
         "Requests finished, by the HTTP status that the client saw; provider is absent if nothing went upstream"}},
    Row{Metric::TokensUsed,
        {"tidegate_tokens_total", Counter, Unit::Tokens, kTokens,
         "Tokens used, by the kind they are priced as: input, cache_read, cache_write_5m, cache_write_1h, output; the "
         "kinds do "
         "not overlap"}},
    Row{Metric::Cost,
        {"tidegate_cost_dollars_total", Counter, Unit::Dollars, kCost, "Cost of what was used, from the price book"}},
    Row{Metric::PoolLimit,
        {"tidegate_pool_limit", Gauge, Unit::One, kPool,
         "Requests or tokens per minute that the provider allows the pool, as its last answer said"}},
    Row{Metric::PoolRemaining,
        {"tidegate_pool_remaining", Gauge, Unit::One, kPool,
         "Requests or tokens that remain in the pool, advanced to this moment; absent if not read within 15 minutes"}},
    Row{Metric::PoolSecondsToExhaustion,
        {"tidegate_pool_seconds_to_exhaustion", Gauge, Unit::Seconds, kPool,
         "Time until the pool is empty at the present rate of use; absent while it fills or stays level"}},
    Row{Metric::ProviderKeys,
        {"tidegate_provider_keys", Gauge, Unit::One, kProviderState,
         "Keys of a provider: in_use; missing, which are still used but were not in the last reading of their source; "
         "draining, which take no new request while earlier ones run on"}},
    Row{Metric::ProviderBalance,
        {"tidegate_provider_balance", Gauge, Unit::One, kProviderCurrency,
         "Money that is left at a provider, in the currency that it tells; absent where it is not asked for, cannot be read or has no limit"}},
    Row{Metric::BudgetLimit,
        {"tidegate_budget_limit", Gauge, Unit::One, kBudget,
         "A tenant's budget in US dollars or tokens, for the running hour, day or month in UTC, or for its life"}},
    Row{Metric::BudgetSpent,
        {"tidegate_budget_spent", Gauge, Unit::One, kBudget, "What the tenant has spent of it"}},
    Row{Metric::BudgetReserved,
        {"tidegate_budget_reserved", Gauge, Unit::One, kBudget, "What is set aside of it for requests in flight"}},
    Row{Metric::BudgetOverspent,
        {"tidegate_budget_overspent", Gauge, Unit::One, kBudget,
         "What was spent beyond it: at most what answers took beyond their reservations, if the budget is hard"}},
    Row{Metric::TimeToFirstToken,
        {"tidegate_time_to_first_token_seconds", Histogram, Unit::Seconds, kProviderModel,
         "Time from the request read whole to the first byte of the answer's body, by provider and model",
         kFirstTokenBounds}},
    Row{Metric::RequestDuration,
        {"tidegate_request_duration_seconds", Histogram, Unit::Seconds, kDuration,
         "Time from the request's first byte to the answer's last, waiting included", kDurationBounds}},
    Row{Metric::Overhead,
        {"tidegate_overhead_seconds",
         Histogram,
         Unit::Seconds,
         {},
         "Time that Tidegate itself added before the first byte of an answer, waiting for limits not included",
         kOverheadBounds}},
    Row{Metric::UpstreamErrors,
        {"tidegate_upstream_errors_total", Counter, Unit::Requests, kProviderKind,
         "Attempts that a provider did not answer well, by the kind of error"}},
    Row{Metric::InFlightRequests,
        {"tidegate_in_flight_requests", Gauge, Unit::Requests, {}, "Requests that are being answered now"}},
    Row{Metric::QueuedRequests,
        {"tidegate_queued_requests", Gauge, Unit::Requests, kRoomPriority,
         "Requests that wait for their turn at a provider now, by what they are limited by; model_group is absent for calls that "
         "name no model"}},
    Row{Metric::RoomInFlight,
        {"tidegate_room_in_flight_requests", Gauge, Unit::Requests, kRoom,
         "Requests that a provider answers now, as its limits on concurrency see them"}},
    Row{Metric::QueueWait,
        {"tidegate_queue_wait_seconds", Histogram, Unit::Seconds, kProviderPriority,
         "Time that a request waited for its turn, all attempts and targets together, by the provider that it was for last; "
         "those given up included",
         kQueueWaitBounds}},
    Row{Metric::CapacityRefusals,
        {"tidegate_capacity_refusals_total", Counter, Unit::Requests, kProviderObstacle,
         "Requests that Tidegate refused itself, because no provider could serve them in time, by what stood in the way at the "
         "last one; provider is absent if none of them has a key"}},
    Row{Metric::BodyMemory,
        {"tidegate_body_memory_bytes", Gauge, Unit::Bytes, {}, "Memory that request bodies hold now"}},
    Row{Metric::LedgerAppended,
        {"tidegate_ledger_appended_total", Counter, Unit::One, {}, "Entries appended to the journal"}},
    Row{Metric::LedgerDrained,
        {"tidegate_ledger_drained_total", Counter, Unit::One, {}, "Entries moved from the journal into the database"}},
    Row{Metric::LedgerUndrained,
        {"tidegate_ledger_undrained", Gauge, Unit::One, {}, "Entries in the journal that are not in the database yet"}},
    Row{Metric::LedgerJournalBytes,
        {"tidegate_ledger_journal_bytes", Gauge, Unit::Bytes, {}, "Size of the journal's files"}},
    Row{Metric::LedgerJournalLimit,
        {"tidegate_ledger_journal_limit_bytes", Gauge, Unit::Bytes, {}, "What they may take together: `ledger.journal_size`"}},
    Row{Metric::LedgerErrors,
        {"tidegate_ledger_errors_total",
         Counter,
         Unit::One,
         {},
         "Attempts to move entries into the database that failed; the entries stay in the journal"}},
    Row{Metric::LedgerUnrecorded,
        {"tidegate_ledger_unrecorded_total",
         Counter,
         Unit::One,
         {},
         "Records lost because the journal had no room for them; requests refused under `ledger.when_full: refuse` are not among "
         "them"}},
    Row{Metric::LogLinesDropped,
        {"tidegate_log_lines_dropped_total",
         Counter,
         Unit::One,
         {},
         "Log lines dropped because the log could not keep up"}},
    Row{Metric::ConnectionsOpen,
        {"tidegate_connections_open", Gauge, Unit::One, kSide, "Connections open now, on the side client or upstream"}},
    Row{Metric::UpstreamConnectionsOpened,
        {"tidegate_upstream_connections_opened_total", Counter, Unit::One, kProvider,
         "Connections opened to a provider"}},
    Row{Metric::StaleSocketReplays,
        {"tidegate_stale_socket_replays_total",
         Counter,
         Unit::Requests,
         {},
         "Requests sent again on a fresh connection because a kept one had been closed by the provider"}},
    Row{Metric::PriceUnknown,
        {"tidegate_price_unknown_total", Counter, Unit::Requests, kModel,
         "Requests whose model the price book does not know; they were charged the configured price"}},
    Row{Metric::PromptCacheRequests,
        {"tidegate_prompt_cache_requests_total", Counter, Unit::Requests, kModelMode,
         "Requests answered with marks of Tidegate's own for the prompt cache, by mode: on, or dry_run, which only reckons"}},
    Row{Metric::PromptCacheTokens,
        {"tidegate_prompt_cache_tokens_total", Counter, Unit::Tokens, kModelKindMode,
         "Input tokens of these requests that the cache gave or took, by kind: cache_read, cache_write_5m, cache_write_1h"}},
    Row{Metric::PromptCacheSaved,
        {"tidegate_prompt_cache_saved_dollars", Gauge, Unit::Dollars, kModelMode,
         "What these marks saved against the plain input price since the start, net of the writes; negative if they did not pay"}},
    Row{Metric::PromptCacheQuotaTokens,
        {"tidegate_prompt_cache_quota_tokens_total", Counter, Unit::Tokens, kModelMode,
         "Input tokens of these requests that did not count against the provider's limit, because the cache gave them"}},
    Row{Metric::ShadowRequests,
        {"tidegate_shadow_requests_total", Counter, Unit::Requests, kProviderOutcome,
         "Copies that a second provider has answered for comparison, by outcome: good or failed; no other metric counts them"}},
    Row{Metric::ShadowNotSent,
        {"tidegate_shadow_not_sent_total", Counter, Unit::Requests, kReason,
         "Requests drawn for comparison that were not copied, by reason: starting, headroom, budget, minute or concurrency"}},
    Row{Metric::ShadowCost,
        {"tidegate_shadow_cost_dollars_total", Counter, Unit::Dollars, kProvider, "Cost of copies, from the price book"}},
    Row{Metric::ShadowDropped,
        {"tidegate_shadow_dropped_total",
         Counter,
         Unit::One,
         {},
         "Compared pairs that are missing in the report, because they came faster than they were taken in"}},
    Row{Metric::AnswerCacheRequests,
        {"tidegate_answer_cache_requests_total", Counter, Unit::Requests, kResult,
         "Requests that may be answered again, by result: hit, joined (another request's answer was awaited) or miss"}},
    Row{Metric::AnswerCacheEntries, {"tidegate_answer_cache_entries", Gauge, Unit::One, {}, "Whole answers that are kept"}},
    Row{Metric::AnswerCacheBytes, {"tidegate_answer_cache_bytes", Gauge, Unit::Bytes, {}, "Memory of kept answers"}},
    Row{Metric::AnswerCacheSaved,
        {"tidegate_answer_cache_saved_dollars_total",
         Counter,
         Unit::Dollars,
         {},
         "What the answers that were given again cost when they were made"}},
    Row{Metric::ForecastProbability,
        {"tidegate_forecast_exhaustion_probability", Gauge, Unit::One, kForecastLimit,
         "Probability that a limit or budget runs out within `forecast.horizon`, 30 minutes unless set; 0 while there is too little history"}},
    Row{Metric::ForecastSecondsToExhaustion,
        {"tidegate_forecast_seconds_to_exhaustion", Gauge, Unit::Seconds, kForecastLimit,
         "If it runs out within `forecast.horizon`, then about in so many seconds; absent if it does not"}},
    Row{Metric::ForecastDemand,
        {"tidegate_forecast_demand", Gauge, Unit::One, kForecastSeries,
         "Requests, tokens or dollars per minute that are expected to be asked for at the end of `forecast.horizon`, by percentile; absent "
         "while there is too little history"}},
    Row{Metric::Alerts,
        {"tidegate_alerts", Gauge, Unit::One, kAlert, "Alerts that are pending, firing or just resolved, by rule, severity and state"}},
    Row{Metric::AlertDeliveries,
        {"tidegate_alert_deliveries_total", Counter, Unit::One, kDelivery,
         "Attempts to tell a receiver of alerts, by result: sent, failed (tried again) or dead (given up)"}},
    Row{Metric::ConfigReloads,
        {"tidegate_config_reloads_total", Counter, Unit::One, kResult,
         "Reloads of the configuration, by result: applied or rejected"}},
    Row{Metric::CertificateExpiry,
        {"tidegate_certificate_expiry_timestamp_seconds",
         Gauge,
         Unit::Seconds,
         {},
         "When the first of the certificates that Tidegate presents expires, in Unix time; absent without TLS"}},
    Row{Metric::LabelOverflow,
        {"tidegate_metrics_label_overflow_total", Counter, Unit::One, kMetric,
         "New label sets that were counted under the value other, because the metric had as many as it may have"}},
    Row{Metric::BuildInfo,
        {"tidegate_build_info", Gauge, Unit::One, kBuild, "Always 1; the labels say what is running"}},
    Row{Metric::ProcessStartTime,
        {"process_start_time_seconds", Gauge, Unit::Seconds, {}, "When the process started, in Unix time"}},
    Row{Metric::ProcessResidentMemory,
        {"process_resident_memory_bytes", Gauge, Unit::Bytes, {}, "Resident memory of the process"}},
    Row{Metric::ProcessCpu,
        {"process_cpu_seconds_total", Counter, Unit::Seconds, {}, "User and system CPU time of the process"}},
    Row{Metric::GenAiTokenUsage,
        {"gen_ai_client_token_usage", Histogram, Unit::Tokens, kGenAiTokens,
         "Input and output tokens of one operation; input includes what was read from and written to the cache",
         kGenAiTokenBounds}},
    Row{Metric::GenAiOperationDuration,
        {"gen_ai_client_operation_duration_seconds", Histogram, Unit::Seconds, kGenAiDuration,
         "Duration of one operation", kGenAiDurationBounds}},
    Row{Metric::GenAiTimeToFirstToken,
        {"gen_ai_server_time_to_first_token_seconds", Histogram, Unit::Seconds, kGenAi,
         "Time to the first token of a successful answer", kGenAiFirstTokenBounds}},
};

consteval auto definitions_in_order() {
  std::array<MetricDefinition, kRows.size()> definitions{};
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].metric) != i) throw "a row of the table is not where its enumerator is";
    definitions[i] = kRows[i].definition;
  }
  return definitions;
}

constexpr auto kDefinitions = definitions_in_order();
static_assert(kDefinitions.size() == static_cast<std::size_t>(Metric::GenAiTimeToFirstToken) + 1);

}  // namespace

const MetricDefinition& definition(Metric metric) { return kDefinitions[static_cast<std::size_t>(metric)]; }

std::span<const MetricDefinition> all_definitions() { return kDefinitions; }

}  // namespace tidegate::metrics
