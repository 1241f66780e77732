// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/worker_sink.h"

#include <algorithm>
#include <utility>

namespace tidegate::app {

namespace {

store::BeginRecord begin_record(const gateway::Outcome& outcome, store::AttemptId id) {
  store::BeginRecord record;
  record.id = id;
  record.started_at = outcome.started_at;
  record.stream = outcome.view.stream;
  record.metered = outcome.metered();
  record.request_id = outcome.request_id;
  record.dialect = llm::to_string(outcome.match.dialect);
  record.endpoint = llm::to_string(outcome.match.endpoint);
  record.provider = outcome.provider;
  record.pool = outcome.pool;
  record.model = outcome.view.model;
  record.tenant = outcome.caller.tenant;
  record.key = outcome.caller.key;
  record.user = outcome.caller.user;
  record.session = outcome.caller.session;
  record.agent = outcome.caller.agent;
  return record;
}

store::EndRecord end_record(const gateway::Outcome& outcome, store::AttemptId id) {
  store::EndRecord record;
  record.id = id;
  record.state = outcome.state;
  record.status = outcome.status;
  record.upstream_status = outcome.upstream_status;
  record.error_kind = outcome.error != llm::UpstreamErrorKind::None ? llm::to_string(outcome.error) : std::string_view(outcome.refusal);
  record.stop_reason = outcome.answer.stop_reason;
  record.time_to_first_byte = outcome.time_to_first_byte;
  record.duration = outcome.duration;
  record.request_bytes = outcome.request_bytes;
  record.response_bytes = outcome.response_bytes;
  return record;
}

}  // namespace

WorkerSink::WorkerSink(LogWriter& log, store::JournalWriter& journal, std::shared_ptr<const pricing::PriceBook> prices,
                       const Clock& clock, std::uint32_t worker, store::AttemptId last_known, store::WhenFull when_full)
    : log_(log), journal_(journal), prices_(std::move(prices)), clock_(clock), ids_(worker, last_known), when_full_(when_full) {}

bool WorkerSink::accepting() const { return when_full_ == store::WhenFull::Continue || journal_.accepting(); }

store::AttemptId WorkerSink::begin(const gateway::Outcome& outcome) {
  const store::AttemptId id = ids_.next(clock_.now());
  store::BeginRecord record = begin_record(outcome, id);
  if (record.metered) {
    const Amount expected = prices_->estimate(outcome.view.model, outcome.provider, outcome.view, std::nullopt, outcome.started_at);
    record.estimated_input = expected.input_tokens;
    record.estimated_cost = expected.money;
  }
  if (journal_.begin(record) == store::Recorded::No) unrecorded_.push_back(id);
  return id;
}

void WorkerSink::charge(const gateway::Outcome& outcome) {
  if (std::find(unrecorded_.begin(), unrecorded_.end(), outcome.id) != unrecorded_.end()) return;
  const llm::Usage& usage = outcome.answer.usage;
  store::ChargeRecord record;
  record.id = outcome.id;
  record.tokens = usage.tokens;
  record.web_search_requests = usage.web_search_requests;
  record.estimated = usage.estimated;
  record.response_model = outcome.answer.model;
  record.service_tier = usage.service_tier;
  record.speed = usage.speed;
  record.inference_geo = usage.inference_geo;
  record.upstream_request_id = outcome.upstream_request_id;
  record.organisation = outcome.organisation;
  record.workspace = outcome.workspace;
  if (usage.seen) {
    const pricing::Cost cost = prices_->cost(outcome.answer, outcome.view.model, outcome.provider, outcome.started_at);
    record.cost = cost.total;
    record.price_known = cost.price_known;
  }
  // A charge that finds no room is counted by the journal; the attempt then reads as interrupted, with its estimate.
  (void)journal_.charge(record);
}

void WorkerSink::finish(const gateway::Outcome& outcome) {
  log_.write(to_log_line(outcome));
  if (outcome.id == 0) {
    record_refusal(outcome);
    return;
  }
  if (const auto found = std::find(unrecorded_.begin(), unrecorded_.end(), outcome.id); found != unrecorded_.end()) {
    unrecorded_.erase(found);
    return;
  }
  (void)journal_.end(end_record(outcome, outcome.id));
}

void WorkerSink::record_refusal(const gateway::Outcome& outcome) {
  const store::AttemptId id = ids_.next(clock_.now());
  store::BeginRecord record = begin_record(outcome, id);
  record.metered = false;  // nothing went upstream
  if (journal_.begin(record) == store::Recorded::Yes) (void)journal_.end(end_record(outcome, id));
}

}  // namespace tidegate::app
