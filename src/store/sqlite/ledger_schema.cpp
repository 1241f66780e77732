// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/ledger_schema.h"

#include "store/sqlite/migration.h"

#include <array>

namespace tidegate::store {

namespace {

constexpr std::array<const char*, 3> kSteps{R"sql(
CREATE TABLE label_set (
  id INTEGER PRIMARY KEY,
  dialect TEXT, endpoint TEXT, provider TEXT, pool TEXT, model TEXT, response_model TEXT, tenant TEXT, key TEXT,
  service_tier TEXT, speed TEXT, inference_geo TEXT, organisation TEXT, workspace TEXT, error_kind TEXT, stop_reason TEXT,
  UNIQUE (model, key, endpoint, pool, provider, dialect, response_model, tenant, service_tier, speed, inference_geo,
          organisation, workspace, error_kind, stop_reason)
);
CREATE TABLE text (id INTEGER PRIMARY KEY, value TEXT UNIQUE);
CREATE TABLE entry (   -- columns without a type: SQLite then stores what it is given and converts nothing
  id INTEGER PRIMARY KEY,
  started_at,          -- nanoseconds since 1970
  flags,               -- ledger_schema.h
  labels,              -- label_set.id
  user, session, agent,  -- text.id, 0 = none
  request_id, upstream_request_id,
  status, upstream_status,
  input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_search_requests, estimated_input,
  cost,                -- nano-dollars
  queue_wait, time_to_first_byte, duration,  -- nanoseconds
  request_bytes, response_bytes
);
CREATE TABLE limit_reading (
  pool TEXT, model_group TEXT, dimension INTEGER,
  most INTEGER, remaining INTEGER, full_after INTEGER, read_at INTEGER, organisation TEXT, workspace TEXT,
  PRIMARY KEY (pool, model_group, dimension)
) WITHOUT ROWID;
CREATE VIEW entries AS SELECT
  e.id, strftime('%Y-%m-%dT%H:%M:%fZ', e.started_at / 1e9, 'unixepoch') AS started_at,
  CASE e.flags >> 4 & 3 WHEN 0 THEN 'request' WHEN 1 THEN 'shadow' ELSE 'probe' END AS kind,
  CASE e.flags & 15 WHEN 0 THEN 'completed' WHEN 1 THEN 'failed' WHEN 2 THEN 'client_gone' WHEN 3 THEN 'truncated'
                    WHEN 4 THEN 'refused' ELSE 'interrupted' END AS state,
  e.flags >> 16 AS attempt, e.flags >> 6 & 1 AS stream, e.flags >> 7 & 1 AS metered,
  e.request_id, l.dialect, l.endpoint, l.provider, l.pool, l.model, l.response_model, l.tenant, l.key,
  u.value AS user, s.value AS session, a.value AS agent,
  l.service_tier, l.speed, l.inference_geo, e.upstream_request_id, l.organisation, l.workspace, l.error_kind, l.stop_reason,
  e.status, e.upstream_status,
  e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning, e.web_search_requests,
  e.estimated_input, e.cost / 1e9 AS cost_dollars, e.flags >> 8 & 1 AS estimated, e.flags >> 9 & 1 AS price_known,
  e.queue_wait / 1e6 AS queue_wait_ms, e.time_to_first_byte / 1e6 AS time_to_first_byte_ms, e.duration / 1e6 AS duration_ms,
  e.request_bytes, e.response_bytes
FROM entry e LEFT JOIN label_set l ON l.id = e.labels LEFT JOIN text u ON u.id = e.user
  LEFT JOIN text s ON s.id = e.session LEFT JOIN text a ON a.id = e.agent;
)sql",
                                            R"sql(
ALTER TABLE entry ADD COLUMN wanted_room;  -- text.id of the room that the request would have gone to; 0 or NULL: to this one
DROP VIEW entries;
CREATE VIEW entries AS SELECT
  e.id, strftime('%Y-%m-%dT%H:%M:%fZ', e.started_at / 1e9, 'unixepoch') AS started_at,
  CASE e.flags >> 4 & 3 WHEN 0 THEN 'request' WHEN 1 THEN 'shadow' ELSE 'probe' END AS kind,
  CASE e.flags & 15 WHEN 0 THEN 'completed' WHEN 1 THEN 'failed' WHEN 2 THEN 'client_gone' WHEN 3 THEN 'truncated'
                    WHEN 4 THEN 'refused' ELSE 'interrupted' END AS state,
  e.flags >> 16 AS attempt, e.flags >> 6 & 1 AS stream, e.flags >> 7 & 1 AS metered,
  e.request_id, l.dialect, l.endpoint, l.provider, l.pool, l.model, l.response_model, l.tenant, l.key,
  u.value AS user, s.value AS session, a.value AS agent, w.value AS wanted_room,
  l.service_tier, l.speed, l.inference_geo, e.upstream_request_id, l.organisation, l.workspace, l.error_kind, l.stop_reason,
  e.status, e.upstream_status,
  e.input, e.cache_read, e.cache_write_5m, e.cache_write_1h, e.output, e.reasoning, e.web_search_requests,
  e.estimated_input, e.cost / 1e9 AS cost_dollars, e.flags >> 8 & 1 AS estimated, e.flags >> 9 & 1 AS price_known,
  e.queue_wait / 1e6 AS queue_wait_ms, e.time_to_first_byte / 1e6 AS time_to_first_byte_ms, e.duration / 1e6 AS duration_ms,
  e.request_bytes, e.response_bytes
FROM entry e LEFT JOIN label_set l ON l.id = e.labels LEFT JOIN text u ON u.id = e.user
  LEFT JOIN text s ON s.id = e.session LEFT JOIN text a ON a.id = e.agent LEFT JOIN text w ON w.id = e.wanted_room;
)sql",
                                            R"sql(
CREATE TABLE state_tie (  -- tie_store.h
  number INTEGER PRIMARY KEY,  -- by age
  kind INTEGER, provider TEXT, id TEXT, key TEXT, pool TEXT,
  UNIQUE (kind, provider, id)
);
CREATE INDEX state_tie_by_age ON state_tie (kind, number);
)sql"};

}  // namespace

Result<Database> open_ledger_database(const std::filesystem::path& path) {
  auto database = Database::open(path, Database::Access::ReadWrite);
  if (!database) return database;
  if (auto migrated = migrate(*database, kSteps, path); !migrated) return fail(migrated);
  return database;
}

std::int64_t pack_flags(const AttemptRecords& attempt) {
  const auto& [begin, charge, end] = attempt;
  return static_cast<std::int64_t>(end.state) | static_cast<std::int64_t>(begin.kind) << 4 |
         std::int64_t{begin.stream} << 6 | std::int64_t{begin.metered} << 7 | std::int64_t{charge.estimated} << 8 |
         std::int64_t{charge.price_known} << 9 | std::int64_t{begin.attempt} << 16;
}

void unpack_flags(std::int64_t flags, LedgerEntry& entry) {
  entry.state = static_cast<AttemptState>(flags & 15);
  entry.kind = static_cast<EntryKind>(flags >> 4 & 3);
  entry.stream = (flags >> 6 & 1) != 0;
  entry.metered = (flags >> 7 & 1) != 0;
  entry.estimated = (flags >> 8 & 1) != 0;
  entry.price_known = (flags >> 9 & 1) != 0;
  entry.attempt = static_cast<int>(flags >> 16);
}

}  // namespace tidegate::store
