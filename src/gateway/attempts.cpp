// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// Stages 5 to 7 of a journey: let through by a room, sent, and, if it was refused before anything was relayed, let through again, here or
// at the next target.
#include "base/ascii.h"
#include "gateway/consequence.h"
#include "gateway/journey.h"
#include "llm/json/object_id.h"
#include "llm/model_group.h"
#include "net/http1/chunked.h"
#include "net/http1/write.h"
#include "quota/book/readings.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace tidegate::gateway {

namespace http1 = net::http1;
using http1::FieldClass;

namespace {

constexpr double kBytesPerAttachment = 6'000;  ///< an image is some 1,500 tokens, whatever its bytes
constexpr std::size_t kLargestHeldBody = 1024 * 1024;

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

llm::UpstreamErrorKind error_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::Timeout: return llm::UpstreamErrorKind::Timeout;
    case FailureKind::Closed: return llm::UpstreamErrorKind::Reset;
    case FailureKind::Protocol: return llm::UpstreamErrorKind::Protocol;
    default: return llm::UpstreamErrorKind::Connect;
  }
}

/// What has limits by model; everything else of a provider shares one room.
bool names_a_model(llm::Endpoint endpoint) {
  switch (endpoint) {
    case llm::Endpoint::Messages:
    case llm::Endpoint::CountTokens:
    case llm::Endpoint::MessageBatches:
    case llm::Endpoint::ChatCompletions:
    case llm::Endpoint::Responses:
    case llm::Endpoint::Embeddings: return true;
    case llm::Endpoint::Files:
    case llm::Endpoint::Models:
    case llm::Endpoint::Other: return false;
  }
  return false;
}

}  // namespace

net::Task<bool> Journey::serve() {
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    choose_target(target);
    net::Task<Step> trying = try_target();
    const Step step = co_await trying;
    if (step == Step::Over) co_return goes_on_;
  }
  net::Task<bool> ending = end_unserved();
  const bool goes_on = co_await ending;
  co_return goes_on;
}

// --- 5 estimate, 6 admit ---------------------------------------------------------------------------------------------

void Journey::choose_target(std::size_t index) {
  if (outcome_.id != 0) end_attempt();
  target_ = index;
  provider_ = targets_[index];
  outcome_.provider = provider_->id().text();
  outcome_.pool = outcome_.provider;
  if (setup_->options.auth == AuthMode::Passthrough) outcome_.pool = outcome_.caller.key;
  if (cache_id_.empty() && provider_->options().keys.size() > 1) cache_id_ = cache_id();
  tied_key_ = tied_key();
  preferred_key_ = tied_key_.empty() ? preferred_key() : std::string{};
  // State that one pool holds is of no use elsewhere.
  if (!tied_key_.empty()) targets_.resize(index + 1);
}

/// The key that made what the request speaks of; empty if there is none, or only one key.
std::string Journey::tied_key() const {
  if (provider_->options().keys.size() < 2) return {};
  const llm::StateTies& ties = outcome_.view.ties;
  const TieBoard& board = worker_.shared().ties;
  for (const std::string_view id :
       {llm::named_object(incoming_.head().path()), std::string_view(ties.previous_response_id),
        std::string_view(ties.previous_message_id), std::string_view(ties.container), std::string_view(ties.file)}) {
    const auto name = board.key_of(provider_->id().text(), id);
    if (name && provider_->find_key(*name)) return *name;
  }
  // What has no id of its own (a thinking signature, a fallback credit) was made for the same session.
  if (!ties.any() || outcome_.caller.session.empty()) return {};
  const auto name = board.key_of(provider_->id().text(), outcome_.caller.session);
  return name && provider_->find_key(*name) ? *name : std::string{};
}

/// Names what the provider may have cached of the request: its session, else the beginning that its cache markers share with others.
/// Empty: nothing to look for.
std::string Journey::cache_id() const {
  const llm::RequestView& view = outcome_.view;
  if (!outcome_.metered()) return {};
  if (!outcome_.caller.session.empty()) return outcome_.caller.session;
  if (view.cache_markers == 0 || view.system_range.length + view.tools_range.length == 0) return {};
  const std::string_view body = incoming_.body();
  const auto hash = [&](llm::ByteRange range) { return std::hash<std::string_view>{}(body.substr(range.offset, range.length)); };
  return fmt::format("prefix:{:016x}{:016x}{}", hash(view.system_range), hash(view.tools_range), view.model);
}

/// The key whose pool served the same beginning last: what it cached is cheaper, and does not count against its limit.
std::string Journey::preferred_key() const {
  if (provider_->options().keys.size() < 2) return {};
  return worker_.shared().ties.key_of(provider_->id().text(), cache_id_).value_or(std::string{});
}

quota::LiveRoom* Journey::room() {
  model_group_ = names_a_model(outcome_.match.endpoint)
                     ? llm::model_group(outcome_.match.endpoint, outcome_.view.model, outcome_.view.speed)
                     : std::string{};
  quota::RoomName name{.provider = provider_->id().text(), .model_group = model_group_, .class_name = {}, .credential = {}};
  if (setup_->options.auth == AuthMode::Passthrough) name.credential = outcome_.caller.key;
  if (class_ != nullptr && outcome_.metered()) {
    name.class_name = class_->name;
    name.class_factor = class_->factor;
  }
  return worker_.shared().rooms.room(name);
}

quota::Submission Journey::submission() const {
  const llm::RequestView& view = outcome_.view;
  const bool is_last = target_ + 1 == targets_.size();
  const quota::AdmissionOptions& admission = setup_->options.admission;
  const Nanoseconds patience = outcome_.priority == quota::Priority::Batch ? admission.batch_spare_after : admission.spare_after;
  quota::Submission submission;
  submission.tenant = outcome_.caller.tenant;
  submission.priority = outcome_.priority;
  submission.weight = static_cast<double>(tenant_limits_.weight());
  submission.deadline = is_last ? deadline_ : std::min(deadline_, worker_.reactor().now().steady + patience);
  submission.is_last_resort = is_last;
  if (!outcome_.metered() && outcome_.match.endpoint != llm::Endpoint::CountTokens) {
    submission.max_tokens = 1;  // no tokens at all
    return submission;
  }
  submission.body_bytes = static_cast<double>(view.body_bytes - view.attachment_bytes) + static_cast<double>(view.attachments) * kBytesPerAttachment;
  const bool writes = outcome_.match.endpoint != llm::Endpoint::Embeddings && outcome_.match.endpoint != llm::Endpoint::CountTokens;
  submission.max_tokens = writes ? static_cast<double>(view.max_tokens.value_or(0)) : 1;
  return submission;
}

net::Task<Journey::Step> Journey::try_target() {
  std::optional<Passage::Word> word = passage_.enter(room(), submission(), {.only = tied_key_, .preferred = preferred_key_});
  while (true) {
    if (!word) {
      net::Task<Passage::Word> waiting = passage_.wait(client_, silent_until());
      word = co_await waiting;
    }
    switch (*word) {
      case Passage::Word::ClientLeft: {
        note_wait();
        net::Task<bool> losing = lose_client();
        goes_on_ = co_await losing;
        co_return Step::Over;
      }
      case Passage::Word::Overflow: overflow_ = passage_.decision(); co_return Step::Next;
      case Passage::Word::TimeIsUp: {
        net::Task<bool> waking = keep_awake();
        const bool is_there = co_await waking;
        last_sign_ = worker_.reactor().read_clock().steady;
        if (is_there) {
          word.reset();
          continue;
        }
        passage_.leave();
        note_wait();
        net::Task<bool> losing = lose_client();
        goes_on_ = co_await losing;
        co_return Step::Over;
      }
      case Passage::Word::Go: break;
    }
    note_wait();
    if (!take_key()) {
      passage_.withdraw();
      overflow_ = {.request = {}, .verdict = quota::Verdict::Overflow, .wait_seconds = 1, .obstacle = quota::Obstacle::NoKey};
      co_return Step::Next;
    }
    begin();
    net::Task<Step> attempting = attempt();
    const Step step = co_await attempting;
    if (step != Step::Again) co_return step;
    if (is_key_lost_) {
      passage_.withdraw();
      co_return Step::Next;
    }
    word = passage_.refused(refusal_);
    // The last attempt of all stays open: its answer becomes the request's own.
    const bool is_final = word == Passage::Word::Overflow && target_ + 1 == targets_.size();
    if (!is_final) end_attempt();
  }
}

void Journey::note_wait() { outcome_.queue_wait = worker_.reactor().now().steady - received_at_; }

/// When a client that waits has to hear something.
SteadyTime Journey::silent_until() const {
  const quota::AdmissionOptions& admission = setup_->options.admission;
  if (early_) return last_sign_ + admission.keep_awake_every;
  return may_answer_early() ? received_at_ + admission.longest_silence : SteadyTime::max();
}

/// The key that the room chose, in the configuration of this moment: a request may have waited through a reload.
bool Journey::take_key() {
  if (setup_->options.auth == AuthMode::Passthrough || passage_.key().empty()) {
    key_ = 0;
    return true;
  }
  auto key = provider_->find_key(passage_.key());
  if (!key) {
    for (const auto& provider : worker_.setup()->providers) {
      if (provider->id() == provider_->id()) provider_ = provider;
    }
    key = provider_->find_key(passage_.key());
  }
  if (!key) return false;
  key_ = *key;
  outcome_.pool = provider_->options().keys[key_].name;
  return true;
}

void Journey::begin() {
  ++outcome_.attempt;
  outcome_.id = worker_.sink().begin(outcome_);
}

/// The attempt is over and another one may follow.
void Journey::end_attempt() {
  if (outcome_.id == 0) return;
  outcome_.state = store::AttemptState::Failed;
  outcome_.duration = worker_.reactor().read_clock().steady - incoming_.began();
  worker_.sink().attempt_over(outcome_);
  outcome_.id = 0;
  outcome_.status = outcome_.upstream_status = 0;
  outcome_.error = llm::UpstreamErrorKind::None;
  outcome_.answer = {};
  outcome_.cost = {};
  outcome_.upstream_request_id.clear();
  charged_ = false;
}

// --- 7 call ----------------------------------------------------------------------------------------------------------

net::Task<Journey::Step> Journey::attempt() {
  const bool uploads = outcome_.match.endpoint == llm::Endpoint::Files && !incoming_.is_complete();
  exchange_ = std::make_unique<upstream::Exchange>(worker_.pool(), provider_);
  const LeaveWatch watch(client_, *exchange_);
  net::Task<Result<void>> calling = uploads ? upload() : call();
  Result<void> called = co_await calling;
  outcome_.replayed = outcome_.replayed || exchange_->replayed();
  outcome_.upstream_wait = exchange_->waited();
  if (client_.peer_closed() || is_client_lost_) {
    net::Task<bool> losing = lose_client();
    goes_on_ = co_await losing;
    co_return Step::Over;
  }
  if (!called) {
    failure_ = std::move(called.error());
    held_.reset();
    outcome_.error = error_of(failure_->kind);
    note_refusal({.kind = outcome_.error, .type = {}, .code = {}, .message = {}});
    if (!uploads && may_be_done_twice(outcome_.error)) co_return Step::Again;
    targets_.resize(target_ + 1);  // what was sent is gone, or may have done its work
    passage_.ended(false, 0);
    co_return Step::Next;
  }
  failure_.reset();
  take_answer_head();
  if (may_be_retried(exchange_->head().status)) {
    net::Task<Step> judging = judge_answer();
    const Step step = co_await judging;
    if (step == Step::Again && (uploads || !may_be_done_twice(outcome_.error))) {
      targets_.resize(target_ + 1);
      passage_.ended(false, 0);
      co_return Step::Next;
    }
    co_return step;
  }
  note_good_head();
  if (early_ && (!streams_ || outcome_.upstream_status != 200)) {
    net::Task<Step> judging = judge_answer();  // no stream of events: it can only be told of
    co_return co_await judging;
  }
  net::Task<bool> relaying = early_ ? relay_early() : relay();
  goes_on_ = co_await relaying;
  co_return Step::Over;
}

/// Whether a request may be sent again after this error. One that makes a thing for good (a batch, a file) must not, if the provider
/// may have done its work and only the answer was lost; an answer that is lost costs its tokens once more and no harm is done.
bool Journey::may_be_done_twice(llm::UpstreamErrorKind error) const {
  using Kind = llm::UpstreamErrorKind;
  const bool was_perhaps_done = error == Kind::Reset || error == Kind::Timeout || error == Kind::Protocol || error == Kind::ServerError;
  return !was_perhaps_done || outcome_.metered() || outcome_.match.endpoint == llm::Endpoint::CountTokens || outcome_.method != "POST";
}

/// Reads the whole of an answer that may be a refusal, and says whether another attempt makes sense.
net::Task<Journey::Step> Journey::judge_answer() {
  write_rewritten_head();
  std::string head = std::move(head_);
  net::Task<Result<std::string>> reading = read_whole_body();
  Result<std::string> body = co_await reading;
  if (client_.peer_closed()) {
    net::Task<bool> losing = lose_client();
    goes_on_ = co_await losing;
    co_return Step::Over;
  }
  if (!body) {
    failure_ = std::move(body.error());
    outcome_.error = llm::UpstreamErrorKind::Protocol;
    note_refusal({.kind = outcome_.error, .type = {}, .code = {}, .message = {}});
    co_return Step::Again;
  }
  exchange_->complete();
  reader_.feed(*body);
  reader_.end();
  outcome_.response_bytes = static_cast<std::int64_t>(body->size());
  const llm::UpstreamError error = reader_.facts().error;
  outcome_.error = error.kind;
  head += head_only_ ? std::string("\r\n") : fmt::format("content-length: {}\r\n\r\n", body->size());
  held_ = HeldAnswer{outcome_.upstream_status, std::move(head), std::move(*body)};
  if (consequence_of(error.kind).refusal) {
    note_refusal(error);
    co_return Step::Again;
  }
  note_good_head();
  net::Task<bool> sending = send_held();
  goes_on_ = co_await sending;
  co_return Step::Over;
}

/// The provider took the request (whatever it thinks of its content): its limits and its key are as they should be.
void Journey::note_good_head() {
  passage_.answered(quota::to_readings(limits_, model_group_));
  quota::KeyRing* const ring = worker_.shared().rooms.keys(outcome_.provider);
  if (ring == nullptr || passage_.key().empty()) return;
  ring->learn(passage_.key(), outcome_.organisation);
  if (ring->has_faults() && ring->accept(passage_.key(), model_group_)) worker_.sink().key_changed(outcome_.provider, passage_.key(), std::nullopt);
}

void Journey::note_refusal(const llm::UpstreamError& error) {
  const Consequence consequence = consequence_of(error.kind);
  refusal_ = {};
  is_key_lost_ = false;
  refusal_.kind = consequence.refusal.value_or(quota::RefusalKind::Overloaded);
  if (failure_) return;
  refusal_.readings = quota::to_readings(limits_, model_group_);
  if (limits_.retry_after) refusal_.retry_after_seconds = std::chrono::duration<double>(*limits_.retry_after).count();
  if (refusal_.kind == quota::RefusalKind::Rate) refusal_.dimension = quota::parse_refused_dimension(error.message);
  if (refusal_.kind == quota::RefusalKind::Ramp) refusal_.ramp = quota::parse_ramp_message(error.message);
  if (refusal_.kind == quota::RefusalKind::SpendCap && setup_->options.auth != AuthMode::Passthrough) {
    worker_.shared().rooms.money_spent(outcome_.provider, passage_.key(), passage_.room());
  }
  if (!consequence.fault) return;
  if (setup_->options.auth == AuthMode::Passthrough) {
    is_key_lost_ = true;  // the client's own: there is no other, and nobody else's business
    return;
  }
  quota::KeyRing* const ring = worker_.shared().rooms.keys(outcome_.provider);
  is_key_lost_ = ring == nullptr || !tied_key_.empty() ||
                 !ring->refuse(passage_.key(), *consequence.fault, worker_.reactor().now().steady,
                               // What one model is refused for, others may be open to.
                               consequence.fault == quota::KeyRing::Fault::Permission ? std::string_view(model_group_) : std::string_view{});
  if (!passage_.key().empty()) worker_.sink().key_changed(outcome_.provider, passage_.key(), *consequence.fault);
}

/// Nobody could serve it. The provider's last word if it said one, else what kept it from being asked.
net::Task<bool> Journey::end_unserved() {
  if (held_) {
    net::Task<bool> sending = send_held();
    const bool goes_on = co_await sending;
    co_return goes_on;
  }
  if (failure_) {
    net::Task<bool> failing = answer_failure(*failure_);
    const bool goes_on = co_await failing;
    co_return goes_on;
  }
  outcome_.obstacle = overflow_.obstacle;
  note_wait();
  (void)refuse(no_capacity());
  net::Task<bool> answering = answer_ourselves();
  const bool goes_on = co_await answering;
  co_return goes_on;
}

/// Our own word where nobody was asked: when to come back, and what was in the way.
OwnAnswer Journey::no_capacity() const {
  using quota::Obstacle;
  OwnAnswer answer{.status = 429, .reason = "no_capacity", .message = {}};
  answer.close = !incoming_.is_complete();
  if (overflow_.obstacle == Obstacle::NoKey) {
    answer.status = 503;
    answer.reason = "no_key";
    answer.message = fmt::format("No key of the provider '{}' is in rotation; see the alarms of this gateway.", outcome_.provider);
    answer.retry_after = Seconds(30);
    return answer;
  }
  const double wait = std::isfinite(overflow_.wait_seconds) ? std::max(0.0, overflow_.wait_seconds) : 60.0;
  answer.retry_after = std::clamp<Nanoseconds>(std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(wait)), Seconds(1), Seconds(60));
  const WallTime at = worker_.reactor().now().wall + std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(wait));
  // Whoever would wait too long behind others meets no obstacle of its own.
  const std::string_view obstacle = overflow_.obstacle == Obstacle::None ? "others wait before it" : quota::to_string(overflow_.obstacle);
  answer.message = fmt::format("All capacity for this model is in use ({}). Tidegate expects to serve this request at {}.", obstacle,
                               to_rfc3339(std::chrono::ceil<Seconds>(at)));
  return answer;
}

net::Task<bool> Journey::send_held() {
  if (early_) {
    const std::string& message = reader_.facts().error.message;
    net::Task<bool> ending = end_early(held_->status, message.empty() ? "The provider refused the request." : message);
    co_return co_await ending;
  }
  outcome_.status = held_->status;
  outcome_.state = store::AttemptState::Failed;
  charge();
  client_.set_deadline(worker_.reactor().now().steady + setup_->limits.write_timeout);
  Result<void> written = co_await client_.write(held_->head, held_->body);
  client_.clear_deadline();
  if (!written) {
    net::Task<bool> losing = lose_client();
    co_return co_await losing;
  }
  co_return true;
}

net::Task<bool> Journey::answer_failure(const Failure& failure) {
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
  writer.relay(head, [&](std::size_t index, http1::FieldTag tag) {
    if (tag.hop_by_hop) return false;
    switch (tag.field_class) {
      case FieldClass::Host:
      case FieldClass::ContentLength:
      case FieldClass::Expect: return false;
      case FieldClass::Authorization:
      case FieldClass::XApiKey: return passthrough;
      case FieldClass::AcceptEncoding: return !metered;
      case FieldClass::Other: return !starts_with_ignoring_case(head.fields[index].name, "x-tidegate-");
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

net::Task<Result<void>> Journey::call() {
  write_upstream_head();
  net::Task<Result<void>> sending = exchange_->send(head_, incoming_.body(), outcome_.method);
  Result<void> sent = co_await sending;
  co_return std::move(sent);
}

net::Task<Result<void>> Journey::upload() {
  write_upstream_head();
  const bool chunked = http1::body_framing(incoming_.head()).kind == http1::BodyFraming::Kind::Chunked;
  if (incoming_.head().expect_continue) {
    Result<void> told = co_await client_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!told) {
      is_client_lost_ = true;
      co_return std::move(told);
    }
  }
  net::Task<Result<void>> opening = exchange_->send_head(head_);
  Result<void> sent = co_await opening;
  std::string chunk;
  while (sent) {
    net::Task<Result<std::string_view>> reading = incoming_.next_piece(setup_->limits);
    Result<std::string_view> piece = co_await reading;
    if (!piece) {
      // It did not come whole: the client is gone, or as good as gone.
      is_client_lost_ = true;
      co_return fail(piece);
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
  co_return std::move(sent);
}

/// What this answer made belongs to the key that asked for it, and so does what follows in its session.
void Journey::remember_ties() {
  if (provider_ == nullptr || provider_->options().keys.size() < 2 || outcome_.status >= 300) return;
  TieBoard& ties = worker_.shared().ties;
  const std::string& key = provider_->options().keys[key_].name;
  const std::string& provider = provider_->id().text();
  ties.note(provider, outcome_.answer.id, key);
  ties.note(provider, outcome_.answer.container, key);
  if (outcome_.metered()) ties.note(provider, cache_id_, key);
  if (!created_.empty()) ties.note(provider, llm::json::read_object_id(created_), key);
}

}  // namespace tidegate::gateway
