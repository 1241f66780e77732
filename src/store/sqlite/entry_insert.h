// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/attempt_records.h"
#include "store/sqlite/database.h"

#include <cstddef>
#include <cstdint>
#include <span>
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

/// Puts attempts into the table `entry`; one that is there already stays as it is. Several go in with one run of a statement, and of
/// their figures only those are bound that differ from what stood at the same place in the run before: most are zero, or the same again.
/// Against a statement run for each attempt that saves half, and against a virtual table, which is asked for every value, a third.
/// Outlives no database.
class EntryInsert {
 public:
  [[nodiscard]] Result<void> prepare(Database& database);
  /// In the order given: in that of the ids each finds its place next to the one before.
  [[nodiscard]] Result<void> run(std::span<const IncomingRow> rows);

 private:
  /// A statement that takes so many rows.
  struct Group {
    std::size_t rows = 0;
    Statement statement;
    std::vector<std::int64_t> bound;  ///< figures, by parameter

    void bind_figure(int parameter, std::int64_t figure);
    void bind(std::size_t row, const IncomingRow& incoming);
  };
  [[nodiscard]] static Result<void> prepare(Group& group, Database& database, std::size_t rows);
  [[nodiscard]] static Result<std::span<const IncomingRow>> run(Group& group, std::span<const IncomingRow> rows);

  Group many_, one_;
};

}  // namespace tidegate::store
