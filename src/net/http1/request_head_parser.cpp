// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/head.h"
#include "net/http1/scan.h"

namespace tidegate::net::http1 {
namespace {

using scan::Cursor;
using scan::Step;

Step refuse(Rejection& rejection, int status, std::string_view reason, int line) {
  rejection = {status, reason, line};
  return Step::Refused;
}

/// Where the authority of an absolute target starts; nothing for other forms.
std::optional<std::size_t> authority_offset(std::string_view target) {
  if (target.empty() || target.front() == '/') return std::nullopt;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (starts_with_ignoring_case(target, scheme)) return scheme.size();
  }
  return std::nullopt;
}

/// The absolute path and query of an absolute target; any other target as it is.
std::string_view without_authority(std::string_view target) {
  const auto offset = authority_offset(target);
  if (!offset) return target;
  const std::size_t slash = target.find_first_of("/?", *offset);
  return slash == std::string_view::npos ? std::string_view{} : target.substr(slash);
}

Step skip_empty_line(Cursor& cursor, Rejection& rejection) {
  if (cursor.at == cursor.end) return Step::NeedMore;
  if (*cursor.at != '\r') return Step::Done;
  return scan::read_line_end(cursor, rejection);
}

Step read_method(Cursor& cursor, RequestHead& head, Rejection& rejection) {
  if (cursor.at == cursor.end) return Step::NeedMore;
  if (*cursor.at == 0x16) return refuse(rejection, 400, "a TLS handshake on a listener without TLS", 1);
  const char* const first = cursor.at;
  while (cursor.at != cursor.end && scan::in(scan::kToken, *cursor.at)) ++cursor.at;
  if (cursor.at == cursor.end) return Step::NeedMore;
  if (*cursor.at != ' ' || cursor.at == first) return refuse(rejection, 400, "no HTTP method where one belongs", 1);
  head.method = scan::view(first, cursor.at++);
  return Step::Done;
}

Step read_target(Cursor& cursor, const HeadLimits& limits, RequestHead& head, Rejection& rejection) {
  const char* const first = cursor.at;
  cursor.at = scan::find_target_end(cursor.at, cursor.end);
  const std::string_view target = scan::view(first, cursor.at);
  if (target.size() > limits.max_target) return refuse(rejection, 414, "the request target is too long", 1);
  if (cursor.at == cursor.end) return Step::NeedMore;
  if (*cursor.at != ' ') return refuse(rejection, 400, "a character that a request target may not have", 1);
  head.target = target;
  ++cursor.at;
  return Step::Done;
}

/// The four forms of RFC 9112 3.2.
bool target_fits_method(const RequestHead& head) {
  const std::string_view target = head.target;
  if (head.method == "CONNECT") return !target.empty() && scan::all_in(scan::kHost, target);
  if (target.starts_with('/')) return true;
  if (target == "*") return head.method == "OPTIONS";
  const auto offset = authority_offset(target);
  if (!offset) return false;
  const std::string_view authority = target.substr(*offset, target.find_first_of("/?", *offset) - *offset);
  return !authority.empty() && scan::all_in(scan::kHost, authority);
}

Step read_request_line(Cursor& cursor, const HeadLimits& limits, RequestHead& head, Rejection& rejection) {
  if (const Step step = skip_empty_line(cursor, rejection); step != Step::Done) return step;
  if (const Step step = read_method(cursor, head, rejection); step != Step::Done) return step;
  if (const Step step = read_target(cursor, limits, head, rejection); step != Step::Done) return step;
  if (const Step step = scan::read_version(cursor, head, rejection); step != Step::Done) return step;
  if (const Step step = scan::read_line_end(cursor, rejection); step != Step::Done) return step;
  if (!target_fits_method(head)) return refuse(rejection, 400, "a request target that does not fit the method", 1);
  return Step::Done;
}

bool read_host(RequestHead& head, Rejection& rejection) {
  if (head.repeats(FieldClass::Host)) {
    rejection = {400, "more than one Host", scan::line_of(head, FieldClass::Host)};
    return false;
  }
  const auto host = head.find(FieldClass::Host);
  if (!host && head.minor_version == 1) {
    rejection = {400, "no Host", 0};
    return false;
  }
  if (host && !scan::all_in(scan::kHost, *host)) {
    rejection = {400, "a Host that is no host", scan::line_of(head, FieldClass::Host)};
    return false;
  }
  const auto offset = authority_offset(head.target);
  // The target wins over the field (RFC 9112 3.2.2).
  head.host = offset ? head.target.substr(*offset, head.target.find_first_of("/?", *offset) - *offset)
                     : host.value_or(std::string_view{});
  return true;
}

bool read_content_length(RequestHead& head, Rejection& rejection) {
  const auto text = head.find(FieldClass::ContentLength);
  if (!text) return true;
  if (head.repeats(FieldClass::ContentLength)) {
    // Equal ones too: whoever repeats it may mean to be read differently by the next hop.
    rejection = {400, "more than one Content-Length", scan::line_of(head, FieldClass::ContentLength)};
    return false;
  }
  head.content_length = scan::parse_length(*text);
  if (head.content_length) return true;
  rejection = {400, "a Content-Length that is no number", scan::line_of(head, FieldClass::ContentLength)};
  return false;
}

bool read_expect(RequestHead& head, Rejection& rejection) {
  const auto expect = head.find(FieldClass::Expect);
  if (!expect || head.minor_version == 0) return true;  // 1.0 has none: ignored (RFC 9110 10.1.1)
  if (!equals_ignoring_case(*expect, "100-continue")) {
    rejection = {417, "an Expect other than 100-continue", scan::line_of(head, FieldClass::Expect)};
    return false;
  }
  head.expect_continue = true;
  return true;
}

bool read_connection(RequestHead& head, Rejection& rejection) {
  const auto options = scan::read_connection(head, rejection);
  if (!options) return false;
  head.upgrade = options->upgrade && head.has(FieldClass::Upgrade) && head.minor_version == 1;
  return true;
}

/// What the fields mean, once all of them are there.
bool read_meaning(RequestHead& head, Rejection& rejection) {
  return scan::read_transfer_encoding(head, rejection) && read_content_length(head, rejection) &&
         read_host(head, rejection) && read_connection(head, rejection) && read_expect(head, rejection);
}

}  // namespace

ParseState RequestHeadParser::parse(std::string_view bytes) {
  if (state_ == ParseState::Rejected) return state_;
  const bool at_limit = bytes.size() >= limits_.max_bytes;
  if (state_ == ParseState::Incomplete && !at_limit && !gate_.worth_parsing(bytes)) return state_;

  head_.clear();
  head_.expect_continue = false;
  Cursor cursor{bytes.data(), bytes.data(), bytes.data() + (at_limit ? limits_.max_bytes : bytes.size())};
  Step step = read_request_line(cursor, limits_, head_, rejection_);
  if (step == Step::Done) step = scan::read_fields(cursor, limits_, known_, head_, rejection_);
  if (step == Step::Done && !read_meaning(head_, rejection_)) step = Step::Refused;
  if (step == Step::NeedMore && at_limit) step = refuse(rejection_, 431, "the request head is too large", 0);

  gate_.wait(bytes.size());
  state_ = step == Step::Done       ? ParseState::Complete
           : step == Step::NeedMore ? ParseState::Incomplete
                                    : ParseState::Rejected;
  return state_;
}

void RequestHeadParser::reset() {
  state_ = ParseState::Incomplete;
  gate_.reset();
}

std::string_view RequestHead::path() const {
  if (target.starts_with('/')) return target.substr(0, target.find('?'));
  const std::string_view local = without_authority(target);
  const std::string_view path = local.substr(0, local.find('?'));
  return path.empty() ? std::string_view{"/"} : path;
}

std::string_view RequestHead::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

}  // namespace tidegate::net::http1
