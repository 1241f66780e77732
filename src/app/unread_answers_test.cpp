// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/unread_answers.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

TEST(UnreadAnswers, AreOneAlarmForEachProviderUntilItsAnswersCanBeReadAgain) {
  AlarmBoard alarms;
  UnreadAnswers unread(alarms);
  ManualClock clock;
  EXPECT_FALSE(unread.any());
  unread.could_not_read("relay", clock.now());
  unread.could_not_read("relay", clock.now());
  unread.could_not_read("other", clock.now());
  EXPECT_TRUE(unread.any());
  ASSERT_EQ(alarms.list().size(), 2U);
  EXPECT_EQ(alarms.list()[1].kind, "usage_unread");
  EXPECT_EQ(alarms.list()[1].subject, "relay");
  clock.advance(UnreadAnswers::kQuiet - Seconds(1));
  unread.could_read("relay", clock.now());
  unread.could_read("unheard-of", clock.now());
  EXPECT_EQ(alarms.list().size(), 2U) << "the next may be unread again";
  clock.advance(Seconds(1));
  unread.could_read("relay", clock.now());
  ASSERT_EQ(alarms.list().size(), 1U);
  EXPECT_EQ(alarms.list()[0].subject, "other");
  unread.could_read("other", clock.now());
  EXPECT_TRUE(alarms.list().empty());
  EXPECT_FALSE(unread.any());
}

}  // namespace
}  // namespace tidegate::app
