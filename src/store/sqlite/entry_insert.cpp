// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/entry_insert.h"

#include "store/sqlite/ledger_schema.h"

#include <string>

namespace tidegate::store {

namespace {

constexpr int kColumns = 26;         // of `entry`
constexpr std::size_t kAtOnce = 16;  // more spare little, and a round has few where little is going on

std::string insert_of(std::size_t rows) {
  std::string row = "(?";
  for (int column = 1; column < kColumns; ++column) row += ",?";
  row += ')';
  std::string sql = "INSERT INTO entry VALUES " + row;
  for (std::size_t i = 1; i < rows; ++i) sql += ',' + row;
  return sql + " ON CONFLICT (id) DO NOTHING";
}

}  // namespace

void EntryInsert::Group::bind_figure(int parameter, std::int64_t figure) {
  std::int64_t& last = bound[static_cast<std::size_t>(parameter)];
  if (last == figure) return;
  last = figure;
  statement.bind(parameter, figure);
}

void EntryInsert::Group::bind(std::size_t row, const IncomingRow& incoming) {
  const auto& [begin, charge, end] = *incoming.attempt;
  int parameter = static_cast<int>(row) * kColumns;
  const auto figure = [&](std::int64_t value) { bind_figure(++parameter, value); };
  // The texts outlive the run: none is copied.
  const auto text = [&](std::string_view value) { statement.bind(++parameter, value); };
  figure(begin.id);
  figure(unix_nanoseconds(begin.started_at));
  figure(pack_flags(*incoming.attempt));
  figure(incoming.labels);
  figure(incoming.user);
  figure(incoming.session);
  figure(incoming.agent);
  text(begin.request_id);
  text(charge.upstream_request_id);
  figure(end.status);
  figure(end.upstream_status);
  figure(charge.tokens.input);
  figure(charge.tokens.cache_read);
  figure(charge.tokens.cache_write_5m);
  figure(charge.tokens.cache_write_1h);
  figure(charge.tokens.output);
  figure(charge.tokens.reasoning);
  figure(charge.web_search_requests);
  figure(begin.estimated_input);
  figure(charge.cost.nanodollars());
  figure(end.queue_wait.count());
  figure(end.time_to_first_byte.count());
  figure(end.duration.count());
  figure(end.request_bytes);
  figure(end.response_bytes);
  figure(incoming.wanted_room);
}

Result<void> EntryInsert::prepare(Group& group, Database& database, std::size_t rows) {
  auto prepared = database.prepare(insert_of(rows));
  if (!prepared) return fail(prepared);
  group.rows = rows;
  group.statement = std::move(*prepared);
  group.bound.assign(rows * kColumns + 1, 0);
  for (int parameter = 1; parameter <= static_cast<int>(rows) * kColumns; ++parameter) group.statement.bind(parameter, std::int64_t{0});
  return {};
}

Result<void> EntryInsert::prepare(Database& database) {
  if (auto done = prepare(many_, database, kAtOnce); !done) return done;
  return prepare(one_, database, 1);
}

/// Takes as many whole groups as there are; gives the rest.
Result<std::span<const IncomingRow>> EntryInsert::run(Group& group, std::span<const IncomingRow> rows) {
  for (; rows.size() >= group.rows; rows = rows.subspan(group.rows)) {
    for (std::size_t row = 0; row < group.rows; ++row) group.bind(row, rows[row]);
    if (auto done = group.statement.run(); !done) return fail(done);
  }
  return rows;
}

Result<void> EntryInsert::run(std::span<const IncomingRow> rows) {
  const auto rest = run(many_, rows);
  if (!rest) return fail(rest);
  const auto none = run(one_, *rest);
  if (!none) return fail(none);
  return {};
}

}  // namespace tidegate::store
