// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_operations.h"

#include "base/number.h"
#include "store/sqlite/directory_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace tidegate::store {

namespace {

void bind(Statement& statement, int parameter, std::optional<std::int64_t> number) {
  if (number) {
    statement.bind(parameter, *number);
  } else {
    statement.bind_null(parameter);
  }
}

std::optional<std::int64_t> read(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.number(column);
}

std::optional<std::int64_t> times(std::optional<std::int64_t> limit, double factor) {
  constexpr double kMost = 1e15;  // what a double holds exactly
  if (!limit) return std::nullopt;
  return std::max<std::int64_t>(1, std::llround(std::min(kMost, static_cast<double>(*limit) * factor)));
}

/// What a holder did to a tenant, if it did.
struct Held {
  std::string tenant;
  ScaledLimits limits;
};

Result<std::optional<Held>> held_by(Database& database, const std::string& holder) {
  auto query =
      database.prepare("SELECT tenant, requests_before, requests_after, tokens_before, tokens_after FROM scaled_limits WHERE holder = ?1");
  if (!query) return fail(query);
  query->bind(1, holder);
  const auto row = query->step();
  if (!row) return fail(row);
  if (!*row) return std::optional<Held>();
  return std::optional(Held{std::string(query->text(0)),
                            {.requests_before = read(*query, 1),
                             .requests_after = read(*query, 2),
                             .tokens_before = read(*query, 3),
                             .tokens_after = read(*query, 4)}});
}

/// Gives the tenant these limits if it has those. False: it has others.
Result<bool> replace_limits(Database& database, std::string_view tenant, std::optional<std::int64_t> requests_now,
                            std::optional<std::int64_t> tokens_now, std::optional<std::int64_t> requests,
                            std::optional<std::int64_t> tokens) {
  auto update = database.prepare(
      "UPDATE allowance SET requests_per_minute = ?4, tokens_per_minute = ?5"
      " WHERE of_key = 0 AND owner = ?1 AND requests_per_minute IS ?2 AND tokens_per_minute IS ?3 RETURNING 1");
  if (!update) return fail(update);
  update->bind(1, tenant);
  bind(*update, 2, requests_now);
  bind(*update, 3, tokens_now);
  bind(*update, 4, requests);
  bind(*update, 5, tokens);
  const auto row = update->step();
  if (!row) return fail(row);
  if (*row) {
    const auto rest = update->step();
    if (!rest) return fail(rest);
  }
  return *row;
}

}  // namespace

Result<Database*> SqliteOperations::connect() {
  if (auto kept = give_up_replaced(database_, path_); !kept) return fail(kept);
  if (!database_) {
    auto opened = open_directory_database(path_);
    if (!opened) return fail(opened);
    database_ = std::move(*opened);
  }
  return &*database_;
}

Result<void> SqliteOperations::save(const StoredAction& action) {
  const auto database = connect();
  if (!database) return fail(database);
  auto insert = (*database)->prepare("INSERT OR REPLACE INTO action_state VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)");
  if (!insert) return fail(insert);
  // SQLite's own numbers would do, but a decimal text reads back as the same double on any version.
  const std::string value = fmt::format("{}", action.value);
  const std::string threshold = fmt::format("{}", action.threshold);
  insert->bind(1, action.name);
  insert->bind(2, action.kind);
  insert->bind(3, action.incident);
  insert->bind(4, action.by);
  insert->bind(5, unix_nanoseconds(action.began_at));
  insert->bind(6, action.alert_id);
  insert->bind(7, action.rule);
  insert->bind(8, action.subject);
  insert->bind(9, action.severity);
  insert->bind(10, action.summary);
  insert->bind(11, value);
  insert->bind(12, threshold);
  bind(*insert, 13, action.ran_at ? std::optional(unix_nanoseconds(*action.ran_at)) : std::nullopt);
  insert->bind(14, unix_nanoseconds(action.day));
  insert->bind(15, action.runs);
  return insert->run();
}

Result<std::vector<StoredAction>> SqliteOperations::load() {
  const auto database = connect();
  if (!database) return fail(database);
  auto query = (*database)->prepare(
      "SELECT name, kind, incident, asked_by, began_at, alert_id, rule, subject, severity, summary, value, threshold, ran_at, day, runs"
      " FROM action_state ORDER BY name");
  if (!query) return fail(query);
  std::vector<StoredAction> actions;
  for (;;) {
    const auto row = query->step();
    if (!row) return fail(row);
    if (!*row) return actions;
    StoredAction& action = actions.emplace_back();
    action.name = query->text(0);
    action.kind = query->text(1);
    action.incident = query->text(2);
    action.by = query->text(3);
    action.began_at = wall_time_from_unix_nanoseconds(query->number(4));
    action.alert_id = query->text(5);
    action.rule = query->text(6);
    action.subject = query->text(7);
    action.severity = query->text(8);
    action.summary = query->text(9);
    action.value = parse_decimal(query->text(10)).value_or(0);
    action.threshold = parse_decimal(query->text(11)).value_or(0);
    if (const auto ran_at = read(*query, 12)) action.ran_at = wall_time_from_unix_nanoseconds(*ran_at);
    action.day = wall_time_from_unix_nanoseconds(query->number(13));
    action.runs = query->number(14);
  }
}

Result<void> SqliteOperations::add(const AuditEntry& entry) {
  const auto database = connect();
  if (!database) return fail(database);
  auto insert = (*database)->prepare("INSERT INTO audit (at, actor, subject, text) VALUES (?1,?2,?3,?4)");
  if (!insert) return fail(insert);
  insert->bind(1, unix_nanoseconds(entry.at));
  insert->bind(2, entry.actor);
  insert->bind(3, entry.subject);
  insert->bind(4, entry.text);
  if (auto done = insert->run(); !done) return done;
  auto forget = (*database)->prepare("DELETE FROM audit WHERE id <= ?1");
  if (!forget) return fail(forget);
  forget->bind(1, (*database)->last_row_id() - static_cast<std::int64_t>(kMostAudit));
  return forget->run();
}

Result<std::vector<AuditEntry>> SqliteOperations::newest(std::size_t most) {
  const auto database = connect();
  if (!database) return fail(database);
  auto query = (*database)->prepare("SELECT at, actor, subject, text FROM audit ORDER BY id DESC LIMIT ?1");
  if (!query) return fail(query);
  query->bind(1, static_cast<std::int64_t>(std::min(most, kMostAudit)));
  std::vector<AuditEntry> entries;
  for (;;) {
    const auto row = query->step();
    if (!row) return fail(row);
    if (!*row) return entries;
    entries.push_back({.at = wall_time_from_unix_nanoseconds(query->number(0)),
                       .actor = std::string(query->text(1)),
                       .subject = std::string(query->text(2)),
                       .text = std::string(query->text(3))});
  }
}

Result<ScaledLimits> SqliteOperations::scale_limits(const std::string& holder, const TenantId& tenant, double factor) {
  const auto database = connect();
  if (!database) return fail(database);
  auto transaction = Transaction::start(**database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  const auto held = held_by(**database, holder);
  if (!held) return fail(held);
  if (*held && (*held)->tenant == tenant.text()) return (*held)->limits;
  const auto refuse = [&](FailureKind kind, std::string why) {
    return fail(kind, Origin::Operator, fmt::format("tenant '{}' {}", tenant.text(), why));
  };
  if (*held)
    return refuse(FailureKind::Denied, fmt::format("is not changed while '{}' holds the limits of tenant '{}'", holder, (*held)->tenant));
  auto other = (*database)->prepare("SELECT holder FROM scaled_limits WHERE tenant = ?1");
  if (!other) return fail(other);
  other->bind(1, tenant.text());
  const auto is_held = other->step();
  if (!is_held) return fail(is_held);
  if (*is_held)
    return refuse(FailureKind::Denied, fmt::format("has limits that action '{}' changed and has not returned yet", other->text(0)));
  auto query = (*database)->prepare("SELECT requests_per_minute, tokens_per_minute FROM allowance WHERE of_key = 0 AND owner = ?1");
  if (!query) return fail(query);
  query->bind(1, tenant.text());
  const auto row = query->step();
  if (!row) return fail(row);
  ScaledLimits limits;
  if (*row) {
    limits.requests_before = read(*query, 0);
    limits.tokens_before = read(*query, 1);
  }
  query->reset();
  if (!limits.requests_before && !limits.tokens_before) {
    return refuse(FailureKind::NotFound, "has no limits per minute that could be changed; 'tidegate tenants' sets them");
  }
  limits.requests_after = times(limits.requests_before, factor);
  limits.tokens_after = times(limits.tokens_before, factor);
  auto keep = (*database)->prepare("INSERT INTO scaled_limits VALUES (?1,?2,?3,?4,?5,?6)");
  if (!keep) return fail(keep);
  keep->bind(1, holder);
  keep->bind(2, tenant.text());
  bind(*keep, 3, limits.requests_before);
  bind(*keep, 4, limits.requests_after);
  bind(*keep, 5, limits.tokens_before);
  bind(*keep, 6, limits.tokens_after);
  if (auto done = keep->run(); !done) return fail(done);
  const auto changed =
      replace_limits(**database, tenant.text(), limits.requests_before, limits.tokens_before, limits.requests_after, limits.tokens_after);
  if (!changed) return fail(changed);
  if (auto committed = transaction->commit(); !committed) return fail(committed);
  return limits;
}

Result<LimitsReturn> SqliteOperations::return_limits(const std::string& holder) {
  const auto database = connect();
  if (!database) return fail(database);
  auto transaction = Transaction::start(**database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  const auto held = held_by(**database, holder);
  if (!held) return fail(held);
  if (!*held) return LimitsReturn::Nothing;
  const ScaledLimits& limits = (*held)->limits;
  const auto changed =
      replace_limits(**database, (*held)->tenant, limits.requests_after, limits.tokens_after, limits.requests_before, limits.tokens_before);
  if (!changed) return fail(changed);
  auto forget = (*database)->prepare("DELETE FROM scaled_limits WHERE holder = ?1");
  if (!forget) return fail(forget);
  forget->bind(1, holder);
  if (auto done = forget->run(); !done) return fail(done);
  if (auto committed = transaction->commit(); !committed) return fail(committed);
  return *changed ? LimitsReturn::Returned : LimitsReturn::Changed;
}

}  // namespace tidegate::store
