// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_ties.h"

#include "store/sqlite/ledger_schema.h"

#include <algorithm>
#include <utility>

namespace tidegate::store {

namespace {

constexpr std::size_t kTrimAfter = 8'192;

}  // namespace

Result<Database*> SqliteTies::connect() {
  give_up_lost(database_);
  if (!database_) {
    auto opened = open_ledger_database(path_);
    if (!opened) return fail(opened);
    database_ = std::move(*opened);
  }
  return &*database_;
}

Result<void> SqliteTies::save(std::span<const StoredTie> ties) {
  const auto database = connect();
  if (!database) return fail(database);
  auto transaction = Transaction::start(**database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  // A row that is replaced gets a new number: the newest.
  auto insert = (*database)->prepare("INSERT OR REPLACE INTO state_tie (kind, provider, id, key, pool) VALUES (?1,?2,?3,?4,?5)");
  if (!insert) return fail(insert);
  for (const StoredTie& tie : ties) {
    insert->bind(1, tie.kind);
    insert->bind(2, tie.provider);
    insert->bind(3, tie.id);
    insert->bind(4, tie.key);
    insert->bind(5, tie.pool);
    if (auto done = insert->run(); !done) return done;
  }
  const bool is_trimming = saved_ + ties.size() >= kTrimAfter;
  if (is_trimming) {
    if (auto trimmed = trim(**database); !trimmed) return trimmed;
  }
  if (auto done = transaction->commit(); !done) return done;
  saved_ = is_trimming ? 0 : saved_ + ties.size();
  return {};
}

Result<void> SqliteTies::trim(Database& database) {
  for (const auto& [kind, most] : most_) {
    auto remove = database.prepare(
        "DELETE FROM state_tie WHERE kind = ?1 AND number <= (SELECT number FROM state_tie WHERE kind = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)");
    if (!remove) return fail(remove);
    remove->bind(1, kind);
    remove->bind(2, static_cast<std::int64_t>(most));
    if (auto done = remove->run(); !done) return done;
  }
  return {};
}

Result<std::vector<StoredTie>> SqliteTies::load(std::int64_t kind, std::size_t most) {
  most_[kind] = most;
  saved_ = kTrimAfter;  // what is more than that goes with the next save
  const auto database = connect();
  if (!database) return fail(database);
  auto query = (*database)->prepare("SELECT provider, id, key, pool FROM state_tie WHERE kind = ?1 ORDER BY number DESC LIMIT ?2");
  if (!query) return fail(query);
  query->bind(1, kind);
  query->bind(2, static_cast<std::int64_t>(most));
  std::vector<StoredTie> ties;
  for (;;) {
    const auto row = query->step();
    if (!row) return fail(row);
    if (!*row) break;
    StoredTie& tie = ties.emplace_back();
    tie.kind = kind;
    tie.provider = query->text(0);
    tie.id = query->text(1);
    tie.key = query->text(2);
    tie.pool = query->text(3);
  }
  std::reverse(ties.begin(), ties.end());
  return ties;
}

}  // namespace tidegate::store
