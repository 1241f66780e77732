// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_history.h"

#include "store/sqlite/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::store {

namespace {

using monitor::Alert;
using monitor::AlertChange;
using monitor::AlertSeverity;
using monitor::AlertStanding;
using monitor::AlertState;
using monitor::LimitChange;

// Times in nanoseconds since 1970; severities and states as their names. `standing` and `step` begin with the same
// columns.
constexpr std::array<const char*, 2> kSteps{R"sql(
CREATE TABLE standing (
  id TEXT PRIMARY KEY, rule TEXT, subject TEXT, severity TEXT, state TEXT, since INTEGER, began INTEGER,
  value REAL, threshold REAL, summary TEXT, runbook TEXT, acknowledged_by TEXT, silenced_until INTEGER,
  silence INTEGER, is_told INTEGER, told_at INTEGER, told_severity TEXT
) WITHOUT ROWID;
CREATE TABLE step (
  number INTEGER PRIMARY KEY,
  id TEXT, rule TEXT, subject TEXT, severity TEXT, state TEXT, since INTEGER, began INTEGER,
  value REAL, threshold REAL, summary TEXT, runbook TEXT, acknowledged_by TEXT, silenced_until INTEGER,
  at INTEGER, former TEXT
);
CREATE TABLE limit_change (
  number INTEGER PRIMARY KEY, at INTEGER, pool TEXT, model_group TEXT, dimension TEXT, before INTEGER, after INTEGER
);
CREATE VIEW alerts AS SELECT
  rule, subject, severity, strftime('%Y-%m-%dT%H:%M:%fZ', began / 1e9, 'unixepoch') AS began,
  strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e9, 'unixepoch') AS ended, acknowledged_by, summary
FROM step WHERE state = 'resolved';
CREATE VIEW limits AS SELECT
  strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e9, 'unixepoch') AS first_seen, pool, model_group, dimension, before, after
FROM limit_change;
)sql",
                                            R"sql(
CREATE TABLE thread (receiver TEXT PRIMARY KEY, memory TEXT) WITHOUT ROWID;
CREATE TABLE balance_reading (
  number INTEGER PRIMARY KEY, at INTEGER, provider TEXT, account TEXT, currency TEXT, amount REAL
);
CREATE VIEW balances AS SELECT
  strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e9, 'unixepoch') AS read_at, provider, currency, amount FROM balance_reading;
)sql"};

constexpr std::string_view kAlert =
    "id,rule,subject,severity,state,since,began,value,threshold,summary,runbook,acknowledged_by,silenced_until";
constexpr int kAlertColumns = 13;

/// Of names that a later version wrote, nothing can be made.
template <typename Enum, std::size_t N>
std::optional<Enum> named(std::string_view name, const std::array<Enum, N>& all) {
  const auto found = std::find_if(all.begin(), all.end(), [&](Enum one) { return to_string(one) == name; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}
constexpr std::array kStates{AlertState::Inactive, AlertState::Pending, AlertState::Firing, AlertState::Resolved};
constexpr std::array kSeverities{AlertSeverity::Info, AlertSeverity::Warning, AlertSeverity::Critical};

void bind_time(Statement& statement, int parameter, std::optional<WallTime> at) {
  if (at) {
    statement.bind(parameter, unix_nanoseconds(*at));
  } else {
    statement.bind_null(parameter);
  }
}

std::optional<WallTime> time_at(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return wall_time_from_unix_nanoseconds(row.number(column));
}

void bind_alert(Statement& statement, const Alert& alert) {
  statement.bind(1, alert.id);
  statement.bind(2, alert.rule);
  statement.bind(3, alert.subject);
  statement.bind(4, to_string(alert.severity));
  statement.bind(5, to_string(alert.state));
  bind_time(statement, 6, alert.since);
  bind_time(statement, 7, alert.began);
  statement.bind_real(8, alert.value);
  statement.bind_real(9, alert.threshold);
  statement.bind(10, alert.summary);
  statement.bind(11, alert.runbook);
  if (alert.acknowledged_by) {
    statement.bind(12, *alert.acknowledged_by);
  } else {
    statement.bind_null(12);
  }
  bind_time(statement, 13, alert.silenced_until);
}

/// Nothing: a later version wrote it.
std::optional<Alert> alert_at(const Statement& row) {
  const auto severity = named(row.text(3), kSeverities);
  const auto state = named(row.text(4), kStates);
  if (!severity || !state) return std::nullopt;
  Alert alert;
  alert.id = row.text(0);
  alert.rule = row.text(1);
  alert.subject = row.text(2);
  alert.severity = *severity;
  alert.state = *state;
  alert.since = time_at(row, 5).value_or(WallTime());
  alert.began = time_at(row, 6).value_or(WallTime());
  alert.value = row.real(7);
  alert.threshold = row.real(8);
  alert.summary = row.text(9);
  alert.runbook = row.text(10);
  if (!row.is_null(11)) alert.acknowledged_by = row.text(11);
  alert.silenced_until = time_at(row, 12);
  return alert;
}

Result<void> write_standings(Database& database, const std::vector<AlertStanding>& standings) {
  if (auto emptied = database.execute("DELETE FROM standing"); !emptied) return emptied;
  auto insert =
      database.prepare("INSERT INTO standing VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)");
  if (!insert) return fail(insert);
  for (const AlertStanding& standing : standings) {
    bind_alert(*insert, standing.alert);
    insert->bind(14, standing.silence.count());
    insert->bind(15, std::int64_t{standing.is_told});
    bind_time(*insert, 16, standing.told_at);
    insert->bind(17, to_string(standing.told_severity));
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

Result<void> write_steps(Database& database, const std::vector<AlertChange>& steps) {
  auto insert = database.prepare(fmt::format(
      "INSERT INTO step ({},at,former) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)", kAlert));
  if (!insert) return fail(insert);
  for (const AlertChange& step : steps) {
    bind_alert(*insert, step.alert);
    insert->bind(14, unix_nanoseconds(step.at));
    insert->bind(15, to_string(step.from));
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

Result<void> write_changes(Database& database, const std::vector<LimitChange>& changes) {
  auto insert = database.prepare(
      "INSERT INTO limit_change (at,pool,model_group,dimension,before,after) VALUES (?1,?2,?3,?4,?5,?6)");
  if (!insert) return fail(insert);
  for (const LimitChange& change : changes) {
    insert->bind(1, unix_nanoseconds(change.at));
    insert->bind(2, change.pool);
    insert->bind(3, change.model_group);
    insert->bind(4, change.dimension);
    insert->bind(5, change.before);
    insert->bind(6, change.after);
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

Result<void> write_threads(Database& database, const std::map<std::string, std::string>& threads) {
  if (auto emptied = database.execute("DELETE FROM thread"); !emptied) return emptied;
  auto insert = database.prepare("INSERT INTO thread VALUES (?1,?2)");
  if (!insert) return fail(insert);
  for (const auto& [receiver, memory] : threads) {
    insert->bind(1, receiver);
    insert->bind(2, memory);
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

Result<void> drop_old(Database& database, std::string_view table, WallTime oldest, std::size_t most) {
  return database.execute(fmt::format("DELETE FROM {0} WHERE at < {1} OR number <= (SELECT max(number) FROM {0}) - {2}",
                                      table, unix_nanoseconds(oldest), most));
}

}  // namespace

Result<Database*> SqliteHistory::connect() {
  give_up_lost(database_);
  if (!database_) {
    auto opened = Database::open(path_, Database::Access::ReadWrite);
    if (!opened) return fail(opened);
    if (auto migrated = migrate(*opened, kSteps, path_); !migrated) return fail(migrated);
    database_ = std::move(*opened);
  }
  return &*database_;
}

Result<void> SqliteHistory::save(const AlertMemory& memory, WallTime now) {
  const auto database = connect();
  if (!database) return fail(database);
  Result<void> written = write(**database, memory, now);
  if (!written) database_.reset();  // the file may have been replaced
  return written;
}

Result<void> SqliteHistory::write(Database& database, const AlertMemory& memory, WallTime now) {
  {
    auto transaction = Transaction::start(database, "BEGIN IMMEDIATE");
    if (!transaction) return fail(transaction);
    if (auto done = write_standings(database, memory.standings); !done) return done;
    if (auto done = write_steps(database, memory.steps); !done) return done;
    if (auto done = write_changes(database, memory.limit_changes); !done) return done;
    if (auto done = write_threads(database, memory.threads); !done) return done;
    for (const std::string_view table : {"step", "limit_change"}) {
      if (auto done = drop_old(database, table, now - kKept, kMost); !done) return done;
    }
    if (auto done = transaction->commit(); !done) return done;
  }
  // It is written; that the log could not be moved on is tried again with the next save.
  (void)database.checkpoint();
  return {};
}

Result<AlertMemory> SqliteHistory::load(std::size_t most) {
  const auto database = connect();
  if (!database) return fail(database);
  Result<AlertMemory> memory = read(**database, most);
  if (!memory) database_.reset();
  return memory;
}

Result<AlertMemory> SqliteHistory::read(Database& database, std::size_t most) {
  AlertMemory memory;
  auto transaction = Transaction::start(database, "BEGIN");  // one picture of all
  if (!transaction) return fail(transaction);
  auto standings = database.prepare(
      fmt::format("SELECT {},silence,is_told,told_at,told_severity FROM standing ORDER BY id", kAlert));
  if (!standings) return fail(standings);
  for (;;) {
    const auto row = standings->step();
    if (!row) return fail(row);
    if (!*row) break;
    auto alert = alert_at(*standings);
    if (!alert) continue;
    memory.standings.push_back(
        {.alert = std::move(*alert),
         .silence = Nanoseconds(standings->number(kAlertColumns)),
         .is_told = standings->number(kAlertColumns + 1) != 0,
         .told_at = time_at(*standings, kAlertColumns + 2),
         .told_severity = named(standings->text(kAlertColumns + 3), kSeverities).value_or(AlertSeverity::Critical)});
  }
  auto steps =
      database.prepare(fmt::format("SELECT {},at,former FROM step ORDER BY number DESC LIMIT {}", kAlert, most));
  if (!steps) return fail(steps);
  for (;;) {
    const auto row = steps->step();
    if (!row) return fail(row);
    if (!*row) break;
    auto alert = alert_at(*steps);
    const auto former = named(steps->text(kAlertColumns + 1), kStates);
    if (!alert || !former) continue;
    const AlertState state = alert->state;
    memory.steps.push_back({.at = time_at(*steps, kAlertColumns).value_or(WallTime()),
                            .from = *former,
                            .to = state,
                            .alert = std::move(*alert)});
  }
  auto changes = database.prepare(fmt::format(
      "SELECT at,pool,model_group,dimension,before,after FROM limit_change ORDER BY number DESC LIMIT {}", most));
  if (!changes) return fail(changes);
  for (;;) {
    const auto row = changes->step();
    if (!row) return fail(row);
    if (!*row) break;
    memory.limit_changes.push_back({.at = time_at(*changes, 0).value_or(WallTime()),
                                    .pool = std::string(changes->text(1)),
                                    .model_group = std::string(changes->text(2)),
                                    .dimension = std::string(changes->text(3)),
                                    .before = changes->number(4),
                                    .after = changes->number(5)});
  }
  auto threads = database.prepare("SELECT receiver,memory FROM thread");
  if (!threads) return fail(threads);
  for (;;) {
    const auto row = threads->step();
    if (!row) return fail(row);
    if (!*row) break;
    memory.threads.emplace(threads->text(0), threads->text(1));
  }
  std::reverse(memory.steps.begin(), memory.steps.end());
  std::reverse(memory.limit_changes.begin(), memory.limit_changes.end());
  return memory;
}

Result<void> SqliteHistory::add(std::span<const StoredBalance> readings, WallTime now) {
  const auto database = connect();
  if (!database) return fail(database);
  Result<void> written = add(**database, readings, now);
  if (!written) database_.reset();
  return written;
}

Result<void> SqliteHistory::add(Database& database, std::span<const StoredBalance> readings, WallTime now) {
  auto transaction = Transaction::start(database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  auto insert = database.prepare("INSERT INTO balance_reading (at,provider,account,currency,amount) VALUES (?1,?2,?3,?4,?5)");
  if (!insert) return fail(insert);
  for (const StoredBalance& reading : readings) {
    insert->bind(1, unix_nanoseconds(reading.at));
    insert->bind(2, reading.provider);
    insert->bind(3, reading.account);
    insert->bind(4, reading.currency);
    insert->bind_real(5, reading.left);
    if (auto done = insert->run(); !done) return done;
  }
  if (auto done = drop_old(database, "balance_reading", now - kKeptReadings, kMostReadings); !done) return done;
  return transaction->commit();
}

Result<std::vector<StoredBalance>> SqliteHistory::readings(WallTime since) {
  const auto database = connect();
  if (!database) return fail(database);
  auto found = read_balances(**database, since);
  if (!found) database_.reset();
  return found;
}

Result<std::vector<StoredBalance>> SqliteHistory::read_balances(Database& database, WallTime since) {
  auto query =
      database.prepare("SELECT at,provider,account,currency,amount FROM balance_reading WHERE at >= ?1 ORDER BY number");
  if (!query) return fail(query);
  query->bind(1, unix_nanoseconds(since));
  std::vector<StoredBalance> found;
  for (;;) {
    const auto row = query->step();
    if (!row) return fail(row);
    if (!*row) return found;
    found.push_back({.at = wall_time_from_unix_nanoseconds(query->number(0)),
                     .provider = std::string(query->text(1)),
                     .account = std::string(query->text(2)),
                     .currency = std::string(query->text(3)),
                     .left = query->real(4)});
  }
}

}  // namespace tidegate::store
