// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "store/fold.h"
#include "store/journal.h"
#include "store/journal_reader.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace tidegate::store {

/// The keeper's end of one JournalWriter: gives it segments, reads what it wrote, syncs and frees. The keeper's thread
/// only.
class WriterLane {
 public:
  /// Makes a new segment; null if there is no room or the disk refuses.
  using MakeSegment = std::function<std::unique_ptr<Segment>()>;

  [[nodiscard]] JournalWriter& writer() { return writer_; }

  /// Sees to it that a segment is offered, and that the pages the worker will write to next are at hand. `may_grow`:
  /// whether `make` will find room once more after this time; if not, the worker is told to be sparing.
  void supply(const MakeSegment& make, bool may_grow);
  /// Folds what was committed, until `fold` has `enough` finished attempts; true if everything was read.
  [[nodiscard]] bool read(Fold& fold, std::size_t enough);
  /// Asks the worker to turn to the offered segment with its next record, so that its present one can be synced. One
  /// whose worker wrote nothing since the last call is synced as it is.
  [[nodiscard]] Result<void> turn();
  /// Syncs what no worker writes to.
  [[nodiscard]] Result<void> sync();
  /// Deletes the files that are full and whose records are all in the ledger.
  void free_drained(SteadyTime now);
  /// Full files, out of use since `before` or earlier, that unfinished attempts hold back.
  [[nodiscard]] std::vector<TrackedSegment*> held_back(SteadyTime before);
  /// Deletes all files if no record in them is needed. The worker has stopped for good.
  void close();

  [[nodiscard]] std::size_t bytes() const;
  /// What the rest of all that has begun may take, the unused ends of pages included.
  [[nodiscard]] std::size_t reserve() const;
  [[nodiscard]] std::size_t damaged() const;

 private:
  /// Learns which segments are the worker's. `offered_` stays the worker's until it was seen to be active: between
  /// taking and publishing it, it is neither.
  void look();
  [[nodiscard]] bool is_quiet(const TrackedSegment& tracked) const {
    return &tracked != active_ && &tracked != offered_;
  }
  [[nodiscard]] static bool has_room(const TrackedSegment& tracked);

  JournalWriter writer_;
  std::vector<std::unique_ptr<TrackedSegment>> segments_;
  std::vector<TrackedSegment*> in_order_;  ///< the same, as OrderedRecords wants them
  OrderedRecords order_;
  TrackedSegment* active_ = nullptr;   ///< the worker writes to it
  TrackedSegment* offered_ = nullptr;  ///< the worker may take it at any time
  std::size_t turn_asked_at_ = 0;      ///< active_'s position when a turn was last asked for
  std::size_t touch_bytes_ = 0;        ///< how far ahead pages are touched: follows the traffic
  std::size_t last_position_ = 0;      ///< active_'s at the last supply
};

}  // namespace tidegate::store
