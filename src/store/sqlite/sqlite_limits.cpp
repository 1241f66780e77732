// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_limits.h"

#include "store/sqlite/ledger_schema.h"

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

}  // namespace

Result<Database*> SqliteLimits::connect() {
  give_up_lost(database_);
  if (!database_) {
    auto opened = open_ledger_database(path_);
    if (!opened) return fail(opened);
    database_ = std::move(*opened);
  }
  return &*database_;
}

Result<void> SqliteLimits::save(std::span<const StoredLimit> limits) {
  const auto database = connect();
  if (!database) return fail(database);
  auto transaction = Transaction::start(**database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  auto insert = (*database)->prepare("INSERT OR REPLACE INTO limit_reading VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)");
  if (!insert) return fail(insert);
  for (const StoredLimit& limit : limits) {
    insert->bind(1, limit.pool);
    insert->bind(2, limit.model_group);
    insert->bind(3, static_cast<std::int64_t>(limit.dimension));
    bind(*insert, 4, limit.limit);
    bind(*insert, 5, limit.remaining);
    bind(*insert, 6, limit.full_after ? std::optional<std::int64_t>(limit.full_after->count()) : std::nullopt);
    insert->bind(7, unix_nanoseconds(limit.read_at));
    insert->bind(8, limit.organisation);
    insert->bind(9, limit.workspace);
    if (auto done = insert->run(); !done) return done;
  }
  return transaction->commit();
}

Result<std::vector<StoredLimit>> SqliteLimits::load() {
  const auto database = connect();
  if (!database) return fail(database);
  auto query = (*database)->prepare(
      "SELECT pool, model_group, dimension, most, remaining, full_after, read_at, organisation, workspace FROM "
      "limit_reading"
      " ORDER BY pool, model_group, dimension");
  if (!query) return fail(query);
  std::vector<StoredLimit> limits;
  for (;;) {
    const auto row = query->step();
    if (!row) return fail(row);
    if (!*row) return limits;
    // A dimension of a later version is nothing this program can use.
    if (query->number(2) > static_cast<std::int64_t>(llm::LimitDimension::PriorityOutputTokens)) continue;
    StoredLimit& limit = limits.emplace_back();
    limit.pool = query->text(0);
    limit.model_group = query->text(1);
    limit.dimension = static_cast<llm::LimitDimension>(query->number(2));
    limit.limit = read(*query, 3);
    limit.remaining = read(*query, 4);
    if (const auto nanoseconds = read(*query, 5)) limit.full_after = Nanoseconds(*nanoseconds);
    limit.read_at = wall_time_from_unix_nanoseconds(query->number(6));
    limit.organisation = query->text(7);
    limit.workspace = query->text(8);
  }
}

}  // namespace tidegate::store
