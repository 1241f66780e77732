// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/ledger_query.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

enum class ReportFormat : std::uint8_t { Table, Json, Csv, Markdown, Junit };
[[nodiscard]] std::optional<ReportFormat> report_format_named(std::string_view name);

/// Usage and cost, ready to be printed.
struct CostReport {
  store::EntryKind kind = store::EntryKind::Request;  ///< what the rows are of
  std::vector<store::Dimension> by;
  std::vector<store::CostRow> rows;  ///< most expensive first
  std::optional<Money> fail_over;    ///< the limit that the report is judged by

  [[nodiscard]] Money total() const;
  [[nodiscard]] bool is_over() const { return fail_over && total() > *fail_over; }
};

/// The report as text that ends with a line end. Json: `{"rows":[{"model":…,"requests":…,"cost_usd":"0.0015",…}],"total_usd":"…"}`,
/// amounts as exact decimal strings. Junit: a test case for each row, and one for the total, which fails if the report is over its limit.
/// `errors` are requests that failed as their clients saw it, also those that the gateway refused: an attempt that another one followed is
/// none. Of copies, which are tried once, all that failed.
[[nodiscard]] std::string write_report(const CostReport& report, ReportFormat format);

}  // namespace tidegate::app
