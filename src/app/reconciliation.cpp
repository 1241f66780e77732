// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/reconciliation.h"

#include "app/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace tidegate::app {

namespace {

constexpr std::array kFigures{Figure::Input,        Figure::CacheRead, Figure::CacheWrite5m,
                              Figure::CacheWrite1h, Figure::Output,    Figure::Cost};
constexpr std::chrono::hours kDay(24);

WallTime floor_to(WallTime time, Nanoseconds width) { return time - Nanoseconds(time.time_since_epoch() % width); }

std::int64_t value_of(const ModelUse& use, Figure figure) {
  switch (figure) {
    case Figure::Input: return use.tokens.input;
    case Figure::CacheRead: return use.tokens.cache_read;
    case Figure::CacheWrite5m: return use.tokens.cache_write_5m;
    case Figure::CacheWrite1h: return use.tokens.cache_write_1h;
    case Figure::Output: return use.tokens.output;
    case Figure::Cost: return use.cost.nanodollars();
  }
  return 0;
}

std::string value_text(Figure figure, std::int64_t value) {
  return figure == Figure::Cost ? to_text(Money::nanodollars(value)) : std::to_string(value);
}

ModelUse use_of(const UseByModel& uses, const std::string& model) {
  const auto found = uses.find(model);
  return found == uses.end() ? ModelUse{} : found->second;
}

Grid grid(const Reconciliation& reconciliation, std::string_view escaped) {
  Grid lines{{"model", "figure", "ledger", "provider", "difference", "drift"}};
  for (const Drift& drift : reconciliation.drifts) {
    lines.push_back({one_line(drift.model, escaped), one_line(to_string(drift.figure), escaped),
                     value_text(drift.figure, drift.ledger), value_text(drift.figure, drift.provider),
                     value_text(drift.figure, drift.ledger - drift.provider),
                     fmt::format("{:.2f} %", drift.percent())});
  }
  return lines;
}

std::string verdict(const Reconciliation& reconciliation) {
  const ReconcileWindow& window = reconciliation.window;
  std::string text =
      fmt::format("tokens from {} to {}, cost from {}; worst drift {:.2f} %", to_rfc3339(window.since),
                  to_rfc3339(window.until), to_rfc3339(window.cost_since), reconciliation.worst_percent());
  if (reconciliation.fail_over) {
    text +=
        fmt::format(", {} the limit of {} %", reconciliation.is_over() ? "over" : "within", *reconciliation.fail_over);
  }
  return text;
}

std::string write_csv(const Reconciliation& reconciliation) {
  std::string out = "model,figure,ledger,provider,drift_percent\n";
  for (const Drift& drift : reconciliation.drifts) {
    out +=
        fmt::format("{},{},{},{},{:.4f}\n", csv_field(drift.model), to_string(drift.figure),
                    value_text(drift.figure, drift.ledger), value_text(drift.figure, drift.provider), drift.percent());
  }
  return out;
}

std::string write_json(const Reconciliation& reconciliation) {
  const ReconcileWindow& window = reconciliation.window;
  std::string out = fmt::format(R"({{"since":"{}","until":"{}","cost_since":"{}","rows":[)", to_rfc3339(window.since),
                                to_rfc3339(window.until), to_rfc3339(window.cost_since));
  for (const Drift& drift : reconciliation.drifts) {
    if (&drift != reconciliation.drifts.data()) out += ',';
    const std::string_view quote = drift.figure == Figure::Cost ? "\"" : "";
    out += fmt::format(R"({{"model":{},"figure":"{}","ledger":{}{}{},"provider":{}{}{},"drift_percent":{:.4f}}})",
                       json_string(drift.model), to_string(drift.figure), quote, value_text(drift.figure, drift.ledger),
                       quote, quote, value_text(drift.figure, drift.provider), quote, drift.percent());
  }
  out += fmt::format(R"(],"worst_percent":{:.4f})", reconciliation.worst_percent());
  if (reconciliation.fail_over) {
    out += fmt::format(R"(,"limit_percent":{},"over":{})", *reconciliation.fail_over, reconciliation.is_over());
  }
  return out + "}\n";
}

}  // namespace

std::string_view without_date(std::string_view model) {
  constexpr std::size_t suffix = 9;  // -20251001
  if (model.size() <= suffix || model[model.size() - suffix] != '-') return model;
  const std::string_view digits = model.substr(model.size() - suffix + 1);
  const bool is_date = digits.starts_with("20") && digits.find_first_not_of("0123456789") == std::string_view::npos;
  return is_date ? model.substr(0, model.size() - suffix) : model;
}

ReconcileWindow reconcile_window(WallTime now, Nanoseconds length, Nanoseconds lag) {
  ReconcileWindow window;
  window.bucket = length <= kDay ? Nanoseconds(std::chrono::minutes(1)) : Nanoseconds(std::chrono::hours(1));
  window.until = floor_to(now - lag, window.bucket);
  if (lag <= Nanoseconds(0)) window.until += window.bucket;
  window.since = floor_to(window.until - length, window.bucket);
  window.cost_since = floor_to(window.since, kDay);
  return window;
}

void add_ledger_rows(std::span<const store::CostRow> rows, Money web_search, UseByModel& use) {
  for (const store::CostRow& row : rows) {
    const std::string& answered = row.labels.at(0);
    ModelUse& sum = use[std::string(without_date(answered.empty() ? row.labels.at(1) : answered))];
    sum.tokens += row.tokens;
    sum.cost += row.cost;
    if (row.web_search_requests == 0) continue;
    const Money searches = scaled(web_search, row.web_search_requests, 1);
    sum.cost -= searches;
    use[std::string(kWebSearch)].cost += searches;
  }
}

std::string_view to_string(Figure figure) {
  switch (figure) {
    case Figure::Input: return "input_tokens";
    case Figure::CacheRead: return "cache_read_tokens";
    case Figure::CacheWrite5m: return "cache_write_5m_tokens";
    case Figure::CacheWrite1h: return "cache_write_1h_tokens";
    case Figure::Output: return "output_tokens";
    case Figure::Cost: return "cost_usd";
  }
  return {};
}

double Drift::percent() const {
  if (ledger == provider) return 0;
  if (provider == 0) return 100;
  return 100 * static_cast<double>(ledger - provider) / static_cast<double>(provider);
}

double Reconciliation::worst_percent() const {
  double worst = 0;
  for (const Drift& drift : drifts) worst = std::max(worst, std::abs(drift.percent()));
  return worst;
}

std::vector<Drift> compare(const UseByModel& ledger, const UseByModel& provider) {
  std::set<std::string> models;
  for (const UseByModel* uses : {&ledger, &provider}) {
    for (const auto& [model, use] : *uses) models.insert(model);
  }
  std::vector<Drift> drifts;
  for (const std::string& model : models) {
    const ModelUse ours = use_of(ledger, model);
    const ModelUse theirs = use_of(provider, model);
    for (const Figure figure : kFigures) {
      const Drift drift{model, figure, value_of(ours, figure), value_of(theirs, figure)};
      if (drift.ledger != 0 || drift.provider != 0) drifts.push_back(drift);
    }
  }
  return drifts;
}

std::string write_reconciliation(const Reconciliation& reconciliation, ReportFormat format) {
  switch (format) {
    case ReportFormat::Json: return write_json(reconciliation);
    case ReportFormat::Csv: return write_csv(reconciliation);
    case ReportFormat::Markdown:
      return markdown_table(grid(reconciliation, kMarkdownMarks), 2) + "\n**" + verdict(reconciliation) + "**\n";
    case ReportFormat::Table:
    case ReportFormat::Junit: break;
  }
  return aligned_table(grid(reconciliation, ""), 2) + verdict(reconciliation) + "\n";
}

}  // namespace tidegate::app
