// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/worker_sink.h"

#include "app/request_log.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidegate::app {

namespace {

store::BeginRecord begin_record(const gateway::Outcome& outcome, store::AttemptId id) {
  store::BeginRecord record;
  record.id = id;
  record.started_at = outcome.started_at;
  if (outcome.is_shadow) record.kind = store::EntryKind::Shadow;
  record.attempt = static_cast<std::uint8_t>(std::clamp(outcome.attempt, 1, 255));
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
  record.wanted_room = outcome.wanted_room;
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
  record.queue_wait = outcome.queue_wait;
  record.time_to_first_byte = outcome.time_to_first_byte;
  record.duration = outcome.duration;
  record.request_bytes = outcome.request_bytes;
  record.response_bytes = outcome.response_bytes;
  return record;
}

/// The OpenTelemetry GenAI conventions' name of the operation; empty for what is none.
std::string_view genai_operation(llm::Endpoint endpoint) {
  switch (endpoint) {
    case llm::Endpoint::Messages:
    case llm::Endpoint::ChatCompletions:
    case llm::Endpoint::Responses: return "chat";
    case llm::Endpoint::Embeddings: return "embeddings";
    case llm::Endpoint::CountTokens:
    case llm::Endpoint::MessageBatches:
    case llm::Endpoint::Files:
    case llm::Endpoint::Models:
    case llm::Endpoint::Other: return {};
  }
  return {};
}

metrics::RequestSample sample_of(const gateway::Outcome& outcome) {
  metrics::RequestSample sample;
  const llm::TokenCounts tokens = llm::billed_tokens(outcome.answer.usage);
  sample.provider = outcome.provider;
  sample.model = outcome.refusal == "unauthorised" ? std::string_view{} : std::string_view(outcome.view.model);
  sample.response_model = outcome.answer.model;
  sample.endpoint = llm::to_string(outcome.match.endpoint);
  sample.tenant = outcome.caller.tenant;
  sample.status = outcome.status;
  if (outcome.error != llm::UpstreamErrorKind::None) sample.error_kind = llm::to_string(outcome.error);
  sample.priority = quota::to_string(outcome.priority);
  if (outcome.refusal == "no_capacity" || outcome.refusal == "no_key") sample.obstacle = quota::to_string(outcome.obstacle);
  sample.genai_operation = genai_operation(outcome.match.endpoint);
  sample.genai_provider = llm::to_string(outcome.match.dialect);
  sample.input_tokens = tokens.input;
  sample.cache_read_tokens = tokens.cache_read;
  sample.cache_write_5m_tokens = tokens.cache_write_5m;
  sample.cache_write_1h_tokens = tokens.cache_write_1h;
  sample.output_tokens = tokens.output;
  sample.cost = outcome.cost;
  sample.price_known = outcome.price_known;
  sample.duration = outcome.duration;
  if (outcome.attempt > 0 || outcome.queue_wait > Nanoseconds(0)) sample.queue_wait = outcome.queue_wait;
  if (outcome.upstream_status != 0 && outcome.time_to_first_byte > Nanoseconds(0)) {
    if (outcome.metered()) sample.time_to_first_token = outcome.time_to_first_byte;
    // Of one attempt; between several the provider's part and ours cannot be told apart.
    if (outcome.attempt == 1) sample.overhead = std::max(Nanoseconds(0), outcome.time_to_first_byte - outcome.queue_wait - outcome.upstream_wait);
  }
  return sample;
}

}  // namespace

WorkerSink::WorkerSink(const Targets& targets, std::uint32_t worker, store::AttemptId last_known, store::WhenFull when_full)
    : to_(targets), metrics_(targets.registry), prices_(targets.prices), ids_(worker, last_known), when_full_(when_full) {}

bool WorkerSink::accepting() const { return when_full_ == store::WhenFull::Continue || to_.journal.accepting(); }

Amount WorkerSink::estimate(const gateway::Outcome& outcome) {
  if (outcome.request_id != estimated_.request_id || outcome.provider != estimated_.provider || outcome.asked_model() != estimated_.model) {
    estimated_.amount = prices_.get()->estimate(outcome.asked_model(), outcome.provider, outcome.view, std::nullopt, outcome.started_at);
    estimated_.request_id = outcome.request_id;
    estimated_.provider = outcome.provider;
    estimated_.model = outcome.asked_model();
  }
  return estimated_.amount;
}

store::AttemptId WorkerSink::begin(const gateway::Outcome& outcome) {
  // Asked first, so that what is refused does not count as lost.
  if (!accepting()) return 0;
  const store::AttemptId id = ids_.next(to_.clock.now());
  store::BeginRecord record = begin_record(outcome, id);
  if (record.metered) {
    const Amount expected = estimate(outcome);
    record.estimated_input = expected.input_tokens;
    record.estimated_cost = expected.money;
  }
  if (to_.journal.begin(record) == store::Recorded::No) {
    if (when_full_ == store::WhenFull::Refuse) return 0;
    unrecorded_.push_back(id);
  }
  if (!outcome.is_shadow) metrics_.in_flight.add();
  return id;
}

gateway::Charged WorkerSink::charge(const gateway::Outcome& outcome) {
  const llm::Usage& usage = outcome.answer.usage;
  store::ChargeRecord record;
  record.id = outcome.id;
  record.tokens = llm::billed_tokens(usage);
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
    const pricing::Cost cost = prices_.get()->cost(outcome.answer, outcome.asked_model(), outcome.provider, outcome.started_at);
    record.cost = cost.total;
    record.price_known = cost.price_known;
    if (!cost.price_known) to_.unpriced.note(cost, outcome.provider, to_.clock.now().wall);
  }
  const gateway::Charged charged{record.cost, record.price_known};
  if (outcome.unread) to_.unread.could_not_read(outcome.provider, to_.clock.now());
  else if (to_.unread.any() && usage.seen && !usage.estimated) to_.unread.could_read(outcome.provider, to_.clock.now());
  if (std::find(unrecorded_.begin(), unrecorded_.end(), outcome.id) != unrecorded_.end()) return charged;
  // A charge that finds no room is counted by the journal; the attempt then reads as interrupted, with its estimate.
  (void)to_.journal.charge(record);
  return charged;
}

void WorkerSink::finish(const gateway::Outcome& outcome) {
  // A copy is in the ledger and in figures of its own (ShadowBoard); what people asked for is counted without it.
  if (outcome.is_shadow) return end_record_of(outcome);
  if (log_level_of(outcome) >= to_.log_level.load(std::memory_order_relaxed)) {
    to_.log.write([&](std::string& line) { append_log_line(line, outcome); });
  }
  measure(outcome);
  if (outcome.id == 0) {
    record_refusal(outcome);
    return;
  }
  end_record_of(outcome);
}

void WorkerSink::end_record_of(const gateway::Outcome& outcome) {
  if (const auto found = std::find(unrecorded_.begin(), unrecorded_.end(), outcome.id); found != unrecorded_.end()) {
    unrecorded_.erase(found);
    return;
  }
  (void)to_.journal.end(end_record(outcome, outcome.id));
}

void WorkerSink::measure(const gateway::Outcome& outcome) {
  if (outcome.id != 0) metrics_.in_flight.subtract();
  if (outcome.replayed) metrics_.stale_socket_replays.add();
  metrics_.requests.observe(sample_of(outcome));
  // What asks nothing of a provider (a health check, an unknown path) is no use of anything.
  if (outcome.id != 0 || outcome.status >= 400) to_.use.record(outcome, outcome.cost, to_.clock.now().steady);
}

void WorkerSink::answered(const gateway::Outcome& outcome, const llm::RateLimitReading& limits) {
  if (limits.limits.empty() && limits.unified.empty()) return;
  to_.limits.observe({.provider = outcome.provider,
                      .organisation = outcome.organisation,
                      .workspace = outcome.workspace,
                      .model_group = outcome.model_group,
                      .key = outcome.pool},
                     limits, to_.clock.now());
}

void WorkerSink::attempt_over(const gateway::Outcome& outcome) {
  metrics_.in_flight.subtract();
  metrics_.requests.attempt_failed(outcome.provider, llm::to_string(outcome.error));
  end_record_of(outcome);
}

caching::InputPrices WorkerSink::input_prices(const gateway::Outcome& outcome) {
  const pricing::PriceRow& row = prices_.get()->row_of(outcome.asked_model(), outcome.provider, outcome.started_at);
  return {.input = row.input, .cache_read = row.cache_read, .cache_write_5m = row.cache_write_5m, .cache_write_1h = row.cache_write_1h};
}

void WorkerSink::provider_changed(std::string_view provider, bool out) {
  const WallTime now = to_.clock.now().wall;
  if (!out) {
    to_.alarms.clear("provider_down", std::string(provider), now);
    return;
  }
  to_.alarms.raise({.kind = "provider_down",
                    .subject = std::string(provider),
                    .severity = Severity::Critical,
                    .message = "it does not answer, or with errors of its own; requests that have another target go there, and one request at "
                               "a time looks whether it is back",
                    .since = now});
}

void WorkerSink::key_changed(std::string_view provider, std::string_view key, std::optional<quota::KeyRing::Fault> fault) {
  const WallTime now = to_.clock.now().wall;
  std::string subject = fmt::format("{}/{}", provider, key);
  if (!fault) {
    to_.alarms.clear("key_lost", subject, now);
    return;
  }
  to_.alarms.raise({.kind = "key_lost",
                    .subject = std::move(subject),
                    .severity = Severity::Critical,
                    .message = fmt::format("the provider refuses this key ({}); others of its pool serve meanwhile, and it is tried again every "
                                           "few minutes: look at it in the provider's console, or take it out of `keys:`",
                                           quota::to_string(*fault)),
                    .since = now});
}

void WorkerSink::upstream_connected(const ProviderId& provider) { metrics_.upstream_connection_opened(provider.text()); }

void WorkerSink::record_refusal(const gateway::Outcome& outcome) {
  if (!accepting()) return;  // nothing was used, so nothing is lost
  const store::AttemptId id = ids_.next(to_.clock.now());
  store::BeginRecord record = begin_record(outcome, id);
  record.metered = false;  // nothing went upstream
  record.attempt = static_cast<std::uint8_t>(std::clamp(outcome.attempt + 1, 1, 255));
  if (to_.journal.begin(record) == store::Recorded::Yes) (void)to_.journal.end(end_record(outcome, id));
}

}  // namespace tidegate::app
