// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/journey.h"

#include "base/ascii.h"
#include "llm/anthropic/request.h"
#include "llm/json/object_id.h"
#include "llm/openai/request.h"
#include "net/http1/chunked.h"
#include "net/http1/write.h"

#include <fmt/format.h>

#include <utility>

namespace tidegate::gateway {

namespace http1 = net::http1;
using http1::FieldClass;

namespace {

/// Ends the provider's side as soon as the client has left.
class LeaveWatch final : public net::Watch::Waiter {
 public:
  LeaveWatch(net::Stream& client, upstream::Exchange& exchange) : client_(client), exchange_(exchange) {
    client_.on_peer_closed(this);
    if (client_.peer_closed()) exchange_.cancel();
  }
  LeaveWatch(const LeaveWatch&) = delete;
  LeaveWatch& operator=(const LeaveWatch&) = delete;
  ~LeaveWatch() { client_.on_peer_closed(nullptr); }

 private:
  void on_ready() override { exchange_.cancel(); }

  net::Stream& client_;
  upstream::Exchange& exchange_;
};

/// 64 bits of FNV-1a, in hexadecimal: tells callers' credentials apart without keeping them.
std::string fingerprint(std::string_view credential) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : credential) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return fmt::format("fp_{:016x}", hash);
}

std::string_view bearer_token(const http1::RequestHead& head) {
  const auto bearer = head.find(FieldClass::Authorization);
  return bearer && starts_with_ignoring_case(*bearer, "bearer ") ? trim(bearer->substr(7)) : std::string_view{};
}

std::string_view client_credential(const http1::RequestHead& head) {
  const std::string_view bearer = bearer_token(head);
  return bearer.empty() ? head.find(FieldClass::XApiKey).value_or(std::string_view{}) : bearer;
}

llm::UpstreamErrorKind error_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::Timeout: return llm::UpstreamErrorKind::Timeout;
    case FailureKind::Closed: return llm::UpstreamErrorKind::Reset;
    case FailureKind::Protocol: return llm::UpstreamErrorKind::Protocol;
    default: return llm::UpstreamErrorKind::Connect;
  }
}

}  // namespace

Journey::Journey(Worker& worker, std::shared_ptr<const Setup> setup, net::Stream& client, Incoming& incoming)
    : worker_(worker), setup_(std::move(setup)), client_(client), incoming_(incoming) {
  outcome_.request_id = worker_.new_request_id();
  outcome_.started_at = worker_.reactor().now().wall;
}

Journey::~Journey() {
  if (finished_) return;
  outcome_.state = store::AttemptState::Interrupted;
  finish();
}

net::Task<bool> Journey::run() {
  const http1::RequestHead& head = incoming_.head();
  client_keeps_alive_ = head.keep_alive;
  head_only_ = head.method == "HEAD";
  outcome_.method = head.method;
  outcome_.match = llm::match_endpoint(head.path(), head.has(FieldClass::AnthropicVersion));

  bool goes_on = false;
  net::Task<bool> receiving = receive();
  const bool received = co_await receiving;
  if (received) read();
  if (received && identify() && plan()) {
    begin();
    net::Task<bool> calling =
        outcome_.match.endpoint == llm::Endpoint::Files && !incoming_.is_complete() ? upload() : call();
    goes_on = co_await calling;
  } else {
    net::Task<bool> answering = answer_ourselves();
    goes_on = co_await answering;
  }
  finish();
  co_return goes_on&& client_keeps_alive_&& incoming_.is_complete();
}

net::Task<void> Journey::refuse_unread(OwnAnswer answer) {
  outcome_.match = {llm::Dialect::Anthropic, llm::Endpoint::Other};
  (void)refuse(std::move(answer));
  net::Task<bool> answering = answer_ourselves();
  (void)co_await answering;
  finish();
}

bool Journey::refuse(OwnAnswer answer) {
  outcome_.state = store::AttemptState::Refused;
  outcome_.refusal = answer.reason;
  own_answer_ = std::move(answer);
  return false;
}

// --- 1 receive -------------------------------------------------------------------------------------------------------

net::Task<bool> Journey::receive() {
  const http1::RequestHead& head = incoming_.head();
  if (head.upgrade && head.path() == "/v1/responses") {
    // Codex falls back to plain HTTP within 0.3 s of a 426; any other status costs it seven attempts
    // (facts/clients.md 4.12).
    co_return refuse(
        {.status = 426, .reason = "upgrade", .message = "WebSocket is not served here; use HTTP.", .close = true});
  }
  if (head.path() == "/api/hello" || head.path() == "/healthz") {
    co_return refuse({.status = 200, .reason = "hello", .message = "ok"});
  }
  if (!head.path().starts_with("/v1/") && head.path() != "/v1") {
    co_return refuse(
        {.status = 404,
         .reason = "unknown_path",
         .message = "Tidegate serves /v1/… only; set the client's base URL to this address without a path.",
         .close = !incoming_.is_complete()});
  }
  if (worker_.draining()) {
    co_return refuse({.status = 503,
                      .reason = "draining",
                      .message = "Tidegate is stopping; retry.",
                      .retry_after = 1,
                      .close = true});
  }
  if (!worker_.sink().accepting()) {
    co_return refuse(
        {.status = 503,
         .reason = "ledger_full",
         .message =
             "The ledger's journal is full and `ledger.when_full: refuse` is set; see the alarms of this gateway.",
         .retry_after = 10,
         .close = true});
  }
  if (outcome_.match.endpoint == llm::Endpoint::Files && head.method == "POST") co_return true;  // streams through
  net::Task<bool> reading =
      incoming_.read_body(setup_->limits, worker_.shared().body_memory, setup_->options.body_wait);
  const bool whole = co_await reading;
  if (!whole) co_return refuse(incoming_.refusal());
  co_return true;
}

// --- 2 read ----------------------------------------------------------------------------------------------------------

void Journey::read() {
  received_at_ = worker_.reactor().now().steady;
  const std::string_view body = incoming_.body();
  outcome_.request_bytes = static_cast<std::int64_t>(body.size());
  if (body.empty()) return;
  switch (outcome_.match.endpoint) {
    case llm::Endpoint::Messages:
    case llm::Endpoint::CountTokens: outcome_.view = llm::anthropic::read_request(body); break;
    case llm::Endpoint::ChatCompletions:
    case llm::Endpoint::Responses:
    case llm::Endpoint::Embeddings: outcome_.view = llm::openai::read_request(outcome_.match.endpoint, body); break;
    case llm::Endpoint::MessageBatches:
    case llm::Endpoint::Files:
    case llm::Endpoint::Models:
    case llm::Endpoint::Other: break;
  }
}

// --- 3 identify ------------------------------------------------------------------------------------------------------

bool Journey::identify() {
  const http1::RequestHead& head = incoming_.head();
  Caller& caller = outcome_.caller;
  const std::string_view credential = client_credential(head);
  caller.tenant = setup_->options.default_tenant;
  if (!credential.empty() && setup_->options.auth != AuthMode::Virtual) caller.key = fingerprint(credential);
  if (setup_->options.auth == AuthMode::Passthrough && credential.empty()) {
    return refuse(
        {.status = 401,
         .reason = "unauthorised",
         .message =
             "No API key: this gateway passes the client's own key on; set ANTHROPIC_API_KEY or OPENAI_API_KEY."});
  }
  if (setup_->options.auth == AuthMode::Virtual) {
    KeyCheck* keys = worker_.shared().key_check;
    if (keys == nullptr) return refuse({.status = 401, .reason = "unauthorised", .message = "No key is known here."});
    const WallTime now = worker_.reactor().now().wall;
    Result<Caller> known = keys->check(credential, outcome_.view.model, now);
    // A client that was given two credentials sends both, with different values (facts/clients.md 4.1): either may be
    // ours.
    const std::string_view other = head.find(FieldClass::XApiKey).value_or(credential);
    if (!known && known.error().kind == FailureKind::Denied && other != credential) {
      known = keys->check(other, outcome_.view.model, now);
    }
    if (!known && known.error().kind == FailureKind::Unsupported) {
      return refuse(
          {.status = 403, .reason = "model_not_allowed", .message = known.error().detail, .should_retry = false});
    }
    if (!known) return refuse({.status = 401, .reason = "unauthorised", .message = known.error().detail});
    caller = std::move(*known);
  }
  caller.session = bounded_label(find_header(head.fields, "x-claude-code-session-id"));
  if (caller.session.empty()) caller.session = outcome_.view.session;
  caller.agent = bounded_label(find_header(head.fields, "x-claude-code-agent-id"));
  caller.user = outcome_.view.user;
  for (const std::string& name : setup_->options.user_headers) {
    if (const auto user = find_header(head.fields, name)) {
      caller.user = bounded_label(user);
      break;
    }
  }
  return true;
}

// --- 4 plan ----------------------------------------------------------------------------------------------------------

bool Journey::plan() {
  provider_ = setup_->find_provider(outcome_.match.dialect, outcome_.view.model);
  if (provider_ == nullptr) {
    return refuse(
        {.status = 404,
         .reason = "no_provider",
         .message = fmt::format("No provider speaks the {} dialect for this path; add one under `providers:`.",
                                llm::to_string(outcome_.match.dialect)),
         .should_retry = false});
  }
  key_ = choose_key();
  outcome_.provider = provider_->id().text();
  outcome_.pool = outcome_.provider;
  if (setup_->options.auth == AuthMode::Passthrough) {
    outcome_.pool = outcome_.caller.key;
  } else if (key_ < provider_->options().keys.size()) {
    outcome_.pool = provider_->options().keys[key_].name;
  }
  return true;
}

/// The key that made what the request names; else the next in turn.
std::size_t Journey::choose_key() const {
  if (provider_->options().keys.size() < 2) return 0;
  const llm::StateTies& ties = outcome_.view.ties;
  for (const std::string_view id :
       {llm::named_object(incoming_.head().path()), std::string_view(ties.previous_response_id),
        std::string_view(ties.previous_message_id), std::string_view(ties.container), std::string_view(ties.file)}) {
    const auto name = worker_.shared().ties.key_of(provider_->id().text(), id);
    const auto key = name ? provider_->find_key(*name) : std::nullopt;
    if (key) return *key;
  }
  return provider_->next_key();
}

/// What this answer made belongs to the key that asked for it.
void Journey::remember_ties() {
  if (provider_ == nullptr || provider_->options().keys.size() < 2 || outcome_.status >= 300) return;
  TieBoard& ties = worker_.shared().ties;
  const std::string& key = provider_->options().keys[key_].name;
  ties.note(provider_->id().text(), outcome_.answer.id, key);
  ties.note(provider_->id().text(), outcome_.answer.container, key);
  if (!created_.empty()) ties.note(provider_->id().text(), llm::json::read_object_id(created_), key);
}

void Journey::begin() { outcome_.id = worker_.sink().begin(outcome_); }

// --- 7 call ----------------------------------------------------------------------------------------------------------

void Journey::write_upstream_head() {
  const http1::RequestHead& head = incoming_.head();
  const bool passthrough = setup_->options.auth == AuthMode::Passthrough;
  // Usage must be readable, so a metered answer is asked for uncompressed (facts/clients.md 4.7 allows either).
  const bool metered = outcome_.metered();
  const http1::BodyFraming framing = http1::body_framing(head);
  head_.clear();
  http1::HeadWriter writer(head_);
  std::string_view target = head.target;
  if (!target.starts_with('/')) {
    // Absolute form: the origin goes, path and query stay.
    const std::size_t authority = target.find("//");
    const std::size_t path =
        authority == std::string_view::npos ? std::string_view::npos : target.find('/', authority + 2);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  if (provider_->path_prefix().empty()) {
    writer.request_line(head.method, target);
  } else {
    writer.request_line(head.method, fmt::format("{}{}", provider_->path_prefix(), target));
  }
  writer.field("host", provider_->authority());
  writer.relay(head, [&](std::size_t, http1::FieldTag tag) {
    if (tag.hop_by_hop) return false;
    switch (tag.field_class) {
      case FieldClass::Host:
      case FieldClass::ContentLength:
      case FieldClass::Expect: return false;
      case FieldClass::Authorization:
      case FieldClass::XApiKey: return passthrough;
      case FieldClass::AcceptEncoding: return !metered;
      default: return true;
    }
  });
  if (metered) writer.field("accept-encoding", "identity");
  if (framing.kind == http1::BodyFraming::Kind::Chunked && !incoming_.is_complete()) {
    writer.field("transfer-encoding", "chunked");
  } else if (framing.kind == http1::BodyFraming::Kind::Length && !incoming_.is_complete()) {
    writer.field("content-length", framing.length);
  } else if (framing.kind != http1::BodyFraming::Kind::None) {
    writer.field("content-length", static_cast<std::uint64_t>(incoming_.body().size()));
  }
  (void)writer.finish();
  if (!passthrough) head_.insert(head_.size() - 2, provider_->credential_line(key_));
}

net::Task<bool> Journey::call() {
  write_upstream_head();
  exchange_ = std::make_unique<upstream::Exchange>(worker_.pool(), provider_);
  const LeaveWatch watch(client_, *exchange_);
  net::Task<Result<void>> sending = exchange_->send(head_, incoming_.body(), outcome_.method);
  Result<void> sent = co_await sending;
  outcome_.replayed = exchange_->replayed();
  outcome_.upstream_wait = exchange_->waited();
  net::Task<bool> next = sent ? relay() : fail_call(std::move(sent.error()));
  const bool goes_on = co_await next;
  co_return goes_on;
}

net::Task<bool> Journey::upload() {
  exchange_ = std::make_unique<upstream::Exchange>(worker_.pool(), provider_);
  write_upstream_head();
  const bool chunked = http1::body_framing(incoming_.head()).kind == http1::BodyFraming::Kind::Chunked;
  const LeaveWatch watch(client_, *exchange_);
  if (incoming_.head().expect_continue) {
    Result<void> told = co_await client_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!told) {
      net::Task<bool> losing = lose_client();
      co_return co_await losing;
    }
  }
  net::Task<Result<void>> opening = exchange_->send_head(head_);
  Result<void> sent = co_await opening;
  std::string chunk;
  while (sent) {
    net::Task<Result<std::string_view>> reading = incoming_.next_piece(setup_->limits);
    Result<std::string_view> piece = co_await reading;
    if (!piece) {
      net::Task<bool> losing = lose_client();
      co_return co_await losing;
    }
    outcome_.request_bytes += static_cast<std::int64_t>(piece->size());
    std::string_view bytes = *piece;
    if (chunked) {
      chunk.clear();
      http1::append_chunk(chunk, *piece);
      if (piece->empty()) chunk = http1::kLastChunk;
      bytes = chunk;
    }
    const bool last = piece->empty();
    if (!bytes.empty()) {
      net::Task<Result<void>> writing = exchange_->send_piece(bytes);
      sent = co_await writing;
    }
    if (last) break;
  }
  if (sent) {
    net::Task<Result<void>> awaiting = exchange_->await_head(outcome_.method);
    sent = co_await awaiting;
  }
  net::Task<bool> next = sent ? relay() : fail_call(std::move(sent.error()));
  const bool goes_on = co_await next;
  co_return goes_on;
}

net::Task<bool> Journey::fail_call(Failure failure) {
  if (client_.peer_closed()) {
    net::Task<bool> losing = lose_client();
    co_return co_await losing;
  }
  outcome_.error = error_of(failure.kind);
  outcome_.state = store::AttemptState::Failed;
  const bool timeout = failure.kind == FailureKind::Timeout;
  OwnAnswer answer;
  answer.status = timeout ? 504 : 502;
  answer.reason = llm::to_string(outcome_.error);
  answer.message =
      fmt::format("The provider '{}' could not be reached: {}. Nothing was answered; the request may be sent again.",
                  outcome_.provider, failure.detail);
  answer.close = !incoming_.is_complete();
  own_answer_ = std::move(answer);
  charge();
  net::Task<bool> answering = answer_ourselves();
  const bool goes_on = co_await answering;
  co_return goes_on;
}

net::Task<bool> Journey::lose_client() {
  outcome_.state = store::AttemptState::ClientGone;
  if (exchange_ != nullptr) exchange_->cancel();
  charge();
  co_return false;
}

net::Task<bool> Journey::answer_ourselves() {
  outcome_.status = own_answer_.status;
  if (own_answer_.close) client_keeps_alive_ = false;
  std::string text = write_own_answer(own_answer_, outcome_.match.dialect, outcome_.request_id, head_only_);
  client_.set_deadline(worker_.reactor().now().steady + setup_->limits.write_timeout);
  Result<void> written = co_await client_.write(text);
  client_.clear_deadline();
  co_return written.has_value() && !own_answer_.close;
}

// --- 9 settle, 10 record ---------------------------------------------------------------------------------------------

void Journey::charge() {
  if (charged_ || outcome_.id == 0) return;
  charged_ = true;
  reader_.end();
  outcome_.answer = reader_.facts();
  // A stream that broke off, or whose client left, was charged for what it had produced: an estimate, marked as such.
  if (outcome_.answer.content_started) llm::estimate_missing_usage(outcome_.answer);
  if (outcome_.error == llm::UpstreamErrorKind::None) outcome_.error = outcome_.answer.error.kind;
  const Charged charged = worker_.sink().charge(outcome_);
  outcome_.cost = charged.cost;
  outcome_.price_known = charged.price_known;
  remember_ties();
}

void Journey::finish() {
  if (finished_) return;
  finished_ = true;
  outcome_.duration = worker_.reactor().read_clock().steady - incoming_.began();
  worker_.sink().finish(outcome_);
}

}  // namespace tidegate::gateway
