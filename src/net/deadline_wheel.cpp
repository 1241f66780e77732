// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/deadline_wheel.h"

#include <algorithm>

namespace tidegate::net {

void DeadlineEntry::unlink() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

void DeadlineWheel::Slot::reset() { previous_ = next_ = this; }

DeadlineWheel::~DeadlineWheel() {
  for (Slot& slot : slots_) {
    while (slot.next_ != &slot) slot.next_->unlink();
  }
}

void DeadlineWheel::set(DeadlineEntry& entry, SteadyTime deadline) {
  entry.deadline_ = deadline;
  if (deadline == SteadyTime::max()) return;  // never
  if (entry.next_ != nullptr && entry.linked_for_ <= deadline + kTick) return;
  if (entry.next_ != nullptr) {
    entry.unlink();
  } else {
    ++size_;
  }
  link(entry);
}

void DeadlineWheel::link(DeadlineEntry& entry) {
  const auto ticks = entry.deadline_ <= next_tick_ ? 0 : (entry.deadline_ - next_tick_ + kTick - Nanoseconds(1)) / kTick;
  // Beyond the horizon it hangs in the last slot and is looked at again from there.
  const std::size_t ahead = std::min<std::size_t>(static_cast<std::size_t>(ticks), kSlots - 1);
  entry.linked_for_ = next_tick_ + ahead * kTick;
  Slot& slot = slots_[(current_ + ahead) % kSlots];
  entry.previous_ = slot.previous_;
  entry.next_ = &slot;
  slot.previous_->next_ = &entry;
  slot.previous_ = &entry;
}

void DeadlineWheel::advance(SteadyTime now) {
  if (now - next_tick_ > kTick * static_cast<int>(kSlots)) {
    // A long sleep: every slot has come round; one turn sees all of them.
    next_tick_ = now - kTick * static_cast<int>(kSlots);
  }
  while (next_tick_ <= now) {
    Slot& slot = slots_[current_];
    current_ = (current_ + 1) % kSlots;
    next_tick_ += kTick;
    run_slot(slot, now);
  }
}

void DeadlineWheel::run_slot(Slot& slot, SteadyTime now) {
  if (slot.next_ == &slot) {
    // Entries that were destroyed while they hung here never came off the count; an empty wheel corrects it.
    if (size_ > 0 && std::all_of(slots_.begin(), slots_.end(), [](const Slot& s) { return s.next_ == &s; })) size_ = 0;
    return;
  }
  // The entries move to a list of their own first, because a callback may set, clear or destroy any of them.
  Slot due;
  due.next_ = slot.next_;
  due.previous_ = slot.previous_;
  due.next_->previous_ = &due;
  due.previous_->next_ = &due;
  slot.reset();
  while (due.next_ != &due) {
    DeadlineEntry& entry = *due.next_;
    entry.unlink();
    --size_;
    if (entry.deadline_ == SteadyTime::max()) continue;
    if (entry.deadline_ > now) {
      ++size_;
      link(entry);
      continue;
    }
    entry.deadline_ = SteadyTime::max();
    entry.on_deadline();
  }
}

}  // namespace tidegate::net
