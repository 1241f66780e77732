// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate::monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr Nanoseconds kMinute = Seconds(60);
constexpr Nanoseconds kHour = std::chrono::hours(1);

SteadyTime at(double seconds) { return SteadyTime(Nanoseconds(static_cast<std::int64_t>(seconds * 1e9))); }

Windows windows(WindowOptions options = {}) { return Windows::make(options).value(); }

WindowSample message(std::string_view model, std::string_view user = "ann") {
  return {.model = model,
          .endpoint = "messages",
          .user = user,
          .key = "k1",
          .tenant = "search",
          .input_tokens = 10,
          .output_tokens = 3,
          .cache_read_tokens = 100,
          .cache_write_tokens = 7,
          .cost = Money::nanodollars(5)};
}

/// `opus 3, haiku 1, (other) 2`
std::string requests(const Windows& windows, Nanoseconds length, Dimension dimension, SteadyTime now) {
  std::string text;
  const std::vector<WindowLine> lines = windows.query(length, dimension, now).value();
  for (const WindowLine& line : lines) {
    text += (text.empty() ? "" : ", ") + (line.is_rest ? "(" + line.value + ")" : line.value) + " " +
            std::to_string(line.totals.requests);
  }
  return text;
}

std::int64_t requests_in_all(const Windows& windows, Nanoseconds length, SteadyTime now) {
  return windows.totals(length, now).value().requests;
}

TEST(Windows, AddUpWhatWasUsedByEveryDimension) {
  Windows w = windows();
  w.record(message("opus", "ann"), at(100));
  w.record(message("opus", "bob"), at(101));
  w.record(message("haiku", "ann"), at(102));
  const WindowTotals expected{.requests = 3,
                              .errors = 0,
                              .input_tokens = 30,
                              .output_tokens = 9,
                              .cache_read_tokens = 300,
                              .cache_write_tokens = 21,
                              .cost = Money::nanodollars(15),
                              .errors_by_kind = {}};
  EXPECT_EQ(w.totals(kMinute, at(102)).value(), expected);
  EXPECT_EQ(expected.tokens(), 360);
  EXPECT_EQ(requests(w, kMinute, Dimension::Model, at(102)), "opus 2, haiku 1");
  EXPECT_EQ(requests(w, kMinute, Dimension::User, at(102)), "ann 2, bob 1");
  EXPECT_EQ(requests(w, kMinute, Dimension::Endpoint, at(102)), "messages 3");
  EXPECT_EQ(requests(w, kMinute, Dimension::Key, at(102)), "k1 3");
  EXPECT_EQ(requests(w, kMinute, Dimension::Tenant, at(102)), "search 3");
  EXPECT_EQ(requests(w, kMinute, Dimension::Session, at(102)), " 3");  // none was given
  w.record({.agent = "reviewer"}, at(103));
  EXPECT_EQ(requests(w, kMinute, Dimension::Agent, at(103)), " 3, reviewer 1");
}

TEST(Windows, ForgetASliceWhenItLeavesTheWindow) {
  Windows w = windows();
  w.record(message("opus"), at(100.0));
  w.record(message("opus"), at(130.5));
  EXPECT_EQ(requests_in_all(w, kMinute, at(159.9)), 2);
  EXPECT_EQ(requests_in_all(w, kMinute, at(160.0)), 1);
  EXPECT_EQ(requests_in_all(w, kMinute, at(189.9)), 1);
  EXPECT_EQ(requests_in_all(w, kMinute, at(190.0)), 0);
  EXPECT_EQ(requests_in_all(w, std::chrono::minutes(5), at(190.0)), 2);
  EXPECT_EQ(requests_in_all(w, kHour, at(3'659)), 2);
  EXPECT_EQ(requests_in_all(w, kHour, at(3'660)), 1);  // slices of a minute: the first was 60…120
  EXPECT_EQ(requests_in_all(w, kHour, at(1e6)), 0);
}

TEST(Windows, NeverCountTwiceThatTimeWhichCameRoundInTheRing) {
  Windows w = windows();
  for (int second = 0; second < 10'000; ++second) {
    w.record(message("opus"), at(second + 0.5));
    const std::int64_t seen = requests_in_all(w, kMinute, at(second + 0.6));
    ASSERT_EQ(seen, std::min(second + 1, 60));
  }
  EXPECT_EQ(requests_in_all(w, std::chrono::minutes(5), at(9'999.9)), 300);
  EXPECT_EQ(requests_in_all(w, kHour, at(9'999.9)), 59 * 60 + 40);
}

TEST(Windows, AnswerAnyLengthUpToTheLongest) {
  Windows w = windows();
  for (int second = 0; second < 600; ++second) w.record(message("opus"), at(second));
  EXPECT_EQ(requests_in_all(w, Seconds(1), at(599)), 1);
  EXPECT_EQ(requests_in_all(w, Milliseconds(1'500), at(599)), 2);
  EXPECT_EQ(requests_in_all(w, Seconds(30), at(599)), 30);
  EXPECT_EQ(requests_in_all(w, Seconds(90), at(599)), 90);    // 18 slices of 5 s
  EXPECT_EQ(requests_in_all(w, Seconds(301), at(599)), 360);  // 6 slices of a minute
  EXPECT_THAT(w.totals(Seconds(3'601), at(599)).error().detail, HasSubstr("the longest that is kept is 1h"));
  EXPECT_EQ(w.totals(Seconds(0), at(599)).error().kind, FailureKind::InvalidInput);
  EXPECT_EQ(w.query(Seconds(-1), Dimension::User, at(599)).error().kind, FailureKind::InvalidInput);
}

TEST(Windows, TellErrorsByKindMostFrequentFirst) {
  Windows w = windows();
  for (const char* kind : {"", "overloaded", "rate_limit", "rate_limit", ""}) {
    WindowSample sample = message("opus");
    sample.error_kind = kind;
    w.record(sample, at(100));
  }
  const WindowTotals totals = w.totals(kMinute, at(110)).value();
  EXPECT_EQ(totals.errors, 3);
  EXPECT_THAT(totals.errors_by_kind, ElementsAre(Pair("rate_limit", 2), Pair("overloaded", 1)));
  EXPECT_EQ(w.query(kMinute, Dimension::Model, at(110)).value()[0].totals, totals);
  EXPECT_TRUE(w.totals(kMinute, at(160)).value().errors_by_kind.empty());
}

TEST(Windows, KeepABoundedNumberOfErrorKinds) {
  Windows w = windows();
  for (int i = 0; i < 20; ++i) {
    const std::string kind = "kind-" + std::to_string(i);
    WindowSample sample = message("opus");
    sample.error_kind = kind;
    w.record(sample, at(100));
  }
  const WindowTotals totals = w.totals(kMinute, at(100)).value();
  EXPECT_EQ(totals.errors, 20);
  EXPECT_EQ(totals.errors_by_kind.size(), WindowRow::kMaxKinds);
  EXPECT_EQ(totals.errors_by_kind.front(), (std::pair<std::string, std::int64_t>("other", 13)));
}

TEST(Windows, PutNewValuesTogetherWhenADimensionIsFull) {
  Windows w = windows({.lengths = {kMinute, kHour}, .max_values = 2});
  for (const char* model : {"a", "b", "b", "c", "d", "a"}) w.record(message(model), at(100));
  EXPECT_EQ(requests(w, kMinute, Dimension::Model, at(100)), "a 2, b 2, (other) 2");
}

TEST(Windows, GiveThePlaceOfAnIdleValueToANewOneAndLoseNothing) {
  Windows w = windows({.lengths = {kMinute, kHour}, .max_values = 2});
  WindowSample failed = message("a");
  failed.error_kind = "overloaded";
  w.record(failed, at(100));
  w.record(message("b"), at(130));
  w.record(message("c"), at(159));  // a is idle for 59 s only
  EXPECT_EQ(requests(w, kHour, Dimension::Model, at(159)), "a 1, b 1, (other) 1");
  w.record(message("c"), at(160));
  EXPECT_EQ(requests(w, kHour, Dimension::Model, at(160)), "b 1, c 1, (other) 2");
  EXPECT_EQ(requests(w, kMinute, Dimension::Model, at(160)), "b 1, c 1, (other) 1");
  const WindowLine rest = w.query(kHour, Dimension::Model, at(160)).value().back();
  EXPECT_THAT(rest.totals.errors_by_kind, ElementsAre(Pair("overloaded", 1)));
  EXPECT_EQ(rest.totals.input_tokens, 20);
}

TEST(Windows, GivePlacesRightWhenTheClockIsYoungerThanTheWindow) {
  Windows w = windows({.lengths = {kMinute, kHour}, .max_values = 1});
  w.record(message("a"), at(1));
  w.record(message("b"), at(90));
  w.record(message("c"), at(130));
  w.record(message("d"), at(200));  // b is added to "other", where a and c are already
  EXPECT_EQ(requests(w, kHour, Dimension::Model, at(200)), "d 1, (other) 3");
}

TEST(Windows, AlwaysAddUpToTheTotalsWhateverClientsInvent) {
  Windows w = windows({.lengths = {Seconds(10), kMinute}, .max_values = 5});
  std::uint32_t random = 12'345;  // a fixed sequence (Numerical Recipes' generator): the same walk in every run
  double now = 1'000;
  for (int i = 0; i < 20'000; ++i) {
    random = random * 1'664'525 + 1'013'904'223;
    now += static_cast<double>(random >> 24) / 400;
    w.record(message("m" + std::to_string((random >> 8) % 9), "u" + std::to_string(i)), at(now));
    if (i % 97 != 0) continue;
    for (const Dimension dimension : kDimensions) {
      for (const Nanoseconds length : {Nanoseconds(Seconds(10)), kMinute}) {
        const std::vector<WindowLine> lines = w.query(length, dimension, at(now)).value();
        ASSERT_LE(lines.size(), 6u);
        std::int64_t sum = 0;
        for (const WindowLine& line : lines) sum += line.totals.requests;
        ASSERT_EQ(sum, requests_in_all(w, length, at(now)));
      }
    }
  }
}

TEST(Windows, CountALateSampleAtTheTimeOfTheNewest) {
  Windows w = windows();
  w.record(message("opus"), at(500));
  w.record(message("opus"), at(400));
  EXPECT_EQ(requests_in_all(w, Seconds(1), at(500)), 2);
}

TEST(Windows, CutLongValuesBetweenCharacters) {
  Windows w = windows();
  w.record(message(std::string(119, 'x') + "ë and more"), at(1));
  EXPECT_EQ(w.query(kMinute, Dimension::Model, at(1)).value()[0].value, std::string(119, 'x'));
}

TEST(Windows, RefuseOptionsThatMakeNoSense) {
  EXPECT_THAT(Windows::make({.lengths = {}}).error().detail, HasSubstr("no length"));
  EXPECT_THAT(Windows::make({.lengths = {Milliseconds(500)}}).error().detail, HasSubstr("500ms is too short"));
  EXPECT_THAT(Windows::make({.max_values = 0}).error().detail, HasSubstr("max_values is 0"));
}

TEST(Windows, CanBeMovedWithAllTheyHold) {
  Windows w = windows({.lengths = {kMinute}, .max_values = 2});
  for (const char* model : {"a", "b", "c"}) w.record(message(model), at(100));
  Windows moved = std::move(w);
  moved.record(message("a"), at(100));
  EXPECT_EQ(requests(moved, kMinute, Dimension::Model, at(100)), "a 2, b 1, (other) 1");
}

TEST(Dimension, IsReadAsItIsWritten) {
  for (const Dimension dimension : kDimensions) EXPECT_EQ(parse_dimension(to_string(dimension)).value(), dimension);
  EXPECT_THAT(parse_dimension("colour").error().detail, HasSubstr("model, endpoint, user, key, tenant, session"));
}

}  // namespace
}  // namespace tidegate::monitor
