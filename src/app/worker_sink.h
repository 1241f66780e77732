// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/request_log.h"
#include "gateway/outcome.h"
#include "pricing/price_book.h"
#include "store/attempt_id.h"
#include "store/journal.h"
#include "store/store_options.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace tidegate::app {

/// One worker's sink: journal and log. Each call copies memory and returns; the keeper's and the log's threads do the rest.
/// Belongs to its worker's thread.
class WorkerSink final : public gateway::OutcomeSink {
 public:
  /// `last_known`: see store::AttemptIdSource. The references outlive the sink.
  WorkerSink(LogWriter& log, store::JournalWriter& journal, std::shared_ptr<const pricing::PriceBook> prices, const Clock& clock,
             std::uint32_t worker, store::AttemptId last_known, store::WhenFull when_full);

  [[nodiscard]] store::AttemptId begin(const gateway::Outcome& outcome) override;
  void answered(const gateway::Outcome&, HeaderFields) override {}
  void charge(const gateway::Outcome& outcome) override;
  void finish(const gateway::Outcome& outcome) override;
  [[nodiscard]] bool accepting() const override;

 private:
  void record_refusal(const gateway::Outcome& outcome);

  LogWriter& log_;
  store::JournalWriter& journal_;
  std::shared_ptr<const pricing::PriceBook> prices_;
  const Clock& clock_;
  store::AttemptIdSource ids_;
  store::WhenFull when_full_;
  /// Attempts of this worker that found no room at their begin are left out as a whole; ids are ordered, so the present ones suffice.
  std::vector<store::AttemptId> unrecorded_;
};

}  // namespace tidegate::app
