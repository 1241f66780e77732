// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/page.h"

#include "metrics/metrics_options.h"
#include "metrics/names.h"

#include <fmt/format.h>

#include <string_view>

namespace tidegate::metrics {

namespace {

constexpr std::string_view kIntroduction = R"(# Metrics

<!-- Generated from src/metrics/names.cpp by `ninja tidegate_metrics_doc`. Do not edit. -->

Tidegate answers `GET /metrics` on its metrics listener (`127.0.0.1:8000` by default) in the Prometheus text format, or in
OpenMetrics 1.0 to a scraper that asks for it. A scrape runs on a thread of its own and never waits for a request.

- **Labels are capped.** Labels marked * take values that clients can invent. A metric keeps {} label sets (a histogram {}); what comes
  beyond is counted under the value `other`, and `tidegate_metrics_label_overflow_total` says that it happened.
- **An empty label is an absent label**, as everywhere in Prometheus.
- **A figure that is not known is absent**, never 0: nothing is said of what remains before a provider has said it.
- Sums are exact: dollars are counted in nano-dollars and seconds in microseconds.

)";

std::string label_list(const MetricDefinition& definition) {
  std::string text;
  for (const LabelDefinition& label : definition.labels) {
    if (!text.empty()) text += ", ";
    text += fmt::format("`{}`{}", label.name, label.values == LabelValues::Open ? "*" : "");
  }
  return text.empty() ? "–" : text;
}

std::string bound_list(const MetricDefinition& definition) {
  std::string text;
  for (const double bound : definition.bounds) text += fmt::format("{}{}", text.empty() ? "" : ", ", bound);
  return text;
}

}  // namespace

std::string metrics_page() {
  const MetricsOptions defaults;
  std::string page = fmt::format(kIntroduction, defaults.max_label_sets, defaults.max_histogram_label_sets);
  page += "| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n";
  for (const MetricDefinition& metric : all_definitions()) {
    page += fmt::format("| `{}` | {} | {} | {} | {} |\n", metric.name, to_string(metric.type), to_string(metric.unit),
                        label_list(metric), metric.help);
  }
  page += "\n## Bounds of the histograms\n\n| metric | upper bounds, inclusive |\n|---|---|\n";
  for (const MetricDefinition& metric : all_definitions()) {
    if (metric.type != MetricType::Histogram) continue;
    page += fmt::format("| `{}` | {} |\n", metric.name, bound_list(metric));
  }
  return page;
}

}  // namespace tidegate::metrics
