// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/attempt_id.h"
#include "store/entry.h"
#include "store/journal.h"

namespace tidegate::store {

/// For tests and benchmarks: the records of an ordinary attempt.
inline BeginRecord sample_begin(AttemptId id) {
  BeginRecord record;
  record.id = id;
  record.started_at = time_of(id);
  record.stream = true;
  record.request_id = "req_01K9ZQ4T1J8Y6V3N5M2P7R0ABC";
  record.dialect = "anthropic";
  record.endpoint = "/v1/messages";
  record.provider = "anthropic";
  record.pool = "org-7f3a/default";
  record.model = "claude-sonnet-4-5-20250929";
  record.tenant = "default";
  record.key = "k7Hq2mVx";
  record.user = "user_6b1f";
  record.session = "2f0c7a44-95be-4f0a-8b55-5d4c2b0a1e77";
  record.estimated_input = 900;
  record.estimated_cost = Money::nanodollars(4'000'000);
  return record;
}

inline ChargeRecord sample_charge(AttemptId id) {
  ChargeRecord record;
  record.id = id;
  record.tokens = {
      .input = 12, .cache_read = 800, .cache_write_5m = 64, .cache_write_1h = 0, .output = 301, .reasoning = 40};
  record.cost = Money::nanodollars(5'031'000);
  record.response_model = "claude-sonnet-4-5-20250929";
  record.service_tier = "standard";
  record.upstream_request_id = "req_011CTzK3bQmJ5f8nW2y4VdXe";
  record.organisation = "7f3a9d52-0c1e-4b66-9f57-1a2b3c4d5e6f";
  return record;
}

inline EndRecord sample_end(AttemptId id) {
  EndRecord record;
  record.id = id;
  record.status = 200;
  record.upstream_status = 200;
  record.stop_reason = "end_turn";
  record.queue_wait = Microseconds(30);
  record.time_to_first_byte = Milliseconds(640);
  record.duration = Milliseconds(5210);
  record.request_bytes = 1034;
  record.response_bytes = 9120;
  return record;
}

/// Writes all three; whether all were recorded.
inline bool record_attempt(JournalWriter& writer, AttemptId id) {
  return writer.begin(sample_begin(id)) == Recorded::Yes && writer.charge(sample_charge(id)) == Recorded::Yes &&
         writer.end(sample_end(id)) == Recorded::Yes;
}

}  // namespace tidegate::store
