// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

// The chunked transfer coding (RFC 9112 7.1), followed beside bytes that are relayed as they are.
//
//   body    = *( size [ ext ] CRLF payload CRLF ) 1*"0" [ ext ] CRLF *( field CRLF ) CRLF
//   size    = 1*16HEXDIG                                            ; at most kMaxChunkBytes
//   ext     = *( ";" token [ "=" ( token / quoted-string ) ] )      ; no blanks
//   field   = token ":" *( any but control characters, and the tab )
//
// Strict for the same reason as the heads are: an end of line or of chunk that two readers see at different places ends
// a message at different places.
namespace tidegate::net::http1 {

/// A single chunk above this is no chunk but an attack or an error: 1 TiB.
inline constexpr std::uint64_t kMaxChunkBytes = std::uint64_t{1} << 40;
/// Bytes of chunk extensions in one line.
inline constexpr std::size_t kMaxExtensionBytes = 256;
/// Bytes of chunk extensions that a body may have beyond one for every byte of payload: extensions are read and thrown
/// away, so they must not cost more than the payload does.
inline constexpr std::uint64_t kMaxExtensionExcess = 16 * 1024;
/// Bytes of all trailer lines.
inline constexpr std::size_t kMaxTrailerBytes = 8 * 1024;

enum class BodyState : std::uint8_t {
  InBody,
  Complete,
  Rejected,  ///< the framing is wrong; what was consumed before is good, the rest must not be relayed
};

struct Followed {
  std::size_t consumed = 0;  ///< of the bytes fed, those that belong to this body
  BodyState state = BodyState::InBody;

  friend bool operator==(const Followed&, const Followed&) = default;
};

/// Watches where a chunked body ends, and shows the payload to whoever wants to look at it. Copies and allocates
/// nothing.
class ChunkedFollower {
 public:
  /// The next bytes of the body. `payload(std::string_view)` is called for every span of payload among them, in order;
  /// the spans point into `bytes`. After `Complete` or `Rejected` nothing more is consumed.
  template <typename Payload>
  Followed feed(std::string_view bytes, Payload&& payload) {
    const std::size_t size = bytes.size();
    while (!bytes.empty() && body_state() == BodyState::InBody) {
      if (state_ == State::Payload) {
        const std::string_view span = take_payload(bytes);
        payload(span);
        bytes.remove_prefix(span.size());
      } else if (const std::string_view span = take_whole_chunk(bytes); !span.empty()) {
        payload(span);
      } else {
        bytes.remove_prefix(skip_framing(bytes));
      }
    }
    return {size - bytes.size(), body_state()};
  }
  Followed feed(std::string_view bytes) {
    return feed(bytes, [](std::string_view) {});
  }

  [[nodiscard]] BodyState body_state() const {
    if (state_ == State::Complete) return BodyState::Complete;
    return state_ == State::Rejected ? BodyState::Rejected : BodyState::InBody;
  }
  /// Bytes of payload so far.
  [[nodiscard]] std::uint64_t payload_bytes() const { return payload_bytes_; }
  /// The body ended (or will end) with trailer fields. They are checked, bounded and otherwise ignored.
  [[nodiscard]] bool has_trailers() const { return trailer_bytes_ != 0; }
  /// Why, after `Rejected`.
  [[nodiscard]] std::string_view trouble() const { return trouble_; }

 private:
  enum class State : std::uint8_t {
    SizeStart,  // the first digit of a size
    Size,
    SizeLf,
    ExtensionName,  // first character of a name
    InExtensionName,
    ExtensionValue,  // first character of a value
    InExtensionValue,
    InQuoted,
    QuotedPair,
    AfterQuoted,
    Payload,
    PayloadCr,
    PayloadLf,
    TrailerStart,  // a field, or the CR of the last line
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
    Complete,
    Rejected,
  };

  std::string_view take_payload(std::string_view bytes);
  /// The payload of a chunk that lies in `bytes` from its size to its end, which are taken off them; empty if none does.
  std::string_view take_whole_chunk(std::string_view& bytes);
  /// Reads framing up to the next payload, the end, the first wrong byte or the end of `bytes`; gives the bytes
  /// consumed.
  std::size_t skip_framing(std::string_view bytes);
  std::size_t skip_plain_framing(std::string_view bytes);
  bool step(char c);
  bool step_size(char c);
  bool step_extension(char c);
  bool step_trailer(char c);
  bool end_trailer_name();
  bool refuse(std::string_view trouble);

  State state_ = State::SizeStart;
  std::uint8_t digits_ = 0;
  std::uint8_t trailer_name_size_ = 0;
  std::uint64_t left_ = 0;           // of the size while it is read, then of the payload
  std::size_t extension_bytes_ = 0;  // of this line
  std::uint64_t all_extension_bytes_ = 0;
  std::uint64_t payload_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::array<char, 24> trailer_name_{};  // as far as it matters which name it is
  std::string_view trouble_;
};

/// Takes the chunked coding off: appends the payload among `bytes` to `out`. For clients that speak HTTP/1.0 and for
/// bodies that are read whole.
inline Followed append_payload(ChunkedFollower& follower, std::string_view bytes, std::string& out) {
  return follower.feed(bytes, [&out](std::string_view span) { out.append(span); });
}

/// The line before a chunk of `size` bytes; the payload and `kChunkEnd` follow. `size` must not be 0, which would end
/// the body.
void append_chunk_head(std::string& out, std::size_t size);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// A whole chunk; nothing for an empty payload.
void append_chunk(std::string& out, std::string_view payload);

}  // namespace tidegate::net::http1
