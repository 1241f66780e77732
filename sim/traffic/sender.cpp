// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/sender.h"

#include "base/number.h"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string_view>

namespace tidegate::sim {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

struct Target {
  std::string host, port;
};

Target target_of(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with(kScheme)) {
    url.remove_prefix(kScheme.size());
    while (url.ends_with('/')) url.remove_suffix(1);
    const std::size_t colon = url.rfind(':');
    if (colon != std::string_view::npos && parse_integer<std::uint16_t>(url.substr(colon + 1))) {
      return {std::string(url.substr(0, colon)), std::string(url.substr(colon + 1))};
    }
  }
  throw std::runtime_error(fmt::format("'{}' is no address like http://127.0.0.1:8080", url));
}

/// One thread, one io_context; everything here runs on it.
class Sender {
 public:
  Sender(TrafficPlan plan, const SenderOptions& options)
      : plan_(std::move(plan)), options_(options), target_(target_of(options.url)) {}

  SenderCounts run() {
    asio::signal_set signals(context_, SIGTERM, SIGINT);
    signals.async_wait([this](const boost::system::error_code&, int) { context_.stop(); });
    asio::co_spawn(context_, follow_plan(), asio::detached);
    context_.run();
    return counts_;
  }

 private:
  asio::awaitable<void> follow_plan() {
    asio::steady_timer timer(context_);
    timer.expires_after(std::chrono::seconds(0));
    const asio::steady_timer::time_point start = timer.expiry();  // the timer's own clock
    while (true) {
      PlannedCall call = plan_.next();
      const Nanoseconds due(
          static_cast<Nanoseconds::rep>(static_cast<double>((call.at - options_.begin).count()) / options_.pace));
      const bool is_over = options_.duration && due > *options_.duration;
      timer.expires_at(start + (is_over ? *options_.duration : due));
      co_await timer.async_wait(kAwait);
      if (is_over) {
        context_.stop();
        co_return;
      }
      if (in_flight_ >= options_.max_in_flight) {
        ++counts_.skipped;
        continue;
      }
      ++counts_.sent;
      ++in_flight_;
      asio::co_spawn(context_, exchange(std::move(call)), asio::detached);
    }
  }

  asio::awaitable<void> exchange(PlannedCall call) {
    int status = 0;
    tcp::resolver resolver(context_);
    tcp::socket socket(context_);
    auto [unresolved, endpoints] = co_await resolver.async_resolve(target_.host, target_.port, kAwait);
    if (!unresolved) {
      auto [refused, endpoint] = co_await asio::async_connect(socket, endpoints, kAwait);
      if (!refused) status = co_await ask(socket, head_of(call) + call.body);
    }
    ++counts_.by_status[status];
    --in_flight_;
  }

  [[nodiscard]] std::string head_of(const PlannedCall& call) const {
    std::string head = fmt::format(
        "POST {} HTTP/1.1\r\nhost: {}:{}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: "
        "{}\r\n",
        call.path, target_.host, target_.port, call.body.size());
    const bool is_openai = call.path.starts_with("/v1/chat");
    head += is_openai ? fmt::format("authorization: Bearer {}\r\n", options_.key)
                      : fmt::format("x-api-key: {}\r\n", options_.key);
    for (const auto& [name, value] : call.fields) head += fmt::format("{}: {}\r\n", name, value);
    return head + "\r\n";
  }

  /// The status of the answer, read to its end; 0 without one.
  asio::awaitable<int> ask(tcp::socket& socket, std::string request) {
    auto [unsent, bytes] = co_await asio::async_write(socket, asio::buffer(request), kAwait);
    if (unsent) co_return 0;
    std::string start;
    std::array<char, 16 * 1024> piece;
    while (true) {
      auto [ended, count] = co_await socket.async_read_some(asio::buffer(piece), kAwait);
      if (ended) break;
      if (start.size() < 12) start.append(piece.data(), std::min<std::size_t>(count, 12));
    }
    co_return start.size() < 12 ? 0 : parse_integer<int>(std::string_view(start).substr(9, 3)).value_or(0);
  }

  TrafficPlan plan_;
  const SenderOptions& options_;
  Target target_;
  asio::io_context context_{1};
  SenderCounts counts_;
  std::size_t in_flight_ = 0;
};

}  // namespace

SenderCounts send_traffic(TrafficPlan plan, const SenderOptions& options) {
  return Sender(std::move(plan), options).run();
}

}  // namespace tidegate::sim
