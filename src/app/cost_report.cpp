// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cost_report.h"

#include "app/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tidegate::app {

namespace {

constexpr std::array<std::string_view, 8> kFigures{
    "requests",           "errors",        "input_tokens", "cache_read_tokens",
    "cache_write_tokens", "output_tokens", "cost_usd",     "estimated_usd"};

std::int64_t failed_of(const store::CostRow& row, store::EntryKind kind) {
  if (kind == store::EntryKind::Shadow) return row.errors;
  // Whoever tried again had failed before. By provider the two may stand in different rows; then the one that served has no error.
  return std::max<std::int64_t>(0, row.errors - (row.attempts - row.requests)) + row.refused;
}

std::array<std::string, kFigures.size()> figures_of(const store::CostRow& row, store::EntryKind kind) {
  return {std::to_string(row.requests),
          std::to_string(failed_of(row, kind)),
          std::to_string(row.tokens.input),
          std::to_string(row.tokens.cache_read),
          std::to_string(row.tokens.cache_write_5m + row.tokens.cache_write_1h),
          std::to_string(row.tokens.output),
          to_text(row.cost),
          to_text(row.estimated_cost)};
}

Grid grid(const CostReport& report, std::string_view escaped) {
  Grid lines(1);
  for (const store::Dimension dimension : report.by) lines[0].emplace_back(to_string(dimension));
  for (const std::string_view name : kFigures) lines[0].emplace_back(name);
  for (const store::CostRow& row : report.rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const std::string& label : row.labels) line.push_back(one_line(label, escaped));
    for (std::string& figure : figures_of(row, report.kind)) line.push_back(std::move(figure));
  }
  return lines;
}

std::string verdict(const CostReport& report) {
  std::string text = fmt::format("total: {} USD", to_text(report.total()));
  if (report.fail_over)
    text += fmt::format(", {} the limit of {} USD", report.is_over() ? "over" : "within", to_text(*report.fail_over));
  return text;
}

std::string write_table(const CostReport& report) {
  return aligned_table(grid(report, ""), report.by.size()) + verdict(report) + "\n";
}

std::string write_markdown(const CostReport& report) {
  return markdown_table(grid(report, kMarkdownMarks), report.by.size()) + "\n**" + verdict(report) + "**\n";
}

std::string write_csv(const CostReport& report) {
  std::string out;
  for (const store::Dimension dimension : report.by) out += fmt::format("{},", to_string(dimension));
  out += fmt::format("{}\n", fmt::join(kFigures, ","));
  for (const store::CostRow& row : report.rows) {
    for (const std::string& label : row.labels) out += csv_field(label) + ",";
    out += fmt::format("{}\n", fmt::join(figures_of(row, report.kind), ","));
  }
  return out;
}

std::string write_json(const CostReport& report) {
  std::string out = "{\"rows\":[";
  for (const store::CostRow& row : report.rows) {
    if (&row != report.rows.data()) out += ',';
    out += '{';
    for (std::size_t i = 0; i < row.labels.size(); ++i)
      out += fmt::format("\"{}\":{},", to_string(report.by[i]), json_string(row.labels[i]));
    const auto figures = figures_of(row, report.kind);
    for (std::size_t i = 0; i < figures.size(); ++i) {
      const bool amount = kFigures[i].ends_with("_usd");
      out += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", kFigures[i], amount ? '"' + figures[i] + '"' : figures[i]);
    }
    out += fmt::format(",\"price_unknown\":{}}}", row.price_unknown);
  }
  out += fmt::format("],\"total_usd\":\"{}\"", to_text(report.total()));
  if (report.fail_over)
    out += fmt::format(",\"limit_usd\":\"{}\",\"over\":{}", to_text(*report.fail_over), report.is_over());
  return out + "}\n";
}

/// As text and in an attribute; what XML cannot hold was made a blank by one_line.
std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : one_line(text, "")) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string junit_case(const CostReport& report, const store::CostRow& row) {
  std::vector<std::string> labels, figures;
  for (std::size_t i = 0; i < row.labels.size(); ++i) labels.push_back(fmt::format("{}={}", to_string(report.by[i]), row.labels[i]));
  const auto values = figures_of(row, report.kind);
  for (std::size_t i = 0; i < values.size(); ++i) figures.push_back(fmt::format("{} {}", kFigures[i], values[i]));
  return fmt::format("<testcase classname=\"tidegate.cost\" name=\"{}\"><system-out>{}</system-out></testcase>",
                     xml_text(fmt::format("{}", fmt::join(labels, ", "))), xml_text(fmt::format("{}", fmt::join(figures, ", "))));
}

std::string write_junit(const CostReport& report) {
  std::string rows;
  for (const store::CostRow& row : report.rows) rows += junit_case(report, row);
  const std::string outcome = report.is_over() ? fmt::format("<failure message=\"{}\"/>", verdict(report)) : "";
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"tidegate cost\" tests=\"{}\" failures=\"{}\">{}"
      "<testcase classname=\"tidegate\" name=\"cost\">{}<system-out>{}</system-out></testcase></testsuite>\n",
      report.rows.size() + 1, report.is_over() ? 1 : 0, rows, outcome, verdict(report));
}

}  // namespace

std::optional<ReportFormat> report_format_named(std::string_view name) {
  if (name == "table") return ReportFormat::Table;
  if (name == "json") return ReportFormat::Json;
  if (name == "csv") return ReportFormat::Csv;
  if (name == "markdown") return ReportFormat::Markdown;
  if (name == "junit") return ReportFormat::Junit;
  return std::nullopt;
}

Money CostReport::total() const {
  Money sum;
  for (const store::CostRow& row : rows) sum += row.cost;
  return sum;
}

std::string write_report(const CostReport& report, ReportFormat format) {
  switch (format) {
    case ReportFormat::Table: return write_table(report);
    case ReportFormat::Json: return write_json(report);
    case ReportFormat::Csv: return write_csv(report);
    case ReportFormat::Markdown: return write_markdown(report);
    case ReportFormat::Junit: return write_junit(report);
  }
  return {};
}

}  // namespace tidegate::app
