// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/scan.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <type_traits>

namespace tidegate::net::http1::scan {
namespace {

Step refuse(Rejection& rejection, int status, std::string_view reason, std::size_t line) {
  rejection = {status, reason, static_cast<int>(line)};
  return Step::Refused;
}

/// What is wrong with a field line whose name ended at `found` instead of at a colon.
std::string_view name_trouble(char found, bool name_is_empty) {
  if (is_blank(found)) {
    return name_is_empty ? "a folded field line (obs-fold) is not accepted" : "a blank before the colon of a field";
  }
  if (found == '\n') return "a line ends in LF without CR";
  if (found == '\r') return "a field line without a colon";
  return "a character that a field name may not have";
}

/// What is wrong with a field value (or a reason phrase) that holds this control character.
std::string_view value_trouble(char found) {
  if (found == '\n') return "a line ends in LF without CR";
  if (found == '\0') return "a NUL in a field value";
  return "a control character in a field value";
}

/// Calls `token(view)` for every element of a comma-separated list of tokens; false if it is none.
template <typename Token>
bool for_each_token(std::string_view list, Token token) {
  std::size_t at = 0;
  while (at < list.size()) {
    if (is_blank(list[at]) || list[at] == ',') {
      ++at;
      continue;
    }
    const std::size_t first = at;
    at = static_cast<std::size_t>(find_name_end(list.data() + first, list.data() + list.size()) - list.data());
    if (at == first) return false;
    token(list.substr(first, at - first));
    while (at < list.size() && is_blank(list[at])) ++at;
    if (at < list.size() && list[at] != ',') return false;
  }
  return true;
}

/// Fields that an option names go no further (RFC 9110 7.6.1), but for those that the gateway itself decides about: who
/// could name Content-Length away would have the body read as the next request.
void mark_hop_by_hop(Head& head, std::string_view name) {
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    if (head.tags[i].field_class != FieldClass::Other) continue;
    if (equals_ignoring_case(head.fields[i].name, name)) head.tags[i].hop_by_hop = true;
  }
}

/// The fields of a head on their way into its vectors, which take many of them at once.
class FieldBatch {
 public:
  explicit FieldBatch(Head& head) : head_(head) {}

  void add(std::string_view name, std::string_view value, FieldTag tag) {
    if (count_ == kMost) hand_over();
    head_.note(tag.field_class, number());
    std::construct_at(fields() + count_, HeaderField{name, value});
    tags_[count_] = tag;
    ++count_;
  }
  /// Fields so far.
  [[nodiscard]] std::size_t number() const { return head_.fields.size() + count_; }
  void hand_over() {
    head_.fields.insert(head_.fields.end(), fields(), fields() + count_);
    head_.tags.insert(head_.tags.end(), tags_.data(), tags_.data() + count_);
    count_ = 0;
  }

 private:
  static constexpr std::size_t kMost = 32;
  static_assert(std::is_trivially_copyable_v<HeaderField> && std::is_trivially_destructible_v<HeaderField>);

  HeaderField* fields() { return reinterpret_cast<HeaderField*>(memory_.data()); }

  Head& head_;
  std::size_t count_ = 0;
  // Not initialised, which would cost as much as a few fields.
  alignas(HeaderField) std::array<std::byte, kMost * sizeof(HeaderField)> memory_;
  std::array<FieldTag, kMost> tags_;
};

}  // namespace

Step read_fields(Cursor& cursor, const HeadLimits& limits, KnownLines& known, Head& head, Rejection& rejection) {
  const char* at = cursor.at;
  const char* const end = cursor.end;
  const char* const first_line = at;
  if (head.fields.capacity() == 0) head.reserve();
  FieldBatch fields(head);
  std::size_t found_again = 0;
  for (;;) {
    at = known.for_each_again(fields.number(), at, end, [&](const KnownLines::Line& again, const char* begin) {
      fields.add(again.name(begin), again.value(begin), again.tag);
      ++found_again;
    });
    const std::size_t line = fields.number() + 2;
    if (at == end) return Step::NeedMore;
    if (*at == '\r') {
      fields.hand_over();
      cursor.at = at;
      head.field_lines = view(first_line, at);
      const Step ended = read_line_end(cursor, rejection);
      if (ended == Step::Refused) rejection.line = static_cast<int>(line);
      head.size = static_cast<std::size_t>(cursor.at - cursor.begin);
      const bool is_the_same = found_again == head.fields.size() && found_again == known.size();
      if (ended == Step::Done && !is_the_same) {
        known.learn(head.field_lines, head.fields, head.tags);
      }
      return ended;
    }
    const char* const name = at;
    at = find_name_end(at, end);
    if (at == end) return Step::NeedMore;
    if (*at != ':') return refuse(rejection, 400, name_trouble(*at, at == name), line);
    if (at == name) return refuse(rejection, 400, "a field without a name", line);
    const char* const name_end = at++;

    if (end - at >= 2 && *at == ' ' && at[1] > ' ') {
      ++at;  // as nearly everybody writes it
    } else {
      while (at != end && is_blank(*at)) ++at;
    }
    const char* const value = at;
    at = find_control(at, end);
    if (at == end) return Step::NeedMore;
    if (*at != '\r') return refuse(rejection, 400, value_trouble(*at), line);
    if (end - at < 2) return Step::NeedMore;
    if (at[1] != '\n') return refuse(rejection, 400, "a CR without LF", line);
    const char* value_end = at;
    while (value_end != value && is_blank(value_end[-1])) --value_end;

    if (fields.number() == limits.max_fields) return refuse(rejection, 431, "too many header fields", line);
    const std::string_view field_name = view(name, name_end);
    const FieldClass field_class = classify(field_name);
    fields.add(field_name, view(value, value_end), {field_class, is_hop_by_hop(field_class)});
    at += 2;
  }
}

Step read_version(Cursor& cursor, Head& head, Rejection& rejection) {
  constexpr std::string_view name = "HTTP/1.";
  const std::string_view rest = view(cursor.at, cursor.end);
  const std::size_t shared = std::min(rest.size(), name.size());
  if (rest.substr(0, shared) != name.substr(0, shared)) {
    const bool other_version = rest.size() >= 6 && rest.substr(0, 5) == "HTTP/" && is_digit(rest[5]);
    return other_version ? refuse(rejection, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here", 1)
                         : refuse(rejection, 400, "no HTTP version where one belongs", 1);
  }
  if (rest.size() <= name.size()) return Step::NeedMore;
  const char minor = rest[name.size()];
  if (!is_digit(minor)) return refuse(rejection, 400, "no HTTP version where one belongs", 1);
  if (minor > '1') return refuse(rejection, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here", 1);
  head.minor_version = minor - '0';
  cursor.at += name.size() + 1;
  return Step::Done;
}

Step read_line_end(Cursor& cursor, Rejection& rejection) {
  if (cursor.at == cursor.end) return Step::NeedMore;
  if (*cursor.at != '\r') {
    return refuse(rejection, 400, *cursor.at == '\n' ? "a line ends in LF without CR" : "no line end where one belongs",
                  1);
  }
  if (cursor.end - cursor.at < 2) return Step::NeedMore;
  if (cursor.at[1] != '\n') return refuse(rejection, 400, "a CR without LF", 1);
  cursor.at += 2;
  return Step::Done;
}

std::optional<ConnectionOptions> read_connection(Head& head, Rejection& rejection) {
  ConnectionOptions options;
  const auto read_option = [&](std::string_view option) {
    if (name_is(option, "close")) {
      options.close = true;
    } else if (name_is(option, "keep-alive")) {
      options.keep_alive = true;
    } else if (name_is(option, "upgrade")) {
      options.upgrade = true;
    } else {
      mark_hop_by_hop(head, option);
    }
  };
  // Proxy-Connection is no standard, but who says close there means it; its keep-alive is not believed.
  const auto read_proxy_option = [&](std::string_view option) {
    options.close = options.close || name_is(option, "close");
  };
  const auto read_field = [&](std::size_t i) {
    const FieldClass field = head.tags[i].field_class;
    if (field == FieldClass::Connection && name_is(head.fields[i].value, "keep-alive"))
      return options.keep_alive = true;
    if (field == FieldClass::Connection) return for_each_token(head.fields[i].value, read_option);
    const bool is_proxy = field == FieldClass::Proxy && equals_ignoring_case(head.fields[i].name, "proxy-connection");
    return !is_proxy || for_each_token(head.fields[i].value, read_proxy_option);
  };
  // Nearly always there is one Connection field, or none.
  const bool look_at_all = head.repeats(FieldClass::Connection) || head.has(FieldClass::Proxy);
  const std::size_t first = look_at_all ? 0 : head.index_of(FieldClass::Connection).value_or(head.fields.size());
  const std::size_t last = look_at_all ? head.fields.size() : std::min(first + 1, head.fields.size());
  for (std::size_t i = first; i < last; ++i) {
    if (read_field(i)) continue;
    rejection = {400, "a Connection field that is no list of words", static_cast<int>(i) + 2};
    return std::nullopt;
  }
  head.keep_alive = !options.close && (head.minor_version == 1 || options.keep_alive);
  return options;
}

bool read_transfer_encoding(Head& head, Rejection& rejection) {
  if (!head.has(FieldClass::TransferEncoding)) return true;
  const int line = line_of(head, FieldClass::TransferEncoding);
  if (head.has(FieldClass::ContentLength)) {
    rejection = {400, "both Content-Length and Transfer-Encoding", line};
  } else if (head.minor_version == 0) {
    rejection = {400, "a Transfer-Encoding in HTTP/1.0, which has none", line};
  } else if (head.repeats(FieldClass::TransferEncoding)) {
    rejection = {400, "more than one Transfer-Encoding", line};
  } else if (const auto coding = *head.find(FieldClass::TransferEncoding); equals_ignoring_case(coding, "chunked")) {
    head.chunked = true;
    return true;
  } else if (!coding.empty() && for_each_token(coding, [](std::string_view) {})) {
    rejection = {501, "a transfer coding other than chunked", line};
  } else {
    rejection = {400, "a Transfer-Encoding that cannot be read", line};
  }
  return false;
}

std::optional<std::uint64_t> parse_length(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  constexpr std::uint64_t max = std::numeric_limits<std::int64_t>::max();
  std::uint64_t value = 0;
  for (char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (max - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

int line_of(const Head& head, FieldClass field) {
  const auto index = head.index_of(field);
  return index ? static_cast<int>(*index) + 2 : 0;
}

}  // namespace tidegate::net::http1::scan
