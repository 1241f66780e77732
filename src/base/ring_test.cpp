// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace tidegate {
namespace {

TEST(Ring, GivesBackInOrderWhatWasPutIn) {
  Ring<int> ring(4);
  EXPECT_EQ(ring.pop(), std::nullopt);
  EXPECT_TRUE(ring.push(1));
  EXPECT_TRUE(ring.push(2));
  EXPECT_EQ(ring.size(), 2u);
  EXPECT_EQ(ring.pop(), 1);
  EXPECT_EQ(ring.pop(), 2);
  EXPECT_EQ(ring.pop(), std::nullopt);
  EXPECT_EQ(ring.size(), 0u);
}

TEST(Ring, RefusesWhenFullAndLeavesTheValueAlone) {
  Ring<std::unique_ptr<int>> ring(2);
  EXPECT_TRUE(ring.push(std::make_unique<int>(1)));
  EXPECT_TRUE(ring.push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(ring.push(std::move(third)));
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(**ring.pop(), 1);
  EXPECT_TRUE(ring.push(std::move(third)));
  EXPECT_EQ(**ring.pop(), 2);
  EXPECT_EQ(**ring.pop(), 3);
}

TEST(Ring, RoundsItsCapacityUpToAPowerOfTwo) {
  EXPECT_EQ(Ring<int>(0).capacity(), 1u);
  EXPECT_EQ(Ring<int>(1).capacity(), 1u);
  EXPECT_EQ(Ring<int>(5).capacity(), 8u);
  EXPECT_EQ(Ring<int>(1'024).capacity(), 1'024u);
}

TEST(Ring, KeepsTheMemoryOfItsSlots) {
  Ring<std::string> ring(1);
  const std::string text(100, 'x');
  const char* memory = nullptr;
  EXPECT_TRUE(ring.push_with([&](std::string& slot) {
    slot = text;
    memory = slot.data();
  }));
  EXPECT_FALSE(ring.push_with([](std::string&) { FAIL() << "called although full"; }));
  EXPECT_TRUE(ring.pop_with([&](std::string& slot) { EXPECT_EQ(slot, text); }));
  EXPECT_FALSE(ring.pop_with([](std::string&) { FAIL() << "called although empty"; }));
  EXPECT_TRUE(ring.push_with([&](std::string& slot) {
    slot = text;
    EXPECT_EQ(slot.data(), memory);
  }));
}

TEST(Ring, HandsEveryValueFromOneThreadToAnotherOnceAndInOrder) {
  constexpr std::uint64_t kValues = 200'000;
  Ring<std::string> ring(64);
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kValues; ++i) {
      while (!ring.push(std::to_string(i))) std::this_thread::yield();
    }
  });
  std::uint64_t expected = 0;
  std::uint64_t wrong = 0;
  while (expected < kValues) {
    const std::optional<std::string> value = ring.pop();
    if (!value) {
      std::this_thread::yield();
      continue;
    }
    if (*value != std::to_string(expected)) ++wrong;
    ++expected;
    if (ring.size() > ring.capacity()) ++wrong;
  }
  writer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(ring.pop(), std::nullopt);
}

}  // namespace
}  // namespace tidegate
