// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/unpriced_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tidegate::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Unpriced : public ::testing::Test {
 protected:
  Unpriced() { adopt({"known"}); }

  /// Puts a book with standard rows for these models, and fast ones for `fast`, into force.
  void adopt(const std::vector<std::string>& models, const std::vector<std::string>& fast = {}) {
    pricing::PriceOptions options;
    for (const std::string& model : models) options.rows.emplace_back().model = model;
    for (const std::string& model : fast) {
      options.rows.emplace_back().model = model;
      options.rows.back().speed = "fast";
    }
    prices.swap(std::make_shared<const pricing::PriceBook>(pricing::PriceBook::make(options).value()));
    unpriced.look({});
  }
  void answer(const std::string& model, const std::string& speed = {}) {
    llm::AnswerFacts facts;
    facts.model = model;
    facts.usage.speed = speed;
    const pricing::Cost cost = prices.current()->cost(facts, model, "anthropic", {});
    if (!cost.price_known) unpriced.note(cost, "anthropic", {});
  }
  [[nodiscard]] std::string told() const {
    const auto list = alarms.list();
    return list.size() == 1 ? list[0].message : std::to_string(list.size()) + " alarms";
  }

  AlarmBoard alarms;
  Board<pricing::PriceBook> prices{nullptr};
  UnpricedModels unpriced{alarms, prices};
};

TEST_F(Unpriced, AreOneAlarmHoweverManyTheyAre) {
  for (int i = 0; i < 2'300; ++i) answer("model-" + std::to_string(i));
  EXPECT_THAT(told(), AllOf(HasSubstr("model-0 (anthropic)"), Not(HasSubstr("model-20")), HasSubstr("others lack one as well")));
  EXPECT_LT(told().size(), 1'000U);
}

TEST_F(Unpriced, ClearWhenABookCoversThem) {
  answer("one");
  answer("two");
  adopt({"known", "one"});
  EXPECT_THAT(told(), AllOf(HasSubstr("covers two (anthropic)"), Not(HasSubstr("one"))));
  adopt({"known", "one", "two"});
  EXPECT_EQ(told(), "0 alarms");
}

TEST_F(Unpriced, AreNotToldOfWhatTheBookInForceCovers) {
  llm::AnswerFacts facts;
  facts.model = "late";
  const pricing::Cost cost = prices.current()->cost(facts, "late", "anthropic", {});
  adopt({"late"});
  unpriced.note(cost, "anthropic", {});
  EXPECT_EQ(told(), "0 alarms");
}

TEST_F(Unpriced, SayWhichRowPricedAFastAnswer) {
  answer("known", "fast");
  EXPECT_THAT(told(), AllOf(HasSubstr("no row of speed fast covers known (anthropic), counted by the row of its standard speed"), Not(HasSubstr("unknown_model"))));
  answer("new", "fast");
  EXPECT_THAT(told(), HasSubstr("no price row covers new (anthropic), counted at `prices.unknown_model`"));
  adopt({"known", "new"}, {"known", "new"});
  EXPECT_EQ(told(), "0 alarms");
}

}  // namespace
}  // namespace tidegate::app
