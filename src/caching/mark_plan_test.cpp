// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/mark_plan.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tidegate::caching {
namespace {

constexpr auto k5m = Lifetime::FiveMinutes;
constexpr auto k1h = Lifetime::OneHour;
constexpr Reuse kOften{1, 1};
constexpr Reuse kHourly{0.1, 1};
constexpr Reuse kNever{0, 0};

MarkPlan plan(const std::vector<Candidate>& candidates, LifetimeChoice choice = LifetimeChoice::Automatic) {
  return plan_marks(candidates, CacheTerms{}, choice);
}

std::vector<Mark> marks(const MarkPlan& plan) { return {plan.all().begin(), plan.all().end()}; }

using Marks = std::vector<Mark>;

TEST(MarkPlan, WritesAsFarAsPrefixesComeAgain) {
  const MarkPlan made =
      plan({{.block = 3, .tokens = 5000, .reuse = kOften}, {.block = 4, .tokens = 9000, .reuse = kNever}});
  EXPECT_EQ(marks(made), (Marks{{3, k5m}}));
  EXPECT_EQ(made.written_5m, 5000);
  EXPECT_EQ(made.read, 0);
}

TEST(MarkPlan, TakesAShallowPrefixForAsLikelyAsTheDeepOneThatContainsIt) {
  const MarkPlan made =
      plan({{.block = 3, .tokens = 5000, .reuse = kNever}, {.block = 4, .tokens = 9000, .reuse = kOften}});
  EXPECT_EQ(marks(made), (Marks{{3, k5m}, {4, k5m}}));
  EXPECT_EQ(made.written_5m, 9000);
}

TEST(MarkPlan, ReadsWhatIsThereAndWritesBehindIt) {
  const MarkPlan made = plan({{.block = 3, .tokens = 5000, .reuse = kOften, .live = k5m},
                              {.block = 40, .tokens = 7000, .reuse = kOften, .live = k5m},
                              {.block = 90, .tokens = 7500, .reuse = kOften}});
  EXPECT_EQ(marks(made), (Marks{{3, k5m}, {40, k5m}, {90, k5m}}));  // 50 blocks apart: no lookback needed
  EXPECT_EQ(made.read, 7000);
  EXPECT_EQ(made.written_5m, 500);
}

TEST(MarkPlan, OnlyReadsWhereWritingDoesNotPay) {
  const MarkPlan made =
      plan({{.block = 3, .tokens = 5000, .reuse = kOften, .live = k1h}, {.block = 4, .tokens = 9000, .reuse = kNever}});
  EXPECT_EQ(marks(made), (Marks{{3, k1h}}));
  EXPECT_EQ(made.read, 5000);
}

TEST(MarkPlan, PutsAnHourBeforeFiveMinutesAndMarksTheBorder) {
  const MarkPlan made = plan({{.block = 1, .tokens = 3000, .reuse = kHourly},
                              {.block = 2, .tokens = 5000, .reuse = kHourly},
                              {.block = 3, .tokens = 6000, .reuse = {0.1, 0.3}},
                              {.block = 4, .tokens = 7000, .reuse = {0.5, 0.5}}});
  EXPECT_EQ(marks(made), (Marks{{1, k1h}, {2, k1h}, {3, k5m}, {4, k5m}}));
  EXPECT_EQ(made.written_1h, 5000);
  EXPECT_EQ(made.written_5m, 2000);
}

TEST(MarkPlan, NeverPutsAnHourBehindFiveMinutes) {
  const MarkPlan behind = plan(
      {{.block = 1, .tokens = 3000, .reuse = kOften, .live = k5m}, {.block = 2, .tokens = 9000, .reuse = kHourly}});
  EXPECT_EQ(marks(behind), (Marks{{1, k5m}}));
  const MarkPlan before = plan({{.block = 1, .tokens = 3000, .reuse = kOften, .live = k5m},
                                {.block = 2, .tokens = 9000, .reuse = kOften, .live = k1h}});
  EXPECT_EQ(marks(before), (Marks{{2, k1h}}));
}

TEST(MarkPlan, MarksNothingBelowTheMinimum) {
  EXPECT_EQ(plan({{.block = 1, .tokens = 900, .reuse = kOften}}).count, 0U);
  const MarkPlan made = plan(
      {{.block = 1, .tokens = 900, .reuse = kOften, .ends_part = true}, {.block = 2, .tokens = 2000, .reuse = kOften}});
  EXPECT_EQ(marks(made), (Marks{{2, k5m}}));
  EXPECT_EQ(made.written_5m, 2000);
}

TEST(MarkPlan, WritesNothingThatAnotherRequestIsWriting) {
  const MarkPlan made = plan({{.block = 1, .tokens = 3000, .reuse = kOften, .live = k5m},
                              {.block = 2, .tokens = 9000, .reuse = kOften, .is_in_flight = true},
                              {.block = 3, .tokens = 9500, .reuse = kOften}});
  EXPECT_EQ(made.leader, 1U);
  EXPECT_EQ(marks(made), (Marks{{1, k5m}}));
  EXPECT_EQ(made.written_5m, 0);
}

TEST(MarkPlan, PrefersThePlacesWhereConversationsPart) {
  const MarkPlan made = plan({{.block = 1, .tokens = 2000, .reuse = kOften, .ends_part = true},
                              {.block = 2, .tokens = 3000, .reuse = kOften},
                              {.block = 3, .tokens = 4000, .reuse = kOften, .ends_part = true},
                              {.block = 4, .tokens = 5000, .reuse = kOften},
                              {.block = 5, .tokens = 6000, .reuse = kOften},
                              {.block = 6, .tokens = 7000, .reuse = kOften}});
  EXPECT_EQ(marks(made), (Marks{{1, k5m}, {3, k5m}, {5, k5m}, {6, k5m}}));
}

TEST(MarkPlan, OfAnyCandidatesIsOneThatTheProviderTakes) {
  std::mt19937 random(5);
  const auto unit = [&] { return static_cast<double>(random() % 1001) / 1000; };
  for (int round = 0; round < 20'000; ++round) {
    std::vector<Candidate> candidates(random() % 12);
    std::int64_t tokens = 0;
    std::size_t block = 0;
    for (Candidate& candidate : candidates) {
      block += 1 + random() % 30;
      tokens += static_cast<std::int64_t>(random() % 3000);
      const double within_1h = unit();
      candidate = {
          .block = block, .tokens = tokens, .reuse = {within_1h * unit(), within_1h}, .ends_part = random() % 4 == 0};
      if (random() % 4 == 0) candidate.live = random() % 2 == 0 ? k5m : k1h;
      candidate.is_in_flight = !candidate.live && random() % 10 == 0;
    }
    const MarkPlan made = plan(candidates);
    ASSERT_LE(made.count, 4U);
    ASSERT_LE(made.read + made.written_5m + made.written_1h, tokens);
    ASSERT_FALSE(made.leader && made.written_5m + made.written_1h > 0);
    std::int64_t marked_to = 0;
    for (std::size_t i = 0; i < made.count; ++i) {
      if (i > 0) {
        ASSERT_LT(made.marks[i - 1].block, made.marks[i].block);
        ASSERT_FALSE(made.marks[i - 1].lifetime == k5m && made.marks[i].lifetime == k1h);
      }
      for (const Candidate& candidate : candidates) {
        if (candidate.block == made.marks[i].block) marked_to = candidate.tokens;
      }
    }
    if (made.count > 0 && made.written_5m + made.written_1h > 0) {
      ASSERT_EQ(marked_to, made.read + made.written_5m + made.written_1h);
    }
  }
}

}  // namespace
}  // namespace tidegate::caching
