// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/http1/chunked.h"
#include "net/http1/head.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace tidegate::net::http1 {

/// Tells which bytes after a head belong to its message, however the body is framed.
class BodyFollower {
 public:
  BodyFollower() = default;  ///< no body: complete at once
  explicit BodyFollower(BodyFraming framing) : kind_(framing.kind), left_(framing.length) {}

  /// As `ChunkedFollower::feed`: the bytes consumed belong to this message and may be relayed as they are;
  /// `payload(std::string_view)` sees them without the framing.
  template <typename Payload>
  Followed feed(std::string_view bytes, Payload&& payload) {
    if (kind_ == BodyFraming::Kind::Chunked) return chunks_.feed(bytes, payload);
    const std::string_view span = take(bytes);
    if (!span.empty()) payload(span);
    return {span.size(), state()};
  }
  Followed feed(std::string_view bytes) {
    return feed(bytes, [](std::string_view) {});
  }

  [[nodiscard]] BodyState state() const {
    switch (kind_) {
      case BodyFraming::Kind::None: return BodyState::Complete;
      case BodyFraming::Kind::Length: return left_ == 0 ? BodyState::Complete : BodyState::InBody;
      case BodyFraming::Kind::Chunked: return chunks_.body_state();
      case BodyFraming::Kind::UntilClose: return BodyState::InBody;
    }
    return BodyState::Rejected;
  }
  /// The connection ending now would cut the message off. (Until-close bodies cannot tell: they end when they end.)
  [[nodiscard]] bool is_truncated_by_eof() const {
    return kind_ != BodyFraming::Kind::UntilClose && state() != BodyState::Complete;
  }
  [[nodiscard]] BodyFraming::Kind kind() const { return kind_; }
  /// Bytes of body so far, without framing.
  [[nodiscard]] std::uint64_t payload_bytes() const {
    return kind_ == BodyFraming::Kind::Chunked ? chunks_.payload_bytes() : payload_bytes_;
  }
  [[nodiscard]] bool has_trailers() const { return chunks_.has_trailers(); }
  /// Why, after `Rejected`.
  [[nodiscard]] std::string_view trouble() const { return chunks_.trouble(); }

 private:
  std::string_view take(std::string_view bytes) {
    std::uint64_t size = bytes.size();
    if (kind_ == BodyFraming::Kind::None) size = 0;
    if (kind_ == BodyFraming::Kind::Length) size = std::min(size, left_);
    left_ -= kind_ == BodyFraming::Kind::Length ? size : 0;
    payload_bytes_ += size;
    return bytes.substr(0, static_cast<std::size_t>(size));
  }

  BodyFraming::Kind kind_ = BodyFraming::Kind::None;
  std::uint64_t left_ = 0;
  std::uint64_t payload_bytes_ = 0;
  ChunkedFollower chunks_;
};

}  // namespace tidegate::net::http1
