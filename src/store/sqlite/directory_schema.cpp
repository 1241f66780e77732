// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/directory_schema.h"

#include "store/sqlite/migration.h"

#include <fmt/format.h>

#include <array>
#include <system_error>

namespace tidegate::store {

namespace {

constexpr std::array<const char*, 4> kSteps{R"sql(
CREATE TABLE tenant (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, weight INTEGER NOT NULL,
  per_day INTEGER, per_month INTEGER,  -- nano-dollars
  requests_per_minute INTEGER, tokens_per_minute INTEGER
) WITHOUT ROWID;
CREATE TABLE virtual_key (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL,
  secret_sha256 TEXT NOT NULL,         -- hexadecimal
  created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER,  -- nanoseconds since 1970
  per_day INTEGER, per_month INTEGER, requests_per_minute INTEGER, tokens_per_minute INTEGER
) WITHOUT ROWID;
CREATE TABLE key_model (key TEXT NOT NULL, position INTEGER NOT NULL, glob TEXT NOT NULL, PRIMARY KEY (key, position)) WITHOUT ROWID;
CREATE TABLE key_label (key TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (key, name)) WITHOUT ROWID;
)sql",
                                            R"sql(
CREATE TABLE allowance (
  of_key INTEGER NOT NULL, owner TEXT NOT NULL,  -- 1: the id of a key, 0: of a tenant
  requests_per_minute INTEGER, tokens_per_minute INTEGER,
  priority TEXT, weight INTEGER, reserve TEXT, max_wait INTEGER,  -- nanoseconds
  PRIMARY KEY (of_key, owner)
) WITHOUT ROWID;
CREATE TABLE budget (
  of_key INTEGER NOT NULL, owner TEXT NOT NULL,
  period TEXT NOT NULL, unit TEXT NOT NULL,
  most INTEGER NOT NULL,                         -- nano-dollars or tokens
  warn_percent INTEGER NOT NULL, is_soft INTEGER NOT NULL,
  PRIMARY KEY (of_key, owner, period, unit)
) WITHOUT ROWID;
INSERT INTO allowance (of_key, owner, requests_per_minute, tokens_per_minute, weight)
  SELECT 0, id, requests_per_minute, tokens_per_minute, nullif(weight, 1) FROM tenant
  UNION ALL SELECT 1, id, requests_per_minute, tokens_per_minute, NULL FROM virtual_key;
INSERT INTO budget
  SELECT 0, id, 'day', 'usd', per_day, 80, 0 FROM tenant WHERE per_day IS NOT NULL
  UNION ALL SELECT 0, id, 'month', 'usd', per_month, 80, 0 FROM tenant WHERE per_month IS NOT NULL
  UNION ALL SELECT 1, id, 'day', 'usd', per_day, 80, 0 FROM virtual_key WHERE per_day IS NOT NULL
  UNION ALL SELECT 1, id, 'month', 'usd', per_month, 80, 0 FROM virtual_key WHERE per_month IS NOT NULL;
ALTER TABLE tenant DROP COLUMN weight;
ALTER TABLE tenant DROP COLUMN per_day;
ALTER TABLE tenant DROP COLUMN per_month;
ALTER TABLE tenant DROP COLUMN requests_per_minute;
ALTER TABLE tenant DROP COLUMN tokens_per_minute;
ALTER TABLE virtual_key DROP COLUMN per_day;
ALTER TABLE virtual_key DROP COLUMN per_month;
ALTER TABLE virtual_key DROP COLUMN requests_per_minute;
ALTER TABLE virtual_key DROP COLUMN tokens_per_minute;
)sql",
                                            R"sql(
CREATE TABLE tenant_provider (tenant TEXT NOT NULL, provider TEXT NOT NULL, PRIMARY KEY (tenant, provider)) WITHOUT ROWID;
)sql",
                                            R"sql(
CREATE TABLE action_state (  -- how actions of `alerts.actions` stand
  name TEXT PRIMARY KEY, kind TEXT NOT NULL,
  incident TEXT NOT NULL,    -- empty: nothing of it is in place
  asked_by TEXT NOT NULL,    -- empty: an alert
  began_at INTEGER NOT NULL, -- nanoseconds since 1970
  alert_id TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, severity TEXT NOT NULL, summary TEXT NOT NULL,
  value TEXT NOT NULL, threshold TEXT NOT NULL,
  ran_at INTEGER, day INTEGER NOT NULL, runs INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE scaled_limits (  -- what a tenant's limits per minute were before an action changed them
  holder TEXT PRIMARY KEY, tenant TEXT NOT NULL UNIQUE,
  requests_before INTEGER, requests_after INTEGER, tokens_before INTEGER, tokens_after INTEGER
) WITHOUT ROWID;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL
);
)sql"};

}  // namespace

Result<Database> open_directory_database(const std::filesystem::path& path) {
  auto opened = Database::open(path, Database::Access::ReadWrite);
  if (!opened) return fail(opened);
  if (auto migrated = migrate(*opened, kSteps, path); !migrated) return fail(migrated);
  // Nothing here is written often enough to move the log on by hand.
  if (auto set = opened->execute("PRAGMA wal_autocheckpoint=100"); !set) return fail(set);
  // Several write to it (people, actions, the CLI), each for a moment and each with somebody who waits for the answer.
  if (auto set = opened->execute("PRAGMA busy_timeout=2000"); !set) return fail(set);
  return opened;
}

Result<void> give_up_replaced(std::optional<Database>& database, const std::filesystem::path& path) {
  if (!database) return {};
  const auto looked = database->look_at_file();
  if (looked) return {};
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return fail(FailureKind::NotFound, Origin::Store,
                fmt::format("store: {} was moved or deleted while it was in use; put it back", path.string()),
                Retry::Later);
  }
  database.reset();
  return {};
}

}  // namespace tidegate::store
