// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/request_log.h"
#include "gateway/outcome.h"
#include "store/attempt_id.h"

#include <cstdint>

namespace tidegate::app {

/// One worker's sink: gives attempts their ids and logs each request's end.
class LogSink final : public gateway::OutcomeSink {
 public:
  LogSink(LogWriter& log, const Clock& clock, std::uint32_t worker) : log_(log), clock_(clock), ids_(worker, 0) {}

  [[nodiscard]] store::AttemptId begin(const gateway::Outcome&) override { return ids_.next(clock_.now()); }
  void answered(const gateway::Outcome&, HeaderFields) override {}
  void charge(const gateway::Outcome&) override {}
  void finish(const gateway::Outcome& outcome) override { log_.write(to_log_line(outcome)); }

 private:
  LogWriter& log_;
  const Clock& clock_;
  store::AttemptIdSource ids_;
};

}  // namespace tidegate::app
