// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/predictor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <random>
#include <vector>

namespace tidegate::quota {
namespace {

TEST(OutputHistory, WithoutSamplesItKnowsNothing) {
  const OutputHistory history;
  EXPECT_EQ(history.count(), 0U);
  EXPECT_EQ(history.mean(), 0);
  EXPECT_EQ(history.ninetieth(), 0);
}

TEST(OutputHistory, ThePercentileIsTheUpperBorderOfItsSixteenth) {
  OutputHistory history;
  for (int i = 0; i < 9; ++i) history.add(100);
  history.add(3'000);
  EXPECT_EQ(history.mean(), 390);
  EXPECT_GE(history.ninetieth(), 100);
  EXPECT_LE(history.ninetieth(), 100 * std::exp2(1.0 / 16));
  history.add(3'000);
  EXPECT_GE(history.ninetieth(), 3'000);
  EXPECT_LE(history.ninetieth(), 3'000 * std::exp2(1.0 / 16));
}

TEST(OutputHistory, OnlyTheLast256Count) {
  OutputHistory history;
  for (int i = 0; i < 1'000; ++i) history.add(10'000);
  for (int i = 0; i < 256; ++i) history.add(10);
  EXPECT_EQ(history.count(), 256U);
  EXPECT_EQ(history.mean(), 10);
  EXPECT_LE(history.ninetieth(), 11);
}

TEST(OutputHistory, NothingAndNonsenseAndTheVeryLongAreSamplesToo) {
  OutputHistory history;
  history.add(0);
  history.add(-5);
  EXPECT_EQ(history.mean(), 0);
  EXPECT_LE(history.ninetieth(), 1.1);
  for (int i = 0; i < 20; ++i) history.add(200'000);
  EXPECT_EQ(history.ninetieth(), 200'000);
}

TEST(OutputHistory, AgreesWithSortingWhateverComes) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::lognormal_distribution<double> lengths(5.5, 1.2);
    OutputHistory history;
    std::deque<double> last;
    for (int i = 0; i < 3'000; ++i) {
      const auto tokens = static_cast<std::int64_t>(lengths(random));
      history.add(tokens);
      last.push_back(static_cast<double>(tokens));
      if (last.size() > 256) last.pop_front();
      std::vector<double> sorted(last.begin(), last.end());
      std::sort(sorted.begin(), sorted.end());
      const double exact = sorted[(9 * sorted.size() + 9) / 10 - 1];
      ASSERT_GE(history.ninetieth() * (1 + 1e-9), exact) << i;
      ASSERT_LE(history.ninetieth(), std::max(2.0, exact) * std::exp2(1.0 / 16) * (1 + 1e-9)) << i;
    }
  }
}

TEST(Predictor, BeforeAnyAnswerATokenIsFourBytes) {
  const Predictor predictor;
  EXPECT_DOUBLE_EQ(predictor.input_tokens(4'000), 1'020);
  EXPECT_EQ(predictor.predicted_output(0, {}), 500);
  EXPECT_EQ(predictor.predicted_output(4'096, {}), 500);
  EXPECT_EQ(predictor.predicted_output(16, {}), 16);
  EXPECT_EQ(predictor.mean_output(4'096, {}), 250);
  EXPECT_EQ(predictor.mean_output(16, {}), 16);
}

TEST(Predictor, TheFirstAnswersTeachTheTokensOfAByteAtOnce) {
  Predictor predictor;
  predictor.learn_input(1'000, 500);
  EXPECT_DOUBLE_EQ(predictor.input_tokens(1'000), 510);
  predictor.learn_input(1'000, 300);
  EXPECT_DOUBLE_EQ(predictor.input_tokens(1'000), 408);
}

TEST(Predictor, AChangeOfHabitIsLearnedWithinAHundredAnswers) {
  Predictor predictor;
  for (int i = 0; i < 1'000; ++i) predictor.learn_input(1'000, 250);
  for (int i = 0; i < 100; ++i) predictor.learn_input(1'000, 100);
  EXPECT_NEAR(predictor.input_tokens(1'000), 102, 2);
}

TEST(Predictor, AnswersThatSayNothingTeachNothing) {
  Predictor predictor;
  predictor.learn_input(0, 100);
  predictor.learn_input(-1, 100);
  predictor.learn_input(1'000, -1);
  EXPECT_DOUBLE_EQ(predictor.input_tokens(4'000), 1'020);
}

TEST(Predictor, OthersStandInUntilThereAreTwentySamplesOfItsOwn) {
  Predictor predictor;
  OutputHistory others;
  for (int i = 0; i < 19; ++i) others.add(1'000);
  EXPECT_EQ(predictor.predicted_output(0, others), 500);
  others.add(1'000);
  EXPECT_NEAR(predictor.predicted_output(0, others), 1'000, 50);
  EXPECT_EQ(predictor.mean_output(0, others), 1'000);
  for (int i = 0; i < 20; ++i) predictor.learn_output(60);
  EXPECT_NEAR(predictor.predicted_output(0, others), 60, 3);
  EXPECT_EQ(predictor.mean_output(0, others), 60);
}

}  // namespace
}  // namespace tidegate::quota
