// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/limit_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::monitor {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const WallTime kStart = wall_time_from_unix_nanoseconds(1'795'000'000'000'000'000);

std::vector<StatedLimit> stated(std::int64_t limit) { return {{"org-1", "opus-5", "requests", limit}}; }

/// What a process leaves that saw the limit go from 50 to 40.
std::vector<LimitChange> past() {
  LimitHistory history;
  (void)history.look(stated(50), kStart);
  (void)history.look(stated(40), kStart + Seconds(10));
  return history.changes();
}

TEST(LimitHistory, KeepsWhatAnEarlierProcessSawAndAddsToIt) {
  LimitHistory history;
  history.restore(past());
  EXPECT_THAT(history.look(stated(40), kStart + Seconds(60)), IsEmpty());
  EXPECT_THAT(history.look(stated(80), kStart + Seconds(70)), SizeIs(1));
  ASSERT_THAT(history.changes(), SizeIs(2));
  EXPECT_EQ(history.changes()[0], past()[0]);
  EXPECT_EQ(history.changes()[1].before, 40);
  EXPECT_EQ(history.changes()[1].after, 80);
  EXPECT_EQ(history.changes_seen(), 1U);
}

TEST(LimitHistory, TellsAChangeOnceAlsoIfTheProcessWasKilledBeforeItSavedTheNewLimit) {
  LimitHistory history;
  history.restore(past());
  EXPECT_THAT(history.look(stated(50), kStart + Seconds(60)), IsEmpty());
  EXPECT_THAT(history.look(stated(40), kStart + Seconds(61)), IsEmpty());
  EXPECT_THAT(history.look(stated(50), kStart + Seconds(62)), SizeIs(1)) << "and this is a new one";
}

TEST(LimitHistory, WhatIsReadLateStandsBeforeWhatWasSeenMeanwhile) {
  LimitHistory history;
  (void)history.look(stated(40), kStart + Seconds(60));
  (void)history.look(stated(30), kStart + Seconds(70));
  history.restore(past());
  ASSERT_THAT(history.changes(), SizeIs(2));
  EXPECT_EQ(history.changes()[0].after, 40);
  EXPECT_EQ(history.changes()[1].after, 30);
}

}  // namespace
}  // namespace tidegate::monitor
