// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/entry.h"
#include "store/segment.h"

#include <atomic>
#include <cstdint>

namespace tidegate::store {

enum class [[nodiscard]] Recorded : std::uint8_t{
    Yes,
    No,  ///< no room: the journal is full, or the keeper did not bring a segment in time. Counted.
};

/// A worker's end of the journal. `begin`, `charge`, `end` and `accepting` belong to that one worker thread; each is a
/// copy into mapped memory: no system call, no allocation, no lock. Once a call returned Yes the record survives the
/// death of the process; a power cut may cost what was not yet synced (StoreOptions::sync_interval).
///
/// How a segment changes hands: the keeper stores one in `offered_`; the worker takes it when its own is full, or when
/// the keeper asked for a turn, and then publishes it in `active_`. From then on the keeper knows that the previous one
/// is its own again. So the keeper never syncs a file that the worker writes to: a write to a page that is being
/// written back may wait for the disk (the file system's page_mkwrite joins its journal), and that was seen to take
/// milliseconds.
class JournalWriter {
 public:
  JournalWriter() = default;
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// Whether there is room for one more attempt; once the journal cannot grow any more, beside the rest of all that
  /// have begun, so that what was accepted can be recorded to its end. Ask before serving under WhenFull::Refuse;
  /// `begin` asks by itself.
  [[nodiscard]] bool accepting() const;

  /// No: leave `charge` and `end` of this attempt out as well.
  Recorded begin(const BeginRecord& record);
  /// Before the answer's last bytes are handed to the socket.
  Recorded charge(const ChargeRecord& record);
  /// Exactly once for each `begin` that was recorded: it frees the room kept for it.
  Recorded end(const EndRecord& record);

  /// Attempts whose end was recorded. Any thread.
  [[nodiscard]] std::uint64_t ended() const { return ended_.load(std::memory_order_relaxed); }
  /// Records that found no room. Any thread.
  [[nodiscard]] std::uint64_t not_recorded() const { return not_recorded_.load(std::memory_order_relaxed); }

 private:
  friend class WriterLane;  // the keeper's end

  template <typename Record>
  Recorded append(const Record& record);
  [[nodiscard]] std::byte* make_room(std::size_t bytes);
  [[nodiscard]] bool take_offered();

  // The worker's own.
  Segment* current_ = nullptr;
  std::uint32_t sequence_ = 0;

  // Shared with the keeper.
  std::atomic<Segment*> offered_ = nullptr;  ///< keeper stores, worker takes
  std::atomic<Segment*> active_ = nullptr;   ///< worker stores: the one it writes to
  std::atomic<std::size_t> begun_ = 0;       ///< worker stores: attempts that have begun and not ended
  std::atomic<std::uint64_t> ended_ = 0;     ///< worker stores
  std::atomic<bool> turn_ = false;           ///< keeper asks: take the offered segment with the next record
  std::atomic<bool> scarce_ = false;         ///< keeper says: the rest of what has begun may need all that is left
  std::atomic<std::uint64_t> not_recorded_ = 0;
};

}  // namespace tidegate::store
