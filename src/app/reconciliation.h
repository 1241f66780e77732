// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/cost_report.h"
#include "base/money.h"
#include "base/time.h"
#include "llm/usage.h"
#include "store/ledger_query.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

/// What was used of one model.
struct ModelUse {
  llm::TokenCounts tokens;
  Money cost;

  friend bool operator==(const ModelUse&, const ModelUse&) = default;
};
/// By the model's name without a date, so that `claude-haiku-4-5` and `claude-haiku-4-5-20251001` are one.
using UseByModel = std::map<std::string, ModelUse, std::less<>>;
/// `claude-haiku-4-5-20251001` → `claude-haiku-4-5`.
[[nodiscard]] std::string_view without_date(std::string_view model);

/// The time that is compared, on the borders of the provider's buckets.
struct ReconcileWindow {
  WallTime since, until;  ///< of tokens
  Nanoseconds bucket{};   ///< a minute for windows up to a day, else an hour
  WallTime cost_since;    ///< the day's beginning before `since`: cost is reported by whole days (UTC)
  friend bool operator==(const ReconcileWindow&, const ReconcileWindow&) = default;
};
/// The window of `length` that ends `lag` before `now`, because the provider's books are minutes behind. It ends with a
/// whole bucket; without a lag that bucket may still be running.
[[nodiscard]] ReconcileWindow reconcile_window(WallTime now, Nanoseconds length, Nanoseconds lag);

/// The line of web searches: the provider charges them for no model, the ledger has them in the cost of the answer that searched.
inline constexpr std::string_view kWebSearch = "web search";

/// Adds rows by response model and requested model; the former counts where it is known. What searches cost at `web_search` each goes to
/// their own line.
void add_ledger_rows(std::span<const store::CostRow> rows, Money web_search, UseByModel& use);

enum class Figure : std::uint8_t { Input, CacheRead, CacheWrite5m, CacheWrite1h, Output, Cost };
[[nodiscard]] std::string_view to_string(Figure figure);

/// One figure of one model in both books; money in nano-dollars.
struct Drift {
  std::string model;
  Figure figure = Figure::Input;
  std::int64_t ledger = 0;
  std::int64_t provider = 0;

  /// How far the ledger is above the provider, as a percentage of the provider's; 100 where the provider has nothing.
  [[nodiscard]] double percent() const;
  friend bool operator==(const Drift&, const Drift&) = default;
};

struct Reconciliation {
  ReconcileWindow window;
  std::vector<Drift> drifts;        ///< by model, figures in their order; without those that are 0 on both sides
  std::optional<double> fail_over;  ///< percent

  /// The largest percentage, its sign left off.
  [[nodiscard]] double worst_percent() const;
  [[nodiscard]] bool is_over() const { return fail_over && worst_percent() > *fail_over; }
};

/// Tokens from `ledger` and `provider` by kind, and cost.
[[nodiscard]] std::vector<Drift> compare(const UseByModel& ledger, const UseByModel& provider);

/// As text that ends with a line end; Junit is none of its formats and gives the table.
[[nodiscard]] std::string write_reconciliation(const Reconciliation& reconciliation, ReportFormat format);

}  // namespace tidegate::app
