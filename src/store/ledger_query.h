// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/entry.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::store {

/// What entries can be told apart by.
enum class Dimension : std::uint8_t {
  Model,  ///< as requested
  ResponseModel,
  Provider,
  Pool,
  Endpoint,
  Dialect,
  Tenant,
  Key,
  User,
  Session,
  Agent,
  Organisation,
  State,
  Day,   ///< UTC, 2026-11-24
  Hour,    ///< UTC, 2026-11-24T05:00Z
  Minute,  ///< UTC, 2026-11-24T05:07Z
};
/// As the command line writes it: "model", "response_model" …
[[nodiscard]] std::string_view to_string(Dimension dimension);
[[nodiscard]] std::optional<Dimension> dimension_named(std::string_view name);

/// Which entries. All that is set must hold.
struct EntryFilter {
  std::optional<WallTime> since;  ///< to the millisecond, inclusive
  std::optional<WallTime> until;  ///< exclusive
  std::optional<EntryKind> kind = std::nullopt;  ///< of that kind alone
  /// Exact values; Day, Hour and Minute are not for filters.
  struct Equals {
    Dimension dimension;
    std::string value;
  };
  std::vector<Equals> equals;
  /// As the client saw it.
  struct StatusRange {
    int lowest;
    int highest;  ///< inclusive
  };
  std::optional<StatusRange> status = std::nullopt;
  std::optional<std::string> request_id = std::nullopt;  ///< all attempts of one request; no index helps, so give times
};

/// Sums over entries with the same labels.
struct CostRow {
  std::vector<std::string> labels;  ///< one per dimension asked for
  std::int64_t attempts = 0;
  std::int64_t requests = 0;     ///< first attempts of clients' requests
  std::int64_t errors = 0;       ///< attempts that ended Failed, Truncated or Interrupted
  std::int64_t refused = 0;      ///< by the gateway itself
  std::int64_t interrupted = 0;  ///< part of errors
  llm::TokenCounts tokens;
  std::int64_t web_search_requests = 0;
  Money cost;
  Money estimated_cost;            ///< the part of cost that is an estimate
  std::int64_t price_unknown = 0;  ///< attempts charged at the configured fallback price

  friend bool operator==(const CostRow&, const CostRow&) = default;
};

/// Adds one entry's figures.
void add(CostRow& row, const LedgerEntry& entry);
/// The entry's value of a dimension.
[[nodiscard]] std::string value_of(const LedgerEntry& entry, Dimension dimension);
[[nodiscard]] bool matches(const EntryFilter& filter, const LedgerEntry& entry);

/// Port for questions. Any one thread; never a worker's: a question may take long.
class LedgerQueries {
 public:
  virtual ~LedgerQueries() = default;
  /// Calls `take` with each entry, ordered by id as far as they are in the database, then those still in the journal.
  /// `take` gives false to stop.
  [[nodiscard]] virtual Result<void> for_each(const EntryFilter& filter,
                                              const std::function<bool(const LedgerEntry&)>& take) = 0;
  /// Sums by the labels of `by` (empty: one row over everything), most expensive first.
  [[nodiscard]] virtual Result<std::vector<CostRow>> aggregate(const EntryFilter& filter,
                                                               std::span<const Dimension> by) = 0;
};

}  // namespace tidegate::store
