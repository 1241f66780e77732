// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/balance_keeper.h"

#include "store/sqlite/sqlite_history.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace tidegate::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// What a process has of balances: a provider that is asked each minute, and a history in the directory.
struct Process {
  explicit Process(const std::filesystem::path& path) : history(path) {}

  double left = 0;
  AlarmBoard alarms;
  BalanceBoard board{alarms, [this](const BalanceQuestion&) -> Result<monitor::Balance> {
                       return monitor::Balance{.amounts = {{.currency = "USD", .left = left}}};
                     }};
  store::SqliteHistory history;
  BalanceKeeper keeper{board, history};
};

class BalanceKeeperTest : public testing::Test {
 protected:
  BalanceKeeperTest() {
    upstream::ProviderOptions relay;
    relay.id = ProviderId("relay");
    relay.base_url = "https://relay.example";
    relay.keys = {{.name = "RELAY_KEY", .secret = Secret("sk-1"), .organisation = {}, .workspace = {}}};
    relay.balance = upstream::BalanceOptions{};
    providers_ = {relay};
  }
  void start() {
    process_.emplace(path_);
    process_->keeper.look(clock_.now());
  }
  void read(double left) {
    process_->left = left;
    process_->board.look(providers_, clock_.now());
    process_->keeper.look(clock_.now());
    clock_.advance(std::chrono::minutes(1));
  }
  /// What is known to have been left, oldest first.
  std::vector<double> course() {
    std::vector<double> left;
    for (const monitor::BalanceCourse& course : process_->board.courses()) {
      for (const monitor::BalanceReading& reading : course.readings) left.push_back(reading.left);
    }
    return left;
  }

  const store::TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "history.db";
  std::vector<upstream::ProviderOptions> providers_;
  ManualClock clock_;
  std::optional<Process> process_;
};

TEST_F(BalanceKeeperTest, ANewProcessGoesOnFromWhatTheKilledOneRead) {
  start();
  read(20);
  read(19);
  start();
  EXPECT_THAT(course(), IsEmpty()) << "nobody says yet that it is the same account";
  read(18);
  EXPECT_THAT(course(), ElementsAre(20, 19, 18));
  start();
  read(17);
  EXPECT_THAT(course(), ElementsAre(20, 19, 18, 17)) << "nothing twice";
}

TEST_F(BalanceKeeperTest, AnotherAccountIsAnotherCourse) {
  start();
  read(20);
  start();
  providers_[0].balance->url = "https://console.example";
  read(3);
  EXPECT_THAT(course(), ElementsAre(3));
}

TEST_F(BalanceKeeperTest, WhatIsOlderThanIsShownIsNotReadBack) {
  start();
  read(20);
  clock_.advance(BalanceBoard::kKept);
  start();
  read(19);
  EXPECT_THAT(course(), ElementsAre(19));
}

TEST_F(BalanceKeeperTest, ABrokenFileIsReadLaterAndNothingIsLostMeanwhile) {
  start();
  read(20);
  process_.reset();
  std::filesystem::rename(path_, directory_.path() / "aside");
  std::filesystem::create_directory(path_);
  start();
  read(19);
  EXPECT_THAT(course(), ElementsAre(19));
  std::filesystem::remove(path_);
  std::filesystem::rename(directory_.path() / "aside", path_);
  read(18);
  EXPECT_THAT(course(), ElementsAre(20, 19, 18));
  start();
  read(17);
  EXPECT_THAT(course(), ElementsAre(20, 19, 18, 17));
}

}  // namespace
}  // namespace tidegate::app
