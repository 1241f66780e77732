// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/savings_figures.h"

#include "metrics/registry.h"
#include "metrics/text_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate::app {
namespace {

using caching::Savings;
using caching::SavingsBook;
using testing::HasSubstr;
using testing::Not;

std::string scrape(const std::vector<SavingsBook::Line>& lines) {
  metrics::Registry registry;
  registry.collect([&](metrics::SampleSink& sink) { add_savings_figures(sink, lines); });
  return metrics::to_text(registry.snapshot(), metrics::TextFormat::Prometheus);
}

TEST(SavingsFigures, AreNotThereBeforeAnythingWasMarked) {
  EXPECT_THAT(scrape({}), Not(HasSubstr("prompt_cache")));
  EXPECT_THAT(scrape({{.model = "m", .tenant = "t", .is_dry_run = false, .savings = {.requests = 5}}}),
              Not(HasSubstr("prompt_cache")));
}

TEST(SavingsFigures, AreSumsOfAllTenantsByModelAndMode) {
  const Savings web{.requests = 9,
                    .marked = 4,
                    .tokens_read = 18'000,
                    .tokens_written_5m = 300,
                    .tokens_written_1h = 6'000,
                    .saved = Money::nanodollars(250'000'000),
                    .quota_tokens = 18'000};
  const Savings ci{.requests = 2,
                   .marked = 1,
                   .tokens_read = 0,
                   .tokens_written_5m = 700,
                   .tokens_written_1h = 0,
                   .saved = Money::nanodollars(-1'250'000'000),
                   .quota_tokens = 0};
  const std::string page = scrape({{.model = "opus", .tenant = "ci", .is_dry_run = false, .savings = ci},
                                   {.model = "opus", .tenant = "web", .is_dry_run = false, .savings = web},
                                   {.model = "opus", .tenant = "web", .is_dry_run = true, .savings = web}});
  EXPECT_THAT(page, HasSubstr("tidegate_prompt_cache_requests_total{model=\"opus\",mode=\"on\"} 5\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_prompt_cache_requests_total{model=\"opus\",mode=\"dry_run\"} 4\n"));
  EXPECT_THAT(page,
              HasSubstr("tidegate_prompt_cache_tokens_total{model=\"opus\",kind=\"cache_read\",mode=\"on\"} 18000\n"));
  EXPECT_THAT(
      page, HasSubstr("tidegate_prompt_cache_tokens_total{model=\"opus\",kind=\"cache_write_5m\",mode=\"on\"} 1000\n"));
  EXPECT_THAT(
      page, HasSubstr("tidegate_prompt_cache_tokens_total{model=\"opus\",kind=\"cache_write_1h\",mode=\"on\"} 6000\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_prompt_cache_saved_dollars{model=\"opus\",mode=\"on\"} -1\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_prompt_cache_saved_dollars{model=\"opus\",mode=\"dry_run\"} 0.25\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_prompt_cache_quota_tokens_total{model=\"opus\",mode=\"on\"} 18000\n"));
}

}  // namespace
}  // namespace tidegate::app
