// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/snapshot.h"
#include "monitor/shadow_counts.h"

namespace tidegate::app {

/// Tells a scrape what became of copies; nothing before the first request was drawn.
void add_shadow_figures(metrics::SampleSink& sink, const monitor::ShadowCounts& counts);

}  // namespace tidegate::app
