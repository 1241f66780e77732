// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/journey.h"

#include "base/ascii.h"
#include "base/number.h"
#include "gateway/model_permission.h"
#include "gateway/request_class.h"
#include "gateway/unread_usage.h"
#include "llm/anthropic/request.h"
#include "llm/json/object_id.h"
#include "llm/openai/request.h"
#include "net/http1/chunked.h"
#include "net/http1/write.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidegate::gateway {

namespace http1 = net::http1;
using http1::FieldClass;

namespace {

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

constexpr Seconds kLongestStreamWait(3'600);

/// What the client says it will wait; nothing if it says nothing. Failure: it says something else.
Result<std::optional<Nanoseconds>> wished_wait(std::optional<std::string_view> text) {
  if (!text) return std::optional<Nanoseconds>{};
  const auto seconds = parse_integer<std::uint32_t>(*text);
  if (seconds) return std::optional<Nanoseconds>(Seconds(*seconds));
  auto duration = parse_duration(*text);
  if (!duration) return fail(duration);
  return std::optional<Nanoseconds>(*duration);
}

}  // namespace

Journey::Journey(Worker& worker, std::shared_ptr<const Setup> setup, net::Stream& client, Incoming& incoming)
    : worker_(worker), setup_(std::move(setup)), client_(client), incoming_(incoming), passage_(worker.reactor()) {
  outcome_.request_id = worker_.new_request_id();
  outcome_.started_at = worker_.reactor().now().wall;
}

Journey::~Journey() {
  if (finished_) return;
  outcome_.state = store::AttemptState::Interrupted;
  shadow_provider_ = {};
  charge();
  finish();
}

net::Task<bool> Journey::run() {
  const http1::RequestHead& head = incoming_.head();
  client_keeps_alive_ = head.keep_alive;
  head_only_ = head.method == "HEAD";
  outcome_.method = head.method;
  outcome_.match = llm::match_endpoint(head.path(), head.has(FieldClass::AnthropicVersion), setup_->only_dialect);

  bool goes_on = false;
  bool received = accept();
  if (received && !streams_through() && !incoming_.take_whole_body(setup_->limits)) {
    net::Task<bool> receiving = receive();
    received = co_await receiving;
  }
  if (received) read();
  if (received && identify() && plan() && admit_tenant() && set_patience()) {
    bool is_answered = false;
    if (worker_.shared().answers != nullptr && may_be_answered_again()) {
      net::Task<bool> answering = answer_again();
      is_answered = co_await answering;
      goes_on = goes_on_;
    }
    if (!is_answered) {
      net::Task<bool> serving = serve();
      goes_on = co_await serving;
    }
  } else {
    net::Task<bool> answering = answer_ourselves();
    goes_on = co_await answering;
  }
  finish();
  co_return goes_on&& client_keeps_alive_&& incoming_.is_complete();
}

net::Task<void> Journey::refuse_unread(OwnAnswer answer) {
  // Only for the form of the answer; where both dialects have the path it is Anthropic's, as that of every unknown one.
  outcome_.match = {llm::match_endpoint(incoming_.refused_path(), true).dialect, llm::Endpoint::Other};
  (void)refuse(std::move(answer));
  net::Task<bool> answering = answer_ourselves();
  (void)co_await answering;
  finish();
}

OwnAnswer Journey::upload_too_large() const {
  return {.status = 413,
          .reason = "too_large",
          .message = fmt::format("The upload is larger than the limit of {} bytes (limits.max_upload).", setup_->limits.max_upload_bytes),
          .should_retry = false,
          .close = true};
}

bool Journey::refuse(OwnAnswer answer) {
  outcome_.state = store::AttemptState::Refused;
  outcome_.refusal = answer.reason;
  own_answer_ = std::move(answer);
  return false;
}

// --- 1 receive -------------------------------------------------------------------------------------------------------

/// False: it is refused for what its head says, or for what state the gateway is in.
bool Journey::accept() {
  const http1::RequestHead& head = incoming_.head();
  if (head.upgrade && head.path() == "/v1/responses") {
    // Codex falls back to plain HTTP within 0.3 s of a 426; any other status costs it seven attempts
    // (facts/clients.md 4.12).
    return refuse(
        {.status = 426, .reason = "upgrade", .message = "WebSocket is not served here; use HTTP.", .close = true});
  }
  if (head.method == "TRACE") {
    // Whoever answers it sends the request back, with the key of ours that it was given.
    return refuse({.status = 405, .reason = "bad_method", .message = "TRACE is not served here.", .should_retry = false});
  }
  if (head.path() == "/api/hello" || head.path() == "/healthz") {
    return refuse({.status = 200, .reason = "hello", .message = "ok"});
  }
  if (!head.path().starts_with("/v1/") && head.path() != "/v1") {
    return refuse(
        {.status = 404,
         .reason = "unknown_path",
         .message = "Tidegate serves /v1/… only; set the client's base URL to this address without a path."});
  }
  if (llm::is_disguised(head.path())) {
    return refuse({.status = 400,
                   .reason = "bad_path",
                   .message = "This path is another spelling of an endpoint's own; write it plainly: nothing encoded, no '//', no '/./', no ';'.",
                   .should_retry = false});
  }
  if (worker_.draining()) {
    return refuse({.status = 503,
                   .reason = "draining",
                   .message = "Tidegate is stopping; retry.",
                   .retry_after = Seconds(1),
                   .close = true});
  }
  if (!worker_.sink().accepting()) return refuse(ledger_full());
  if (streams_through()) {
    const http1::BodyFraming framing = http1::body_framing(head);
    if (framing.kind == http1::BodyFraming::Kind::Length && framing.length > setup_->limits.max_upload_bytes) return refuse(upload_too_large());
  }
  return true;
}

/// An upload is not kept: it goes on as it comes.
bool Journey::streams_through() const {
  return outcome_.match.endpoint == llm::Endpoint::Files && outcome_.method == "POST";
}

/// Who cannot be let in is refused by its head: its body would take memory from others.
net::Task<bool> Journey::receive() {
  if (!authenticate()) co_return false;
  net::Task<bool> reading =
      incoming_.read_body(setup_->limits, worker_.shared().body_memory, setup_->options.body_wait);
  const bool whole = co_await reading;
  co_return whole || refuse(incoming_.refusal());
}

// --- 2 read ----------------------------------------------------------------------------------------------------------

void Journey::read() {
  received_at_ = worker_.reactor().now().steady;
  const std::string_view body = incoming_.body();
  outcome_.request_bytes = static_cast<std::int64_t>(body.size());
  if (body.empty()) return;
  switch (outcome_.match.endpoint) {
    case llm::Endpoint::Messages:
      if (worker_.shared().prompt_marks != nullptr) {
        client_layout_ = std::make_unique<llm::PromptLayout>();
        outcome_.view = llm::anthropic::read_request(body, *client_layout_);
        break;
      }
      [[fallthrough]];
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

/// By the credential alone: a stranger's body is not read.
bool Journey::authenticate() {
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
    Result<Caller> known = keys->check(credential, now);
    // A client that was given two credentials sends both, with different values (facts/clients.md 4.1): either may be
    // ours.
    const std::string_view other = head.find(FieldClass::XApiKey).value_or(credential);
    if (!known && other != credential) known = keys->check(other, now);
    if (!known) return refuse({.status = 401, .reason = "unauthorised", .message = known.error().detail});
    caller = std::move(*known);
  }
  return true;
}

bool Journey::identify() {
  if (!authenticate()) return false;
  const http1::RequestHead& head = incoming_.head();
  Caller& caller = outcome_.caller;
  if (!caller.models.empty()) {
    auto why_not = why_not_allowed(caller.models, head, outcome_.match.endpoint, incoming_.body());
    if (why_not) {
      return refuse({.status = 403,
                     .reason = "model_not_allowed",
                     .message = std::move(*why_not),
                     .should_retry = false});
    }
  }
  fields_ = read_request_fields(head.fields);
  caller.session = bounded_label(fields_.session);
  if (caller.session.empty()) caller.session = outcome_.view.session;
  caller.agent = bounded_label(fields_.agent);
  caller.user = outcome_.view.user;
  for (const std::string& name : setup_->options.user_headers) {
    if (const auto user = find_header(head.fields, name)) {
      caller.user = bounded_label(user);
      break;
    }
  }
  return true;
}

// --- 4 plan (the targets: targets.cpp) -------------------------------------------------------------------------------

/// Before the limits that the operator set for the caller.
bool Journey::admit_tenant() {
  quota::TenantBook* const book = worker_.shared().tenants;
  if (book == nullptr || book->is_empty()) return true;
  // At the dearest of the targets: which of them it will be is not known yet.
  Amount worst_case;
  for (const Target& target : targets_) {
    if (!outcome_.metered()) break;
    outcome_.provider = target.provider->id().text();
    outcome_.model_there = model_of(target);
    const Amount expected = worker_.sink().estimate(outcome_);
    if (worst_case.requests == 0 || expected.money > worst_case.money) worst_case = expected;
  }
  outcome_.provider.clear();  // nothing went there yet
  outcome_.model_there.clear();
  std::optional<OwnAnswer> refusal =
      tenant_limits_.admit(*book, outcome_, incoming_.head().path(), worst_case, worker_.reactor().now());
  return !refusal || refuse(std::move(*refusal));
}

/// How the request waits for its turn: as its key and tenant say, and as it wishes itself.
bool Journey::set_patience() {
  const http1::RequestHead& head = incoming_.head();
  outcome_.priority = fields_.priority && equals_ignoring_case(*fields_.priority, "batch") ? quota::Priority::Batch : tenant_limits_.priority();
  const auto wish = wished_wait(fields_.max_wait);
  if (!wish) {
    return refuse({.status = 400,
                   .reason = "bad_header",
                   .message = "x-tidegate-max-wait is no duration such as 30s, 500ms or 0s.",
                   .should_retry = false});
  }
  const auto cache = worker_.shared().answers != nullptr ? fields_.cache : std::nullopt;
  if (cache && !equals_ignoring_case(*cache, "yes") && !equals_ignoring_case(*cache, "no")) {
    return refuse({.status = 400, .reason = "bad_header", .message = "x-tidegate-cache is yes or no.", .should_retry = false});
  }
  class_ = find_class(setup_->options.classes, head, outcome_.view, incoming_.body());
  if (class_ != nullptr) outcome_.class_name = class_->name;
  if (needs_system_hash(setup_->options.classes)) system_hash_ = system_hash(outcome_.view, incoming_.body());
  deadline_ = received_at_ + longest_wait(*wish);
  return true;
}

/// How long the request may wait for its turn, over all targets.
Nanoseconds Journey::longest_wait(std::optional<Nanoseconds> wish) const {
  const quota::AdmissionOptions& admission = setup_->options.admission;
  const Nanoseconds usual = outcome_.priority == quota::Priority::Batch ? admission.batch_max_wait : admission.max_wait;
  const Nanoseconds wait = std::max(wish.value_or(tenant_limits_.max_wait().value_or(usual)), Nanoseconds(0));
  // Clients give up on a head that does not come after five minutes (facts/clients.md 2); only a stream can be kept awake.
  return outcome_.view.stream ? std::min<Nanoseconds>(wait, kLongestStreamWait) : std::min(wait, admission.longest_silence);
}

/// Of a request that was never sent the caller's limits know nothing.
void Journey::take_back_if_unsent() {
  if (outcome_.attempt == 0) tenant_limits_.withdraw(outcome_.match.dialect, worker_.reactor().now());
}

net::Task<bool> Journey::lose_client() {
  outcome_.state = worker_.cutting() ? store::AttemptState::Interrupted : store::AttemptState::ClientGone;
  if (exchange_ != nullptr) exchange_->cancel();
  take_back_if_unsent();
  charge();
  co_return false;
}

net::Task<bool> Journey::answer_ourselves() {
  take_back_if_unsent();
  if (early_) {
    net::Task<bool> ending = end_early(own_answer_.status, own_answer_.message);
    co_return co_await ending;
  }
  outcome_.status = own_answer_.status;
  if (!incoming_.is_complete()) own_answer_.close = true;  // what is left of the body is no request
  if (own_answer_.close) client_keeps_alive_ = false;
  own_answer_.headers = tenant_limits_.headers();
  std::string text = write_own_answer(own_answer_, outcome_.match.dialect, outcome_.request_id, head_only_);
  client_.set_deadline(worker_.reactor().now().steady + setup_->limits.write_timeout);
  Result<void> written = co_await client_.write(text);
  client_.clear_deadline();
  co_return written.has_value() && !own_answer_.close;
}

// --- 9 settle, 10 record ---------------------------------------------------------------------------------------------

/// What the room should know while a long answer runs.
void Journey::report_progress() {
  const llm::AnswerFacts& facts = answer_so_far();
  if (!input_told_ && facts.usage.seen) {
    input_told_ = true;
    passage_.counted_input(limited_input(facts.usage));
  }
  if (facts.content_started) passage_.produced_so_far(static_cast<double>(llm::estimate_output_tokens(facts)));
}

/// What the provider counts against its limit on input: all but what came from the cache, except where it says otherwise
/// (facts/anthropic-api.md 1.1).
double Journey::limited_input(const llm::Usage& usage) const {
  const bool counts_reads = provider_->options().dialect == llm::Dialect::OpenAi || model_group_.starts_with("haiku-3");
  return static_cast<double>(usage.tokens.total_input() - (counts_reads ? 0 : usage.tokens.cache_read));
}

void Journey::settle_room() {
  const llm::AnswerFacts& facts = outcome_.answer;
  const bool has_output = facts.usage.seen || facts.content_started || outcome_.status >= 400;
  passage_.ended(facts.finished, has_output ? static_cast<double>(facts.usage.tokens.output) : -1,
                 facts.usage.seen ? limited_input(facts.usage) : -1);
}

void Journey::charge() {
  if (charged_ || outcome_.id == 0) return;
  charged_ = true;
  reader_.end();
  outcome_.answer = reader_.take_facts();
  settle_room();
  count_marks();
  // A stream that broke off, or whose client left, was charged for what it had produced: an estimate, marked as such.
  if (outcome_.answer.content_started || outcome_.answer.usage.seen) llm::estimate_missing_usage(outcome_.answer);
  estimate_unread_usage(outcome_, {.endpoint = asks_.endpoint, .is_stream = streams_, .is_encoded = !coding_.empty(),
                                   .was_sent = exchange_ != nullptr && exchange_->was_sent()}, worker_.sink());
  if (outcome_.error == llm::UpstreamErrorKind::None) outcome_.error = outcome_.answer.error.kind;
  const Charged charged = worker_.sink().charge(outcome_);
  outcome_.cost = charged.cost;
  outcome_.price_known = charged.price_known;
  tenant_limits_.settle(outcome_, worker_.reactor().now());
  remember_ties();
}

void Journey::finish() {
  if (finished_) return;
  finished_ = true;
  give_up_marks();
  outcome_.duration = worker_.reactor().read_clock().steady - incoming_.began();
  if (collector_ != nullptr) hand_on_answer();
  worker_.sink().finish(outcome_);
  if (!shadow_provider_.empty()) copy_to_shadow();
}

}  // namespace tidegate::gateway
