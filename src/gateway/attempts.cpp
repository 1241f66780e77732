// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// Stages 5 to 7 of a journey: let through by a room, sent, and, if it was refused before anything was relayed, let through again, here or
// at the next target. What is left when no target serves: unserved.cpp.
#include "base/ascii.h"
#include "gateway/consequence.h"
#include "gateway/journey.h"
#include "llm/json/object_id.h"
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

Nanoseconds seconds(double count) { return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(std::min(count, 1e9))); }

quota::LiveRoom::PoolName pool_name(const std::optional<Holder>& holder) {
  if (!holder) return {};
  return {.pool = holder->pool, .key = holder->key};
}

}  // namespace

net::Task<bool> Journey::serve() {
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    if (!choose_target(target)) continue;
    net::Task<Step> trying = try_target();
    const Step step = co_await trying;
    if (step == Step::Over) co_return goes_on_;
  }
  // Others were meant to be faster than a target that would have served, and could not do it at all.
  while (const std::optional<std::size_t> target = take_postponed()) {
    if (!choose_target(*target)) continue;
    net::Task<Step> trying = try_target();
    const Step step = co_await trying;
    if (step == Step::Over) co_return goes_on_;
  }
  net::Task<bool> ending = end_unserved();
  const bool goes_on = co_await ending;
  co_return goes_on;
}

// --- 5 estimate, 6 admit ---------------------------------------------------------------------------------------------

net::Task<Journey::Step> Journey::try_target() {
  if (layout_ != nullptr) {
    net::Task<void> marking = mark_prompt();
    co_await marking;
  }
  std::optional<Passage::Word> word = passage_.enter(room(), submission(), {.only = only_key_, .tied = pool_name(tied_), .preferred = pool_name(preferred_)});
  WaitingBook::Ticket waits;
  while (true) {
    if (!word) {
      count_waiting(waits);
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
      case Passage::Word::Overflow: note_overflow(passage_.decision()); co_return Step::Next;
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
    waits.let_go();
    note_wait();
    if (!take_key()) {
      passage_.withdraw();
      note_overflow({.request = {}, .verdict = quota::Verdict::Overflow, .wait_seconds = quota::kNever, .obstacle = quota::Obstacle::NoKey});
      co_return Step::Next;
    }
    if (!begin()) {
      passage_.withdraw();
      (void)refuse(ledger_full());
      net::Task<bool> answering = answer_ourselves();
      goes_on_ = co_await answering;
      co_return Step::Over;
    }
    net::Task<Step> attempting = attempt();
    const Step step = co_await attempting;
    if (step != Step::Again) co_return step;
    if (advice_is_open_) {
      give_up_marks();
      net::Task<void> marking_again = mark_prompt();
      co_await marking_again;
    }
    if (is_key_lost_) {
      passage_.withdraw();
      co_return Step::Next;
    }
    word = passage_.refused(refusal_);
    if (!may_attempt_more()) {
      if (word == Passage::Word::Go) passage_.withdraw();
      else passage_.leave();
      no_target_left();
      co_return Step::Next;
    }
    // The last attempt of all stays open: its answer becomes the request's own.
    const bool is_final = word == Passage::Word::Overflow && !has_another_target();
    if (!is_final) end_attempt();
  }
}

/// Of what stands in the way everywhere, the client hears what ends first.
void Journey::note_overflow(const quota::Decision& decision) {
  const bool is_first = overflow_.verdict != quota::Verdict::Overflow;
  if (is_first || decision.wait_seconds < overflow_.wait_seconds) overflow_ = decision;
  if (is_last_resort()) return;
  // What is larger than the bucket goes when the bucket is full, if nobody else takes it.
  const bool is_too_large = decision.obstacle == quota::Obstacle::TooLarge;
  const SteadyTime until = is_too_large ? deadline_ : worker_.reactor().now().steady + seconds(decision.wait_seconds);
  if (until <= deadline_) postponed_.push_back({target_, until});
}

/// The target to ask again, the one that is free soonest first.
std::optional<std::size_t> Journey::take_postponed() {
  if (postponed_.empty() || !may_attempt_more()) return std::nullopt;
  const auto soonest = std::min_element(postponed_.begin(), postponed_.end(), [](const Postponed& a, const Postponed& b) { return a.until < b.until; });
  const std::size_t target = soonest->target;
  postponed_.erase(soonest);
  is_returning_ = true;
  return target;
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

/// False: it cannot be recorded. Asked when it came (`accept`), but others have begun since.
bool Journey::begin() {
  ++outcome_.attempt;
  outcome_.id = worker_.sink().begin(outcome_);
  if (outcome_.id == 0) --outcome_.attempt;
  return outcome_.id != 0;
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
  outcome_.unread = false;
  charged_ = false;
}

// --- 7 call ----------------------------------------------------------------------------------------------------------

net::Task<Journey::Step> Journey::attempt() {
  const bool uploads = outcome_.match.endpoint == llm::Endpoint::Files && !incoming_.is_complete();
  // One translator for an attempt; that it can be done has been seen before.
  if (translator_ && std::exchange(translator_used_, true)) (void)translate();
  exchange_ = std::make_unique<upstream::Exchange>(worker_.pool(), provider_);
  sent_at_ = worker_.reactor().now().steady;
  kept_answer_.clear();
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
  if (is_upload_too_large_) {
    outcome_.error = llm::UpstreamErrorKind::None;
    (void)refuse(upload_too_large());
    charge();
    net::Task<bool> answering = answer_ourselves();
    goes_on_ = co_await answering;
    co_return Step::Over;
  }
  if (!called) {
    failure_ = std::move(called.error());
    note_tried(*failure_);
    held_.reset();
    outcome_.error = error_of(failure_->kind);
    note_refusal({.kind = outcome_.error, .type = {}, .code = {}, .message = {}});
    note_health(false);
    if (!uploads && may_be_done_twice(outcome_.error)) co_return Step::Again;
    no_target_left();  // what was sent is gone, or may have done its work
    passage_.ended(false, 0);
    co_return Step::Next;
  }
  failure_.reset();
  take_answer_head();
  note_health(outcome_.upstream_status < 500 || outcome_.upstream_status == 529);
  if (may_be_retried(outcome_.upstream_status) || (outcome_.upstream_status == 404 && has_another_target())) {
    net::Task<Step> judging = judge_answer();
    const Step step = co_await judging;
    if (step == Step::Again && (uploads || !may_be_done_twice(outcome_.error))) {
      no_target_left();
      passage_.ended(false, 0);
      co_return Step::Next;
    }
    co_return step;
  }
  note_good_head();
  if (early_ && !translator_ && (!streams_ || outcome_.upstream_status != 200)) {
    net::Task<Step> judging = judge_answer();  // no stream of events: it can only be told of
    co_return co_await judging;
  }
  if (early_ && !translator_) {
    net::Task<bool> relaying = relay_early();
    goes_on_ = co_await relaying;
    co_return Step::Over;
  }
  net::Task<Step> relaying = translator_ ? relay_translated() : relay();
  const Step step = co_await relaying;
  if (step != Step::Again || (!uploads && may_be_done_twice(outcome_.error))) co_return step;
  no_target_left();
  passage_.ended(false, 0);
  co_return Step::Next;
}

/// What an attempt says of the provider's endpoint, beside what it says of limits and keys.
void Journey::note_health(bool is_well) {
  ProviderHealth& health = worker_.shared().health;
  const SteadyTime now = worker_.reactor().now().steady;
  const bool is_news = is_well ? health.succeeded(outcome_.provider, now) : health.failed(outcome_.provider, now);
  if (is_news) worker_.sink().provider_changed(outcome_.provider, !is_well);
}

/// Whether the request may make a thing for good: a batch, a file, whatever a path that is not known here makes.
bool Journey::leaves_something() const {
  return outcome_.method == "POST" && !outcome_.metered() && outcome_.match.endpoint != llm::Endpoint::CountTokens;
}

/// Whether a request may be sent again after this error. One that makes a thing for good must not, if the provider may have done its work
/// and only the answer was lost; an answer that is lost costs its tokens once more and no harm is done.
bool Journey::may_be_done_twice(llm::UpstreamErrorKind error) const {
  using Kind = llm::UpstreamErrorKind;
  const bool was_perhaps_done = error == Kind::Reset || error == Kind::Timeout || error == Kind::Protocol || error == Kind::ServerError;
  return !was_perhaps_done || !leaves_something();
}

/// Reads the whole of an answer that may be a refusal, and says whether another attempt makes sense.
net::Task<Journey::Step> Journey::judge_answer() {
  if (!translator_) write_rewritten_head(Coding::Stays);
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
  const llm::UpstreamError error = answer_so_far().error;
  outcome_.error = error.kind;
  if (translator_) {
    translator_->begin(outcome_.upstream_status, streams_);
    std::string text = translator_->feed(*body);
    text += translator_->end();
    held_ = HeldAnswer{translator_->status(), own_head(translator_->status(), translator_->content_type(), text.size()), std::move(text)};
  } else {
    head += head_only_ ? std::string("\r\n") : fmt::format("content-length: {}\r\n\r\n", body->size());
    held_ = HeldAnswer{outcome_.upstream_status, std::move(head), std::move(*body)};
  }
  if (consequence_of(error).refusal) {
    note_refusal(error);
    co_return Step::Again;
  }
  if (outcome_.upstream_status == 404 && has_another_target()) {
    passage_.ended(false, 0);  // another target may know the model
    co_return Step::Next;
  }
  note_good_head();
  net::Task<bool> sending = send_held();
  goes_on_ = co_await sending;
  co_return Step::Over;
}

/// The provider took the request (whatever it thinks of its content): its limits and its key are as they should be.
void Journey::note_good_head() {
  passage_.answered(quota::to_readings(limits_, model_group_));
  if (advice_is_open_) worker_.shared().prompt_marks->begun(*advice_);
  quota::RoomBook& rooms = worker_.shared().rooms;
  if (rooms.has_spent_money()) rooms.money_works(outcome_.provider, passage_.key(), sent_at_);
  if (ring_ == nullptr || passage_.key().empty()) return;
  ring_->learn(passage_.key(), outcome_.organisation);
  if (ring_->has_faults() && ring_->accept(passage_.key(), model_group_)) worker_.sink().key_changed(outcome_.provider, passage_.key(), std::nullopt);
}

void Journey::note_refusal(const llm::UpstreamError& error) {
  const Consequence consequence = consequence_of(error);
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
  is_key_lost_ = ring_ == nullptr ||
                 !ring_->refuse(passage_.key(), *consequence.fault, worker_.reactor().now().steady,
                               // What one model is refused for, others may be open to.
                               consequence.fault == quota::KeyRing::Fault::Permission ? std::string_view(model_group_) : std::string_view{});
  if (!passage_.key().empty()) worker_.sink().key_changed(outcome_.provider, passage_.key(), *consequence.fault);
}

/// Whether something has to be read in a good answer: usage, a batch's `results_url`, the id of what was made. The results of a batch are
/// large, and nothing in them is ours to read.
bool Journey::reads_answer() const {
  if (outcome_.metered()) return true;
  const std::string_view path = incoming_.head().path();
  if (outcome_.match.endpoint == llm::Endpoint::MessageBatches) return !path.ends_with("/results");
  return outcome_.method == "POST" && llm::makes_object(path);
}

void Journey::write_upstream_head() {
  const http1::RequestHead& head = incoming_.head();
  const bool passthrough = setup_->options.auth == AuthMode::Passthrough;
  // What is to be read is asked for uncompressed (facts/clients.md 4.7 allows either).
  const bool wants_plain = reads_answer();
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
      case FieldClass::AcceptEncoding: return !wants_plain;
      case FieldClass::Other: return !starts_with_ignoring_case(head.fields[index].name, "x-tidegate-");
      default: return true;
    }
  });
  if (wants_plain) writer.field("accept-encoding", "identity");
  if (framing.kind == http1::BodyFraming::Kind::Chunked && !incoming_.is_complete()) {
    writer.field("transfer-encoding", "chunked");
  } else if (framing.kind == http1::BodyFraming::Kind::Length && !incoming_.is_complete()) {
    writer.field("content-length", framing.length);
  } else if (framing.kind != http1::BodyFraming::Kind::None) {
    writer.field("content-length", static_cast<std::uint64_t>(body_size()));
  }
  (void)writer.finish();
  if (!passthrough) head_.insert(head_.size() - 2, provider_->credential_line(key_));
}

/// Gives the exchange's own task: one frame less than to await it here.
net::Task<Result<void>> Journey::call() {
  if (translator_) write_translated_head();
  else write_upstream_head();
  using Replay = upstream::Exchange::Replay;
  return exchange_->send(head_, body_, outcome_.method, leaves_something() ? Replay::Never : Replay::Once);
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
    if (static_cast<std::size_t>(outcome_.request_bytes) > setup_->limits.max_upload_bytes) {
      is_upload_too_large_ = true;
      exchange_->cancel();
      co_return fail(FailureKind::Cancelled, Origin::Client, "the upload is larger than limits.max_upload");
    }
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
  // Who refuses an upload need not read it to its end: its answer counts, if there is one.
  if (sent || sent.error().kind == FailureKind::Closed) {
    net::Task<Result<void>> awaiting = exchange_->await_head(outcome_.method);
    sent = co_await awaiting;
  }
  co_return std::move(sent);
}

}  // namespace tidegate::gateway
