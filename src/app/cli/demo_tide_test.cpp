// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/demo_tide.h"

#include "base/paced_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace tidegate::app {
namespace {

using testing::Contains;
using testing::Not;

TEST(DemoTide, MakesUpThreeDaysUnlessThatIsTooMuch) {
  DemoTide tide{.rate = 1};
  tide.choose_past();
  EXPECT_EQ(tide.past, std::chrono::hours(72));
  tide.rate = 50;
  tide.choose_past();
  EXPECT_LT(tide.past, std::chrono::hours(4));
  EXPECT_GT(tide.past, std::chrono::hours(2));
}

TEST(DemoTide, GoesOnWhereThePastEnds) {
  DemoTide tide{.rate = 1};
  tide.start = *parse_rfc3339("2026-11-23T10:00:00Z");
  const auto arguments = team_arguments(tide, "http://127.0.0.1:1", tide.start + Milliseconds(2500));
  const auto begin = std::find(arguments.begin(), arguments.end(), "--begin");
  ASSERT_NE(begin, arguments.end());
  EXPECT_EQ(*parse_duration(*(begin + 1)), Milliseconds(2500));
  // Shape and rate are the past's.
  const auto past = past_arguments(tide);
  for (const char* option : {"--rate", "--tide", "--swing", "--phase", "--night"}) {
    const auto one = std::find(arguments.begin(), arguments.end(), option), other = std::find(past.begin(), past.end(), option);
    ASSERT_NE(one, arguments.end());
    ASSERT_NE(other, past.end());
    EXPECT_EQ(*(one + 1), *(other + 1)) << option;
  }
  EXPECT_THAT(arguments, Not(Contains("--pace")));
}

TEST(DemoTide, HasAConfigurationThatIsOnlyWithoutAProvider) {
  const config::LoadResult loaded = config::load(demo_sources("http://127.0.0.1:4711"));
  EXPECT_TRUE(loaded.ok() || loaded.lacks_only_a_provider()) << to_text(loaded.problems);
  ASSERT_EQ(loaded.options.actions.size(), 1U);
  EXPECT_EQ(loaded.options.actions[0].kind, operations::ActionKind::Webhook);
  EXPECT_EQ(loaded.options.actions[0].url, "http://127.0.0.1:4711/sim/upgrades?group=sonnet-5");
  EXPECT_FALSE(loaded.options.actions[0].secret.empty());
}

TEST(DemoTide, BeginsItsFasterClockWhereThePastEnds) {
  ManualClock machine;
  const WallTime start = machine.now().wall;
  machine.advance(Seconds(3));  // the past is being made up
  const PacedClock clock(machine, 20, pace_since(20, machine.now().wall, start));
  EXPECT_LT(std::abs((clock.now().wall - start).count()), Nanoseconds(Milliseconds(20)).count());
  machine.advance(Seconds(6));
  EXPECT_LT(std::abs((clock.now().wall - start - Seconds(120)).count()), Nanoseconds(Milliseconds(20)).count());
}

}  // namespace
}  // namespace tidegate::app
