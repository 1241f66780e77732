// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/room_finder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate::gateway {
namespace {

using Request = RoomFinder::Request;

class RoomFinderTest : public testing::Test {
 protected:
  void know(std::string provider) {
    quota::ProviderPlan plan;
    plan.provider = std::move(provider);
    plan.keys = {{.name = "RED", .organisation = {}, .workspace = {}}};
    book_.configure({}, std::vector{plan});
  }
  static Request request(std::string_view model) {
    return {.provider = "anthropic", .endpoint = llm::Endpoint::Messages, .model = model, .speed = {}, .class_name = {}, .credential = {}};
  }

  ManualClock clock_;
  quota::RoomBook book_{clock_};
  RoomFinder finder_{book_};
};

TEST_F(RoomFinderTest, FindsWhatTheBookHasTheFirstTimeAndEachTimeAfter) {
  know("anthropic");
  for (int time = 0; time < 2; ++time) {
    const RoomFinder::Place& place = finder_.find(request("claude-opus-4-8"), clock_.now().steady);
    EXPECT_EQ(place.model_group, "opus-4");
    EXPECT_EQ(place.room, book_.room({.provider = "anthropic", .model_group = "opus-4", .class_name = {}, .credential = {}}));
    EXPECT_EQ(place.keys, book_.keys("anthropic"));
  }
}

TEST_F(RoomFinderTest, EverythingThatARequestGoesByTellsRoomsApart) {
  know("anthropic");
  know("other");
  const Request plain = request("claude-opus-4-8");
  std::vector<Request> all(6, plain);
  all[1].model = "claude-haiku-4-5";
  all[2].speed = "fast";
  all[3].class_name = "ci";
  all[4].credential = "fp_1";
  all[5].provider = "other";
  std::vector<quota::LiveRoom*> rooms;
  for (const Request& one : all) rooms.push_back(finder_.find(one, clock_.now().steady).room);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(finder_.find(all[i], clock_.now().steady).room, rooms[i]) << i;
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(rooms[i], rooms[j]) << i << " and " << j;
  }
}

TEST_F(RoomFinderTest, ModelsThatShareAPoolShareItsRoom) {
  know("anthropic");
  quota::LiveRoom* const room = finder_.find(request("claude-opus-4-8"), clock_.now().steady).room;
  EXPECT_EQ(finder_.find(request("claude-opus-4-5-20251101"), clock_.now().steady).room, room);
}

TEST_F(RoomFinderTest, WhatNamesNoModelSharesOneRoom) {
  know("anthropic");
  Request files = request("claude-opus-4-8");
  files.endpoint = llm::Endpoint::Other;
  EXPECT_EQ(finder_.find(files, clock_.now().steady).model_group, "");
  EXPECT_NE(finder_.find(files, clock_.now().steady).room, finder_.find(request("claude-opus-4-8"), clock_.now().steady).room);
}

TEST_F(RoomFinderTest, AProviderThatComesToBeKnownIsFound) {
  EXPECT_EQ(finder_.find(request("claude-opus-4-8"), clock_.now().steady).room, nullptr);
  EXPECT_EQ(finder_.find(request("claude-opus-4-8"), clock_.now().steady).keys, nullptr);
  know("anthropic");
  EXPECT_NE(finder_.find(request("claude-opus-4-8"), clock_.now().steady).room, nullptr);
  EXPECT_NE(finder_.find(request("claude-opus-4-8"), clock_.now().steady).keys, nullptr);
}

TEST_F(RoomFinderTest, ARoomThatIsUsedAllTheTimeIsNotGivenUpWhenTheBookIsFull) {
  know("anthropic");
  const auto other = [this](int number) {
    const std::string group = "group-" + std::to_string(number);
    return book_.room({.provider = "anthropic", .model_group = group, .class_name = {}, .credential = {}});
  };
  quota::LiveRoom* const room = finder_.find(request("claude-opus-4-8"), clock_.now().steady).room;
  ASSERT_NE(other(0), nullptr);
  clock_.advance(Seconds(10));
  ASSERT_NE(other(1), nullptr);
  EXPECT_EQ(finder_.find(request("claude-opus-4-8"), clock_.now().steady).room, room);
  for (int number = 2; number < 2'000; ++number) (void)other(number);
  EXPECT_EQ(finder_.find(request("claude-opus-4-8"), clock_.now().steady).room, room);
  EXPECT_EQ(book_.room({.provider = "anthropic", .model_group = "opus-4", .class_name = {}, .credential = {}}), room);
}

TEST_F(RoomFinderTest, MoreModelsThanItRemembersAreFoundAllTheSame) {
  know("anthropic");
  for (int number = 0; number < 200; ++number) {
    const std::string model = "model-" + std::to_string(number);
    EXPECT_EQ(finder_.find(request(model), clock_.now().steady).model_group, model);
  }
  EXPECT_EQ(book_.rooms().size(), 200U);
}

}  // namespace
}  // namespace tidegate::gateway
