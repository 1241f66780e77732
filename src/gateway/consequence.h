// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/failure.h"
#include "llm/upstream_error.h"
#include "quota/book/key_ring.h"
#include "quota/bucket.h"

#include <optional>

namespace tidegate::gateway {

/// What an attempt without a good answer means (facts/anthropic-api.md 1.4; a quota is not health).
struct Consequence {
  /// What the room is told, which then decides when, with which key, and whether at all the request is tried again. Absent: the
  /// request itself is at fault, another attempt would end alike, and the client gets the provider's answer as it is.
  std::optional<quota::RefusalKind> refusal;
  /// The key leaves rotation.
  std::optional<quota::KeyRing::Fault> fault;
};

[[nodiscard]] Consequence consequence_of(llm::UpstreamErrorKind kind);
/// The same, and a workspace's own limit of money, which only the message tells from its organisation's, takes the key out alone: keys of
/// other workspaces go on.
[[nodiscard]] Consequence consequence_of(const llm::UpstreamError& error);

/// What a call that failed before it had an answer is in the record.
[[nodiscard]] llm::UpstreamErrorKind error_of(FailureKind kind);

/// Whether an answer of this status may be about the pool or the key, so that its body has to be read before anything is relayed.
[[nodiscard]] constexpr bool may_be_retried(int status) {
  return status == 400 || status == 401 || status == 402 || status == 403 || status == 408 || status == 429 || status >= 500;
}

}  // namespace tidegate::gateway
