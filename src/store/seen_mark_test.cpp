// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/seen_mark.h"

#include "store/directory_lock.h"
#include "store/temporary_directory.h"

#include <gtest/gtest.h>

namespace tidegate::store {
namespace {

const WallTime kChanged = parse_rfc3339("2026-05-01T12:00:00.123456789Z").value();

TEST(SeenMarks, TellWhetherAnInstanceLookedAfterAChange) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(was_seen_since(directory.path(), kChanged));
  mark_seen(directory.path(), kChanged - Nanoseconds(1));
  EXPECT_FALSE(was_seen_since(directory.path(), kChanged)) << "that look may have come too early";
  mark_seen(directory.path(), kChanged);
  EXPECT_TRUE(was_seen_since(directory.path(), kChanged));
}

TEST(SeenMarks, AreWaitedForOnlyWhileAnInstanceRuns) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(wait_until_seen(directory.path(), kChanged, std::chrono::hours(1))) << "nobody runs";
  const auto running = DirectoryLock::take(directory.path());
  ASSERT_TRUE(running);
  EXPECT_FALSE(wait_until_seen(directory.path(), kChanged, Nanoseconds(0)));
  mark_seen(directory.path(), kChanged);
  EXPECT_TRUE(wait_until_seen(directory.path(), kChanged, std::chrono::hours(1)));
}

}  // namespace
}  // namespace tidegate::store
