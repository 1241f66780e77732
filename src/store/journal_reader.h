// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/fold.h"
#include "store/segment.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tidegate::store {

/// A segment with how far it was read and how many of its records are still needed.
struct TrackedSegment {
  TrackedSegment(std::unique_ptr<Segment> mapped, SegmentCursor::Holes holes)
      : segment(std::move(mapped)), cursor(*segment, holes) {}

  std::unique_ptr<Segment> segment;
  SegmentCursor cursor;
  std::size_t pins = 0;                  ///< records that were read and are not in the ledger yet
  std::size_t synced = 0;                ///< position up to which the disk has it
  std::optional<SteadyTime> retired_at;  ///< when it was found to have no room left
};

/// The records of one writer in the order it wrote them, whichever of its segments they lie in. The writer may be
/// writing. Of the records at the cursors the one with the smallest sequence number is next; if it is not the one
/// expected, the cursors are looked at once more: having seen it, we see all that was written before it.
class OrderedRecords {
 public:
  /// The segment whose cursor stands at the next record; null if there is none now.
  [[nodiscard]] TrackedSegment* next(const std::vector<TrackedSegment*>& segments);
  /// Goes past the record that `next` found.
  void advance(TrackedSegment& found);
  /// Before a segment is deleted.
  void forget(const TrackedSegment& gone) {
    if (last_ == &gone) last_ = nullptr;
  }

 private:
  TrackedSegment* last_ = nullptr;
  std::optional<std::uint32_t> expected_;
};

/// Segments on disk that no writer of this process owns: what earlier processes left, or a running one's, read only.
class ForeignJournal {
 public:
  /// Opens all segments of `directory` (journal/). A directory that is not there is an empty journal. Files that vanish
  /// meanwhile are left out; files of another version or that cannot be opened are left alone and named in
  /// `unreadable`.
  ForeignJournal(const std::filesystem::path& directory, SegmentCursor::Holes holes);

  /// Reads on until `fold` has `enough` finished attempts; true if everything was read.
  [[nodiscard]] bool read(Fold& fold, std::size_t enough);

  /// Deletes the files that were read and whose records are all in the ledger.
  void free_drained();
  /// Deletes the files that are left.
  void unlink();

  [[nodiscard]] bool empty() const { return segments_.empty(); }
  [[nodiscard]] std::size_t bytes() const;
  /// Places where something lay that is no whole record.
  [[nodiscard]] std::size_t damaged() const;
  /// The greatest number that a file's name has, 0 if there is none.
  [[nodiscard]] std::uint64_t greatest_number() const { return greatest_number_; }
  /// The greatest attempt id of all records; reads everything, moves no cursor.
  [[nodiscard]] AttemptId greatest_id() const;
  [[nodiscard]] const std::vector<std::string>& unreadable() const { return unreadable_; }

 private:
  struct Writer {
    std::vector<TrackedSegment*> segments;
    OrderedRecords order;
  };

  std::vector<std::unique_ptr<TrackedSegment>> segments_;
  /// By (not carried over, process, worker): what the keeper carried over is read first, so that an end finds its
  /// begin.
  std::map<std::tuple<bool, std::uint64_t, std::uint32_t>, Writer> writers_;
  std::vector<std::filesystem::path> empty_;
  std::size_t damaged_in_freed_ = 0;
  std::uint64_t greatest_number_ = 0;
  std::vector<std::string> unreadable_;
};

/// journal/0000000000000001-w00.seg
[[nodiscard]] std::string segment_name(std::uint64_t number, std::uint32_t worker);

}  // namespace tidegate::store
