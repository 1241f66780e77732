// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/sse/scanner.h"

#include "base/ascii.h"
#include "llm/json/text_scan.h"

#include <algorithm>

namespace tidegate::llm::sse {

namespace {
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
/// Memory that an unusually long event needed is given back after it.
constexpr std::size_t kKeptCapacity = 64 * 1024;

void clear(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptCapacity) text.shrink_to_fit();
}

/// What stands behind `name`, if the line is that field; a line that is only the name has an empty value.
bool is_field(std::string_view line, std::string_view name, std::string_view& value) {
  if (!line.starts_with(name)) return false;
  if (line.size() == name.size()) {
    value = {};
    return true;
  }
  if (line[name.size()] != ':') return false;
  value = line.substr(name.size() + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return true;
}
}  // namespace

std::size_t Scanner::begin_of_lines(std::string_view bytes) {
  std::size_t at = 0;
  for (; at < bytes.size() && mark_seen_ < kByteOrderMark.size(); ++at) {
    if (bytes[at] != kByteOrderMark[mark_seen_]) {
      put_aside(kByteOrderMark.substr(0, mark_seen_));  // it only began like one
      mark_seen_ = kByteOrderMark.size();
      break;
    }
    ++mark_seen_;
  }
  return at;
}

Scanner::PlainEvent Scanner::plain_event(std::string_view bytes, std::size_t at) const {
  constexpr std::size_t kEventSize = 7;
  constexpr std::size_t kDataSize = 6;
  const PlainEvent none{.event = {}, .data = {}, .next = at};
  if (has_data_ || after_cr_ || !partial_line_.empty() || !event().empty()) return none;
  const std::string_view rest = bytes.substr(at);
  if (!begins_with(rest, "event: ")) return none;
  const std::size_t event_end = json::find_line_end(rest, kEventSize);
  if (event_end == std::string_view::npos || rest[event_end] != '\n') return none;
  if (!begins_with(rest.substr(event_end + 1), "data: ")) return none;
  const std::size_t data_begin = event_end + 1 + kDataSize;
  const std::size_t data_end = rest.find('\n', data_begin);
  if (data_end == std::string_view::npos || data_end + 1 >= rest.size() || rest[data_end + 1] != '\n') return none;
  // A CR ends a line, too. Two searches of the library's are faster here than one of ours for both.
  if (rest.substr(data_begin, data_end - data_begin).find('\r') != std::string_view::npos) return none;
  if (event_end > longest_event_ || data_end - event_end - 1 > longest_event_) return none;  // their lines' lengths
  return {.event = rest.substr(kEventSize, event_end - kEventSize),
          .data = rest.substr(data_begin, data_end - data_begin),
          .next = at + data_end + 2};
}

Scanner::Line Scanner::next_line(std::string_view bytes, std::size_t at) {
  if (after_cr_) {
    after_cr_ = false;
    if (bytes[at] == '\n' && ++at == bytes.size()) return {.text = {}, .next = at};
  }
  const std::size_t end = json::find_line_end(bytes, at);
  if (end == std::string_view::npos) {
    put_aside(bytes.substr(at));
    return {.text = {}, .next = bytes.size()};
  }
  after_cr_ = bytes[end] == '\r';
  const std::string_view text = bytes.substr(at, end - at);
  if (partial_line_.empty()) return {.text = text, .next = end + 1, .is_whole = true};
  put_aside(text);
  return {.text = partial_line_, .next = end + 1, .is_whole = true, .is_assembled = true};
}

void Scanner::put_aside(std::string_view part) {
  // One byte more than is read tells a line that is too long from one that just fits.
  const std::size_t room = longest_event_ + 1 - partial_line_.size();
  partial_line_.append(part.substr(0, std::min(part.size(), room)));
}

void Scanner::take_field(const Line& line) {
  std::string_view value;
  const bool is_data = is_field(line.text, "data", value);
  const bool is_event = !is_data && is_field(line.text, "event", value);
  if (is_data || is_event) {
    if (line.text.size() > longest_event_) {
      too_long_ = true;
      has_data_ = true;
    } else if (is_data) {
      take_data(value);
    } else {
      take_event(value);
    }
  }
  if (line.is_assembled) {
    keep_open_event();
    clear(partial_line_);
  }
}

void Scanner::take_event(std::string_view value) {
  event_ = value;
  event_is_copied_ = false;
}

void Scanner::take_data(std::string_view value) {
  if (!has_data_) {
    has_data_ = true;
    data_ = value;
    data_is_copied_ = false;
    return;
  }
  if (too_long_) return;
  if (data().size() + 1 + value.size() > longest_event_) {
    too_long_ = true;
    return;
  }
  if (!data_is_copied_) data_copy_.assign(data_);
  data_is_copied_ = true;
  data_copy_ += '\n';
  data_copy_ += value;
}

void Scanner::end_event() {
  if (too_long_) ++passed_over_;
  event_ = {};
  data_ = {};
  if (data_is_copied_) clear(data_copy_);
  event_is_copied_ = data_is_copied_ = has_data_ = too_long_ = false;
}

void Scanner::keep_open_event() {
  if (!event_is_copied_ && !event_.empty()) {
    event_copy_.assign(event_);
    event_ = {};
    event_is_copied_ = true;
  }
  if (!data_is_copied_ && !data_.empty()) {
    data_copy_.assign(data_);
    data_ = {};
    data_is_copied_ = true;
  }
}

}  // namespace tidegate::llm::sse
