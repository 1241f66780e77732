// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/head.h"
#include "net/http1/scan.h"

namespace tidegate::net::http1 {
namespace {

using scan::Cursor;
using scan::Step;

Step refuse(Rejection& rejection, std::string_view reason, int line) {
  rejection = {502, reason, line};
  return Step::Refused;
}

Step read_status(Cursor& cursor, ResponseHead& head, Rejection& rejection) {
  const std::string_view rest = scan::view(cursor.at, cursor.end);
  if (!rest.empty() && rest[0] != ' ') return refuse(rejection, "no blank after the HTTP version", 1);
  if (rest.size() < 5) return Step::NeedMore;
  if (!scan::is_digit(rest[1]) || !scan::is_digit(rest[2]) || !scan::is_digit(rest[3]) || rest[1] == '0') {
    return refuse(rejection, "no status from 100 to 999", 1);
  }
  if (rest[4] != ' ') return refuse(rejection, "no blank after the status", 1);
  head.status = (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
  cursor.at += 5;
  return Step::Done;
}

Step read_reason(Cursor& cursor, ResponseHead& head, Rejection& rejection) {
  const char* const first = cursor.at;
  cursor.at = scan::find_control(cursor.at, cursor.end);
  head.reason = scan::view(first, cursor.at);
  return scan::read_line_end(cursor, rejection);
}

Step read_status_line(Cursor& cursor, ResponseHead& head, Rejection& rejection) {
  if (const Step step = scan::read_version(cursor, head, rejection); step != Step::Done) return step;
  if (const Step step = read_status(cursor, head, rejection); step != Step::Done) return step;
  return read_reason(cursor, head, rejection);
}

/// Equal repeated lengths count as one, and only the first goes on; nothing if any is no number or they differ.
std::optional<std::uint64_t> agree_on_length(Head& head) {
  if (!head.repeats(FieldClass::ContentLength)) return scan::parse_length(*head.find(FieldClass::ContentLength));
  std::optional<std::uint64_t> agreed;
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    if (head.tags[i].field_class != FieldClass::ContentLength) continue;
    const auto length = scan::parse_length(head.fields[i].value);
    if (!length || (agreed && *agreed != *length)) return std::nullopt;
    if (agreed) head.tags[i].hop_by_hop = true;
    agreed = length;
  }
  return agreed;
}

bool read_content_length(ResponseHead& head, Rejection& rejection) {
  if (!head.has(FieldClass::ContentLength)) return true;
  head.content_length = agree_on_length(head);
  if (head.content_length) return true;
  rejection = {502, "a Content-Length that is no number, or several that differ",
               scan::line_of(head, FieldClass::ContentLength)};
  return false;
}

bool read_meaning(ResponseHead& head, Rejection& rejection) {
  return scan::read_transfer_encoding(head, rejection) && read_content_length(head, rejection) &&
         scan::read_connection(head, rejection).has_value();
}

}  // namespace

ParseState ResponseHeadParser::parse(std::string_view bytes) {
  if (state_ == ParseState::Rejected) return state_;
  const bool at_limit = bytes.size() >= limits_.max_bytes;
  if (state_ == ParseState::Incomplete && !at_limit && !gate_.worth_parsing(bytes)) return state_;

  head_.clear();
  Cursor cursor{bytes.data(), bytes.data(), bytes.data() + (at_limit ? limits_.max_bytes : bytes.size())};
  Step step = read_status_line(cursor, head_, rejection_);
  if (step == Step::Done) step = scan::read_fields(cursor, limits_, known_, head_, rejection_);
  if (step == Step::Done && !read_meaning(head_, rejection_)) step = Step::Refused;
  if (step == Step::NeedMore && at_limit) step = refuse(rejection_, "the response head is too large", 0);

  gate_.wait(bytes.size());
  rejection_.status = 502;  // whatever is wrong with a provider's answer is a bad gateway to the client
  state_ = step == Step::Done       ? ParseState::Complete
           : step == Step::NeedMore ? ParseState::Incomplete
                                    : ParseState::Rejected;
  return state_;
}

void ResponseHeadParser::reset() {
  state_ = ParseState::Incomplete;
  gate_.reset();
}

}  // namespace tidegate::net::http1
