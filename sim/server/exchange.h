// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/server/connection.h"
#include "sim/server/library.h"
#include "sim/server/provider.h"
#include "sim/server/reply.h"
#include "sim/server/request_reader.h"
#include "sim/server/upgrades.h"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace tidegate::sim {

/// One request with everything that answers it. Lives as long as its answer is written.
struct Exchange {
  Connection& connection;
  const Request& request;
  Provider& provider;
  Library& library;
  Upgrades& upgrades;
  Now started;
  std::string request_id;
  Persistence persistence;
  Caller caller;

  [[nodiscard]] Dialect dialect() const;
  /// request-id and whose answer it is, in the dialect's names.
  [[nodiscard]] std::string identity_headers(Dialect of) const;
  /// Compresses it if the client accepts that.
  void encode(Reply& reply) const;
};

/// Waits, and looks now and then whether the client is still there; false if it has left.
[[nodiscard]] boost::asio::awaitable<bool> wait(Connection& connection, Nanoseconds duration);

/// Writes a whole answer; what comes back says whether the connection can take another request.
[[nodiscard]] boost::asio::awaitable<Persistence> send(Exchange& exchange, Reply reply);

/// Answers a call to a model: faults, limits, cache, latency, stream.
[[nodiscard]] boost::asio::awaitable<Persistence> serve_model_call(Exchange& exchange, Surface surface);

/// Answers every other request.
[[nodiscard]] Reply serve_plain(Exchange& exchange);

}  // namespace tidegate::sim
