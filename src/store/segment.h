// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/record.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

/// One journal file, mapped into memory.
///
///     segment = head page*                 ; as many whole pages (4096 bytes) as the file has, all reserved on disk
///     head    = magic version worker created process number checksum fill     ; one page
///       magic    = 8 bytes "TIDEGJNL"
///       version  = u32, 1
///       worker   = u32                     ; 0…63; 64 = records carried over by the keeper
///       created  = i64                     ; nanoseconds since 1970
///       process  = u64                     ; the same in all segments of one run, differs between runs
///       number   = u64                     ; counts the segments of a directory, also in the file's name
///       checksum = u64                     ; XXH3-64 of the bytes before
///     page    = touch cell{63}             ; touch: 64 bytes that the keeper writes to, to have the page at hand
///     cell    = 64 bytes; records (record.h) lie in runs of them
///
/// Recovery reads every page by itself: from each cell it takes the record that begins there if its checksum is right,
/// and otherwise goes on with the next cell. So a record torn by a power cut loses nothing but itself, and a head that
/// was lost loses nothing at all. A head of another version is left alone: the file is reported and stays.
namespace tidegate::store {

inline constexpr std::size_t kPageBytes = 4096;
/// The `worker` of segments in which the keeper carries unfinished attempts over.
inline constexpr std::uint32_t kCarryWorker = 64;

struct SegmentHead {
  std::uint32_t worker = 0;
  std::int64_t created = 0;  ///< nanoseconds since 1970
  std::uint64_t process = 0;
  std::uint64_t number = 0;

  friend bool operator==(const SegmentHead&, const SegmentHead&) = default;
};

/// The file and its mapping. Writing (`make_room`) belongs to one thread at a time; the keeper hands a segment to a
/// worker and takes it back through atomics (journal.h). Reading (SegmentCursor) and `sync`, `touch_ahead` may go on
/// meanwhile.
class Segment {
 public:
  /// Reserves `bytes` (rounded down to pages, at least two) on disk and maps them. Failure: Exhausted, Denied, Io.
  [[nodiscard]] static Result<std::unique_ptr<Segment>> create(const std::filesystem::path& path, std::size_t bytes,
                                                               const SegmentHead& head);
  /// Maps an existing file to read it. Failure: NotFound, Denied, Io; Unsupported for a head of another version.
  [[nodiscard]] static Result<std::unique_ptr<Segment>> open(const std::filesystem::path& path);

  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment();

  /// Where a record of `bytes` (record_bytes) may be written; the position moves past it. Null if the segment is full.
  [[nodiscard]] std::byte* make_room(std::size_t bytes);
  /// Bytes that surely still fit, however the records fall on pages.
  [[nodiscard]] std::size_t room() const;
  /// Where the next record goes. Any thread (an older value may be seen).
  [[nodiscard]] std::size_t position() const { return position_.load(std::memory_order_relaxed); }

  /// Writes to `bytes` worth of pages from the position on, so that a worker finds them mapped and writable. Any
  /// thread.
  void touch_ahead(std::size_t bytes);
  /// fdatasync. Failure: Io.
  [[nodiscard]] Result<void> sync();
  /// Deletes the file; the mapping stays until the end of this object.
  void unlink();

  [[nodiscard]] const SegmentHead& head() const { return head_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  Segment(std::filesystem::path path, int file, std::byte* data, std::size_t size, const SegmentHead& head);

  std::filesystem::path path_;
  int file_;
  std::byte* data_;
  std::size_t size_;
  SegmentHead head_;
  std::atomic<std::size_t> position_;
};

/// Walks the records of a segment in the order they lie. One thread.
class SegmentCursor {
 public:
  enum class Holes : std::uint8_t {
    Stop,  ///< an empty cell is the end, for now: somebody is writing
    Skip,  ///< look behind empty cells: nobody writes, and a power cut may have torn holes
  };
  /// `segment` outlives the cursor and what it gives.
  SegmentCursor(const Segment& segment, Holes holes) : bytes_(segment.bytes()), holes_(holes) {}

  /// The record at the cursor, if there is one (yet). Stays the same until `next`.
  [[nodiscard]] const std::optional<RecordView>& peek() {
    if (!current_) look();
    return current_;
  }
  /// Goes past the record that `peek` gave.
  void next();
  /// Places where something lay that is no whole record.
  [[nodiscard]] std::size_t damaged() const { return damaged_; }

 private:
  void look();

  std::span<const std::byte> bytes_;
  Holes holes_;
  std::size_t offset_ = kPageBytes + kCellBytes;
  std::optional<RecordView> current_;
  std::size_t damaged_ = 0;
};

}  // namespace tidegate::store
