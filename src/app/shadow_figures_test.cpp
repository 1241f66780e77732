// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/shadow_figures.h"

#include "metrics/registry.h"
#include "metrics/text_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tidegate::app {
namespace {

using monitor::ShadowDecision;
using testing::HasSubstr;
using testing::Not;

std::string scrape(const monitor::ShadowCounts& counts) {
  metrics::Registry registry;
  registry.collect([&](metrics::SampleSink& sink) { add_shadow_figures(sink, counts); });
  return metrics::to_text(registry.snapshot(), metrics::TextFormat::Prometheus);
}

TEST(ShadowFigures, AreNotThereBeforeAnythingIsDrawn) { EXPECT_THAT(scrape({}), Not(HasSubstr("shadow"))); }

TEST(ShadowFigures, TellOutcomesReasonsAndCost) {
  monitor::ShadowCounts counts;
  counts.answered.push_back({.provider = "relay", .good = 40, .failed = 2, .cost = Money::nanodollars(420'000'000)});
  counts.decided[static_cast<std::size_t>(ShadowDecision::Send)] = 43;
  counts.decided[static_cast<std::size_t>(ShadowDecision::Budget)] = 7;
  counts.decided[static_cast<std::size_t>(ShadowDecision::NotSampled)] = 900;
  counts.dropped = 3;
  const std::string page = scrape(counts);
  EXPECT_THAT(page, HasSubstr("tidegate_shadow_requests_total{provider=\"relay\",outcome=\"good\"} 40\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_shadow_requests_total{provider=\"relay\",outcome=\"failed\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_shadow_not_sent_total{reason=\"budget\"} 7\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_shadow_not_sent_total{reason=\"headroom\"} 0\n"));
  EXPECT_THAT(page, Not(HasSubstr("not_sampled")));
  EXPECT_THAT(page, HasSubstr("tidegate_shadow_cost_dollars_total{provider=\"relay\"} 0.42\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_shadow_dropped_total 3\n"));
}

}  // namespace
}  // namespace tidegate::app
