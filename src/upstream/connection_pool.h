// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/connector.h"
#include "net/http1/head.h"
#include "net/reactor.h"
#include "upstream/places.h"
#include "upstream/provider.h"
#include "upstream/read_buffers.h"
#include "upstream/spares.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <utility>

namespace tidegate::upstream {

/// One worker's kept-alive connections, per provider; the most recently used is taken first, so that the others can age and be
/// closed. What comes back is kept even if there are many already: requests come in waves, and closing after each wave what
/// the next one needs makes every request pay for a handshake. Of all connections, busy or idle, there are never more than
/// `connections.max`; who comes then waits for one. One thread.
class ConnectionPool {
 public:
  /// `on_opened` is told of every connection that was made.
  ConnectionPool(net::Reactor& reactor, net::Resolver& resolver, std::function<void(const Provider&)> on_opened = {})
      : reactor_(reactor), resolver_(resolver), on_opened_(std::move(on_opened)) {}

  /// Moves an idle connection that is still good into `connection`; false if there is none. Most requests find one, and so pay
  /// for no task.
  [[nodiscard]] bool take_idle(const Provider& provider, Connection& connection);
  /// A new one, or, with `Any`, where as many as may be are open, one that another gives back meanwhile. Failure as
  /// `net::connect`; Timeout also where none became free within the time for connecting.
  [[nodiscard]] net::Task<Result<Connection>> open(std::shared_ptr<const Provider> provider, Places::Wish wish = Places::Wish::Any);
  /// Gives back a connection whose exchange is complete.
  void release(const Provider& provider, Connection connection);
  /// Closes every idle connection that leads to none of these providers.
  void keep_only(std::span<const std::shared_ptr<const Provider>> providers);
  [[nodiscard]] std::size_t idle() const;
  [[nodiscard]] net::Reactor& reactor() const { return reactor_; }
  [[nodiscard]] ReadBuffers& buffers() { return buffers_; }
  [[nodiscard]] Spares<net::http1::ResponseHeadParser>& parsers() { return parsers_; }

 private:
  struct Idle {
    Connection connection;
    SteadyTime since;
  };
  struct Uplink {
    explicit Uplink(net::Reactor& reactor) : places(std::make_shared<Places>(reactor)) {}
    std::shared_ptr<Places> places;  ///< held by its connections as well
    std::deque<Idle> idle;           ///< oldest first
  };
  [[nodiscard]] Uplink& uplink(const Provider& provider);

  net::Reactor& reactor_;
  net::Resolver& resolver_;
  std::function<void(const Provider&)> on_opened_;
  ReadBuffers buffers_;
  Spares<net::http1::ResponseHeadParser> parsers_;
  /// Keeps the destination, so that no later one at the same address inherits connections that lead elsewhere.
  std::map<std::shared_ptr<const net::Destination>, Uplink, std::owner_less<>> uplinks_;
};

}  // namespace tidegate::upstream
