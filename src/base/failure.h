// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate {

/// What went wrong, as far as a caller may branch on it. What a provider *answered* (429, 529 …) is not a failure but an
/// answer: see `llm/upstream_error.h`.
enum class FailureKind : std::uint8_t {
  InvalidInput,  ///< what was given cannot be read or is out of range
  TooLarge,      ///< more than the limit that the detail names
  NotFound,      ///< a file, a row, a name that is not there
  Denied,        ///< permission, credential
  Exhausted,     ///< a bounded resource is full: disk, memory budget, queue
  Timeout,       ///< a deadline passed
  Resolve,       ///< a name could not be resolved
  Connect,       ///< no connection could be made
  Tls,           ///< handshake or certificate
  Closed,        ///< the peer closed or reset the connection
  Protocol,      ///< the peer broke its protocol
  Cancelled,     ///< somebody who may do so ended it
  Io,            ///< the operating system refused a file operation
  Corrupt,       ///< stored data does not check out
  Unsupported,   ///< understood, but not done here
};

/// Who caused it, and so whom to tell.
enum class Origin : std::uint8_t { Client, Gateway, Upstream, Operator, Store };

/// What may be done next.
enum class Retry : std::uint8_t { Never, SameTarget, OtherTarget, Later };

/// An expected failure: a value that is returned, never thrown (an exception is a bug).
struct Failure {
  FailureKind kind;
  Origin origin;
  Retry retry = Retry::Never;
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
  /// What was tried, with what, what happened, what the operator can do. Never a prompt, an answer or a key.
  std::string detail = {};

  friend bool operator==(const Failure&, const Failure&) = default;
};

[[nodiscard]] std::string_view to_string(FailureKind kind);
[[nodiscard]] std::string_view to_string(Origin origin);

}  // namespace tidegate
