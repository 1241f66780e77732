// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/demand_reader.h"

#include "store/attempt_id.h"
#include "store/sqlite/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace tidegate::store {

namespace {

// Flags as ledger_schema.h packs them: state in the lowest four bits (4: refused), kind in the next but one pair (0:
// clients' requests). A minute is that of the id, so that ranges of ids hold whole minutes; ?3 is 2026-01-01 in
// milliseconds since 1970.
// Above the lowest sixteen bits: which attempt of its request.
constexpr std::string_view kQuery = R"sql(
SELECT ((e.id >> 22) + ?3) / 60000 AS minute, l.provider, l.endpoint, l.model, l.speed, l.tenant, l.key, {0},
  sum((e.flags & 15) <> 4 AND (e.flags >> 16) = 1), sum((e.flags & 15) <> 4), sum((e.flags & 15) = 4 AND (e.flags >> 16) = 1),
  sum(e.input + e.cache_write_5m + e.cache_write_1h), sum(e.output), sum(e.cache_read), sum(e.cost)
FROM entry e JOIN label_set l ON l.id = e.labels {1}
WHERE e.id >= ?1 AND e.id < ?2 AND (e.flags >> 4 & 3) = 0 AND ((e.flags & 15) <> 4 OR l.error_kind = 'no_capacity')
GROUP BY minute, e.labels, {2} ORDER BY minute)sql";

/// A ledger that no later program has opened yet does not know where requests would have gone.
std::string query_for(bool knows_wanted_room) {
  return knows_wanted_room
             ? fmt::format(kQuery, "ifnull(w.value, '')", "LEFT JOIN text w ON w.id = e.wanted_room", "e.wanted_room")
             : fmt::format(kQuery, "''", "", "e.labels");
}

/// A group and sort of an hour stays in memory, and no reader keeps the write-ahead log from being moved on for long.
constexpr std::chrono::hours kPiece(1);

DemandRow read_row(const Statement& row) {
  DemandRow demand;
  int at = 0;
  demand.minute = row.number(at++);
  for (std::string* text : {&demand.provider, &demand.endpoint, &demand.model, &demand.speed, &demand.tenant,
                            &demand.key, &demand.wanted_room}) {
    *text = row.text(at++);
  }
  for (std::int64_t* number : {&demand.requests, &demand.attempts, &demand.unserved, &demand.input_tokens,
                               &demand.output_tokens, &demand.cached_tokens}) {
    *number = row.number(at++);
  }
  demand.cost = Money::nanodollars(row.number(at));
  return demand;
}

/// The first instant that holds an entry; `until` if there is none.
Result<WallTime> first_entry(Database& database, WallTime since, WallTime until) {
  auto query = database.prepare("SELECT min(id) FROM entry WHERE id >= ?1 AND id < ?2");
  if (!query) return fail(query);
  query->bind(1, first_id_at(since));
  query->bind(2, first_id_at(until));
  const auto row = query->step();
  if (!row) return fail(row);
  return *row && !query->is_null(0) ? time_of(query->number(0)) : until;
}

}  // namespace

Result<void> DemandReader::for_each_minute(WallTime since, WallTime until,
                                           const std::function<bool(const DemandRow&)>& take) {
  auto database = Database::open(directory_ / "ledger.db", Database::Access::ReadOnly);
  if (!database) {
    if (database.error().kind == FailureKind::NotFound) return {};
    return fail(database);
  }
  const auto tables = database->number("SELECT count(*) FROM sqlite_master WHERE name = 'entry'");
  if (!tables) return fail(tables);
  if (*tables == 0) return {};  // made, but not filled yet
  const auto columns = database->number("SELECT count(*) FROM pragma_table_info('entry') WHERE name = 'wanted_room'");
  if (!columns) return fail(columns);
  auto query = database->prepare(query_for(*columns > 0));
  if (!query) return fail(query);
  const auto first = first_entry(*database, since, until);
  if (!first) return fail(first);
  static const std::int64_t epoch = std::chrono::duration_cast<Milliseconds>(time_of(0).time_since_epoch()).count();
  WallTime from = std::max(since, WallTime(std::chrono::floor<std::chrono::minutes>(*first)));
  while (from < until) {
    const WallTime to = std::min<WallTime>(from + kPiece, until);
    query->bind(1, first_id_at(from));
    query->bind(2, first_id_at(to));
    query->bind(3, epoch);
    for (;;) {
      const auto row = query->step();
      if (!row) return fail(row);
      if (!*row) break;
      if (!take(read_row(*query))) return {};
    }
    query->reset();
    from = to;
  }
  return {};
}

}  // namespace tidegate::store
