// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <boost/json/value.hpp>

#include <string>

// What `/api/v1/rooms` says, as `tidegate status` prints it. Throws what Boost.JSON throws for a value of another
// shape.
namespace tidegate::app {

/// A line per room that has anything to tell, with its pools and their levels below it; empty without rooms.
[[nodiscard]] std::string rooms_text(const boost::json::value& rooms);
/// A line per key, with the pool that it leads to; those that drain are only counted. Empty without keys.
[[nodiscard]] std::string keys_text(const boost::json::value& provider_keys);

}  // namespace tidegate::app
