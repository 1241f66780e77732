// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "llm/dialect.h"
#include "llm/limit_header.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::gateway {

/// An answer that the gateway gives itself, in the shape of the client's dialect.
struct OwnAnswer {
  int status = 500;
  std::string_view reason;  ///< for metrics and ledger: one word of a closed set
  std::string message;      ///< what was tried and what to do; never quotes a prompt or a key
  std::optional<Nanoseconds> retry_after = std::nullopt;  ///< 1–60 s (facts/clients.md 4.8)
  bool should_retry = true;  ///< false: `x-should-retry: false`
  bool close = false;        ///< the connection cannot go on
  std::string_view type = {};  ///< of the error, in the dialect; empty: as the status is called
  std::vector<llm::LimitHeader> headers = {};  ///< more of them
};

/// The whole answer, head and body.
[[nodiscard]] std::string write_own_answer(const OwnAnswer& answer, llm::Dialect dialect, std::string_view request_id,
                                           bool head_only);
/// The dialect's error body: Anthropic `{"type":"error","error":{…},"request_id":…}`, OpenAI `{"error":{…}}`.
[[nodiscard]] std::string error_body(int status, llm::Dialect dialect, std::string_view message, std::string_view request_id,
                                     std::string_view type = {});
/// What ends a stream that broke off, so that no client takes it for whole (facts/clients.md 4.6).
[[nodiscard]] std::string error_event(llm::EndpointMatch match, int status, std::string_view message, std::string_view request_id);

}  // namespace tidegate::gateway
