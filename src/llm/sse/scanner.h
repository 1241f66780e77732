// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate::llm::sse {

/// Reads a stream of server-sent events beside its relaying: bytes in any pieces, events out.
///
///   stream  = [BOM] *event          event = *(comment / field) end-of-line
///   comment = ":" *any end-of-line  field = name [":" [" "] *any] end-of-line   end-of-line = CR LF / CR / LF
///
/// (WHATWG HTML 9.2.5/9.2.6, read 2026-11-23.) Only `event` and `data` matter here; several `data` lines are joined by
/// LF; an event without `data`, and one that the end of the stream cuts off, is none. An event that lies in one piece
/// is handed on without a copy. Memory is bounded: a line, or an event's data, longer than `longest_event` bytes is
/// passed over for reading, which is no error (the relay does not depend on it) but is counted. The bound holds however
/// the bytes were cut.
class Scanner {
 public:
  /// Room for `response.completed`, which repeats a whole answer with its instructions and tools.
  static constexpr std::size_t kLongestEvent = 4 * 1024 * 1024;

  explicit Scanner(std::size_t longest_event = kLongestEvent) : longest_event_(longest_event) {}

  /// Calls `on_event(std::string_view event, std::string_view data)` for each event that ends in `bytes`; both views
  /// are valid during the call only. `event` is empty if it has no name.
  template <typename OnEvent>
  void feed(std::string_view bytes, OnEvent&& on_event) {
    std::size_t at = mark_seen_ < kMarkSize ? begin_of_lines(bytes) : 0;
    while (at < bytes.size()) {
      if (const PlainEvent plain = plain_event(bytes, at); plain.next != at) {
        on_event(plain.event, plain.data);
        at = plain.next;
        continue;
      }
      const Line line = next_line(bytes, at);
      at = line.next;
      if (!line.is_whole) break;
      if (!line.text.empty()) {
        take_field(line);
        continue;
      }
      if (has_data_ && !too_long_) on_event(event(), data());
      end_event();
    }
    if (!event_.empty() || !data_.empty()) keep_open_event();
  }

  /// Events that were too long to be read.
  [[nodiscard]] std::uint64_t passed_over() const { return passed_over_; }

 private:
  static constexpr std::uint8_t kMarkSize = 3;  ///< of the byte order mark

  struct Line {
    std::string_view text;      ///< without its end; empty for the blank line that ends an event
    std::size_t next = 0;       ///< where the following line begins
    bool is_whole = false;      ///< false: its end is not here yet, and it was put aside
    bool is_assembled = false;  ///< `text` lies in partial_line_, not in the bytes at hand
  };

  /// What nearly all events are: `event: NAME LF data: TEXT LF LF`, in one piece.
  struct PlainEvent {
    std::string_view event;
    std::string_view data;
    std::size_t next = 0;  ///< where the following event begins; where this one does if it looks otherwise
  };

  std::size_t begin_of_lines(std::string_view bytes);
  [[nodiscard]] PlainEvent plain_event(std::string_view bytes, std::size_t at) const;
  Line next_line(std::string_view bytes, std::size_t at);
  void put_aside(std::string_view part);
  void take_field(const Line& line);
  void take_event(std::string_view value);
  void take_data(std::string_view value);
  void end_event();
  /// Copies what refers to bytes that will be gone when `feed` returns.
  void keep_open_event();
  [[nodiscard]] std::string_view event() const { return event_is_copied_ ? std::string_view(event_copy_) : event_; }
  [[nodiscard]] std::string_view data() const { return data_is_copied_ ? std::string_view(data_copy_) : data_; }

  std::size_t longest_event_;
  std::string partial_line_;  ///< begun in an earlier piece; never longer than one byte more than is read
  std::string_view event_;    ///< in the bytes at hand, unless it is copied
  std::string_view data_;     ///< likewise
  std::string event_copy_;
  std::string data_copy_;
  bool event_is_copied_ = false;
  bool data_is_copied_ = false;
  bool has_data_ = false;
  bool too_long_ = false;       ///< the event at hand is passed over
  bool after_cr_ = false;       ///< a LF that comes now belongs to the CR before it
  std::uint8_t mark_seen_ = 0;  ///< bytes of the byte order mark matched so far; all: the beginning is behind us
  std::uint64_t passed_over_ = 0;
};

}  // namespace tidegate::llm::sse
