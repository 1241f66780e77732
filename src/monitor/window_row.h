// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::monitor {

/// What was used over some time. The token kinds do not overlap.
struct WindowTotals {
  std::int64_t requests = 0;
  std::int64_t errors = 0;  ///< how many of the requests failed
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cache_read_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  Money cost;
  std::vector<std::pair<std::string, std::int64_t>> errors_by_kind;  ///< most frequent first

  [[nodiscard]] std::int64_t tokens() const {
    return input_tokens + output_tokens + cache_read_tokens + cache_write_tokens;
  }
  friend bool operator==(const WindowTotals&, const WindowTotals&) = default;
};

/// Every window is kept as this many slices of time; a slice that falls out of the window is overwritten by a new one.
constexpr std::uint32_t kSlicesPerWindow = 60;

/// The slice of a window that is being filled: time since the clock's beginning, divided by the length of a slice.
using SliceNumber = std::uint32_t;

/// Numbers of one request. Also of many, added up.
struct WindowCounts {
  std::uint32_t requests = 0;
  std::uint32_t errors = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cache_read_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  std::int64_t nanodollars = 0;

  WindowCounts& operator+=(const WindowCounts& other);
};

/// What one value of a dimension (or all of them together) used, for every window. 3.4 KB a window, and 0.5 KB a window
/// more for each kind of error seen, at most kMaxKinds. Sums are made when somebody asks: a row that nobody touches
/// costs nothing.
class WindowRow {
 public:
  static constexpr std::size_t kMaxKinds = 8;  ///< the last one is "other"

  explicit WindowRow(std::size_t windows) : slices_(windows * kSlicesPerWindow), gathered_at_(windows) {}

  /// `current[w]` is the slice that is being filled in window `w`; it never goes back. `error_kind` is empty for a good
  /// answer.
  void record(const WindowCounts& counts, std::string_view error_kind, const std::vector<SliceNumber>& current);
  /// Adds what `row` still holds at `current`, as if it had been recorded here.
  void merge(const WindowRow& row, const std::vector<SliceNumber>& current);
  /// Of the last `slices` slices of window `w`, the current one included.
  [[nodiscard]] WindowTotals totals(std::size_t window, SliceNumber current, std::uint32_t slices) const;

 private:
  struct Slice {
    SliceNumber number = 0;
    WindowCounts counts;
  };
  struct KindSlice {
    SliceNumber number = 0;
    std::uint32_t count = 0;
  };
  struct Kind {
    std::string name;
    std::vector<KindSlice> slices;
  };

  [[nodiscard]] static std::size_t index(std::size_t window, SliceNumber number) {
    return window * kSlicesPerWindow + number % kSlicesPerWindow;
  }
  void put(const WindowCounts& counts, const std::vector<SliceNumber>& at, const std::vector<SliceNumber>& current);
  void count_error(std::string_view kind, const std::vector<SliceNumber>& current);
  [[nodiscard]] Kind& find_kind(std::string_view name);

  std::vector<Slice> slices_;
  /// What came during the slices that are being filled. It goes into them when the first of them is full: many requests
  /// then cost what one does.
  WindowCounts gathered_;
  std::vector<SliceNumber> gathered_at_;  ///< by window
  std::vector<Kind> kinds_;
};

}  // namespace tidegate::monitor
