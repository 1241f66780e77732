// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "monitor/window_options.h"
#include "monitor/window_row.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::monitor {

/// What use can be broken down by.
enum class Dimension : std::uint8_t { Model, Endpoint, User, Key, Tenant, Session, Agent };
constexpr std::array kDimensions{Dimension::Model,  Dimension::Endpoint, Dimension::User, Dimension::Key,
                                 Dimension::Tenant, Dimension::Session,  Dimension::Agent};
[[nodiscard]] std::string_view to_string(Dimension dimension);
/// Reads what `to_string` writes (`model`, `endpoint` …). Failure: InvalidInput, naming the dimensions.
[[nodiscard]] Result<Dimension> parse_dimension(std::string_view text);

/// One finished request. The text is borrowed for the call; an empty value is a value like any other ("none given").
struct WindowSample {
  std::string_view model = {};
  std::string_view endpoint = {};
  std::string_view user = {};
  std::string_view key = {};  ///< a virtual key's id, or a fingerprint; never a credential
  std::string_view tenant = {};
  std::string_view session = {};
  std::string_view agent = {};
  std::string_view error_kind = {};  ///< empty if it went well
  std::int64_t input_tokens = 0;     ///< the four kinds do not overlap
  std::int64_t output_tokens = 0;
  std::int64_t cache_read_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  Money cost = {};
};

/// What one value of a dimension used within a window.
struct WindowLine {
  std::string value;     ///< at most 120 bytes of what was given
  bool is_rest = false;  ///< the line of all values that have none of their own; `value` is then "other"
  WindowTotals totals;

  friend bool operator==(const WindowLine&, const WindowLine&) = default;
};

/// Use over the last minute, five minutes, hour (or what `WindowOptions::lengths` says), in all and by every dimension.
/// One thread.
///
/// A window is 60 slices of equal length. It holds the last `length`, less the part of the current slice that has not
/// passed yet: of the last minute between 59 and 60 seconds, never more. A dimension holds `max_values` values. A new
/// one takes the place of the one not seen for longest, if that is at least the shortest window ago, and otherwise
/// shares the line "other"; what had a place and lost it is added to "other" as well. So the lines of a dimension
/// always add up to the totals. Memory, by default: 10 KB a value, 14 MB if all seven dimensions are full; errors of
/// eight kinds at every value double it.
class Windows {
 public:
  /// Failure: InvalidInput (no length, one below a second, no value per dimension).
  [[nodiscard]] static Result<Windows> make(const WindowOptions& options);

  /// Some 0.6 µs. Time never goes back: a sample that comes late counts at the time of the newest.
  void record(const WindowSample& sample, SteadyTime now);

  // Any length up to the longest window may be asked for; it is answered from the shortest window that holds it,
  // rounded up to its slices (of the default ones 1 s, 5 s, 60 s). Failure: InvalidInput (not positive, or longer than
  // any window).

  /// All that was used.
  [[nodiscard]] Result<WindowTotals> totals(Nanoseconds length, SteadyTime now) const;
  /// By value, most requests first, "other" last; values without a request in the window are left out.
  [[nodiscard]] Result<std::vector<WindowLine>> query(Nanoseconds length, Dimension dimension, SteadyTime now) const;

 private:
  struct Value {
    std::string text;
    SteadyTime last_seen;
    WindowRow row;
  };
  struct Hash {
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Values {
    std::list<Value> by_last_seen;                                                   // longest ago first
    std::unordered_map<std::string_view, std::list<Value>::iterator, Hash> by_text;  // keys live in the list
    std::optional<WindowRow> rest;
  };
  /// Which slices answer a question.
  struct Span {
    std::size_t window;
    SliceNumber current;
    std::uint32_t slices;
  };

  explicit Windows(const WindowOptions& options);
  [[nodiscard]] WindowRow& row_of(Values& values, std::string_view text);
  [[nodiscard]] WindowRow& rest_of(Values& values) const;
  [[nodiscard]] bool make_room(Values& values);
  void move_to(SteadyTime now);
  [[nodiscard]] SliceNumber slice_at(std::size_t window, SteadyTime now) const;
  [[nodiscard]] Result<Span> span_of(Nanoseconds length, SteadyTime now) const;

  std::vector<Nanoseconds> slice_lengths_;  // of each window, shortest first
  std::size_t max_values_;
  SteadyTime newest_{};
  std::vector<SliceNumber> current_;  // of each window, at newest_
  SteadyTime turn_{};                 // when the first of them is over
  WindowRow all_;
  std::array<Values, kDimensions.size()> values_;
};

}  // namespace tidegate::monitor
