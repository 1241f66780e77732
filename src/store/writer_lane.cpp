// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/writer_lane.h"

#include <algorithm>

namespace tidegate::store {

namespace {

/// Pages are touched this far ahead at least, and four times what came between two rounds.
constexpr std::size_t kMinTouchBytes = 128 * 1024;
/// A new segment is touched further, so that a burst after quiet does not outrun the pages. Not each time one is
/// offered again: touched pages are written to disk with the next sync, used or not.
constexpr std::size_t kFirstTouchBytes = 2 * 1024 * 1024;

}  // namespace

void WriterLane::look() {
  Segment* active = writer_.active_.load(std::memory_order_acquire);
  if (offered_ == nullptr || offered_->segment.get() != active) return;
  active_ = offered_;
  offered_ = nullptr;
  last_position_ = 0;
  turn_asked_at_ = 0;
}

bool WriterLane::has_room(const TrackedSegment& tracked) {
  // A segment with little left would be used up before the next one comes.
  return tracked.segment->room() >= tracked.segment->bytes().size() / 4;
}

void WriterLane::supply(const MakeSegment& make, bool may_grow) {
  look();
  if (active_ != nullptr) {
    const std::size_t position = active_->segment->position();
    if (last_position_ != 0 && position > last_position_) {
      touch_bytes_ = std::max({kMinTouchBytes, 4 * (position - last_position_), touch_bytes_ - touch_bytes_ / 8});
      active_->segment->touch_ahead(touch_bytes_);
    }
    last_position_ = position;
  }
  writer_.scarce_.store(!may_grow, std::memory_order_relaxed);
  if (offered_ != nullptr) return;
  touch_bytes_ = std::max(touch_bytes_, kMinTouchBytes);
  std::size_t touched = touch_bytes_;
  const auto resting = std::find_if(segments_.begin(), segments_.end(),
                                    [&](const auto& tracked) { return is_quiet(*tracked) && has_room(*tracked); });
  if (resting != segments_.end()) {
    offered_ = resting->get();
  } else {
    auto made = make();
    if (made == nullptr) {
      writer_.scarce_.store(true, std::memory_order_relaxed);
      return;
    }
    segments_.push_back(std::make_unique<TrackedSegment>(std::move(made), SegmentCursor::Holes::Stop));
    in_order_.push_back(segments_.back().get());
    offered_ = segments_.back().get();
    touched = std::max(touched, kFirstTouchBytes);
  }
  offered_->segment->touch_ahead(touched);
  writer_.offered_.store(offered_->segment.get(), std::memory_order_release);
}

bool WriterLane::read(Fold& fold, std::size_t enough) {
  while (TrackedSegment* found = order_.next(in_order_)) {
    if (fold.finished_count() >= enough) return false;
    fold.apply(*found->cursor.peek(), found->pins);
    order_.advance(*found);
  }
  return true;
}

Result<void> WriterLane::turn() {
  look();
  if (active_ == nullptr || active_->segment->position() == active_->synced) return {};
  const std::size_t position = active_->segment->position();
  // A turn would leave room behind that is needed while no new segment can be had; then the worker may have to wait for
  // the disk.
  if (position == turn_asked_at_ || writer_.scarce_.load(std::memory_order_relaxed)) {
    writer_.turn_.store(false, std::memory_order_relaxed);
    active_->synced = position;  // before the sync: what comes meanwhile is not covered
    return active_->segment->sync();
  }
  turn_asked_at_ = position;
  writer_.turn_.store(true, std::memory_order_relaxed);
  return {};
}

Result<void> WriterLane::sync() {
  look();
  for (const auto& tracked : segments_) {
    if (!is_quiet(*tracked)) continue;
    const std::size_t position = tracked->segment->position();
    // Where every record is in the ledger the disk has a copy already.
    if (position == tracked->synced || (tracked->pins == 0 && !tracked->cursor.peek())) continue;
    auto synced = tracked->segment->sync();
    if (!synced) return synced;
    tracked->synced = position;
  }
  return {};
}

void WriterLane::free_drained(SteadyTime now) {
  look();
  std::erase_if(segments_, [&](const auto& tracked) {
    if (!is_quiet(*tracked) || has_room(*tracked)) return false;
    if (!tracked->retired_at) tracked->retired_at = now;
    if (tracked->pins != 0 || tracked->cursor.peek()) return false;
    tracked->segment->unlink();
    std::erase(in_order_, tracked.get());
    order_.forget(*tracked);
    return true;
  });
}

std::vector<TrackedSegment*> WriterLane::held_back(SteadyTime before) {
  std::vector<TrackedSegment*> held;
  for (const auto& tracked : segments_) {
    if (tracked->retired_at && *tracked->retired_at <= before && tracked->pins != 0 && !tracked->cursor.peek()) {
      held.push_back(tracked.get());
    }
  }
  return held;
}

void WriterLane::close() {
  std::erase_if(segments_, [&](const auto& tracked) {
    if (tracked->pins != 0 || tracked->cursor.peek()) return false;
    tracked->segment->unlink();
    std::erase(in_order_, tracked.get());
    order_.forget(*tracked);
    return true;
  });
}

std::size_t WriterLane::bytes() const {
  std::size_t sum = 0;
  for (const auto& tracked : segments_) sum += tracked->segment->bytes().size();
  return sum;
}

std::size_t WriterLane::reserve() const {
  return writer_.begun_.load(std::memory_order_relaxed) * kMaxRestBytes * 3 / 2;
}

std::size_t WriterLane::damaged() const {
  std::size_t sum = 0;
  for (const auto& tracked : segments_) sum += tracked->cursor.damaged();
  return sum;
}

}  // namespace tidegate::store
