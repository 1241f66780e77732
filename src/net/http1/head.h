// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/header_field.h"
#include "net/http1/field_class.h"
#include "net/http1/known_lines.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

// Request and response heads of HTTP/1.0 and 1.1 (RFC 9112), read from bytes that somebody else receives.
//
//   request  = [ CRLF ] method SP target SP "HTTP/1." ( "0" / "1" ) CRLF *( field CRLF ) CRLF
//   response = "HTTP/1." ( "0" / "1" ) SP 3DIGIT SP reason CRLF *( field CRLF ) CRLF
//   field    = token ":" OWS value OWS        ; value: no control character but the tab
//
// Nothing is repaired. What two readers could read differently is refused, because a gateway forwards what it read:
// bare CR or LF, folded lines, a blank before the colon, two lengths, a length beside a transfer coding.
namespace tidegate::net::http1 {

struct HeadLimits {
  std::size_t max_bytes = 64 * 1024;   ///< of the whole head; more is 431
  std::size_t max_fields = 256;        ///< more is 431
  std::size_t max_target = 16 * 1024;  ///< bytes of the request target; more is 414
};

enum class ParseState : std::uint8_t {
  Complete,    ///< the head is there
  Incomplete,  ///< right so far; more bytes are needed
  Rejected,    ///< no further bytes can make it right
};

/// Why a message was refused.
struct Rejection {
  /// To answer with: 400, 414, 417, 431, 501 or 505 for a request; 502 for a provider's response.
  int status = 0;
  /// For the operator's log and for the error body; never quotes the message, which may hold a key.
  std::string_view reason = {};
  int line = 0;  ///< where in the head, from 1 (the start line); 0 = the head as a whole

  friend bool operator==(const Rejection&, const Rejection&) = default;
};

/// What both kinds of head have. All views point into the bytes last given to the parser.
struct Head {
  int minor_version = 1;  ///< of HTTP/1
  std::vector<HeaderField> fields;
  std::vector<FieldTag> tags;  ///< one per field
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;        ///< the peer is willing to use the connection again, as far as its head says
  std::size_t size = 0;          ///< bytes of the head, from the first byte given to the empty line
  std::string_view field_lines;  ///< from the first field's name to the empty line, without that

  /// Not to be asked of `Other`, as little as the two below.
  [[nodiscard]] bool has(FieldClass field) const { return (present_ & bit(field)) != 0; }
  /// The value of the first field of the class.
  [[nodiscard]] std::optional<std::string_view> find(FieldClass field) const {
    const auto index = index_of(field);
    return index ? std::optional(fields[*index].value) : std::nullopt;
  }
  /// Where the first field of the class stands among `fields`.
  [[nodiscard]] std::optional<std::size_t> index_of(FieldClass field) const {
    return has(field) ? std::optional<std::size_t>(first_[static_cast<std::size_t>(field)]) : std::nullopt;
  }
  [[nodiscard]] bool repeats(FieldClass field) const { return (repeated_ & bit(field)) != 0; }

  /// Used while parsing.
  void clear();
  /// Room for a usual head, so that it is not moved while it grows.
  void reserve() {
    constexpr std::size_t kUsualFields = 32;
    fields.reserve(kUsualFields);
    tags.reserve(kUsualFields);
  }
  /// The field with that number, which is to be put into `fields` and `tags`, is of the class.
  void note(FieldClass field, std::size_t number) {
    if (field == FieldClass::Other) return;  // nobody asks for the first of those
    const std::uint64_t mask = bit(field);
    if ((present_ & mask) != 0) {
      repeated_ |= mask;
      return;
    }
    present_ |= mask;
    first_[static_cast<std::size_t>(field)] = static_cast<std::uint32_t>(number);
  }

 private:
  static std::uint64_t bit(FieldClass field) { return std::uint64_t{1} << static_cast<unsigned>(field); }

  std::uint64_t present_ = 0;
  std::uint64_t repeated_ = 0;
  std::array<std::uint32_t, kFieldClasses> first_{};  // index of the first field of a class; only read if present
};

struct RequestHead : Head {
  std::string_view method;  ///< case as received: methods are case-sensitive
  std::string_view target;
  /// The authority of an absolute target, else the Host field; empty if neither says anything.
  std::string_view host;
  bool expect_continue = false;  ///< the client waits for `100 Continue` before it sends the body
  bool upgrade = false;          ///< the client asks for another protocol (WebSocket)

  /// Without the query; `/` if an absolute target has none; `*` and a CONNECT authority as they are.
  [[nodiscard]] std::string_view path() const;
  /// What follows the `?`, without it.
  [[nodiscard]] std::string_view query() const;
};

struct ResponseHead : Head {
  int status = 0;  ///< 100–999
  std::string_view reason;
};

/// Which bytes after the head belong to the message (RFC 9112 6.3).
struct BodyFraming {
  enum class Kind : std::uint8_t { None, Length, Chunked, UntilClose };
  Kind kind = Kind::None;
  std::uint64_t length = 0;  ///< bytes, for `Length`

  friend bool operator==(const BodyFraming&, const BodyFraming&) = default;
};

[[nodiscard]] BodyFraming body_framing(const RequestHead& request);
/// `method` is that of the request which this answers: HEAD has no body whatever its answer's head says.
[[nodiscard]] BodyFraming body_framing(const ResponseHead& response, std::string_view method);

/// Decides whether bytes that arrived since the last look can end a head or show it wrong, so that a head which comes
/// in small pieces is not parsed at every piece.
class ResumeGate {
 public:
  /// True if parsing `bytes` (all so far) could give something other than the last time.
  [[nodiscard]] bool worth_parsing(std::string_view bytes);
  /// Bytes so far were parsed and were not enough.
  void wait(std::size_t size) { seen_ = size; }
  void reset() { *this = {}; }

 private:
  std::size_t seen_ = 0;
  bool start_line_seen_ = false;
};

/// Reads one request head. Reused from request to request: after the first few it allocates nothing.
class RequestHeadParser {
 public:
  explicit RequestHeadParser(HeadLimits limits = {}) : limits_(limits) {}

  /// `bytes` is everything received of this message so far, at an address that may change from call to call, and may
  /// hold more than the head. One empty line before the request line is skipped (RFC 9112 2.2). Calling it again with a
  /// complete head moves the views to the new address. Linear in the size of the head however small the pieces.
  ParseState parse(std::string_view bytes);
  /// Valid while the bytes of the last call are, after `Complete`.
  [[nodiscard]] const RequestHead& head() const { return head_; }
  /// After `Rejected`.
  [[nodiscard]] const Rejection& rejection() const { return rejection_; }
  /// For the next message.
  void reset();

 private:
  HeadLimits limits_;
  RequestHead head_;
  Rejection rejection_;
  ParseState state_ = ParseState::Incomplete;
  ResumeGate gate_;
  KnownLines known_;  ///< of the head before
};

/// Reads one response head; used like the parser of requests and as strict, with two leniencies: equal repeated
/// Content-Length fields count as one (RFC 9110 8.6; the repetitions are marked hop by hop, so that one is relayed),
/// and the reason may be empty behind the blank that the grammar demands.
class ResponseHeadParser {
 public:
  explicit ResponseHeadParser(HeadLimits limits = {}) : limits_(limits) {}

  ParseState parse(std::string_view bytes);
  [[nodiscard]] const ResponseHead& head() const { return head_; }
  [[nodiscard]] const Rejection& rejection() const { return rejection_; }
  void reset();

 private:
  HeadLimits limits_;
  ResponseHead head_;
  Rejection rejection_;
  ParseState state_ = ParseState::Incomplete;
  ResumeGate gate_;
  KnownLines known_;  ///< of the head before
};

}  // namespace tidegate::net::http1
