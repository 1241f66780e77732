// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/tier_desk.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate::sim {
namespace {

using std::chrono::minutes;
using Names = std::vector<std::string>;

class TierDeskTest : public testing::Test {
 protected:
  Names end_due(bool fits) {
    return desk_.end_due(clock_.now(), [fits](const std::string&) { return fits; });
  }

  ManualClock clock_;
  TierDesk desk_{TierTerms{.tiers = {{"double", 2}}, .shortest = minutes(30)}};
};

TEST_F(TierDeskTest, GivesTheTiersItHas) {
  EXPECT_FALSE(desk_.widen("org-a", "triple", clock_.now()));
  EXPECT_TRUE(desk_.upgrades().empty());
  EXPECT_TRUE(desk_.widen("org-a", "double", clock_.now()));
  EXPECT_EQ(desk_.upgrades().at("org-a").factor, 2);
}

TEST_F(TierDeskTest, KeepsAnUpgradeThatNobodyGivesBack) {
  EXPECT_FALSE(desk_.give_back("org-a"));
  desk_.widen("org-a", "double", clock_.now());
  clock_.advance(minutes(300));
  EXPECT_EQ(end_due(true), Names{});
}

TEST_F(TierDeskTest, EndsWhatWasGivenBackAfterItsTermAndWhenItIsNoLongerNeeded) {
  desk_.widen("org-a", "double", clock_.now());
  EXPECT_TRUE(desk_.give_back("org-a"));
  clock_.advance(minutes(29));
  EXPECT_EQ(end_due(true), Names{});
  clock_.advance(minutes(1));
  EXPECT_EQ(end_due(false), Names{});
  clock_.advance(minutes(5));
  EXPECT_EQ(end_due(true), Names{"org-a"});
  EXPECT_TRUE(desk_.upgrades().empty());
}

TEST_F(TierDeskTest, BeginsTheTermAnewForWhoeverAsksAgain) {
  desk_.widen("org-a", "double", clock_.now());
  desk_.give_back("org-a");
  clock_.advance(minutes(29));
  desk_.widen("org-a", "double", clock_.now());
  clock_.advance(minutes(29));
  EXPECT_EQ(end_due(true), Names{}) << "nobody gave the second one back";
  desk_.give_back("org-a");
  EXPECT_EQ(end_due(true), Names{});
  clock_.advance(minutes(1));
  EXPECT_EQ(end_due(true), Names{"org-a"});
}

TEST_F(TierDeskTest, RemembersItsLastAnswers) {
  desk_.remember("first", "yes");
  EXPECT_EQ(*desk_.answer_to("first"), "yes");
  for (std::size_t i = 0; i < TierDesk::kMostKeys; ++i) desk_.remember(std::to_string(i), "no");
  EXPECT_EQ(desk_.answer_to("first"), nullptr);
  EXPECT_EQ(*desk_.answer_to("0"), "no");
}

}  // namespace
}  // namespace tidegate::sim
