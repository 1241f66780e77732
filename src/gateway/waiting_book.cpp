// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/waiting_book.h"

#include <utility>

namespace tidegate::gateway {

void WaitingBook::count(Ticket& ticket, Label label) {
  if (ticket.is_counted()) return;
  const std::lock_guard lock(mutex_);
  ticket.place_ = waiting_.try_emplace(std::move(label), 0).first;
  ++ticket.place_->second;
  ticket.book_ = this;
}

void WaitingBook::Ticket::let_go() {
  WaitingBook* const book = std::exchange(book_, nullptr);
  if (book == nullptr) return;
  const std::lock_guard lock(book->mutex_);
  if (--place_->second == 0) book->waiting_.erase(place_);
}

std::vector<WaitingBook::Line> WaitingBook::lines() const {
  const std::lock_guard lock(mutex_);
  std::vector<Line> lines;
  lines.reserve(waiting_.size());
  for (const auto& [label, requests] : waiting_) lines.push_back({label, requests});
  return lines;
}

}  // namespace tidegate::gateway
