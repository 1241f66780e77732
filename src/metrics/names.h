// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/definition.h"

#include <cstdint>
#include <span>

namespace tidegate::metrics {

/// Every metric that Tidegate exposes; names.cpp is the table behind it. A new one gets a line in both, one in
/// names_test.cpp's golden list, and `ninja tidegate_metrics_doc`.
enum class Metric : std::uint8_t {
  ClaudeRequests,
  ClaudeRpmLeft,
  Requests,
  TokensUsed,
  Cost,
  PoolLimit,
  PoolRemaining,
  PoolSecondsToExhaustion,
  ProviderKeys,
  ProviderBalance,
  BudgetLimit,
  BudgetSpent,
  BudgetReserved,
  BudgetOverspent,
  TimeToFirstToken,
  RequestDuration,
  Overhead,
  UpstreamErrors,
  InFlightRequests,
  QueuedRequests,
  RoomInFlight,
  QueueWait,
  CapacityRefusals,
  BodyMemory,
  LedgerAppended,
  LedgerDrained,
  LedgerUndrained,
  LedgerJournalBytes,
  LedgerJournalLimit,
  LedgerErrors,
  LedgerUnrecorded,
  LogLinesDropped,
  ConnectionsOpen,
  UpstreamConnectionsOpened,
  StaleSocketReplays,
  PriceUnknown,
  PromptCacheRequests,
  PromptCacheTokens,
  PromptCacheSaved,
  PromptCacheQuotaTokens,
  ShadowRequests,
  ShadowNotSent,
  ShadowCost,
  ShadowDropped,
  AnswerCacheRequests,
  AnswerCacheEntries,
  AnswerCacheBytes,
  AnswerCacheSaved,
  ForecastProbability,
  ForecastSecondsToExhaustion,
  ForecastDemand,
  Alerts,
  AlertDeliveries,
  ConfigReloads,
  CertificateExpiry,
  LabelOverflow,
  BuildInfo,
  ProcessStartTime,
  ProcessResidentMemory,
  ProcessCpu,
  GenAiTokenUsage,
  GenAiOperationDuration,
  GenAiTimeToFirstToken,
};

[[nodiscard]] const MetricDefinition& definition(Metric metric);

/// All of them, in the order of `Metric`.
[[nodiscard]] std::span<const MetricDefinition> all_definitions();

}  // namespace tidegate::metrics
