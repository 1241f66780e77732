// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// Stage 8 of a journey: the provider's answer goes to the client as it comes.
#include "base/ascii.h"
#include "gateway/journey.h"
#include "llm/anthropic/batches.h"
#include "llm/anthropic/rate_limits.h"
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

/// What may be sent of the last bytes of a body that must not look whole: all but the last chunk, or all but one byte.
std::string_view without_end(std::string_view bytes) {
  const bool ends_after_a_chunk =
      bytes == http1::kLastChunk ||
      (bytes.ends_with(http1::kLastChunk) &&
       bytes.substr(0, bytes.size() - http1::kLastChunk.size()).ends_with(http1::kChunkEnd));
  bytes.remove_suffix(ends_after_a_chunk ? http1::kLastChunk.size() : 1);
  return bytes;
}

}  // namespace

void Journey::take_answer_head() {
  const http1::ResponseHead& head = exchange_->head();
  keeps_created_ =
      outcome_.method == "POST" && provider_->options().keys.size() > 1 &&
      (outcome_.match.endpoint == llm::Endpoint::Files || outcome_.match.endpoint == llm::Endpoint::MessageBatches);
  outcome_.upstream_status = outcome_.status = head.status;
  auto request_id = head.find(FieldClass::RequestId);
  if (!request_id) request_id = head.find(FieldClass::XRequestId);
  outcome_.upstream_request_id = bounded_label(request_id);
  outcome_.organisation = bounded_label(head.find(FieldClass::AnthropicOrganizationId));
  outcome_.workspace = bounded_label(head.find(FieldClass::AnthropicWorkspaceId));
  const std::string_view type = head.find(FieldClass::ContentType).value_or(std::string_view{});
  streams_ = starts_with_ignoring_case(type, "text/event-stream");
  encoded_ = !equals_ignoring_case(head.find(FieldClass::ContentEncoding).value_or("identity"), "identity");
  reader_.begin(outcome_.match, head.status, streams_);
  limits_ = provider_->options().dialect == llm::Dialect::Anthropic ? llm::anthropic::read_rate_limits(head.fields)
                                                                    : llm::openai::read_rate_limits(head.fields);
  worker_.sink().answered(outcome_, limits_);
}

/// What the gateway says of itself beside the provider's head.
void Journey::write_own_fields(http1::HeadWriter& writer) const {
  writer.field("x-tidegate-request-id", outcome_.request_id);
  if (class_ != nullptr) writer.field("x-tidegate-class", class_->name);
  if (!system_hash_.empty()) writer.field("x-tidegate-system-hash", system_hash_);
  if (targets_.size() > 1) writer.field("x-tidegate-provider", outcome_.provider);
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

net::Task<bool> Journey::relay() {
  const bool rewrites =
      outcome_.match.endpoint == llm::Endpoint::MessageBatches && outcome_.status == 200 && !head_only_ &&
      starts_with_ignoring_case(exchange_->head().find(FieldClass::ContentType).value_or(""), "application/json");
  if (rewrites) {
    net::Task<bool> rewriting = relay_rewritten();
    co_return co_await rewriting;
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
      outcome_.response_bytes += static_cast<std::int64_t>(payload.size());
      reader_.feed(payload);
      if (keeps_created_ && created_.size() < kLongestCreated) created_.append(payload);
      if (dechunk) unframed.append(payload);
    });
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
    if (!head_.empty() || !to_client.empty() || !end_of_chunk.empty()) {
      client_.set_deadline(reactor.now().steady + setup_->limits.write_timeout);
      Result<void> written = co_await client_.write(head_, to_client, end_of_chunk);
      if (!written) {
        net::Task<bool> losing = lose_client();
        co_return co_await losing;
      }
      head_.clear();
    }
    if (complete) break;
    // A stream may go on for minutes: what asked for it need not lie here meanwhile.
    if (streams_ && !forgotten && incoming_.is_complete()) {
      incoming_.forget();
      forgotten = true;
    }
    if (breaks) {
      rechunk_ = whole - to_client.size() == http1::kLastChunk.size();  // then the client waits for the next chunk
      net::Task<bool> breaking =
          break_off((dechunk || rechunk_) && reader_.at_event_boundary(), llm::UpstreamErrorKind::Truncated);
      co_return co_await breaking;
    }
    if (followed.state == http1::BodyState::Rejected) {
      net::Task<bool> breaking = break_off(false, llm::UpstreamErrorKind::Protocol);
      co_return co_await breaking;
    }
    Result<std::size_t> next = co_await exchange_->read();
    if (!next && client_.peer_closed()) {
      net::Task<bool> losing = lose_client();
      co_return co_await losing;
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
      const bool between_chunks = rechunk_ || (dechunk && streams_);
      net::Task<bool> breaking = break_off(streams_ && between_chunks && reader_.at_event_boundary(), kind);
      co_return co_await breaking;
    }
    bytes = exchange_->received(*next);
  }
  client_.clear_deadline();
  exchange_->complete();
  // Ended in good order on the wire; whether the dialect's own end was there is what the reader knows.
  outcome_.state = outcome_.status >= 400 ? store::AttemptState::Failed : store::AttemptState::Completed;
  if (streams_ && outcome_.status == 200 && outcome_.metered() && !reader_.facts().finished) {
    outcome_.state = store::AttemptState::Truncated;
    outcome_.error = llm::UpstreamErrorKind::Truncated;
  }
  co_return true;
}

/// All but the length, which is known when the body is; now, because the next read overwrites what the head's views
/// show.
void Journey::write_rewritten_head() {
  const http1::ResponseHead& head = exchange_->head();
  head_.clear();
  http1::HeadWriter writer(head_);
  writer.status_line(head.status, head.reason);
  writer.relay(head, [this](std::size_t, http1::FieldTag tag) {
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
    if (followed.state == http1::BodyState::Complete) co_return body;
    Result<std::size_t> next = co_await exchange_->read();
    const bool eof = next && *next == 0;
    if (eof && !follower.is_truncated_by_eof()) co_return body;
    if (!next || eof || followed.state == http1::BodyState::Rejected || body.size() > setup_->limits.max_body_bytes) {
      co_return tl::unexpected<Failure>(
          Failure{FailureKind::Protocol, Origin::Upstream, Retry::OtherTarget, std::nullopt, "the answer broke off"});
    }
    bytes = exchange_->received(*next);
  }
}

net::Task<bool> Journey::relay_rewritten() {
  // The one known exception to "bodies are not touched": an absolute results_url would take the client, with its
  // gateway key, to the provider's host (facts/clients.md 4.16).
  write_rewritten_head();
  net::Task<Result<std::string>> reading = read_whole_body();
  Result<std::string> body = co_await reading;
  if (!body && client_.peer_closed()) {
    net::Task<bool> losing = lose_client();
    co_return co_await losing;
  }
  if (!body) {
    net::Task<bool> failing = answer_failure(body.error());
    co_return co_await failing;
  }
  net::Task<bool> sending = send_rewritten(llm::anthropic::rewrite_results_urls(*body, origin()));
  const bool goes_on = co_await sending;
  co_return goes_on;
}

net::Task<bool> Journey::send_rewritten(std::string body) {
  outcome_.response_bytes = static_cast<std::int64_t>(body.size());
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

net::Task<bool> Journey::break_off(bool at_boundary, llm::UpstreamErrorKind kind) {
  outcome_.error = kind;
  outcome_.state = store::AttemptState::Truncated;
  charge();
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

/// A stream of events that ends without the event that ends it. An error event ends it too.
bool Journey::lacks_its_end() const {
  const llm::AnswerFacts& facts = reader_.facts();
  return streams_ && !encoded_ && outcome_.metered() && outcome_.status == 200 && !facts.finished &&
         facts.error.kind == llm::UpstreamErrorKind::None;
}

std::string Journey::origin() const {
  if (!setup_->options.public_url.empty()) return setup_->options.public_url;
  return fmt::format("{}://{}", setup_->tls != nullptr ? "https" : "http", incoming_.head().host);
}

}  // namespace tidegate::gateway
