// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/passage.h"

#include "gateway/signals.h"

#include <utility>

namespace tidegate::gateway {
namespace {

constexpr Milliseconds kTellEvery(250);

}  // namespace

/// What the room holds of a request that waits. The decision comes on any thread and is carried over to the worker's; a passage that has
/// gone meanwhile has told the room itself.
class Passage::Wait final : public quota::Waiter, public std::enable_shared_from_this<Wait> {
 public:
  explicit Wait(net::Reactor& reactor) : reactor_(reactor) {}

  void decided(const quota::Decision& made, std::string_view name) override {
    reactor_.post([self = shared_from_this(), made, name] { self->arrive(made, name); });
  }
  /// Nobody waits any more.
  void abandon() { abandoned_ = true; }

  net::Event event;
  std::optional<quota::Decision> decision;
  std::string_view key;

 private:
  void arrive(const quota::Decision& made, std::string_view name) {
    if (abandoned_) return;  // `leave` has told the room
    decision = made;
    key = name;
    event.set();
  }

  net::Reactor& reactor_;
  bool abandoned_ = false;
};

quota::LiveRoom::MakeWaiter Passage::make_wait() {
  return [this] {
    wait_ = std::make_shared<Wait>(reactor_);
    return wait_;
  };
}

Passage::Word Passage::take(const quota::Decision& decision, std::string_view key) {
  decision_ = decision;
  key_ = key;
  inside_ = decision.verdict == quota::Verdict::Go;
  told_output_ = 0;
  return inside_ ? Word::Go : Word::Overflow;
}

std::optional<Passage::Word> Passage::follow(const quota::LiveRoom::Answer& answer) {
  request_ = answer.request;
  inside_ = true;
  if (!answer.decision) return std::nullopt;
  return take(*answer.decision, answer.key);
}

std::optional<Passage::Word> Passage::enter(quota::LiveRoom* room, const quota::Submission& submission, quota::LiveRoom::KeyWish keys) {
  leave();
  room_ = room;
  if (room_ == nullptr) {
    decision_ = {};
    key_ = keys.only;
    return Word::Go;
  }
  return follow(room_->enter(reactor_.now().steady, submission, keys, make_wait()));
}

std::optional<Passage::Word> Passage::refused(const quota::Refusal& refusal) {
  if (!inside_) {
    decision_ = {.request = {}, .verdict = quota::Verdict::Overflow, .wait_seconds = 1, .obstacle = quota::Obstacle::RetryAfter};
    return Word::Overflow;
  }
  return follow(room_->refused(reactor_.read_clock().steady, request_, refusal, make_wait()));
}

net::Task<Passage::Word> Passage::wait(net::Stream& client, SteadyTime until) {
  const std::shared_ptr<Wait> wait = wait_;
  const LeaveSignal leaving(client, wait->event);
  const TimeSignal time(reactor_.deadlines(), wait->event, until);
  while (true) {
    if (wait->decision) {
      wait_.reset();
      co_return take(*wait->decision, wait->key);
    }
    if (client.peer_closed()) {
      leave();
      co_return Word::ClientLeft;
    }
    if (reactor_.now().steady >= until) co_return Word::TimeIsUp;
    co_await wait->event;
  }
}

void Passage::answered(const quota::Readings& readings) {
  if (inside_) room_->answered(reactor_.now().steady, request_, readings);
}

void Passage::counted_input(double tokens) {
  if (inside_) room_->counted_input(reactor_.now().steady, request_, tokens);
}

void Passage::produced_so_far(double output_tokens) {
  const SteadyTime now = reactor_.now().steady;
  if (!inside_ || now - told_at_ < kTellEvery || output_tokens <= told_output_) return;
  room_->produced(now, request_, output_tokens - told_output_);
  told_output_ = output_tokens;
  told_at_ = now;
}

void Passage::ended(bool whole, double output_tokens, double input_tokens) {
  if (!std::exchange(inside_, false)) return;
  room_->ended(reactor_.now().steady, request_, whole, output_tokens, input_tokens);
}

void Passage::withdraw() {
  if (!std::exchange(inside_, false)) return;
  room_->withdraw(reactor_.now().steady, request_);
}

void Passage::leave() {
  const bool waited = wait_ != nullptr;
  if (waited) std::exchange(wait_, nullptr)->abandon();
  if (!std::exchange(inside_, false)) return;
  // It may have been let through this moment, and will never be sent.
  if (waited) room_->withdraw(reactor_.now().steady, request_);
  room_->cancel(reactor_.now().steady, request_);
}

}  // namespace tidegate::gateway
