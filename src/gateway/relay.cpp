// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// Stage 8 of a journey: the provider's answer goes to the client as it comes.
#include "base/ascii.h"
#include "gateway/consequence.h"
#include "gateway/content_coding.h"
#include "gateway/journey.h"
#include "llm/anthropic/batches.h"
#include "llm/anthropic/errors.h"
#include "llm/anthropic/rate_limits.h"
#include "llm/openai/errors.h"
#include "llm/openai/rate_limits.h"
#include "net/http1/chunked.h"
#include "net/http1/write.h"

#include <fmt/format.h>

#include <utility>

namespace tidegate::gateway {

namespace http1 = net::http1;
using http1::FieldClass;

namespace {

constexpr std::size_t kLongestCreated = 16 * 1024;
constexpr std::size_t kLongestBeginning = 1'536;  ///< head and comments that go before the first event

/// What may be sent of the last bytes of a body that must not look whole: all but the last chunk, or all but one byte.
std::string_view without_end(std::string_view bytes) {
  const bool ends_after_a_chunk =
      bytes == http1::kLastChunk ||
      (bytes.ends_with(http1::kLastChunk) &&
       bytes.substr(0, bytes.size() - http1::kLastChunk.size()).ends_with(http1::kChunkEnd));
  bytes.remove_suffix(ends_after_a_chunk ? http1::kLastChunk.size() : 1);
  return bytes;
}

bool begins_as_error(std::string_view json) {
  json = trim(json);
  if (!json.starts_with('{')) return false;
  json = trim(json.substr(1));
  if (json.starts_with(R"("error")")) return true;
  if (!json.starts_with(R"("type")")) return false;
  json = trim(json.substr(std::string_view(R"("type")").size()));
  return json.starts_with(':') && trim(json.substr(1)).starts_with(R"("error")");
}

llm::UpstreamError read_error_of(llm::Dialect dialect, std::string_view body) {
  return dialect == llm::Dialect::Anthropic ? llm::anthropic::read_error(200, body) : llm::openai::read_error(200, body);
}

/// What an error event in place of an answer would have been as a status.
llm::UpstreamErrorKind error_in_stream(const llm::UpstreamError& error) {
  using Kind = llm::UpstreamErrorKind;
  if (error.type == "overloaded_error") return Kind::Overloaded;
  if (error.type == "rate_limit_error") return Kind::RateLimit;
  if (error.type == "invalid_request_error" || error.type == "not_found_error") return Kind::InvalidRequest;
  return Kind::ServerError;
}

/// Whether another attempt makes sense; else the error is the client's own and is its answer.
bool is_ours_to_mend(llm::UpstreamErrorKind kind) { return consequence_of(kind).refusal.has_value(); }

}  // namespace

void Journey::take_answer_head() {
  const http1::ResponseHead& head = exchange_->head();
  keeps_created_ = outcome_.method == "POST" && (provider_->options().keys.size() > 1 || has_choice_) && llm::makes_object(incoming_.head().path());
  outcome_.upstream_status = outcome_.status = head.status;
  auto request_id = head.find(FieldClass::RequestId);
  if (!request_id) request_id = head.find(FieldClass::XRequestId);
  outcome_.upstream_request_id = bounded_label(request_id);
  outcome_.organisation = bounded_label(head.find(FieldClass::AnthropicOrganizationId));
  outcome_.workspace = bounded_label(head.find(FieldClass::AnthropicWorkspaceId));
  const std::string_view type = head.find(FieldClass::ContentType).value_or(std::string_view{});
  streams_ = is_event_stream(type, head.status == 200 && outcome_.view.stream && outcome_.metered());
  const std::string_view coding = head.find(FieldClass::ContentEncoding).value_or(std::string_view{});
  coding_ = equals_ignoring_case(coding, "identity") ? std::string_view{} : coding;
  reader_.begin(asks_, head.status, streams_, is_shared_);
  created_.clear();
  if (collector_ != nullptr) {
    collector_->begin();
    content_type_ = type;
  }
  const bool has_grammar = asks_.endpoint == llm::Endpoint::Messages || asks_.endpoint == llm::Endpoint::ChatCompletions;
  judge_ = provider_->options().strict && streams_ && head.status == 200 && has_grammar ? std::make_unique<StreamJudge>(asks_.dialect) : nullptr;
  limits_ = provider_->options().dialect == llm::Dialect::Anthropic ? llm::anthropic::read_rate_limits(head.fields)
                                                                    : llm::openai::read_rate_limits(head.fields);
  worker_.sink().answered(outcome_, limits_);
}

/// What the gateway says of itself beside the provider's head.
void Journey::write_own_fields(http1::HeadWriter& writer) const {
  writer.field("x-tidegate-request-id", outcome_.request_id);
  if (collector_ != nullptr) writer.field("x-tidegate-cache", "miss");
  if (class_ != nullptr) writer.field("x-tidegate-class", class_->name);
  if (!system_hash_.empty()) writer.field("x-tidegate-system-hash", system_hash_);
  if (targets_.size() > 1 || target_ > 0 || translator_) writer.field("x-tidegate-provider", outcome_.provider);
  if (!outcome_.losses.empty()) writer.field("x-tidegate-lossy", outcome_.losses);
  if (!outcome_.model_there.empty()) writer.field("x-tidegate-model", outcome_.model_there);
  if (outcome_.attempt > 1) writer.field("x-tidegate-attempts", static_cast<std::uint64_t>(outcome_.attempt));
  const auto waited = std::chrono::duration_cast<Milliseconds>(outcome_.queue_wait).count();
  if (waited > 0) writer.field("x-tidegate-wait-ms", static_cast<std::uint64_t>(waited));
}

void Journey::write_client_head() {
  const http1::ResponseHead& head = exchange_->head();
  const http1::BodyFraming framing = exchange_->framing();
  const bool old_client = incoming_.head().minor_version == 0;
  rechunk_ = framing.kind == http1::BodyFraming::Kind::UntilClose && !old_client;
  if (old_client &&
      (framing.kind == http1::BodyFraming::Kind::UntilClose || framing.kind == http1::BodyFraming::Kind::Chunked)) {
    client_keeps_alive_ = false;  // HTTP/1.0 knows only the end of the connection as the end of such a body
  }
  head_.clear();
  http1::HeadWriter writer(head_);
  writer.status_line(head.status, head.reason);
  writer.relay(head, [this](std::size_t, http1::FieldTag tag) {
    return !tag.hop_by_hop && !tenant_limits_.hides(tag.field_class);
  });
  tenant_limits_.write_headers(writer);
  if ((framing.kind == http1::BodyFraming::Kind::Chunked && !old_client) || rechunk_)
    writer.field("transfer-encoding", "chunked");
  write_own_fields(writer);
  if (!client_keeps_alive_ || worker_.draining()) {
    client_keeps_alive_ = false;
    writer.field("connection", "close");
  }
  (void)writer.finish();
}

/// Of a stream that is looked at: whether it has left its grammar.
bool Journey::breaks_its_grammar() {
  if (judge_ == nullptr || judge_->violation().empty()) return false;
  outcome_.violation = judge_->violation();
  return true;
}

/// Whether a good head may still turn out to be that of no answer, and another target be asked.
bool Journey::may_go_elsewhere() const {
  return has_another_target() && outcome_.status == 200 && outcome_.metered() && !head_only_;
}

/// An answer that says 200 and is none: relays put errors, or nothing at all, behind a good head (facts/anthropic-api.md 7). Looked at only
/// where the request has somewhere else to go; else every byte goes on as it comes.
Journey::Beginning Journey::judge_beginning(bool complete, std::string_view bytes) {
  if (!may_go_elsewhere() || !coding_.empty()) return Beginning::Good;
  const llm::AnswerFacts& facts = answer_so_far();
  if (facts.content_started || facts.usage.seen || !facts.id.empty()) return Beginning::Good;
  if (streams_) {
    if (facts.error.kind != llm::UpstreamErrorKind::None && !is_ours_to_mend(error_in_stream(facts.error))) return Beginning::Good;
    if (complete) return Beginning::Bad;
    return head_.size() < kLongestBeginning ? Beginning::Unknown : Beginning::Good;
  }
  if (created_.empty() && !begins_as_error(bytes)) return Beginning::Good;
  created_.append(bytes);
  if (created_.size() > kLongestCreated) return Beginning::Good;
  if (!complete) return Beginning::Unknown;
  return is_ours_to_mend(read_error_of(asks_.dialect, created_).kind) ? Beginning::Bad : Beginning::Good;
}

/// What such an answer is taken for: the error it tells of, or a provider that broke off.
Journey::Step Journey::refuse_beginning() {
  llm::UpstreamError error = streams_ ? answer_so_far().error : read_error_of(asks_.dialect, created_);
  if (streams_) error.kind = error.kind == llm::UpstreamErrorKind::None ? llm::UpstreamErrorKind::Protocol : error_in_stream(error);
  const bool is_empty = error.kind == llm::UpstreamErrorKind::Protocol;
  outcome_.error = error.kind;
  created_.clear();
  outcome_.response_bytes = 0;
  if (!is_ours_to_mend(error.kind)) {
    // The client's own mistake: its answer, wherever it is said.
    held_ = HeldAnswer{outcome_.status, std::move(head_), {}};
    no_target_left();
    passage_.ended(false, 0);
    return Step::Next;
  }
  note_health(!is_empty && error.kind != llm::UpstreamErrorKind::ServerError);
  note_refusal(error);
  // If nobody else can serve it, the client gets these bytes as they are.
  held_.reset();
  if (!is_empty) {
    held_ = HeldAnswer{outcome_.status, std::move(head_), {}};
    return Step::Again;
  }
  failure_ = Failure{FailureKind::Protocol, Origin::Upstream, Retry::OtherTarget, std::nullopt,
                     "it answered 200 and then nothing"};
  return Step::Again;
}

net::Task<Journey::Step> Journey::relay() {
  const bool rewrites =
      outcome_.match.endpoint == llm::Endpoint::MessageBatches && outcome_.status >= 200 && outcome_.status < 300 && !head_only_ &&
      starts_with_ignoring_case(exchange_->head().find(FieldClass::ContentType).value_or(""), "application/json");
  if (rewrites) {
    net::Task<bool> rewriting = relay_rewritten();
    goes_on_ = co_await rewriting;
    co_return Step::Over;
  }
  write_client_head();
  const bool dechunk =
      incoming_.head().minor_version == 0 && exchange_->framing().kind == http1::BodyFraming::Kind::Chunked;
  http1::BodyFollower follower(exchange_->framing());
  std::string_view bytes = exchange_->first_bytes();
  std::string own_framing;
  std::string unframed;
  bool ended = false;
  bool forgotten = false;
  net::Reactor& reactor = worker_.reactor();
  while (true) {
    unframed.clear();
    const http1::Followed followed = follower.feed(bytes, [&](std::string_view payload) {
      watch(payload);
      if (keeps_created_ && created_.size() < kLongestCreated) created_.append(payload);
      if (dechunk) unframed.append(payload);
    });
    exchange_->took(followed.consumed, bytes);
    if (breaks_its_grammar()) {
      if (!answered_ && may_go_elsewhere()) co_return refuse_beginning();
      net::Task<bool> breaking = break_off(false, llm::UpstreamErrorKind::Protocol);
      goes_on_ = co_await breaking;
      co_return Step::Over;
    }
    std::string_view to_client = dechunk ? std::string_view(unframed) : bytes.substr(0, followed.consumed);
    if (streams_) report_progress();
    // A provider that dies behind its own proxy ends the body in good order, without the dialect's last event. Clients
    // take that for a whole answer (facts/clients.md 4.6): it is broken off here instead.
    const bool breaks =
        followed.state == http1::BodyState::Complete && lacks_its_end() && (dechunk || !to_client.empty());
    const bool complete = !breaks && (followed.state == http1::BodyState::Complete || ended);
    const std::size_t whole = to_client.size();
    if (breaks && !dechunk) to_client = without_end(to_client);
    if (complete) charge();  // before the last bytes are handed over (DESIGN.md 4, ledger)
    if (outcome_.time_to_first_byte == Nanoseconds(0) && (!to_client.empty() || complete)) {
      outcome_.time_to_first_byte = reactor.read_clock().steady - received_at_;
    }
    own_framing.clear();
    std::string_view end_of_chunk;
    if (rechunk_) {
      if (!to_client.empty()) {
        http1::append_chunk_head(own_framing, to_client.size());
        end_of_chunk = http1::kChunkEnd;
      }
      if (ended) end_of_chunk = http1::kLastChunk;
    }
    head_ += own_framing;  // the head leaves with the first bytes; later on only our own framing is in here
    const Beginning beginning = answered_ ? Beginning::Good : judge_beginning(complete || breaks, bytes.substr(0, followed.consumed));
    if (beginning != Beginning::Good) {
      // Nothing has left for the client yet: until the first event tells what this is, the request may still go elsewhere.
      head_.append(to_client).append(end_of_chunk);
      if (beginning == Beginning::Bad) {
        if (followed.state == http1::BodyState::Complete) exchange_->complete();
        co_return refuse_beginning();
      }
    } else if (!head_.empty() || !to_client.empty() || !end_of_chunk.empty()) {
      client_.set_deadline(reactor.now().steady + setup_->limits.write_timeout);
      Result<void> written = co_await client_.write(head_, to_client, end_of_chunk);
      if (!written) {
        net::Task<bool> losing = lose_client();
        goes_on_ = co_await losing;
        co_return Step::Over;
      }
      head_.clear();
      answered_ = true;
    }
    if (complete) break;
    // A stream may go on for minutes: what asked for it need not lie here meanwhile.
    if (streams_ && answered_ && !forgotten && shadow_provider_.empty() && incoming_.is_complete()) {
      incoming_.forget();
      forgotten = true;
    }
    if (breaks) {
      rechunk_ = whole - to_client.size() == http1::kLastChunk.size();  // then the client waits for the next chunk
      net::Task<bool> breaking =
          break_off((dechunk || rechunk_) && reader_.at_event_boundary(), llm::UpstreamErrorKind::Truncated);
      goes_on_ = co_await breaking;
      co_return Step::Over;
    }
    if (followed.state == http1::BodyState::Rejected) {
      net::Task<bool> breaking = break_off(false, llm::UpstreamErrorKind::Protocol);
      goes_on_ = co_await breaking;
      co_return Step::Over;
    }
    Result<std::size_t> next = co_await exchange_->read();
    if (!next && client_.peer_closed()) {
      net::Task<bool> losing = lose_client();
      goes_on_ = co_await losing;
      co_return Step::Over;
    }
    const bool eof = next && *next == 0;
    if (eof && !follower.is_truncated_by_eof() && !lacks_its_end()) {
      ended = true;
      bytes = {};
      continue;
    }
    if (!next || eof) {
      const llm::UpstreamErrorKind kind = !next && next.error().kind == FailureKind::Timeout
                                              ? llm::UpstreamErrorKind::Timeout
                                              : llm::UpstreamErrorKind::Truncated;
      if (!answered_ && may_go_elsewhere()) co_return refuse_beginning();
      const bool between_chunks = rechunk_ || (dechunk && streams_);
      net::Task<bool> breaking = break_off(streams_ && between_chunks && reader_.at_event_boundary(), kind);
      goes_on_ = co_await breaking;
      co_return Step::Over;
    }
    bytes = exchange_->received(*next);
  }
  client_.clear_deadline();
  exchange_->complete();
  note_whole_answer();
  goes_on_ = true;
  co_return Step::Over;
}

/// What an answer that ended in good order on the wire is in the record; whether the dialect's own end was there is what the reader knows.
void Journey::note_whole_answer() {
  outcome_.state = outcome_.status >= 400 ? store::AttemptState::Failed : store::AttemptState::Completed;
  if (!outcome_.metered()) return;
  if (outcome_.status >= 300 && outcome_.status < 400) {
    // No dialect redirects a call to a model. The client gets it as it is; what was asked for was not done.
    outcome_.state = store::AttemptState::Failed;
    outcome_.error = llm::UpstreamErrorKind::Protocol;
  } else if (streams_ && coding_.empty() && outcome_.status == 200 && !answer_so_far().finished) {
    outcome_.state = store::AttemptState::Truncated;
    if (outcome_.error == llm::UpstreamErrorKind::None) outcome_.error = llm::UpstreamErrorKind::Truncated;  // else it told why
  }
}

/// All but the length, which is known when the body is; now, because the next read overwrites what the head's views
/// show.
void Journey::write_rewritten_head(Coding coding) {
  const http1::ResponseHead& head = exchange_->head();
  head_.clear();
  http1::HeadWriter writer(head_);
  writer.status_line(head.status, head.reason);
  writer.relay(head, [&](std::size_t, http1::FieldTag tag) {
    if (coding == Coding::IsUndone && tag.field_class == FieldClass::ContentEncoding) return false;
    return !tag.hop_by_hop && tag.field_class != FieldClass::ContentLength && !tenant_limits_.hides(tag.field_class);
  });
  tenant_limits_.write_headers(writer);
  write_own_fields(writer);
  if (!client_keeps_alive_) writer.field("connection", "close");
  (void)writer.finish();
  head_.resize(head_.size() - 2);  // the empty line comes after the length
}

/// Failure: it broke off, or is larger than a request may be.
net::Task<Result<std::string>> Journey::read_whole_body() {
  std::string body;
  http1::BodyFollower follower(exchange_->framing());
  std::string_view bytes = exchange_->first_bytes();
  while (true) {
    const http1::Followed followed = follower.feed(bytes, [&body](std::string_view payload) { body.append(payload); });
    exchange_->took(followed.consumed, bytes);
    if (followed.state == http1::BodyState::Complete) co_return body;
    net::Stream::Read reading = exchange_->read();
    Result<std::size_t> next = co_await reading;
    const bool eof = next && *next == 0;
    if (eof && !follower.is_truncated_by_eof()) co_return body;
    if (!next || eof || followed.state == http1::BodyState::Rejected || body.size() > setup_->limits.max_body_bytes) {
      co_return tl::unexpected<Failure>(
          Failure{FailureKind::Protocol, Origin::Upstream, Retry::OtherTarget, std::nullopt, "the answer broke off"});
    }
    bytes = exchange_->received(*next);
  }
}

/// Of an answer that is compressed although it was asked for plain.
Result<std::string> Journey::without_coding(std::string body) const {
  std::optional<DecodedBody> decoded = decode_body(coding_, body, setup_->limits.max_body_bytes);
  if (decoded && decoded->is_whole) return std::move(decoded->text);
  return tl::unexpected<Failure>(Failure{FailureKind::Protocol, Origin::Upstream, Retry::Never, std::nullopt,
                                         fmt::format("its answer is compressed ({}) although it was asked for plain, and cannot be read here", bounded_label(coding_))});
}

/// `created_` in plain, as far as it can be read.
std::string Journey::created_text() const {
  if (coding_.empty()) return created_;
  std::optional<DecodedBody> decoded = decode_body(coding_, created_, kLongestCreated);
  return decoded ? std::move(decoded->text) : std::string();
}

net::Task<bool> Journey::relay_rewritten() {
  // The one known exception to "bodies are not touched": an absolute results_url would take the client, with its
  // gateway key, to the provider's host (facts/clients.md 4.16).
  write_rewritten_head(Coding::IsUndone);
  net::Task<Result<std::string>> reading = read_whole_body();
  Result<std::string> body = co_await reading;
  if (body && !coding_.empty()) body = without_coding(std::move(*body));
  if (!body && client_.peer_closed()) {
    net::Task<bool> losing = lose_client();
    co_return co_await losing;
  }
  if (!body) {
    net::Task<bool> failing = answer_failure(body.error());
    co_return co_await failing;
  }
  net::Task<bool> sending = send_rewritten(llm::anthropic::rewrite_results_urls(*body, origin(), provider_->path_prefix()));
  const bool goes_on = co_await sending;
  co_return goes_on;
}

net::Task<bool> Journey::send_rewritten(std::string body) {
  outcome_.response_bytes = static_cast<std::int64_t>(body.size());
  coding_.clear();
  if (keeps_created_) created_ = body;
  head_ += fmt::format("content-length: {}\r\n\r\n", body.size());
  charge();
  client_.set_deadline(worker_.reactor().now().steady + setup_->limits.write_timeout);
  Result<void> written = co_await client_.write(head_, body);
  if (!written) {
    net::Task<bool> losing = lose_client();
    co_return co_await losing;
  }
  client_.clear_deadline();
  exchange_->complete();
  outcome_.state = store::AttemptState::Completed;
  co_return true;
}

/// The answer did not come whole; `kind` is why, unless it told that itself.
void Journey::note_break(llm::UpstreamErrorKind kind) {
  const llm::UpstreamErrorKind told = answer_so_far().error.kind;
  outcome_.error = told == llm::UpstreamErrorKind::None ? kind : told;
  outcome_.state = store::AttemptState::Truncated;
  charge();
}

net::Task<bool> Journey::break_off(bool at_boundary, llm::UpstreamErrorKind kind) {
  note_break(kind);
  if (at_boundary) {
    std::string event = error_event(
        outcome_.match, 502, "The provider broke its answer off; what came before is incomplete.", outcome_.request_id);
    std::string framed;
    if (rechunk_) {
      http1::append_chunk(framed, event);
    } else {
      framed = std::move(event);
    }
    Result<void> told = co_await client_.write(framed);
    (void)told;
  } else {
    // In the middle of a chunk, of an event or of a document: only a broken connection says so unmistakably.
    client_.reset_on_close();
  }
  co_return false;
}

/// A stream of events that ends without the event that ends it (an error event ends it too), or a document that ends with its connection
/// before it closes: of any other the length tells.
bool Journey::lacks_its_end() const {
  const llm::AnswerFacts& facts = answer_so_far();
  const bool may_end_anywhere = streams_ || exchange_->framing().kind == http1::BodyFraming::Kind::UntilClose;
  return may_end_anywhere && coding_.empty() && outcome_.metered() && outcome_.status == 200 && !facts.finished &&
         facts.error.kind == llm::UpstreamErrorKind::None;
}

/// Where the client found us; empty if it did not say (HTTP/1.0 without Host): a URL without an origin is then resolved at its side.
std::string Journey::origin() const {
  if (!setup_->options.public_url.empty()) return setup_->options.public_url;
  if (incoming_.head().host.empty()) return {};
  return fmt::format("{}://{}", setup_->tls != nullptr ? "https" : "http", incoming_.head().host);
}

}  // namespace tidegate::gateway
