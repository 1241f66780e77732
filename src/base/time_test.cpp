// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/time.h"

#include <gtest/gtest.h>

namespace tidegate {
namespace {

using namespace std::chrono_literals;

TEST(Rfc3339, IsReadAndWritten) {
  const WallTime time = *parse_rfc3339("2025-01-12T23:11:59Z");
  EXPECT_EQ(unix_nanoseconds(time), 1'736'723'519LL * 1'000'000'000);
  EXPECT_EQ(to_rfc3339(time), "2025-01-12T23:11:59Z");
  EXPECT_EQ(to_rfc3339(time + 250ms), "2025-01-12T23:11:59.250Z");
}

TEST(Rfc3339, TakesOffsetsAndFractions) {
  EXPECT_EQ(*parse_rfc3339("2025-01-13T00:11:59+01:00"), *parse_rfc3339("2025-01-12T23:11:59Z"));
  EXPECT_EQ(*parse_rfc3339("2025-01-12T23:11:59.5Z"), *parse_rfc3339("2025-01-12T23:11:59Z") + 500ms);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text : {"", "now", "2025-02-30T00:00:00Z", "2025-01-12T23:11:59", "2025-01-12T25:11:59Z",
                           "2025-01-12T23:11:59Zx", "2025-01-12T23:11:59.Z", "20250112T231159Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, RefusesYearsThatNanosecondsCannotHold) {
  EXPECT_FALSE(parse_rfc3339("9999-12-31T23:59:59Z"));
  EXPECT_FALSE(parse_rfc3339("0001-01-01T00:00:00Z"));
  EXPECT_TRUE(parse_rfc3339("2261-12-31T23:59:59Z"));
  EXPECT_FALSE(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT"));
}

TEST(HttpDate, IsReadAndWritten) {
  const WallTime time = *parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(unix_nanoseconds(time), 784'111'777LL * 1'000'000'000);
  EXPECT_EQ(to_http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_FALSE(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"));
}

TEST(Duration, NeedsAUnit) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("1h30m"), 90min);
  EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(*parse_duration("2d"), 48h);
  for (const char* text : {"", "30", "s", "-1s", "5 m", "1x", "1e400s"}) EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, PrintsWhatItReads) {
  for (const char* text : {"0s", "250ms", "30s", "1h30m", "2d", "1m1s500ms"}) {
    EXPECT_EQ(to_text(*parse_duration(text)), text);
  }
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock;
  const Now before = clock.now();
  EXPECT_EQ(clock.now(), before);
  clock.advance(5s);
  EXPECT_EQ(clock.now().steady - before.steady, 5s);
  EXPECT_EQ(clock.now().wall - before.wall, 5s);
}

}  // namespace
}  // namespace tidegate
