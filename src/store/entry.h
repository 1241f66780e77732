// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"
#include "llm/usage.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::store {

/// Names one attempt for ever: time-ordered, unique over workers and restarts, the ledger's primary key.
/// 41 bits of milliseconds since 2026-01-01T00:00:00Z, 6 bits of worker, 16 bits of sequence; never 0.
using AttemptId = std::int64_t;

/// How an attempt ended. `Interrupted` is never written by a running gateway: replay gives it to a `begin` without an `end`.
enum class AttemptState : std::uint8_t {
  Completed,    ///< the answer was handed over whole
  Failed,       ///< the provider answered with an error, or none came
  ClientGone,   ///< the client left first
  Truncated,    ///< the provider broke the answer off
  Refused,      ///< the gateway itself said no: authentication, limit, bad request; nothing went upstream
  Interrupted,  ///< the gateway died; usage as far as it was written, cost estimated
};
[[nodiscard]] std::string_view to_string(AttemptState state);

/// What kind of traffic the attempt was.
enum class EntryKind : std::uint8_t { Request, Shadow, Probe };
[[nodiscard]] std::string_view to_string(EntryKind kind);

/// Known before dispatch. Strings longer than the record's fields are cut (UTF-8 safe); see journal.h for the sizes.
/// Never a prompt, an answer or a key.
struct BeginRecord {
  AttemptId id = 0;
  WallTime started_at;
  EntryKind kind = EntryKind::Request;
  std::uint8_t attempt = 1;  ///< 1 = the request's first
  bool stream = false;
  bool metered = true;           ///< whether its tokens are paid for (llm::is_metered)
  std::string_view request_id;   ///< the gateway's own, shared by all attempts of one request
  std::string_view dialect;
  std::string_view endpoint;
  std::string_view provider;     ///< empty for Refused
  std::string_view pool;
  std::string_view model;        ///< as requested
  std::string_view tenant;
  std::string_view key;          ///< virtual key id, or fingerprint of the client's key
  std::string_view user;
  std::string_view session;
  std::string_view agent;
  /// `provider/model_group` of the room that the request would have gone to, if this attempt goes (or was refused) elsewhere.
  std::string_view wanted_room = {};
  std::int64_t estimated_input = 0;  ///< tokens
  Money estimated_cost;              ///< what is charged if the end is never seen
};

/// Known before the answer's last bytes are handed to the socket.
struct ChargeRecord {
  AttemptId id = 0;
  llm::TokenCounts tokens;           ///< what is paid for: llm::billed_tokens
  std::int64_t web_search_requests = 0;
  bool estimated = false;            ///< the figures are the gateway's estimate
  bool price_known = true;
  Money cost;
  std::string_view response_model;
  std::string_view service_tier;
  std::string_view speed;
  std::string_view inference_geo;
  std::string_view upstream_request_id;
  std::string_view organisation;
  std::string_view workspace;
};

/// Known when the exchange is over.
struct EndRecord {
  AttemptId id = 0;
  AttemptState state = AttemptState::Completed;
  std::int32_t status = 0;           ///< as the client saw it; 0 if it saw none
  std::int32_t upstream_status = 0;  ///< as the provider answered; 0 if it did not
  std::string_view error_kind;       ///< llm::to_string(UpstreamErrorKind) or the gateway's own; empty if none
  std::string_view stop_reason;
  Nanoseconds queue_wait{0};
  Nanoseconds time_to_first_byte{0};  ///< from the request read whole to the answer's first body byte
  Nanoseconds duration{0};            ///< from the request's first byte to the answer's last
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
};

/// One attempt as the ledger keeps it: the three records folded together.
struct LedgerEntry {
  AttemptId id = 0;
  WallTime started_at;
  EntryKind kind = EntryKind::Request;
  AttemptState state = AttemptState::Interrupted;
  int attempt = 1;
  bool stream = false;
  bool metered = true;
  std::string request_id, dialect, endpoint, provider, pool, model, response_model, tenant, key, user, session, agent;
  std::string service_tier, speed, inference_geo, upstream_request_id, organisation, workspace, error_kind, stop_reason;
  llm::TokenCounts tokens;
  std::int64_t web_search_requests = 0;
  std::int64_t estimated_input = 0;
  Money cost;
  bool estimated = false;
  bool price_known = true;
  int status = 0;
  int upstream_status = 0;
  Nanoseconds queue_wait{0}, time_to_first_byte{0}, duration{0};
  std::int64_t request_bytes = 0, response_bytes = 0;

  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

}  // namespace tidegate::store
