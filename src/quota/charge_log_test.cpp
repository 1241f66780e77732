// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/charge_log.h"
#include "quota/room_fixture.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace tidegate::quota {
namespace {

constexpr auto kInput = Dimension::Input;

TEST(ChargeLog, AnEmptyOneKnowsOfNothing) {
  const ChargeLog log;
  EXPECT_EQ(log.since(at(0))[kInput], 0);
  EXPECT_TRUE(log.reaches(at(0)));
}

TEST(ChargeLog, SumsUpWhatWasChargedSinceAnInstant) {
  ChargeLog log;
  log.add(at(1), kInput, 100);
  log.add(at(2), kInput, 20);
  log.add(at(2), Dimension::Requests, 1);
  log.add(at(60), kInput, 3);
  EXPECT_EQ(log.since(at(0))[kInput], 123);
  EXPECT_EQ(log.since(at(1.5))[kInput], 23);
  EXPECT_EQ(log.since(at(2.5))[kInput], 3);
  EXPECT_EQ(log.since(at(60.1))[kInput], 0);
  EXPECT_EQ(log.since(at(0))[Dimension::Requests], 1);
}

TEST(ChargeLog, NeverLeavesOutWhatIsOfTheSameTenthOfASecond) {
  ChargeLog log;
  log.add(at(1.01), kInput, 7);
  EXPECT_EQ(log.since(at(1.09))[kInput], 7);
}

TEST(ChargeLog, ACorrectionCountsWhereTheChargeWas) {
  ChargeLog log;
  log.add(at(1), kInput, 100);
  log.add(at(5), kInput, 10);
  log.add(at(1), kInput, -40);
  EXPECT_EQ(log.since(at(0))[kInput], 70);
  EXPECT_EQ(log.since(at(4))[kInput], 10);
}

TEST(ChargeLog, WhatIsChargedTogetherIsWhatIsChargedOneByOne) {
  ChargeLog together, singly;
  PerDimension<double> amounts;
  for (int i = 0; i < 300; ++i) {
    const SteadyTime when(Milliseconds(100'000 + i * i * 7));
    for (const Dimension d : kAllDimensions) {
      amounts[d] = i % 3 == 0 ? 0 : i * (1 + static_cast<int>(d));
      singly.add(when, d, amounts[d]);
    }
    together.add(when, amounts);
    for (const int back : {0, 50, 2'000, 100'000}) EXPECT_EQ(together.since(when - Milliseconds(back)), singly.since(when - Milliseconds(back))) << i;
  }
}

TEST(ChargeLog, ForgetsAfterTwoMinutesAndSaysSo) {
  ChargeLog log;
  log.add(at(0), kInput, 100);
  log.add(at(110), kInput, 10);
  EXPECT_TRUE(log.reaches(at(0)));
  log.add(at(300), kInput, 1);
  EXPECT_FALSE(log.reaches(at(0)));
  EXPECT_FALSE(log.reaches(at(170)));
  EXPECT_TRUE(log.reaches(at(190)));
  EXPECT_EQ(log.since(at(0))[kInput], 1);
  log.add(at(1), kInput, 1'000);  // a correction of something that is forgotten
  EXPECT_EQ(log.since(at(0))[kInput], 1);
}

TEST(ChargeLog, TwoLogsBecomeOne) {
  ChargeLog one, other;
  one.add(at(1), kInput, 100);
  other.add(at(1), kInput, 10);
  other.add(at(2), kInput, 1);
  one.merge(other);
  EXPECT_EQ(one.since(at(0))[kInput], 111);
  EXPECT_EQ(one.since(at(1.5))[kInput], 1);
  one.merge(ChargeLog());
  EXPECT_EQ(one.since(at(0))[kInput], 111);
}

TEST(ChargeLog, AgreesWithAPlainListOverAnHour) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    ChargeLog log;
    std::map<std::int64_t, double> plain;  // by tenth of a second
    double now = 0;
    for (int step = 0; step < 2'000; ++step) {
      now += random() % 20 == 0 ? 200 : static_cast<double>(random() % 2'000) / 1'000;
      const double charged_at = std::max(0.0, now - static_cast<double>(random() % 30));
      const auto tenth = at(charged_at).time_since_epoch().count() / 100'000'000;
      if (log.reaches(at(charged_at))) plain[tenth] += 5;
      log.add(at(charged_at), kInput, 5);
      const double from = std::max(0.0, now - static_cast<double>(random() % 110));
      double expected = 0;
      for (auto found = plain.lower_bound(at(from).time_since_epoch().count() / 100'000'000); found != plain.end(); ++found) expected += found->second;
      ASSERT_TRUE(log.reaches(at(from))) << step;
      ASSERT_EQ(log.since(at(from))[kInput], expected) << step;
    }
  }
}

}  // namespace
}  // namespace tidegate::quota
