// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/ledger_forecast.h"

#include "store/attempt_id.h"
#include "store/sample_records.h"
#include "store/sqlite/demand_reader.h"
#include "store/sqlite/sqlite_ledger.h"
#include "store/sqlite/sqlite_limits.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace tidegate::app {
namespace {

using monitor::DemandMeasure;
using monitor::ForecastScope;
using testing::HasSubstr;

class LedgerForecast : public ::testing::Test {
 protected:
  /// Five requests a minute for five hours until now.
  void write_past() {
    std::vector<store::AttemptRecords> attempts;
    for (int minute = 300; minute > 0; --minute) {
      for (int i = 0; i < 5; ++i) {
        const store::AttemptId id = store::first_id_at(now_.wall - std::chrono::minutes(minute) + Seconds(i)) + i;
        attempts.push_back({store::sample_begin(id), store::sample_charge(id), store::sample_end(id)});
      }
    }
    std::vector<const store::AttemptRecords*> pointers;
    for (const store::AttemptRecords& one : attempts) pointers.push_back(&one);
    store::SqliteLedger ledger(directory_.path() / "ledger.db");
    ASSERT_TRUE(ledger.write(pointers));
    store::SqliteLimits limits(directory_.path() / "ledger.db");
    const std::vector<store::StoredLimit> rows{{.pool = "anthropic/org",
                                                .model_group = "sonnet-4",
                                                .dimension = llm::LimitDimension::Requests,
                                                .limit = 50,
                                                .remaining = 10,
                                                .full_after = std::nullopt,
                                                .read_at = now_.wall - std::chrono::hours(1),
                                                .organisation = "org",
                                                .workspace = {}}};
    ASSERT_TRUE(limits.save(rows));
  }

  Now now_{SteadyTime(std::chrono::hours(100)), parse_rfc3339("2026-05-02T15:00:00Z").value()};
  store::TemporaryDirectory directory_;
};

TEST_F(LedgerForecast, ForecastsFromTheFilesAlone) {
  write_past();
  const auto series = forecast_from_ledger(directory_.path(), now_, {});
  ASSERT_TRUE(series) << series.error().detail;
  const auto pool = std::find_if(series->begin(), series->end(), [](const monitor::SeriesForecast& one) {
    return one.of.scope == ForecastScope::Pool && one.measure == DemandMeasure::Requests;
  });
  ASSERT_NE(pool, series->end());
  EXPECT_EQ(pool->of.name, "anthropic/sonnet-4");
  EXPECT_TRUE(pool->has_enough_history);
  EXPECT_EQ(pool->now, 5);
  EXPECT_NEAR(pool->points.back().p50, 5, 0.2);
  ASSERT_EQ(pool->limits.size(), 1U);
  EXPECT_EQ(pool->limits[0].limit.capacity, 50);
  EXPECT_LT(pool->limits[0].exhaustion.probability, 0.01);
  const auto all = forecast_from_ledger(directory_.path(), now_, {},
                                        {{.of = {},
                                          .measure = DemandMeasure::Requests,
                                          .limit = "what is left",
                                          .kind = monitor::LimitKind::Budget,
                                          .capacity = 1'000,
                                          .remaining = 20}});
  ASSERT_TRUE(all) << all.error().detail;
  const auto whole = std::find_if(all->begin(), all->end(), [](const monitor::SeriesForecast& one) {
    return one.of.scope == ForecastScope::All && one.measure == DemandMeasure::Requests;
  });
  ASSERT_NE(whole, all->end());
  ASSERT_EQ(whole->limits.size(), 1U) << "also what the files alone do not say";
  EXPECT_GT(whole->limits[0].exhaustion.probability, 0.9);
}

TEST_F(LedgerForecast, AnEmptyDirectoryHasOnlyItsOwnNothing) {
  const auto series = forecast_from_ledger(directory_.path(), now_, {});
  ASSERT_TRUE(series) << series.error().detail;
  for (const monitor::SeriesForecast& one : *series) EXPECT_FALSE(one.has_enough_history);
  store::DemandReader history(directory_.path());
  const auto tested =
      backtest_ledger(history, now_.wall, std::chrono::days(7), {{ForecastScope::All}, {DemandMeasure::Requests}});
  ASSERT_TRUE(tested);
  EXPECT_THAT(backtest_text(*tested), HasSubstr("Nothing was asked for"));
}

TEST_F(LedgerForecast, TellsWhichMethodWouldHaveServedBest) {
  write_past();
  store::DemandReader history(directory_.path());
  const auto tested =
      backtest_ledger(history, now_.wall, std::chrono::days(7),
                      {{ForecastScope::All, ForecastScope::Tenant}, {DemandMeasure::Requests, DemandMeasure::Cost}});
  ASSERT_TRUE(tested) << tested.error().detail;
  ASSERT_EQ(tested->size(), 4U);
  const std::string text = backtest_text(*tested);
  EXPECT_THAT(text, HasSubstr("all requests: 180 minutes judged, 5 a minute in the mean"));
  EXPECT_THAT(text, HasSubstr("usual would have served best"));
  EXPECT_THAT(text, HasSubstr("default cost_usd"));
  EXPECT_THAT(text, HasSubstr("Of all of these together usual, the default, would have served best."));
  EXPECT_THAT(text, testing::Not(HasSubstr("linear_60 would have served best")));
  for (const char* method : {"usual", "last", "linear_30", "linear_60", "linear_120", "holt_winters"}) {
    EXPECT_THAT(text, HasSubstr(method));
  }
  const auto json = boost::json::parse(backtest_json(*tested));
  EXPECT_EQ(json.as_array()[0].at("methods").as_array().size(), 6U);
  EXPECT_EQ(json.as_array()[2].at("name").as_string(), "default");
}

TEST(BacktestText, SaysWhichSettingWouldTakeTheBestMethod) {
  monitor::Backtest result{.judged = 100, .mean = 10, .scores = {}};
  for (const monitor::ForecastMethod method : monitor::kForecastMethods) {
    result.scores.push_back({.method = method,
                             .mean_error = {},
                             .pinball = method == monitor::ForecastMethod::Linear60 ? 0.8 : 1.0,
                             .coverage = 0.8});
  }
  monitor::Backtest large = result;
  large.mean = 1'000;  // and another method is a little better there
  for (monitor::BacktestScore& score : large.scores)
    score.pinball = score.method == monitor::ForecastMethod::Last ? 9.9 : 10;
  const std::vector<SeriesBacktest> series{{.of = {}, .result = result},
                                           {.of = {ForecastScope::Tenant, "team"}, .result = large}};
  EXPECT_THAT(
      backtest_text(series),
      HasSubstr("Of all of these together linear_60 would have served best: 18 % less loss than usual, the default. "
                "`forecast: {method: linear_60}` takes it."));
  EXPECT_THAT(backtest_text({series[0]}), testing::Not(HasSubstr("together"))) << "there is one alone";
}

}  // namespace
}  // namespace tidegate::app
