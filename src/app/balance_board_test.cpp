// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/balance_board.h"

#include "metrics/registry.h"
#include "metrics/text_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace tidegate::app {
namespace {

using monitor::Balance;
using monitor::BalanceState;
using testing::HasSubstr;
using testing::Not;
using upstream::ProviderOptions;

ProviderOptions relay() {
  ProviderOptions provider;
  provider.id = ProviderId("relay");
  provider.base_url = "https://relay.example/anthropic";
  provider.keys = {{.name = "RELAY_KEY", .secret = Secret("sk-1"), .organisation = {}, .workspace = {}}};
  provider.balance = upstream::BalanceOptions{};
  return provider;
}

Balance dollars(double left) { return {.amounts = {{.currency = "USD", .left = left}}}; }

/// A board whose answers a test gives, and whose time it passes.
class BoardTest : public testing::Test {
 protected:
  void look() { board_.look(providers_, at(elapsed_)); }
  void look_after(Nanoseconds pause) {
    elapsed_ += pause;
    look();
  }
  static Now at(Nanoseconds elapsed) {
    return {.steady = SteadyTime(elapsed), .wall = WallTime(std::chrono::hours(480'000)) + elapsed};
  }
  /// `kind severity`, of each alarm in force.
  [[nodiscard]] std::vector<std::string> alarms() const {
    std::vector<std::string> out;
    for (const Alarm& alarm : alarms_.list()) out.push_back(alarm.kind + " " + std::string(to_string(alarm.severity)));
    return out;
  }
  [[nodiscard]] std::string scrape() const {
    metrics::Registry registry;
    registry.collect([&](metrics::SampleSink& sink) { add_balance_figures(sink, board_.list()); });
    return metrics::to_text(registry.snapshot(), metrics::TextFormat::Prometheus);
  }

  std::vector<ProviderOptions> providers_{relay()};
  Result<Balance> answer_ = dollars(20);
  std::vector<BalanceQuestion> questions_;
  AlarmBoard alarms_;
  BalanceBoard board_{alarms_, [this](const BalanceQuestion& question) {
                        questions_.push_back(question);
                        return answer_;
                      }};
  Nanoseconds elapsed_ = Seconds(1'000);
};

TEST_F(BoardTest, AsksWhoWantsItWithTheFirstKeyAndAgainAfterItsInterval) {
  ProviderOptions other = relay();
  other.id = ProviderId("other");
  other.balance.reset();
  providers_.push_back(other);
  look();
  ASSERT_EQ(questions_.size(), 1U);
  EXPECT_EQ(questions_[0].base, "https://relay.example");
  EXPECT_EQ(questions_[0].key.reveal(), "sk-1");
  look_after(Seconds(59));
  EXPECT_EQ(questions_.size(), 1U);
  look_after(Seconds(1));
  EXPECT_EQ(questions_.size(), 2U);
}

TEST_F(BoardTest, TellsWhatIsLeftAndWhen) {
  EXPECT_TRUE(board_.list().empty());
  look();
  const auto balances = board_.list();
  ASSERT_EQ(balances.size(), 1U);
  EXPECT_EQ(balances[0].provider, "relay");
  EXPECT_EQ(balances[0].state, BalanceState::Good);
  EXPECT_EQ(balances[0].balance, dollars(20));
  EXPECT_EQ(balances[0].read_at, at(elapsed_).wall);
  EXPECT_THAT(scrape(), HasSubstr("tidegate_provider_balance{provider=\"relay\",currency=\"USD\"} 20\n"));
  EXPECT_TRUE(alarms().empty());
}

TEST_F(BoardTest, WarnsBelowTheFloorAndGoesBackAtIt) {
  answer_ = dollars(4.99);
  look();
  EXPECT_EQ(alarms(), std::vector<std::string>{"balance_low warning"});
  EXPECT_THAT(alarms_.list()[0].message, HasSubstr("4.99 USD is left, less than 5.00"));
  EXPECT_EQ(board_.list()[0].state, BalanceState::Low);
  EXPECT_THAT(scrape(), HasSubstr(" 4.99\n"));
  answer_ = dollars(0);
  look_after(Seconds(300));
  EXPECT_EQ(alarms(), std::vector<std::string>{"balance_low critical"});
  answer_ = dollars(5);
  look_after(Seconds(300));
  EXPECT_TRUE(alarms().empty());
}

TEST_F(BoardTest, OneCurrencyWithEnoughIsEnough) {
  answer_ = Balance{.amounts = {{.currency = "CNY", .left = 50}, {.currency = "USD", .left = 0}}};
  look();
  EXPECT_TRUE(alarms().empty());
  EXPECT_THAT(scrape(), HasSubstr("{provider=\"relay\",currency=\"CNY\"} 50\n"));
  EXPECT_THAT(scrape(), HasSubstr("{provider=\"relay\",currency=\"USD\"} 0\n"));
  answer_->is_usable = false;
  look_after(Seconds(300));
  EXPECT_EQ(alarms(), std::vector<std::string>{"balance_low critical"});
}

TEST_F(BoardTest, AKeyWithoutLimitIsNeitherLowNorAFigure) {
  answer_ = Balance{.amounts = {}, .is_unlimited = true};
  look();
  EXPECT_TRUE(alarms().empty());
  EXPECT_EQ(board_.list()[0].state, BalanceState::Good);
  EXPECT_THAT(scrape(), Not(HasSubstr("tidegate_provider_balance{")));
}

TEST_F(BoardTest, IsUnknownAfterThreeFailuresInARowWhichAreTriedAgainSooner) {
  look();
  answer_ = fail(FailureKind::Denied, Origin::Operator, "/v1/x answers 401: the key is refused");
  look_after(Seconds(300));
  look_after(Seconds(60));
  EXPECT_TRUE(alarms().empty());
  EXPECT_THAT(scrape(), HasSubstr(" 20\n"));
  EXPECT_EQ(board_.list()[0].trouble, "/v1/x answers 401: the key is refused");
  look_after(Seconds(60));
  EXPECT_EQ(questions_.size(), 4U);
  EXPECT_EQ(alarms(), std::vector<std::string>{"balance_unknown warning"});
  EXPECT_THAT(alarms_.list()[0].message,
              HasSubstr("/v1/x answers 401: the key is refused; what is left was last read at "));
  EXPECT_EQ(board_.list()[0].state, BalanceState::Unknown);
  EXPECT_THAT(scrape(), Not(HasSubstr("tidegate_provider_balance{")));
  answer_ = dollars(20);
  look_after(Seconds(60));
  EXPECT_TRUE(alarms().empty());
  EXPECT_EQ(board_.list()[0].state, BalanceState::Good);
  answer_ = fail(FailureKind::Timeout, Origin::Upstream, "too late");
  look_after(Seconds(300));
  EXPECT_TRUE(alarms().empty()) << "they count from the last good one on";
}

TEST_F(BoardTest, WhatWasLowStaysAnAlarmWhileItCannotBeRead) {
  answer_ = dollars(1);
  look();
  answer_ = fail(FailureKind::Connect, Origin::Upstream, "nobody is there");
  look_after(Seconds(300));
  look_after(Seconds(60));
  look_after(Seconds(60));
  EXPECT_EQ(alarms(), (std::vector<std::string>{"balance_low warning", "balance_unknown warning"}));
}

TEST_F(BoardTest, AChangedRowIsAskedAtOnceAndARemovedOneForgotten) {
  answer_ = dollars(7);
  look();
  providers_[0].balance->warn_below = 10;
  look();
  EXPECT_EQ(questions_.size(), 2U);
  EXPECT_EQ(alarms(), std::vector<std::string>{"balance_low warning"});
  providers_[0].balance.reset();
  look();
  EXPECT_EQ(questions_.size(), 2U);
  EXPECT_TRUE(alarms().empty());
  EXPECT_TRUE(board_.list().empty());
}

TEST_F(BoardTest, KeepsHowItWentForADayAndBeginsAnewWithAnotherAccount) {
  providers_[0].balance->every = Seconds(60);
  look();
  answer_ = dollars(19.5);
  look_after(Seconds(60));
  answer_ = fail(FailureKind::Timeout, Origin::Upstream, "too late");
  look_after(Seconds(60));
  ASSERT_EQ(board_.courses().size(), 1U);
  EXPECT_EQ(board_.courses()[0].provider, "relay");
  EXPECT_EQ(board_.courses()[0].currency, "USD");
  EXPECT_EQ(board_.courses()[0].readings,
            (std::vector<monitor::BalanceReading>{{at(Seconds(1'000)).wall, 20}, {at(Seconds(1'060)).wall, 19.5}}));
  answer_ = dollars(3);
  look_after(BalanceBoard::kKept - Seconds(60));
  EXPECT_EQ(board_.courses()[0].readings.size(), 2U) << "the oldest is gone";
  answer_ = Balance{.amounts = {{.currency = "CNY", .left = 7}}};
  look_after(BalanceBoard::kKept + Seconds(60));
  ASSERT_EQ(board_.courses().size(), 1U);
  EXPECT_EQ(board_.courses()[0].currency, "CNY");
  providers_[0].balance->url = "https://console.example";
  look();
  EXPECT_EQ(board_.courses().at(0).readings.size(), 1U);
}

TEST_F(BoardTest, AsksNobodyWhileItStops) {
  board_.begin_stop();
  look();
  EXPECT_TRUE(questions_.empty());
}

}  // namespace
}  // namespace tidegate::app
