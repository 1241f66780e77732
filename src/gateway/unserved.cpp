// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// What becomes of a request that no target served, and the words its client hears then: the provider's own, or ours.
#include "gateway/consequence.h"
#include "gateway/journey.h"
#include "gateway/request_class.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace tidegate::gateway {

/// Whether a reload took away a provider whose room the request might have gone on waiting in. It is then planned by the new configuration,
/// once, as if it had come now; its deadline and what it was admitted with stay.
bool Journey::begins_anew() {
  const std::shared_ptr<const Setup> present = worker_.setup();
  const auto is_gone = [&](const Target& target) {
    return std::none_of(present->providers.begin(), present->providers.end(), [&](const auto& one) { return one->id() == target.provider->id(); });
  };
  if (passage_.decision().verdict != quota::Verdict::Overflow || !may_attempt_more()) return false;  // else what was sent may have been done
  if (began_anew_ || present->options.auth != setup_->options.auth || std::none_of(targets_.begin(), targets_.end(), is_gone)) return false;
  began_anew_ = true;
  setup_ = present;
  class_ = find_class(setup_->options.classes, incoming_.head(), outcome_.view, incoming_.body());
  outcome_.class_name = class_ != nullptr ? class_->name : std::string();
  targets_.clear();
  postponed_.clear();
  target_ = 0;
  is_returning_ = false;
  is_key_lost_ = false;
  overflow_ = {};
  held_.reset();
  failure_.reset();
  untranslatable_.clear();
  return true;
}

/// Nobody could serve it. The provider's last word if it said one, else what kept it from being asked.
net::Task<bool> Journey::end_unserved() {
  if (begins_anew()) {
    net::Task<bool> going_on = plan() ? serve() : answer_ourselves();
    co_return co_await going_on;
  }
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
  if (!untranslatable_.empty() && overflow_.verdict != quota::Verdict::Overflow) {
    (void)refuse({.status = 400, .reason = "not_translatable", .message = untranslatable_, .should_retry = false});
    net::Task<bool> answering = answer_ourselves();
    const bool goes_on = co_await answering;
    co_return goes_on;
  }
  outcome_.obstacle = overflow_.obstacle;
  note_wait();
  (void)refuse(no_capacity());
  net::Task<bool> answering = answer_ourselves();
  const bool goes_on = co_await answering;
  co_return goes_on;
}

/// What cannot be recorded is not sent.
OwnAnswer Journey::ledger_full() const {
  return {.status = 503,
          .reason = "ledger_full",
          .message = "The ledger's journal is full and `ledger.when_full: refuse` is set; see the alarms of this gateway.",
          .retry_after = Seconds(10)};
}

/// Our own word where nobody was asked: when to come back, and what was in the way.
OwnAnswer Journey::no_capacity() const {
  using quota::Obstacle;
  OwnAnswer answer{.status = 429, .reason = "no_capacity", .message = {}};
  if (overflow_.obstacle == Obstacle::NoKey) {
    answer.status = 503;
    answer.reason = "no_key";
    answer.message = fmt::format("No key of the provider '{}' is in rotation; see the alarms of this gateway.", outcome_.provider);
    answer.retry_after = Seconds(30);
    return answer;
  }
  if (overflow_.obstacle == Obstacle::Paused) {
    answer.message = "Requests of batch priority are held back for now; interactive ones go on. Send this one again later.";
    answer.retry_after = Seconds(60);
    return answer;
  }
  // Whoever would wait too long behind others meets no obstacle of its own.
  const std::string_view obstacle = overflow_.obstacle == Obstacle::None ? "others wait before it" : quota::to_string(overflow_.obstacle);
  if (overflow_.obstacle == Obstacle::TooLarge) {
    answer.status = 413;
    answer.reason = "request_too_large";
    answer.message = "This request is larger than what the provider's limits let through at once; send less input.";
    answer.should_retry = false;
    return answer;
  }
  if (!std::isfinite(overflow_.wait_seconds)) {
    answer.retry_after = Seconds(60);
    answer.message = fmt::format("No capacity for this model ({}), and it cannot be foretold until when.", obstacle);
    return answer;
  }
  const auto wait = std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(std::clamp(overflow_.wait_seconds, 0.0, 1e9)));
  answer.retry_after = std::clamp<Nanoseconds>(wait, Seconds(1), Seconds(60));
  const WallTime at = worker_.reactor().now().wall + wait;
  answer.message = fmt::format("All capacity for this model is in use ({}). Tidegate expects to serve this request at {}.", obstacle,
                               to_rfc3339(std::chrono::ceil<Seconds>(at)));
  return answer;
}

net::Task<bool> Journey::send_held() {
  if (early_) {
    const std::string& message = answer_so_far().error.message;
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

void Journey::note_tried(const Failure& failure) {
  const auto known = std::find_if(tried_.begin(), tried_.end(), [&](const Tried& tried) {
    return tried.provider == outcome_.provider && tried.why == failure.detail;
  });
  if (known != tried_.end()) ++known->times;
  else tried_.push_back({.provider = outcome_.provider, .why = failure.detail});
}

/// What was tried, if it was more than once.
std::string Journey::tried_text() const {
  int times = 0;
  for (const Tried& tried : tried_) times += tried.times;
  if (times < 2) return {};
  const Nanoseconds waited = worker_.reactor().now().steady - received_at_;
  const Nanoseconds shown = waited < Seconds(1) ? Nanoseconds(std::chrono::floor<Milliseconds>(waited)) : Nanoseconds(std::chrono::floor<Seconds>(waited));
  std::string text = fmt::format(" Tried {} times in {}", times, to_text(shown));
  if (tried_.size() == 1) return text + ".";  // what it came to has been said
  text += ":";
  for (const Tried& tried : tried_) text += fmt::format("{} '{}' {} x ({})", &tried == &tried_.front() ? "" : ",", tried.provider, tried.times, tried.why);
  return text + ".";
}

/// Our own word for a provider that did not answer, with what the client may do next: that depends on whether it had the request.
OwnAnswer Journey::unanswered(const Failure& failure) const {
  OwnAnswer answer{.status = failure.kind == FailureKind::Timeout ? 504 : 502, .reason = llm::to_string(outcome_.error), .message = {}};
  if (exchange_ == nullptr || !exchange_->was_sent()) {
    answer.message = fmt::format("The provider '{}' could not be reached: {}. The request may be sent again.", outcome_.provider, failure.detail);
    return answer;
  }
  answer.message = fmt::format("The provider '{}' was sent the request and gave no answer that can be passed on: {}.", outcome_.provider, failure.detail);
  if (leaves_something()) {
    answer.message += " It may have done what it was asked for: look whether that is there before you send the request again.";
    answer.should_retry = false;
  } else {
    if (outcome_.metered()) answer.message += " It may charge for it all the same.";
    answer.message += " The request may be sent again.";
  }
  return answer;
}

net::Task<bool> Journey::answer_failure(const Failure& failure) {
  outcome_.error = error_of(failure.kind);
  outcome_.state = store::AttemptState::Failed;
  own_answer_ = unanswered(failure);
  own_answer_.message += tried_text();
  charge();
  net::Task<bool> answering = answer_ourselves();
  const bool goes_on = co_await answering;
  co_return goes_on;
}

}  // namespace tidegate::gateway
