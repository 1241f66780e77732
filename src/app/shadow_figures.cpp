// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/shadow_figures.h"

#include "metrics/scrape_figures.h"

namespace tidegate::app {

void add_shadow_figures(metrics::SampleSink& sink, const monitor::ShadowCounts& counts) {
  for (const monitor::ShadowCounts::Answered& one : counts.answered) {
    metrics::add(sink, metrics::ShadowFigures{.provider = one.provider,
                                              .good = one.good,
                                              .failed = one.failed,
                                              .dollars = static_cast<double>(one.cost.nanodollars()) / 1e9});
  }
  std::int64_t drawn = counts.of(monitor::ShadowDecision::Send);
  for (const monitor::ShadowDecision reason : monitor::kShadowRefusals) drawn += counts.of(reason);
  if (drawn == 0) return;
  for (const monitor::ShadowDecision reason : monitor::kShadowRefusals) {
    sink.add(metrics::definition(metrics::Metric::ShadowNotSent), {to_string(reason)}, static_cast<double>(counts.of(reason)));
  }
  metrics::add(sink, metrics::Metric::ShadowDropped, static_cast<std::int64_t>(counts.dropped));
}

}  // namespace tidegate::app
