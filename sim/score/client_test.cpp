// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/score/client.h"

#include <gtest/gtest.h>

namespace tidegate::sim {
namespace {

AttemptResult refused(int status, std::optional<double> retry_after = std::nullopt) {
  return {.status = status, .retry_after_seconds = retry_after};
}

TEST(SdkClient, TriesTwiceAgainWithGrowingPauses) {
  SdkClient client;
  EXPECT_EQ(client.pause_after(refused(429), 0), 0.5);
  EXPECT_EQ(client.pause_after(refused(529), 0), 1.0);
  EXPECT_EQ(client.pause_after(refused(429), 0), std::nullopt);
  EXPECT_EQ(client.attempts(), 3);
}

TEST(SdkClient, ShortensItsPausesByUpToAQuarter) {
  SdkClient client;
  EXPECT_DOUBLE_EQ(*client.pause_after(refused(0), 0.5), 0.4375);
  EXPECT_DOUBLE_EQ(*client.pause_after(refused(0), 1.0), 0.75);
}

TEST(SdkClient, ObeysARetryAfterOfAtMostAMinute) {
  EXPECT_EQ(SdkClient().pause_after(refused(429, 60), 0.9), 60.0);
  EXPECT_EQ(SdkClient().pause_after(refused(429, 61), 0), 0.5);
  EXPECT_EQ(SdkClient().pause_after(refused(429, 0), 0), 0.5);
  EXPECT_EQ(SdkClient().pause_after(refused(429, -1), 0), 0.5);
}

TEST(SdkClient, DividesItsOwnPausesBySpeedButNotWhatItIsTold) {
  EXPECT_EQ(SdkClient(20).pause_after(refused(429), 0), 0.025);
  EXPECT_EQ(SdkClient(20).pause_after(refused(429, 1), 0), 1.0);
}

TEST(SdkClient, DoesNotAskAgainWhatIsSettled) {
  EXPECT_EQ(SdkClient().pause_after(refused(400), 0), std::nullopt);
  EXPECT_EQ(SdkClient().pause_after(refused(401, 5), 0), std::nullopt);
  EXPECT_EQ(SdkClient().pause_after({.status = 200, .has_begun = true, .is_whole = true}, 0), std::nullopt);
  EXPECT_EQ(SdkClient().pause_after({.status = 200, .has_begun = true, .is_whole = false}, 0), std::nullopt)
      << "a stream that breaks off is the caller's";
}

TEST(SdkClient, HasPatienceByClass) {
  EXPECT_EQ(patience_seconds(ScoreClass::Interactive), 60);
  EXPECT_EQ(patience_seconds(ScoreClass::Batch), 540);
}

}  // namespace
}  // namespace tidegate::sim
