// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/incoming_table.h"

#include "store/sqlite/ledger_schema.h"

#include <sqlite3.h>

#include <new>

namespace tidegate::store {

namespace {

// A virtual table as https://www.sqlite.org/vtab.html describes it (read 2026-11-24): eponymous, read only, scanned
// from the first row to the last. SQLite calls these functions; none of them throws.

struct Table {
  sqlite3_vtab base;
  const std::vector<IncomingRow>* rows;
};

struct Cursor {
  sqlite3_vtab_cursor base;
  const IncomingRow* row;
  const IncomingRow* end;
};

int connect(sqlite3* database, void* rows, int, const char* const*, sqlite3_vtab** made, char**) {
  const int code = sqlite3_declare_vtab(
      database,
      "CREATE TABLE x (id, started_at, flags, labels, user, session, agent, request_id, upstream_request_id, status,"
      " upstream_status, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_search_requests,"
      " estimated_input, cost, queue_wait, time_to_first_byte, duration, request_bytes, response_bytes, wanted_room)");
  if (code != SQLITE_OK) return code;
  auto* table = new (std::nothrow) Table{{}, static_cast<const std::vector<IncomingRow>*>(rows)};
  if (table == nullptr) return SQLITE_NOMEM;
  *made = &table->base;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete reinterpret_cast<Table*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info* plan) {
  plan->estimatedCost = 1000;
  return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** made) {
  auto* cursor = new (std::nothrow) Cursor{};
  if (cursor == nullptr) return SQLITE_NOMEM;
  *made = &cursor->base;
  return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete reinterpret_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* base, int, const char*, int, sqlite3_value**) {
  auto* cursor = reinterpret_cast<Cursor*>(base);
  const auto& rows = *reinterpret_cast<Table*>(base->pVtab)->rows;
  cursor->row = rows.data();
  cursor->end = rows.data() + rows.size();
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  ++reinterpret_cast<Cursor*>(cursor)->row;
  return SQLITE_OK;
}

int eof(sqlite3_vtab_cursor* base) {
  const auto* cursor = reinterpret_cast<Cursor*>(base);
  return cursor->row == cursor->end ? 1 : 0;
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  *id = reinterpret_cast<Cursor*>(cursor)->row->attempt->begin.id;
  return SQLITE_OK;
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* result, int index) {
  const IncomingRow& row = *reinterpret_cast<Cursor*>(cursor)->row;
  const auto& [begin, charge, end] = *row.attempt;
  // The texts outlive the statement: none is copied. A null pointer would be NULL.
  const auto text = [&](std::string_view value) {
    sqlite3_result_text(result, value.data() == nullptr ? "" : value.data(), static_cast<int>(value.size()),
                        SQLITE_STATIC);
  };
  const auto number = [&](std::int64_t value) { sqlite3_result_int64(result, value); };
  switch (index) {
    case 0: number(begin.id); break;
    case 1: number(unix_nanoseconds(begin.started_at)); break;
    case 2: number(pack_flags(*row.attempt)); break;
    case 3: number(row.labels); break;
    case 4: number(row.user); break;
    case 5: number(row.session); break;
    case 6: number(row.agent); break;
    case 7: text(begin.request_id); break;
    case 8: text(charge.upstream_request_id); break;
    case 9: number(end.status); break;
    case 10: number(end.upstream_status); break;
    case 11: number(charge.tokens.input); break;
    case 12: number(charge.tokens.cache_read); break;
    case 13: number(charge.tokens.cache_write_5m); break;
    case 14: number(charge.tokens.cache_write_1h); break;
    case 15: number(charge.tokens.output); break;
    case 16: number(charge.tokens.reasoning); break;
    case 17: number(charge.web_search_requests); break;
    case 18: number(begin.estimated_input); break;
    case 19: number(charge.cost.nanodollars()); break;
    case 20: number(end.queue_wait.count()); break;
    case 21: number(end.time_to_first_byte.count()); break;
    case 22: number(end.duration.count()); break;
    case 23: number(end.request_bytes); break;
    case 24: number(end.response_bytes); break;
    case 25: number(row.wanted_room); break;
    default: sqlite3_result_null(result); break;
  }
  return SQLITE_OK;
}

const sqlite3_module& module_table() {
  static const sqlite3_module module = [] {
    sqlite3_module made{};
    made.xConnect = connect;  // and no xCreate: there is this one table, and it needs no CREATE
    made.xDisconnect = disconnect;
    made.xBestIndex = best_index;
    made.xOpen = open;
    made.xClose = close;
    made.xFilter = filter;
    made.xNext = next;
    made.xEof = eof;
    made.xColumn = column;
    made.xRowid = row_id;
    return made;
  }();
  return module;
}

}  // namespace

Result<void> show_incoming(Database& database, const std::vector<IncomingRow>& rows) {
  auto* shown = const_cast<std::vector<IncomingRow>*>(&rows);  // only read, in `filter`
  if (sqlite3_create_module(database.handle(), "incoming", &module_table(), shown) != SQLITE_OK) {
    return fail(FailureKind::Io, Origin::Store, "store: SQLite takes no virtual table");
  }
  return {};
}

}  // namespace tidegate::store
