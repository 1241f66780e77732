// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/attempt_records.h"
#include "store/sqlite/database.h"

#include <cstdint>
#include <vector>

namespace tidegate::store {

/// An attempt on its way in, with the row ids of what repeats.
struct IncomingRow {
  const AttemptRecords* attempt;
  std::int64_t labels;
  std::int64_t user;
  std::int64_t session;
  std::int64_t agent;
  std::int64_t wanted_room;
};

/// Shows SQLite a vector of attempts as the table `incoming`, with the columns of `entry` in their order, so that one
/// INSERT … SELECT takes a whole group. Against a statement run for each attempt this saves binding, starting and ending
/// each run, and the search for the place of each key: a third of the drain's instructions. `rows` outlives the
/// database's connection.
[[nodiscard]] Result<void> show_incoming(Database& database, const std::vector<IncomingRow>& rows);

}  // namespace tidegate::store
