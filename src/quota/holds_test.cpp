// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/holds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace tidegate::quota {
namespace {

/// The course of a level, looked at whenever an answer ends.
double lowest_by_walking(std::vector<std::int64_t> holds, double level, double rate, double speed) {
  std::sort(holds.begin(), holds.end());
  double low = level, drawn = 0;
  for (std::size_t k = 0; k < holds.size(); ++k) {
    const auto tokens = static_cast<double>(holds[k]);
    low = std::min(low, level + rate * tokens / speed - drawn - static_cast<double>(holds.size() - k) * tokens);
    drawn += tokens;
  }
  return low;
}

TEST(Holds, TheLowestLevelIsThatOfAWalkThroughTime) {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    Holds holds;
    std::vector<std::int64_t> all;
    const auto count = random() % 60;
    const std::uint64_t largest = round % 2 == 0 ? 8'000 : 100'000;
    for (unsigned i = 0; i < count; ++i) all.push_back(32 + static_cast<std::int64_t>(random() % largest));
    for (const std::int64_t hold : all) holds.add(hold);
    const std::int64_t extra = round % 3 == 0 ? 0 : 1 + static_cast<std::int64_t>(random() % 4'000);
    const double level = static_cast<double>(random() % 100'000) - 10'000, rate = static_cast<double>(random() % 2'000), speed = 60;
    std::vector<std::int64_t> with = all;
    if (extra > 0) with.push_back(extra);
    const double exact = lowest_by_walking(with, level, rate, speed);
    const double found = holds.lowest(level, rate, speed, extra);
    const double width = with.empty() ? 16.0 : std::max(16.0, static_cast<double>(*std::max_element(with.begin(), with.end())) / 64);
    const double class_error = width * (static_cast<double>(with.size()) + rate / speed);
    EXPECT_NEAR(found, exact, class_error + 1e-6) << round;
  }
}

TEST(Holds, AVeryLongAnswerIsForeseenToItsEnd) {
  Holds holds;
  for (int i = 0; i < 10; ++i) holds.add(64'000);
  // Refill feeds four of the ten; the other six draw to the end: 64,000 ÷ 60 s × 240 − 640,000.
  EXPECT_NEAR(holds.lowest(0, 240, 60, 0), -384'000, 10'000);
}

TEST(Holds, WhatIsRemovedLeavesNothingBehind) {
  Holds holds;
  for (std::int64_t i = 1; i <= 100'000; i += 997) holds.add(i);
  for (std::int64_t i = 1; i <= 100'000; i += 997) holds.remove(i);
  EXPECT_EQ(holds.count(), 0);
  EXPECT_EQ(holds.sum(), 0);
  EXPECT_EQ(holds.lowest(10, 0, 60, 0), 10);
}

}  // namespace
}  // namespace tidegate::quota
