// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "metrics/names.h"
#include "metrics/snapshot.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::metrics {

// What other modules know and a collector (Registry::collect) hands over at scrape time, on the scrape's thread.
//
//     registry.collect([&](SampleSink& sink) {
//       add(sink, Metric::ClaudeRpmLeft, book.smallest_remaining_requests(now));
//       add(sink, Metric::BodyMemory, body_memory.used());
//     });

/// A metric without labels; nothing is shown where there is no value.
void add(SampleSink& sink, Metric metric, std::optional<double> value);
inline void add(SampleSink& sink, Metric metric, std::int64_t value) {
  add(sink, metric, std::optional<double>(static_cast<double>(value)));
}
/// Whole seconds since 1970, for Metric::CertificateExpiry.
void add(SampleSink& sink, Metric metric, WallTime time);

/// One dimension of one pool, at this moment.
struct PoolFigures {
  std::string_view pool = {};
  std::string_view model_group = {};
  std::string_view dimension = {};  ///< `requests`, `input_tokens` …
  std::optional<double> limit = {};
  std::optional<double> remaining = {};
  std::optional<double> seconds_to_exhaustion = {};
};
void add(SampleSink& sink, const PoolFigures& figures);

/// What waits for and runs at one provider's group of models.
struct RoomFigures {
  std::string_view provider = {};
  std::string_view model_group = {};
  std::int64_t waiting_interactive = 0;
  std::int64_t waiting_batch = 0;
  std::int64_t in_flight = 0;
};
void add(SampleSink& sink, const RoomFigures& figures);

/// Keys of one provider.
struct KeyFigures {
  std::string_view provider = {};
  std::int64_t in_use = 0;
  std::int64_t missing = 0;   ///< of those in use: not in the last reading of their source
  std::int64_t draining = 0;  ///< no longer in use, while requests that began with them run on
};
void add(SampleSink& sink, const KeyFigures& figures);
/// One budget of one tenant, in dollars or tokens.
struct BudgetFigures {
  std::string_view tenant = {};
  std::string_view period = {};  ///< `hour`, `day`, `month`, `life`
  std::string_view unit = {};    ///< `usd`, `tokens`
  double limit = 0;
  double spent = 0;
  double reserved = 0;
  double overspent = 0;
};
void add(SampleSink& sink, const BudgetFigures& figures);

struct LedgerFigures {
  std::int64_t appended = 0;
  std::int64_t drained = 0;
  std::int64_t undrained = 0;
  std::int64_t journal_bytes = 0;
  std::int64_t journal_limit = 0;
  std::int64_t errors = 0;
  std::int64_t unrecorded = 0;
};
void add(SampleSink& sink, const LedgerFigures& figures);

/// Copies that one provider has answered.
struct ShadowFigures {
  std::string_view provider = {};
  std::int64_t good = 0;
  std::int64_t failed = 0;
  double dollars = 0;
};
void add(SampleSink& sink, const ShadowFigures& figures);

/// Whole answers given again.
struct AnswerCacheFigures {
  std::int64_t hits = 0;    ///< at once
  std::int64_t joined = 0;  ///< once another request's answer was there
  std::int64_t misses = 0;
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
  double saved_dollars = 0;
};
void add(SampleSink& sink, const AnswerCacheFigures& figures);

struct BuildFigures {
  std::string_view version = {};
  std::string_view commit = {};
};
void add(SampleSink& sink, const BuildFigures& figures);

/// Of this process; what the system does not tell is absent.
struct ProcessFigures {
  std::optional<double> start_time;  ///< Unix time, seconds
  std::optional<double> resident_bytes;
  std::optional<double> cpu_seconds;
};
/// Reads /proc (proc(5)): three small files, some 50 µs.
[[nodiscard]] ProcessFigures read_process_figures();
void add(SampleSink& sink, const ProcessFigures& figures);

}  // namespace tidegate::metrics
