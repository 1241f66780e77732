// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/attempt_id.h"
#include "store/attempt_records.h"
#include "store/journal.h"
#include "store/ledger.h"

#include <vector>

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

/// What `entry_of` makes that entry of; the texts are the entry's.
inline AttemptRecords records_of(const LedgerEntry& entry) {
  AttemptRecords records;
  auto& [begin, charge, end] = records;
  begin.id = charge.id = end.id = entry.id;
  begin.started_at = entry.started_at;
  begin.kind = entry.kind;
  begin.attempt = static_cast<std::uint8_t>(entry.attempt);
  begin.stream = entry.stream;
  begin.metered = entry.metered;
  begin.request_id = entry.request_id;
  begin.dialect = entry.dialect;
  begin.endpoint = entry.endpoint;
  begin.provider = entry.provider;
  begin.pool = entry.pool;
  begin.model = entry.model;
  begin.tenant = entry.tenant;
  begin.key = entry.key;
  begin.user = entry.user;
  begin.session = entry.session;
  begin.agent = entry.agent;
  begin.estimated_input = entry.estimated_input;
  charge.tokens = entry.tokens;
  charge.web_search_requests = entry.web_search_requests;
  charge.estimated = entry.estimated;
  charge.price_known = entry.price_known;
  charge.cost = entry.cost;
  charge.response_model = entry.response_model;
  charge.service_tier = entry.service_tier;
  charge.speed = entry.speed;
  charge.inference_geo = entry.inference_geo;
  charge.upstream_request_id = entry.upstream_request_id;
  charge.organisation = entry.organisation;
  charge.workspace = entry.workspace;
  end.state = entry.state;
  end.status = entry.status;
  end.upstream_status = entry.upstream_status;
  end.error_kind = entry.error_kind;
  end.stop_reason = entry.stop_reason;
  end.queue_wait = entry.queue_wait;
  end.time_to_first_byte = entry.time_to_first_byte;
  end.duration = entry.duration;
  end.request_bytes = entry.request_bytes;
  end.response_bytes = entry.response_bytes;
  return records;
}

/// Hands entries to a ledger as the journal would.
inline Result<void> write_entries(Ledger& ledger, const std::vector<LedgerEntry>& entries) {
  std::vector<AttemptRecords> records;
  for (const LedgerEntry& entry : entries) records.push_back(records_of(entry));
  std::vector<const AttemptRecords*> group;
  for (const AttemptRecords& one : records) group.push_back(&one);
  return ledger.write(group);
}

/// Writes all three; whether all were recorded.
inline bool record_attempt(JournalWriter& writer, AttemptId id) {
  return writer.begin(sample_begin(id)) == Recorded::Yes && writer.charge(sample_charge(id)) == Recorded::Yes &&
         writer.end(sample_end(id)) == Recorded::Yes;
}

}  // namespace tidegate::store
