// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/connection_pool.h"

#include "net/listener.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::upstream {
namespace {

/// A listener that keeps what it accepts, and a pool of connections to it.
class ConnectionPoolTest : public testing::Test {
 protected:
  void SetUp() override {
    auto listener = net::Listener::open(reactor_, net::ListenOptions{}, [this](int descriptor) {
      accepted_.push_back(std::make_unique<net::Stream>(reactor_, descriptor));
    });
    ASSERT_TRUE(listener);
    listener_ = std::move(*listener);
  }

  std::shared_ptr<const Provider> provider(std::size_t most = 10'000) {
    ProviderOptions options;
    options.base_url = fmt::format("http://127.0.0.1:{}", listener_->address().port());
    options.max_idle_time = Seconds(55);
    options.max_connections = most;
    options.deadlines.connect = Seconds(10);
    return *Provider::make(options);
  }

  /// Opens, notes in `order_` under which name, and holds the connection.
  net::Task<void> open(std::shared_ptr<const Provider> provider, char name, Places::Wish wish = Places::Wish::Any) {
    net::Task<Result<Connection>> opening = pool_.open(std::move(provider), wish);
    Result<Connection> connection = co_await opening;
    order_ += name;
    order_ += !connection ? '!' : connection->reused ? 'r' : 'f';
    if (connection) held_.push_back(std::move(*connection));
    else failures_.push_back(connection.error());
  }

  /// Lets others run until it holds.
  net::Task<void> until(std::function<bool()> holds) {
    while (!holds()) {
      net::Reactor::Yield yield = reactor_.yield();
      co_await yield;
    }
  }

  ManualClock clock_;
  net::Reactor reactor_{clock_};
  net::Resolver resolver_{clock_};
  std::vector<std::unique_ptr<net::Stream>> accepted_;
  std::unique_ptr<net::Listener> listener_;
  int opened_ = 0;
  ConnectionPool pool_{reactor_, resolver_, [this](const Provider&) { ++opened_; }};
  std::vector<Connection> held_;
  std::vector<Failure> failures_;
  std::string order_;
};

TEST_F(ConnectionPoolTest, KeepsWhatTheNextWaveNeedsAndClosesWhatGrewOld) {
  const auto provider = this->provider();
  constexpr std::size_t kWave = 200;
  std::vector<std::size_t> idle;
  const auto visit = [&]() -> net::Task<void> {
    for (int wave = 0; wave < 2; ++wave) {
      std::vector<Connection> held;
      for (std::size_t i = 0; i < kWave; ++i) {
        if (Connection connection; pool_.take_idle(*provider, connection)) {
          EXPECT_TRUE(connection.reused);
          held.push_back(std::move(connection));
          continue;
        }
        net::Task<Result<Connection>> opening = pool_.open(provider);
        Result<Connection> fresh = co_await opening;
        EXPECT_TRUE(fresh);
        if (fresh) held.push_back(std::move(*fresh));
      }
      for (Connection& connection : held) pool_.release(*provider, std::move(connection));
      idle.push_back(pool_.idle());
    }
    clock_.advance(Seconds(60));
    net::Reactor::Yield yield = reactor_.yield();
    co_await yield;
    Connection none;
    EXPECT_FALSE(pool_.take_idle(*provider, none)) << "all of them are too old";
    net::Task<Result<Connection>> opening = pool_.open(provider);
    Result<Connection> connection = co_await opening;
    EXPECT_TRUE(connection);
    if (connection) pool_.release(*provider, std::move(*connection));
    idle.push_back(pool_.idle());
    reactor_.stop();
  };
  reactor_.spawn(visit());
  reactor_.run();
  EXPECT_EQ(idle, (std::vector<std::size_t>{kWave, kWave, 1}));
  EXPECT_EQ(opened_, static_cast<int>(kWave) + 1);
}

TEST_F(ConnectionPoolTest, WhoComesWhenAllAreInUseGetsTheNextThatIsGivenBack) {
  const auto provider = this->provider(2);
  const auto visit = [&]() -> net::Task<void> {
    for (const char name : {'a', 'b', 'c', 'd'}) reactor_.spawn(open(provider, name));
    net::Task<void> two = until([&] { return held_.size() == 2; });
    co_await two;
    EXPECT_EQ(pool_.idle(), 0U);
    pool_.release(*provider, std::move(held_[0]));
    EXPECT_EQ(pool_.idle(), 0U) << "it is promised already";
    net::Task<void> three = until([&] { return held_.size() == 3; });
    co_await three;
    held_[1] = Connection{};  // broken off: its place is free, not the connection
    net::Task<void> four = until([&] { return held_.size() == 4; });
    co_await four;
    reactor_.stop();
  };
  reactor_.spawn(visit());
  reactor_.run();
  EXPECT_EQ(order_, "afbfcrdf");
  EXPECT_EQ(opened_, 3);
}

TEST_F(ConnectionPoolTest, WhoNeedsAFreshOneGetsThePlaceOfOneThatWasUsed) {
  const auto provider = this->provider(1);
  const auto visit = [&]() -> net::Task<void> {
    reactor_.spawn(open(provider, 'a'));
    net::Task<void> one = until([&] { return held_.size() == 1; });
    co_await one;
    reactor_.spawn(open(provider, 'b', Places::Wish::Fresh));
    reactor_.spawn(open(provider, 'c'));
    pool_.release(*provider, std::move(held_[0]));
    net::Task<void> two = until([&] { return held_.size() == 2; });
    co_await two;
    pool_.release(*provider, std::move(held_[1]));
    net::Task<void> three = until([&] { return held_.size() == 3; });
    co_await three;
    // An idle one makes room for one that must be fresh.
    pool_.release(*provider, std::move(held_[2]));
    EXPECT_EQ(pool_.idle(), 1U);
    reactor_.spawn(open(provider, 'd', Places::Wish::Fresh));
    net::Task<void> four = until([&] { return held_.size() == 4; });
    co_await four;
    EXPECT_EQ(pool_.idle(), 0U);
    reactor_.stop();
  };
  reactor_.spawn(visit());
  reactor_.run();
  EXPECT_EQ(order_, "afbfcrdf");
}

TEST_F(ConnectionPoolTest, TellsWhoWaitedAsLongAsForConnectingWhatToDo) {
  const auto provider = this->provider(1);
  const auto visit = [&]() -> net::Task<void> {
    reactor_.spawn(open(provider, 'a'));
    net::Task<void> one = until([&] { return held_.size() == 1; });
    co_await one;
    reactor_.spawn(open(provider, 'b'));
    clock_.advance(Seconds(11));
    net::Task<void> failed = until([&] { return !failures_.empty(); });
    co_await failed;
    // Whoever gave up does not take the next one with it.
    pool_.release(*provider, std::move(held_[0]));
    EXPECT_EQ(pool_.idle(), 1U);
    reactor_.stop();
  };
  reactor_.spawn(visit());
  reactor_.run();
  EXPECT_EQ(order_, "afb!");
  ASSERT_EQ(failures_.size(), 1U);
  EXPECT_EQ(failures_[0].kind, FailureKind::Timeout);
  EXPECT_EQ(failures_[0].retry, Retry::OtherTarget);
  EXPECT_THAT(failures_[0].detail, testing::HasSubstr("all 1 connections to 127.0.0.1"));
  EXPECT_THAT(failures_[0].detail, testing::HasSubstr("connections.max"));
}

TEST_F(ConnectionPoolTest, WhoEverWaitsMayEndWithItsReactor) {
  const auto provider = this->provider(1);
  const auto visit = [&]() -> net::Task<void> {
    reactor_.spawn(open(provider, 'a'));
    net::Task<void> one = until([&] { return held_.size() == 1; });
    co_await one;
    reactor_.spawn(open(provider, 'b'));
    reactor_.stop();
  };
  reactor_.spawn(visit());
  reactor_.run();
  EXPECT_EQ(order_, "af");
}

}  // namespace
}  // namespace tidegate::upstream
