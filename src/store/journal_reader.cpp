// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/journal_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace tidegate::store {

namespace {

/// Whether `a` was written before `b`; numbers wrap round (RFC 1982).
bool is_before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }

TrackedSegment* earliest(const std::vector<TrackedSegment*>& segments) {
  TrackedSegment* best = nullptr;
  for (TrackedSegment* segment : segments) {
    if (!segment->cursor.peek()) continue;
    if (best == nullptr || is_before(segment->cursor.peek()->sequence, best->cursor.peek()->sequence)) best = segment;
  }
  return best;
}

}  // namespace

TrackedSegment* OrderedRecords::next(const std::vector<TrackedSegment*>& segments) {
  // Mostly it follows the last one.
  if (last_ != nullptr) {
    const auto& record = last_->cursor.peek();
    if (record && record->sequence == expected_) return last_;
  }
  TrackedSegment* found = earliest(segments);
  if (found == nullptr || found->cursor.peek()->sequence == expected_) return found;
  return earliest(segments);
}

void OrderedRecords::advance(TrackedSegment& found) {
  last_ = &found;
  expected_ = found.cursor.peek()->sequence + 1;
  found.cursor.next();
}

ForeignJournal::ForeignJournal(const std::filesystem::path& directory, SegmentCursor::Holes holes) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end; file.increment(error)) {
    if (file->path().extension() == ".seg") paths.push_back(file->path());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    greatest_number_ = std::max<std::uint64_t>(greatest_number_, std::strtoull(path.stem().c_str(), nullptr, 16));
    auto opened = Segment::open(path);
    if (!opened) {
      if (opened.error().kind == FailureKind::Corrupt) {
        empty_.push_back(path);  // its maker died before it reserved the space, or is just about to
      } else if (opened.error().kind != FailureKind::NotFound) {
        unreadable_.push_back(opened.error().detail);
      }
      continue;
    }
    segments_.push_back(std::make_unique<TrackedSegment>(std::move(*opened), holes));
    const SegmentHead& head = segments_.back()->segment->head();
    writers_[{head.worker != kCarryWorker, head.process, head.worker}].segments.push_back(segments_.back().get());
  }
}

bool ForeignJournal::read(Fold& fold, std::size_t enough) {
  for (auto& [key, writer] : writers_) {
    while (TrackedSegment* segment = writer.order.next(writer.segments)) {
      if (fold.finished_count() >= enough) return false;
      fold.apply(*segment->cursor.peek(), segment->pins);
      writer.order.advance(*segment);
    }
  }
  return true;
}

void ForeignJournal::free_drained() {
  std::erase_if(segments_, [&](const auto& tracked) {
    if (tracked->pins != 0 || tracked->cursor.peek()) return false;
    for (auto& [key, writer] : writers_) {
      if (std::erase(writer.segments, tracked.get()) != 0) writer.order.forget(*tracked);
    }
    damaged_in_freed_ += tracked->cursor.damaged();
    tracked->segment->unlink();
    return true;
  });
}

void ForeignJournal::unlink() {
  std::error_code ignored;
  for (const auto& path : empty_) std::filesystem::remove(path, ignored);
  for (const auto& tracked : segments_) tracked->segment->unlink();
  writers_.clear();
  segments_.clear();
}

std::size_t ForeignJournal::bytes() const {
  std::size_t sum = 0;
  for (const auto& tracked : segments_) sum += tracked->segment->bytes().size();
  return sum;
}

std::size_t ForeignJournal::damaged() const {
  std::size_t sum = damaged_in_freed_;
  for (const auto& tracked : segments_) sum += tracked->cursor.damaged();
  return sum;
}

AttemptId ForeignJournal::greatest_id() const {
  AttemptId greatest = 0;
  for (const auto& tracked : segments_) {
    for (SegmentCursor cursor(*tracked->segment, SegmentCursor::Holes::Skip); cursor.peek(); cursor.next()) {
      AttemptId id = 0;  // every payload starts with it
      if (cursor.peek()->payload.size() < sizeof id) continue;
      std::memcpy(&id, cursor.peek()->payload.data(), sizeof id);
      greatest = std::max(greatest, id);
    }
  }
  return greatest;
}

std::string segment_name(std::uint64_t number, std::uint32_t worker) {
  return fmt::format("{:016x}-w{:02}.seg", number, worker);
}

}  // namespace tidegate::store
