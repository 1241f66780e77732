// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/attempt_records.h"

namespace tidegate::store {

namespace {

void take(LedgerEntry& entry, const BeginRecord& record) {
  entry.started_at = record.started_at;
  entry.kind = record.kind;
  entry.attempt = record.attempt;
  entry.stream = record.stream;
  entry.metered = record.metered;
  entry.request_id = record.request_id;
  entry.dialect = record.dialect;
  entry.endpoint = record.endpoint;
  entry.provider = record.provider;
  entry.pool = record.pool;
  entry.model = record.model;
  entry.tenant = record.tenant;
  entry.key = record.key;
  entry.user = record.user;
  entry.session = record.session;
  entry.agent = record.agent;
  entry.estimated_input = record.estimated_input;
}

void take(LedgerEntry& entry, const ChargeRecord& record) {
  entry.tokens = record.tokens;
  entry.web_search_requests = record.web_search_requests;
  entry.estimated = record.estimated;
  entry.price_known = record.price_known;
  entry.cost = record.cost;
  entry.response_model = record.response_model;
  entry.service_tier = record.service_tier;
  entry.speed = record.speed;
  entry.inference_geo = record.inference_geo;
  entry.upstream_request_id = record.upstream_request_id;
  entry.organisation = record.organisation;
  entry.workspace = record.workspace;
}

void take(LedgerEntry& entry, const EndRecord& record) {
  entry.state = record.state;
  entry.status = record.status;
  entry.upstream_status = record.upstream_status;
  entry.error_kind = record.error_kind;
  entry.stop_reason = record.stop_reason;
  entry.queue_wait = record.queue_wait;
  entry.time_to_first_byte = record.time_to_first_byte;
  entry.duration = record.duration;
  entry.request_bytes = record.request_bytes;
  entry.response_bytes = record.response_bytes;
}

}  // namespace

LedgerEntry entry_of(const AttemptRecords& records) {
  LedgerEntry entry;
  entry.id = records.begin.id;
  take(entry, records.begin);
  take(entry, records.charge);
  take(entry, records.end);
  return entry;
}

}  // namespace tidegate::store
