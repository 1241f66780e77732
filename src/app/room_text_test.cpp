// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/room_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace tidegate::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kRooms = R"([
  {"provider":"anthropic","model_group":"opus-5","class":"ci","waiting_interactive":3,"waiting_batch":12,"in_flight":4,"obstacle":"input_tokens",
   "pools":[{"pool":"org-1","keys":["A","B"],"in_flight":4,"concurrency":5,"blocked_seconds":12,"is_learned":true,"is_spent":false,
             "periods":[{"limit_of":"tokens_per_day","limit":5000000,"level":1200000}],
             "levels":[{"dimension":"requests","limit":1000,"level":1000,"full_after_seconds":0,"foreign_per_minute":0},
                       {"dimension":"input_tokens","limit":2000000,"level":-12000,"full_after_seconds":61,"foreign_per_minute":120000}]},
            {"pool":"key:C","keys":["C"],"in_flight":0,"is_learned":false,"is_spent":false,"levels":[]}]},
  {"provider":"anthropic","model_group":"haiku-4","waiting_interactive":0,"waiting_batch":0,"in_flight":0,
   "pools":[{"pool":"org-1","keys":["A"],"in_flight":0,"is_learned":true,"is_spent":false,
             "levels":[{"dimension":"requests","limit":50,"level":50,"full_after_seconds":0,"foreign_per_minute":0}]}]}])";

TEST(RoomsText, TellsWhatWaitsForWhatAndWhenItIsBack) {
  const std::string told = rooms_text(boost::json::parse(kRooms));
  EXPECT_THAT(told, HasSubstr("anthropic opus-5 · ci"));
  EXPECT_THAT(told, HasSubstr("3 waiting and 12 of batch priority, the next for: input tokens\n"));
  EXPECT_THAT(told, HasSubstr("in flight           4 of 5  asked again in 12s\n"));
  EXPECT_THAT(told, HasSubstr("requests              1000        1000       now"));
  EXPECT_THAT(told, HasSubstr("input tokens          -12k        2.0M      1m1s  120k a minute used by others\n"));
  EXPECT_THAT(told, HasSubstr("tokens per day        1.2M        5.0M\n"));
  EXPECT_THAT(told, HasSubstr("limits not known yet"));
  EXPECT_THAT(told, Not(HasSubstr("haiku-4")));
  EXPECT_THAT(told, HasSubstr("1 more room in which nothing waits, runs or is short\n"));
  EXPECT_EQ(rooms_text(boost::json::array{}), "");
}

TEST(KeysText, ShowsWhichKeysShareAPoolAndWhichAreOut) {
  const std::string told = keys_text(boost::json::parse(R"([
    {"provider":"anthropic","keys":[
      {"name":"A","pool":"org-1","is_known":true,"keys_of_pool":2,"in_rotation":true,"draining":false,"out_for":["fable-5","opus-5"]},
      {"name":"B","pool":"org-1","is_known":true,"keys_of_pool":2,"in_rotation":false,"draining":false,"fault":"authentication","back_in_seconds":40},
      {"name":"C","pool":"key:C","is_known":false,"keys_of_pool":1,"in_rotation":true,"draining":false},
      {"name":"old","pool":"org-1","is_known":true,"keys_of_pool":2,"in_rotation":false,"draining":true}]},
    {"provider":"relay","keys":[{"name":"","pool":"key:","is_known":false,"keys_of_pool":1,"in_rotation":true,"draining":false}]}])"));
  EXPECT_THAT(told, HasSubstr("anthropic A                                 org-1 (one of 2)"));
  EXPECT_THAT(told, HasSubstr("in rotation, but not for fable-5, opus-5\n"));
  EXPECT_THAT(told, HasSubstr("out (authentication), tried again in 40s\n"));
  EXPECT_THAT(told, HasSubstr("anthropic C                                 not known yet"));
  EXPECT_THAT(told, HasSubstr("1 key that is not configured any more\n"));
  EXPECT_THAT(told, Not(HasSubstr("relay")));
}

}  // namespace
}  // namespace tidegate::app
