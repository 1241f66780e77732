// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/places.h"

namespace tidegate::upstream {

void Place::give_up() { std::exchange(places_, nullptr)->leave(); }

std::optional<Place> Places::take(std::size_t most) {
  if (taken_ >= most || !waiting_.empty()) return std::nullopt;
  ++taken_;
  return Place(shared_from_this());
}

Places::Turn Places::wait(Wish wish, SteadyTime deadline) { return {*this, wish, deadline}; }

void Places::pass_on(Connection connection) {
  Turn& turn = *waiting_.front();
  if (turn.wish_ == Wish::Fresh) return;  // the connection ends here, and leaves its place
  turn.connection_ = std::move(connection);
  turn.connection_->reused = true;
  turn.go_on();
}

void Places::leave() {
  if (waiting_.empty()) {
    --taken_;
    return;
  }
  Turn& turn = *waiting_.front();
  turn.connection_.emplace();
  turn.connection_->place = Place(shared_from_this());
  turn.go_on();
}

void Places::Turn::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  place_in_line_ = places_.waiting_.insert(places_.waiting_.end(), this);
  places_.reactor_.deadlines().set(*this, deadline_);
}

void Places::Turn::on_deadline() { go_on(); }

void Places::Turn::stop_waiting() {
  if (place_in_line_) places_.waiting_.erase(*place_in_line_);
  place_in_line_.reset();
  net::DeadlineWheel::clear(*this);
}

void Places::Turn::go_on() {
  stop_waiting();
  // Not at once: whoever gives a place up is in the midst of its own work.
  places_.reactor_.resume_soon(waiter_);
}

}  // namespace tidegate::upstream
