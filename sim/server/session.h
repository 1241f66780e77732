// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/server/connection.h"
#include "sim/server/library.h"
#include "sim/server/provider.h"
#include "sim/server/upgrades.h"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace tidegate::sim {

/// Answers every request of one connection, one after the other.
[[nodiscard]] boost::asio::awaitable<void> serve_connection(std::unique_ptr<Connection> connection, Provider& provider,
                                                            Library& library, Upgrades& upgrades);

}  // namespace tidegate::sim
