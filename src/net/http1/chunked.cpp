// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/chunked.h"

#include "base/ascii.h"
#include "net/http1/field_class.h"
#include "net/http1/scan.h"

#include <algorithm>
#include <charconv>

namespace tidegate::net::http1 {
namespace {

constexpr int kNoDigit = -1;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return kNoDigit;
}

/// Fields that decide where a message ends or who receives it must not arrive after it (RFC 9110 6.5.1).
bool may_be_trailer(std::string_view name) {
  switch (classify(name)) {
    case FieldClass::Host:
    case FieldClass::ContentLength:
    case FieldClass::TransferEncoding:
    case FieldClass::Expect:
    case FieldClass::Connection:
    case FieldClass::KeepAlive:
    case FieldClass::Proxy:
    case FieldClass::Te:
    case FieldClass::Trailer:
    case FieldClass::Upgrade:
    case FieldClass::Authorization:
    case FieldClass::ContentEncoding:
    case FieldClass::ContentType: return false;
    default: return true;
  }
}

/// A size line as nearly all are, `1*8HEXDIG CRLF`.
struct PlainSize {
  std::size_t value = 0;
  std::size_t end = 0;  ///< behind the line; 0: the line is otherwise, not all here, or the last one
};

PlainSize plain_size(std::string_view bytes) {
  PlainSize size;
  std::size_t at = 0;
  const std::size_t last = std::min<std::size_t>(bytes.size(), 8);  // below kMaxChunkBytes whatever the digits
  for (int digit = 0; at < last && (digit = hex_digit(bytes[at])) != kNoDigit; ++at) {
    size.value = size.value * 16 + static_cast<std::size_t>(digit);
  }
  if (size.value > 0 && begins_with(bytes.substr(at), "\r\n")) size.end = at + 2;
  return size;
}

}  // namespace

std::string_view ChunkedFollower::take_payload(std::string_view bytes) {
  const std::string_view span = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  left_ -= span.size();
  payload_bytes_ += span.size();
  if (left_ == 0) state_ = State::PayloadCr;
  return span;
}

std::string_view ChunkedFollower::take_whole_chunk(std::string_view& bytes) {
  if (state_ != State::SizeStart) return {};
  const PlainSize size = plain_size(bytes);
  if (size.end == 0 || bytes.size() - size.end < size.value + 2) return {};
  if (!begins_with(bytes.substr(size.end + size.value), "\r\n")) return {};
  const std::string_view payload = bytes.substr(size.end, size.value);
  bytes.remove_prefix(size.end + size.value + 2);
  payload_bytes_ += payload.size();
  return payload;
}

std::size_t ChunkedFollower::skip_framing(std::string_view bytes) {
  std::size_t at = skip_plain_framing(bytes);
  while (at < bytes.size() && state_ != State::Payload && state_ != State::Complete) {
    if (!step(bytes[at])) break;
    ++at;
  }
  return at;
}

/// What nearly all framing is, `CRLF 1*8HEXDIG CRLF` in one piece, in one go; nothing of a size line that is otherwise.
std::size_t ChunkedFollower::skip_plain_framing(std::string_view bytes) {
  std::size_t at = 0;
  if (state_ == State::PayloadCr && begins_with(bytes, "\r\n")) {
    state_ = State::SizeStart;
    at = 2;
  }
  if (state_ != State::SizeStart || at == bytes.size()) return at;
  const PlainSize size = plain_size(bytes.substr(at));
  if (size.end == 0) return at;
  left_ = size.value;
  state_ = State::Payload;
  return at + size.end;
}

bool ChunkedFollower::refuse(std::string_view trouble) {
  state_ = State::Rejected;
  trouble_ = trouble;
  return false;
}

bool ChunkedFollower::step(char c) {
  switch (state_) {
    case State::SizeStart:
    case State::Size: return step_size(c);
    case State::SizeLf:
      if (c != '\n') return refuse("a CR without LF after a chunk size");
      state_ = left_ == 0 ? State::TrailerStart : State::Payload;
      return true;
    case State::ExtensionName:
    case State::InExtensionName:
    case State::ExtensionValue:
    case State::InExtensionValue:
    case State::InQuoted:
    case State::QuotedPair:
    case State::AfterQuoted: return step_extension(c);
    case State::PayloadCr:
      if (c != '\r') return refuse("a chunk longer than its size");
      state_ = State::PayloadLf;
      return true;
    case State::PayloadLf:
      if (c != '\n') return refuse("a chunk longer than its size");
      state_ = State::SizeStart;
      return true;
    case State::TrailerStart:
    case State::TrailerName:
    case State::TrailerValue:
    case State::TrailerLf: return step_trailer(c);
    case State::LastLf:
      if (c != '\n') return refuse("a CR without LF at the end of a chunked body");
      state_ = State::Complete;
      return true;
    case State::Payload:
    case State::Complete:
    case State::Rejected: break;  // not framing
  }
  return false;
}

bool ChunkedFollower::step_size(char c) {
  if (const int digit = hex_digit(c); digit != kNoDigit) {
    if (state_ == State::SizeStart) {
      left_ = 0;
      digits_ = 0;
      extension_bytes_ = 0;
      state_ = State::Size;
    }
    if (++digits_ > 16) return refuse("a chunk size of more than 16 digits");
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    if (left_ > kMaxChunkBytes) return refuse("a chunk of more than 1 TiB");
    return true;
  }
  if (state_ == State::SizeStart) return refuse("no chunk size where one belongs");
  if (c == '\r') {
    state_ = State::SizeLf;
    return true;
  }
  if (c == ';') {
    state_ = State::ExtensionName;
    return true;
  }
  return refuse(c == '\n' ? "a chunk size ends in LF without CR" : "a character that a chunk size may not have");
}

bool ChunkedFollower::step_extension(char c) {
  if (c == '\n') return refuse("a chunk extension ends in LF without CR");
  const bool may_end =
      state_ == State::InExtensionName || state_ == State::InExtensionValue || state_ == State::AfterQuoted;
  if (may_end && c == '\r') {
    state_ = State::SizeLf;
    return true;
  }
  ++all_extension_bytes_;
  if (++extension_bytes_ > kMaxExtensionBytes) return refuse("a chunk extension that is too long");
  if (all_extension_bytes_ > payload_bytes_ + kMaxExtensionExcess) return refuse("more chunk extensions than payload");
  if (may_end && c == ';') {
    state_ = State::ExtensionName;
    return true;
  }
  const bool is_token = scan::in(scan::kToken, c);
  switch (state_) {
    case State::ExtensionName:
    case State::InExtensionName:
      if (is_token) {
        state_ = State::InExtensionName;
        return true;
      }
      if (c != '=' || state_ == State::ExtensionName) break;
      state_ = State::ExtensionValue;
      return true;
    case State::ExtensionValue:
      if (!is_token && c != '"') break;
      state_ = is_token ? State::InExtensionValue : State::InQuoted;
      return true;
    case State::InExtensionValue:
      if (!is_token) break;
      return true;
    case State::InQuoted:
      if (scan::is_control(c)) break;
      if (c == '"') state_ = State::AfterQuoted;
      if (c == '\\') state_ = State::QuotedPair;
      return true;
    case State::QuotedPair:
      if (scan::is_control(c)) break;
      state_ = State::InQuoted;
      return true;
    default: break;  // behind a quoted value only what may_end allows
  }
  return refuse("a character that a chunk extension may not have");
}

bool ChunkedFollower::step_trailer(char c) {
  if (state_ == State::TrailerStart && c == '\r') {
    state_ = State::LastLf;
    return true;
  }
  if (++trailer_bytes_ > kMaxTrailerBytes) return refuse("too many trailers");
  switch (state_) {
    case State::TrailerStart:
      trailer_name_size_ = 0;
      state_ = State::TrailerName;
      [[fallthrough]];
    case State::TrailerName:
      if (c == ':') return end_trailer_name();
      if (!scan::in(scan::kToken, c)) return refuse("a character that a trailer's name may not have");
      if (trailer_name_size_ < trailer_name_.size()) trailer_name_[trailer_name_size_++] = c;
      return true;
    case State::TrailerValue:
      if (c == '\r') {
        state_ = State::TrailerLf;
        return true;
      }
      if (scan::is_control(c)) return refuse("a control character in a trailer");
      return true;
    default:  // TrailerLf
      if (c != '\n') return refuse("a CR without LF after a trailer");
      state_ = State::TrailerStart;
      return true;
  }
}

bool ChunkedFollower::end_trailer_name() {
  const std::string_view name(trailer_name_.data(), trailer_name_size_);
  if (name.empty()) return refuse("a trailer without a name");
  if (!may_be_trailer(name)) return refuse("a field that may not be a trailer");
  state_ = State::TrailerValue;
  return true;
}

void append_chunk_head(std::string& out, std::size_t size) {
  std::array<char, 18> line;
  const auto [end, error] = std::to_chars(line.data(), line.data() + 16, size, 16);
  static_cast<void>(error);  // 16 digits hold every size
  end[0] = '\r';
  end[1] = '\n';
  out.append(line.data(), end + 2);
}

void append_chunk(std::string& out, std::string_view payload) {
  if (payload.empty()) return;
  append_chunk_head(out, payload.size());
  out.append(payload);
  out.append(kChunkEnd);
}

}  // namespace tidegate::net::http1
