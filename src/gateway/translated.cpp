// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// A target that speaks the other dialect (docs/translation.md): what is sent there, and its answer on the way back. Nothing of it is
// relayed byte for byte, so the head towards either side is our own.
#include "base/ascii.h"
#include "gateway/journey.h"
#include "net/http1/chunked.h"
#include "net/http1/write.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace tidegate::gateway {

namespace http1 = net::http1;

namespace {

constexpr std::size_t kLongestError = 16 * 1024;  ///< kept of an answer, in case it turns out to be one

/// Of the client's fields only what it added itself goes to a provider of another dialect (`x-team`, `x-trace-id`): what its SDK says
/// belongs to its own dialect, what proxies left behind tells of machines that are none of that provider's business, and what looks like a
/// credential is for somebody else.
bool goes_into_another_dialect(std::string_view name, http1::FieldTag tag) {
  constexpr std::array<std::string_view, 6> kOfOthers{"x-tidegate-", "x-stainless-", "x-anthropic-", "x-app", "x-real-ip", "x-envoy-"};
  constexpr std::array<std::string_view, 3> kCredentials{"-key", "-token", "-secret"};
  if (tag.hop_by_hop || tag.field_class != http1::FieldClass::Other || !starts_with_ignoring_case(name, "x-")) return false;
  const auto begins = [&](std::string_view prefix) {
    return prefix.ends_with('-') ? starts_with_ignoring_case(name, prefix) : equals_ignoring_case(name, prefix);
  };
  const auto ends = [&](std::string_view suffix) {
    return name.size() > suffix.size() && equals_ignoring_case(name.substr(name.size() - suffix.size()), suffix);
  };
  return std::none_of(kOfOthers.begin(), kOfOthers.end(), begins) && std::none_of(kCredentials.begin(), kCredentials.end(), ends);
}

}  // namespace

/// Lays out the request in the target's dialect. False, and `untranslatable_` says why, if it cannot go there.
bool Journey::translate() {
  const upstream::ProviderOptions& there = provider_->options();
  auto translator = Translator::make(outcome_.match, there.dialect,
                                     {.anthropic = there.anthropic,
                                      .openai = there.openai,
                                      .request_id = outcome_.request_id,
                                      .created = unix_nanoseconds(outcome_.started_at) / 1'000'000'000});
  if (!translator) {
    untranslatable_ = std::move(translator.error().detail);
    return false;
  }
  auto request = translator->translate_request(incoming_.body(), outcome_.asked_model());
  if (!request) {
    untranslatable_ = fmt::format("Provider '{}' speaks another dialect, and this request cannot be translated: {}", outcome_.provider, request.error().detail);
    return false;
  }
  outcome_.losses = request->losses.to_string();
  if (targets_[target_].refuses_losses && request->losses.change_meaning()) {
    untranslatable_ = fmt::format("Provider '{}' speaks another dialect, which cannot carry all of this request ({}), and its route says `lossy: refuse`.",
                                  outcome_.provider, outcome_.losses);
    return false;
  }
  translator_ = std::move(*translator);
  translated_ = std::move(*request);
  asks_ = {there.dialect, there.dialect == llm::Dialect::Anthropic ? llm::Endpoint::Messages : llm::Endpoint::ChatCompletions};
  lay_out_body();
  return true;
}

void Journey::write_translated_head() {
  head_.clear();
  http1::HeadWriter writer(head_);
  writer.request_line("POST", fmt::format("{}{}", provider_->path_prefix(), translated_.path));
  writer.field("host", provider_->authority()).field("content-type", "application/json");
  writer.field("accept", outcome_.view.stream ? "text/event-stream" : "application/json").field("accept-encoding", "identity");
  writer.field("user-agent", "tidegate");
  for (const auto& [name, value] : translated_.headers) writer.field(name, value);
  const http1::RequestHead& asked = incoming_.head();
  writer.relay(asked, [&](std::size_t index, http1::FieldTag tag) { return goes_into_another_dialect(asked.fields[index].name, tag); });
  writer.field("content-length", static_cast<std::uint64_t>(body_size()));
  (void)writer.finish();
  head_.insert(head_.size() - 2, provider_->credential_line(key_));
}

/// A head towards the client; without a length the body comes in chunks, or, to an old client, until the connection ends.
std::string Journey::own_head(int status, std::string_view content_type, std::optional<std::size_t> length) const {
  std::string head;
  http1::HeadWriter writer(head);
  writer.status_line(status).field("content-type", content_type);
  if (content_type.starts_with("text/event-stream")) writer.field("cache-control", "no-cache");
  if (length) writer.field("content-length", static_cast<std::uint64_t>(*length));
  else if (sends_chunks_) writer.field("transfer-encoding", "chunked");
  tenant_limits_.write_headers(writer);
  write_own_fields(writer);
  if (!client_keeps_alive_) writer.field("connection", "close");
  (void)writer.finish();
  return head;
}

/// Sends what there is, the head first if it has not left. `text` is empty after. False: the client is gone.
net::Task<bool> Journey::send_translated(std::string& text, bool is_last) {
  std::string out;
  if (!answered_ && !early_) {
    sends_chunks_ = !is_last && incoming_.head().minor_version > 0;
    if (!is_last && !sends_chunks_) client_keeps_alive_ = false;
    outcome_.status = translator_->status();
    out = own_head(outcome_.status, translator_->content_type(), is_last ? std::optional(text.size()) : std::nullopt);
  }
  if (early_) sends_chunks_ = true;
  const bool is_framed = sends_chunks_ && (answered_ || early_ || !is_last);
  if (is_framed && !text.empty()) http1::append_chunk(out, text);
  else if (!head_only_) out += text;
  if (is_framed && is_last) out += http1::kLastChunk;
  if (collector_ != nullptr) {
    collector_->append(text);
    content_type_ = translator_->content_type();
  }
  text.clear();
  if (out.empty()) co_return true;
  if (outcome_.time_to_first_byte == Nanoseconds(0)) outcome_.time_to_first_byte = worker_.reactor().read_clock().steady - received_at_;
  answered_ = true;
  client_.set_deadline(worker_.reactor().now().steady + setup_->limits.write_timeout);
  Result<void> written = co_await client_.write(out);
  co_return written.has_value();
}

net::Task<Journey::Step> Journey::relay_translated() {
  translator_->begin(outcome_.upstream_status, streams_);
  http1::BodyFollower follower(exchange_->framing());
  std::string_view bytes = exchange_->first_bytes();
  std::string text;
  bool at_end = false;  // of a body that ends with its connection
  while (true) {
    const http1::Followed followed = follower.feed(bytes, [&](std::string_view payload) {
      watch(payload);
      if (!streams_ && created_.size() < kLongestError) created_.append(payload);
      text += translator_->feed(payload);
    });
    exchange_->took(followed.consumed, bytes);
    if (streams_) report_progress();
    const bool complete = followed.state == http1::BodyState::Complete || at_end;
    bool broken = followed.state == http1::BodyState::Rejected || breaks_its_grammar();
    if (complete) {
      text += translator_->end();
      broken = !translator_->is_whole();
    }
    const bool is_error = !answered_ && !early_ && translator_->head_is_known() && translator_->status() >= 400;
    if (complete && is_error) {
      outcome_.status = translator_->status();
      head_ = own_head(outcome_.status, translator_->content_type(), text.size()) + text;
      exchange_->complete();
      co_return refuse_beginning();
    }
    if (complete && !broken) charge();
    const bool can_be_sent = (translator_->head_is_known() && !is_error) || early_;
    if (can_be_sent && !broken && (complete || !text.empty())) {
      net::Task<bool> sending = send_translated(text, complete);
      const bool is_there = co_await sending;
      if (!is_there) {
        net::Task<bool> losing = lose_client();
        goes_on_ = co_await losing;
        co_return Step::Over;
      }
    }
    if (complete && !broken) break;
    Result<std::size_t> next = std::size_t{0};
    if (!broken) {
      net::Stream::Read reading = exchange_->read();
      next = co_await reading;
      if (!next && client_.peer_closed()) {
        net::Task<bool> losing = lose_client();
        goes_on_ = co_await losing;
        co_return Step::Over;
      }
    }
    at_end = !broken && next && *next == 0 && !follower.is_truncated_by_eof();
    if (broken || !next || (*next == 0 && !at_end)) {
      if (!answered_ && !early_) co_return refuse_beginning();
      // The error event that says so, and then a connection that ends in the middle of a body.
      if (!complete) text += translator_->end();
      note_break(llm::UpstreamErrorKind::Truncated);
      net::Task<bool> sending = send_translated(text, false);
      (void)co_await sending;
      goes_on_ = false;
      co_return Step::Over;
    }
    bytes = at_end ? std::string_view{} : exchange_->received(*next);
  }
  client_.clear_deadline();
  exchange_->complete();
  note_whole_answer();
  goes_on_ = sends_chunks_ || client_keeps_alive_;
  co_return Step::Over;
}

}  // namespace tidegate::gateway
