// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "app/log_writer.h"
#include "app/unpriced_models.h"
#include "app/unread_answers.h"
#include "app/use_board.h"
#include "base/board.h"
#include "config/options.h"
#include "gateway/outcome.h"
#include "metrics/worker_metrics.h"
#include "pricing/price_book.h"
#include "quota/book/limit_board.h"
#include "store/attempt_id.h"
#include "store/journal.h"
#include "store/store_options.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

/// One worker's sink: journal, log, metrics, windows, limit readings. Each call copies memory and returns; other threads do the rest.
/// Belongs to its worker's thread.
class WorkerSink final : public gateway::OutcomeSink {
 public:
  /// What it reports to; all of it outlives the sink.
  struct Targets {
    LogLane& log;
    store::JournalWriter& journal;
    UseLane& use;
    metrics::Registry& registry;
    quota::LimitBoard& limits;
    AlarmBoard& alarms;
    UnpricedModels& unpriced;
    UnreadAnswers& unread;
    const Board<pricing::PriceBook>& prices;
    const Clock& clock;
    const std::atomic<config::LogLevel>& log_level;  ///< lines below are not even made
  };
  /// `last_known`: see store::AttemptIdSource.
  WorkerSink(const Targets& targets, std::uint32_t worker, store::AttemptId last_known, store::WhenFull when_full);

  [[nodiscard]] Amount estimate(const gateway::Outcome& outcome) override;
  [[nodiscard]] store::AttemptId begin(const gateway::Outcome& outcome) override;
  void answered(const gateway::Outcome& outcome, const llm::RateLimitReading& limits) override;
  void attempt_over(const gateway::Outcome& outcome) override;
  caching::InputPrices input_prices(const gateway::Outcome& outcome) override;
  void provider_changed(std::string_view provider, bool out) override;
  void key_changed(std::string_view provider, std::string_view key, std::optional<quota::KeyRing::Fault> fault) override;
  [[nodiscard]] gateway::Charged charge(const gateway::Outcome& outcome) override;
  void finish(const gateway::Outcome& outcome) override;
  [[nodiscard]] bool accepting() const override;
  void upstream_connected(const ProviderId& provider) override;

 private:
  void record_refusal(const gateway::Outcome& outcome);
  void end_record_of(const gateway::Outcome& outcome);
  void measure(const gateway::Outcome& outcome);

  Targets to_;
  metrics::WorkerMetrics metrics_;
  BoardView<pricing::PriceBook> prices_;
  store::AttemptIdSource ids_;
  store::WhenFull when_full_;
  /// Attempts of this worker that found no room at their begin are left out as a whole; ids are ordered, so the present ones suffice.
  std::vector<store::AttemptId> unrecorded_;
  // What was worked out last, because it is asked for again: for a request's limits and for its record.
  struct Estimate {
    std::string request_id, provider, model;
    Amount amount;
  } estimated_;
};

}  // namespace tidegate::app
