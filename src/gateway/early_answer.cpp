// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// A stream that waits longer than clients stay silent: it gets its 200 and comments while it waits (facts/clients.md 2), then the provider's
// events in chunks of our own. What comes after that head, good or bad, has to be said in events.
#include "base/ascii.h"
#include "gateway/journey.h"
#include "net/http1/chunked.h"
#include "net/http1/write.h"

#include <utility>

namespace tidegate::gateway {

namespace http1 = net::http1;

namespace {

constexpr std::string_view kComment = ": waiting for capacity\n\n";  // clients ignore comments; openai's chokes on `event: ping`

}  // namespace

/// Whether the client can be told to wait: it asked for events, and knows chunks.
bool Journey::may_answer_early() const {
  return outcome_.view.stream && outcome_.metered() && incoming_.head().minor_version > 0 && incoming_.is_complete();
}

/// Sends the head, if it has not been sent, and a sign of life. False: the client is gone.
net::Task<bool> Journey::keep_awake() {
  std::string text;
  if (!early_) {
    early_ = true;
    http1::HeadWriter writer(text);
    writer.status_line(200).field("content-type", "text/event-stream; charset=utf-8").field("cache-control", "no-cache");
    writer.field("transfer-encoding", "chunked").field("x-tidegate-request-id", outcome_.request_id);
    tenant_limits_.write_headers(writer);
    if (!client_keeps_alive_) writer.field("connection", "close");
    (void)writer.finish();
    outcome_.status = 200;
  }
  http1::append_chunk(text, kComment);
  client_.set_deadline(worker_.reactor().now().steady + setup_->limits.write_timeout);
  Result<void> written = co_await client_.write(text);
  client_.clear_deadline();
  co_return written.has_value();
}

/// The end of a stream that nobody could serve.
net::Task<bool> Journey::end_early(int status, std::string message) {
  outcome_.status = 200;
  outcome_.state = store::AttemptState::Failed;
  charge();
  std::string text;
  http1::append_chunk(text, error_event(outcome_.match, status, message, outcome_.request_id));
  text += http1::kLastChunk;
  client_.set_deadline(worker_.reactor().now().steady + setup_->limits.write_timeout);
  Result<void> written = co_await client_.write(text);
  client_.clear_deadline();
  if (written) co_return true;
  net::Task<bool> losing = lose_client();
  co_return co_await losing;
}

net::Task<bool> Journey::relay_early() {
  outcome_.status = 200;
  rechunk_ = true;
  http1::BodyFollower follower(exchange_->framing());
  std::string_view bytes = exchange_->first_bytes();
  std::string payload;
  bool at_end = false;  // of a body that ends with its connection
  while (true) {
    payload.clear();
    const http1::Followed followed = follower.feed(bytes, [&](std::string_view piece) { payload.append(piece); });
    exchange_->took(followed.consumed, bytes);
    watch(payload);
    if (breaks_its_grammar()) {
      net::Task<bool> breaking = break_off(false, llm::UpstreamErrorKind::Protocol);
      co_return co_await breaking;
    }
    report_progress();
    const bool ended = followed.state == http1::BodyState::Complete || at_end;
    const bool whole = ended && !lacks_its_end();
    std::string text;
    if (!payload.empty()) http1::append_chunk(text, payload);
    if (whole) {
      charge();
      text += http1::kLastChunk;
    }
    if (outcome_.time_to_first_byte == Nanoseconds(0) && !payload.empty()) {
      outcome_.time_to_first_byte = worker_.reactor().read_clock().steady - received_at_;
    }
    if (!text.empty()) {
      client_.set_deadline(worker_.reactor().now().steady + setup_->limits.write_timeout);
      Result<void> written = co_await client_.write(text);
      if (!written) {
        net::Task<bool> losing = lose_client();
        co_return co_await losing;
      }
    }
    if (whole) break;
    const bool broken = ended || followed.state == http1::BodyState::Rejected;
    Result<std::size_t> next = std::size_t{0};
    if (!broken) {
      net::Stream::Read reading = exchange_->read();
      next = co_await reading;
      if (!next && client_.peer_closed()) {
        net::Task<bool> losing = lose_client();
        co_return co_await losing;
      }
    }
    at_end = !broken && next && *next == 0 && !follower.is_truncated_by_eof();
    if (broken || !next || (*next == 0 && !at_end)) {
      net::Task<bool> breaking = break_off(reader_.at_event_boundary(), llm::UpstreamErrorKind::Truncated);
      co_return co_await breaking;
    }
    bytes = at_end ? std::string_view{} : exchange_->received(*next);
  }
  client_.clear_deadline();
  exchange_->complete();
  outcome_.state = store::AttemptState::Completed;
  co_return true;
}

}  // namespace tidegate::gateway
