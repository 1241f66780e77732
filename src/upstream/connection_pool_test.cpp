// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/connection_pool.h"

#include "net/listener.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tidegate::upstream {
namespace {

TEST(ConnectionPool, KeepsWhatTheNextWaveNeedsAndClosesWhatGrewOld) {
  ManualClock clock;
  net::Reactor reactor(clock);
  net::Resolver resolver(clock);
  std::vector<std::unique_ptr<net::Stream>> accepted;
  auto listener = net::Listener::open(reactor, net::ListenOptions{}, [&](int descriptor) {
    accepted.push_back(std::make_unique<net::Stream>(reactor, descriptor));
  });
  ASSERT_TRUE(listener);
  ProviderOptions options;
  options.base_url = fmt::format("http://127.0.0.1:{}", (*listener)->address().port());
  options.max_idle_time = Seconds(55);
  const auto provider = Provider::make(options);
  ASSERT_TRUE(provider);
  int opened = 0;
  ConnectionPool pool(reactor, resolver, [&](const Provider&) { ++opened; });

  constexpr std::size_t kWave = 200;
  std::vector<std::size_t> idle;
  const auto visit = [&]() -> net::Task<void> {
    for (int wave = 0; wave < 2; ++wave) {
      std::vector<Connection> held;
      for (std::size_t i = 0; i < kWave; ++i) {
        if (std::optional<Connection> connection = pool.take_idle(**provider)) {
          EXPECT_TRUE(connection->reused);
          held.push_back(std::move(*connection));
          continue;
        }
        net::Task<Result<Connection>> opening = pool.open(*provider);
        Result<Connection> fresh = co_await opening;
        EXPECT_TRUE(fresh);
        if (fresh) held.push_back(std::move(*fresh));
      }
      for (Connection& connection : held) pool.release(**provider, std::move(connection.stream));
      idle.push_back(pool.idle());
    }
    clock.advance(Seconds(60));
    net::Reactor::Yield yield = reactor.yield();
    co_await yield;
    EXPECT_FALSE(pool.take_idle(**provider)) << "all of them are too old";
    net::Task<Result<Connection>> opening = pool.open(*provider);
    Result<Connection> connection = co_await opening;
    EXPECT_TRUE(connection);
    if (connection) pool.release(**provider, std::move(connection->stream));
    idle.push_back(pool.idle());
    reactor.stop();
  };
  reactor.spawn(visit());
  reactor.run();
  EXPECT_EQ(idle, (std::vector<std::size_t>{kWave, kWave, 1}));
  EXPECT_EQ(opened, static_cast<int>(kWave) + 1);
}

}  // namespace
}  // namespace tidegate::upstream
