// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "caching/savings_book.h"
#include "metrics/snapshot.h"

#include <span>

namespace tidegate::app {

/// Tells a scrape what the gateway's own marks for prompt caches came to, by model, all tenants together; real ones and
/// those of a dry run apart. Models with no marked request are left out.
void add_savings_figures(metrics::SampleSink& sink, std::span<const caching::SavingsBook::Line> lines);

}  // namespace tidegate::app
