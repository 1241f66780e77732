// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/body_memory.h"

#include <gtest/gtest.h>

namespace tidegate::gateway {
namespace {

TEST(BodyMemory, GivesBackWhatAShareHad) {
  BodyMemory memory(100);
  {
    BodyMemory::Share share;
    EXPECT_TRUE(memory.grow(share, 60, 10));
    EXPECT_TRUE(memory.grow(share, 20, 10));
    EXPECT_EQ(share.bytes(), 80U);
    EXPECT_EQ(memory.used(), 80U);
  }
  EXPECT_EQ(memory.used(), 0U);
}

TEST(BodyMemory, LetsOneAtATimeGrowToItsEndWhenTheRestIsSpent) {
  BodyMemory memory(100);
  BodyMemory::Share first, second, third;
  EXPECT_TRUE(memory.grow(first, 30, 40));
  EXPECT_TRUE(memory.grow(second, 30, 40));
  EXPECT_TRUE(memory.grow(first, 10, 40)) << "with the last 40";
  EXPECT_FALSE(memory.grow(second, 10, 40));
  EXPECT_FALSE(memory.grow(third, 1, 40));
  first.settle();
  EXPECT_TRUE(memory.grow(second, 10, 40)) << "its turn, while the first keeps what it has";
  EXPECT_FALSE(memory.grow(third, 1, 40));
  second.release();
  EXPECT_TRUE(memory.grow(third, 20, 40)) << "of the rest again";
  EXPECT_EQ(memory.used(), 60U);
}

TEST(BodyMemory, WhoCouldNotGrowWithTheLastOfItStillHasTheTurnUntilItGivesUp) {
  BodyMemory memory(50);
  BodyMemory::Share whole, waiting, other;
  EXPECT_TRUE(memory.grow(whole, 40, 50));
  whole.settle();
  EXPECT_FALSE(memory.grow(waiting, 20, 50));
  EXPECT_FALSE(memory.grow(other, 1, 50));
  waiting.release();
  EXPECT_TRUE(memory.grow(other, 10, 50));
}

TEST(BodyMemory, RefusesWhatIsLargerThanAllOfIt) {
  BodyMemory memory(10);
  BodyMemory::Share share;
  EXPECT_FALSE(memory.grow(share, 11, 100));
  EXPECT_EQ(memory.used(), 0U);
}

}  // namespace
}  // namespace tidegate::gateway
