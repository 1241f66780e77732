// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/forecast_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <string>
#include <vector>

namespace tidegate::app {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kForecast = R"({"at":"2026-11-26T12:00:00Z","horizon_minutes":30,"series":[
  {"scope":"all","name":"","measure":"requests","has_enough_history":true,"now":120.4,"recent":[0,60,120],
   "points":[{"minutes":5,"p10":100,"p50":125,"p90":150},{"minutes":15,"p10":90,"p50":130,"p90":170},{"minutes":30,"p10":80,"p50":1234567,"p90":0.0345}],
   "exhaustion":[]},
  {"scope":"pool","name":"anthropic/opus-4","measure":"requests","has_enough_history":true,"now":44,"recent":[40,44],
   "points":[{"minutes":5,"p10":40,"p50":45,"p90":50}],
   "exhaustion":[{"limit":"requests per minute","kind":"rate","capacity":50,"remaining":6,"probability":0.42,"first_crossing_minutes":12,
                  "minutes_to_exhaustion":150,"reason":"P=42 % within 30 min"},
                 {"limit":"requests per day","kind":"budget","capacity":1000,"remaining":900,"probability":0.001,
                  "first_crossing_minutes":null,"reason":"never mind"}]},
  {"scope":"tenant","name":"a\u001bb","measure":"cost_usd","has_enough_history":false,"now":0.01,"recent":[0.01],"points":[],
   "exhaustion":[{"limit":"daily budget","kind":"budget","capacity":5,"remaining":2,"probability":0,"first_crossing_minutes":null,
                  "reason":"too little history"}]},
  {"scope":"model","name":"idle","measure":"requests","has_enough_history":true,"now":0,"recent":[0,0],"points":[],"exhaustion":[]}]})";

std::string text(std::vector<std::string> scopes = {}, std::vector<std::string> measures = {}) {
  return forecast_text(boost::json::parse(kForecast), scopes, measures);
}

TEST(Sparkline, IsAsHighAsItsValues) {
  EXPECT_EQ(sparkline(std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}, 20), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline(std::vector<double>{1, 3, 8, 8}, 2), "▃█") << "each block is a mean";
  EXPECT_EQ(sparkline(std::vector<double>{0, 0}, 20), "▁▁");
  EXPECT_EQ(sparkline({}, 20), "");
}

TEST(ForecastText, HasALineForEachSeriesThatIsInUse) {
  const std::string all = text();
  EXPECT_THAT(all, HasSubstr("▁▅█"));
  EXPECT_THAT(all, HasSubstr("125 [100–150]"));
  EXPECT_THAT(all, HasSubstr("1.2M [80–0.035]"));
  EXPECT_THAT(all, Not(HasSubstr("idle")));
  EXPECT_THAT(all, HasSubstr("too little history"));
  EXPECT_THAT(all, HasSubstr("a?b")) << "what a client wrote does not steer the terminal";
}

TEST(ForecastText, TellsTheLimitThatRunsOutFirstAndWhy) {
  const std::string all = text();
  EXPECT_THAT(all, testing::ContainsRegex("opus-4 .*50 +6 +3 h +42 %\n"));
  EXPECT_THAT(all, HasSubstr("\nanthropic/opus-4 requests per minute: P=42 % within 30 min\n"));
  EXPECT_THAT(all, Not(HasSubstr("never mind")));
}

TEST(ForecastText, ColumnsStandUnderTheirHeads) {
  const std::string all = text({"all", "pool"});
  const std::string head = all.substr(0, all.find('\n'));
  const std::string pool = all.substr(all.find("pool "));
  EXPECT_EQ(head.find("per minute"), pool.find("requests"));
}

TEST(ForecastText, ShowsOnlyWhatIsWanted) {
  EXPECT_THAT(text({"tenant"}), Not(HasSubstr("opus-4")));
  EXPECT_THAT(text({}, {"cost_usd"}), Not(HasSubstr("opus-4")));
  EXPECT_THAT(text({"model"}), HasSubstr("Nothing was asked for"));
}

TEST(ForecastText, AnotherShapeIsAnError) {
  EXPECT_ANY_THROW((void)forecast_text(boost::json::parse("{\"series\":3}"), {}, {}));
}

}  // namespace
}  // namespace tidegate::app
