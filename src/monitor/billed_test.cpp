// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/billed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::monitor {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kMinute = 29'900'000;
WallTime at(int seconds) { return WallTime(std::chrono::minutes(kMinute)) + Seconds(seconds); }

BalanceCourse course(std::vector<BalanceReading> readings, std::string currency = "USD") {
  return {.provider = "relay", .currency = std::move(currency), .readings = std::move(readings)};
}

TEST(Billed, IsWhatTheBalanceLostBesideWhatWeCountInTheSameTime) {
  const CostByMinute ours{{kMinute - 1, 5}, {kMinute, 0.6}, {kMinute + 1, 1.2}, {kMinute + 2, 7}};
  const auto report = compare_billed(course({{at(0), 20}, {at(90), 18.5}, {at(120), 18}}), ours, at(0));
  ASSERT_THAT(report.spans, SizeIs(2));
  EXPECT_DOUBLE_EQ(*report.spans[0].billed, 1.5);
  EXPECT_DOUBLE_EQ(*report.spans[0].ours, 0.6 + 0.6) << "half of the second minute";
  EXPECT_DOUBLE_EQ(*report.spans[1].billed, 0.5);
  EXPECT_DOUBLE_EQ(*report.spans[1].ours, 0.6);
  EXPECT_DOUBLE_EQ(report.billed, 2);
  EXPECT_DOUBLE_EQ(*report.ours, 1.8);
  EXPECT_EQ(report.covered, Seconds(120));
  EXPECT_EQ(report.top_ups, 0);
}

TEST(Billed, CannotBeToldWhereSomebodyToppedUpAndThatTimeCountsForNeither) {
  const CostByMinute ours{{kMinute, 0.6}, {kMinute + 1, 0.6}};
  const auto report = compare_billed(course({{at(0), 1}, {at(60), 0.5}, {at(120), 100}}), ours, at(0));
  ASSERT_THAT(report.spans, SizeIs(2));
  EXPECT_FALSE(report.spans[1].billed);
  EXPECT_DOUBLE_EQ(*report.spans[1].ours, 0.6);
  EXPECT_DOUBLE_EQ(report.billed, 0.5);
  EXPECT_DOUBLE_EQ(*report.ours, 0.6);
  EXPECT_EQ(report.covered, Seconds(60));
  EXPECT_EQ(report.top_ups, 1);
}

TEST(Billed, OfAnotherCurrencyIsBesideNothing) {
  const auto report = compare_billed(course({{at(0), 50}, {at(60), 49}}, "CNY"), {{kMinute, 0.6}}, at(0));
  EXPECT_DOUBLE_EQ(report.billed, 1);
  EXPECT_FALSE(report.ours);
  EXPECT_FALSE(report.spans.at(0).ours);
}

TEST(Billed, BeginsWithTheSpanThatEndsAfterTheTimeAskedFor) {
  const BalanceCourse told = course({{at(0), 20}, {at(60), 19}, {at(120), 18}});
  EXPECT_THAT(compare_billed(told, {}, at(59)).spans, SizeIs(2));
  EXPECT_THAT(compare_billed(told, {}, at(60)).spans, SizeIs(1));
  EXPECT_THAT(compare_billed(told, {}, at(120)).spans, IsEmpty());
  EXPECT_THAT(compare_billed(course({{at(0), 20}}), {}, at(0)).spans, IsEmpty());
}

TEST(Billed, AClockThatWasSetBackMakesNoSpan) {
  EXPECT_THAT(compare_billed(course({{at(60), 20}, {at(0), 19}}), {}, at(-60)).spans, IsEmpty());
}

}  // namespace
}  // namespace tidegate::monitor
