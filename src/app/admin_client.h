// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace tidegate::app {

/// Which running instance a command asks.
struct InstanceArguments {
  std::string url = "http://127.0.0.1:3000";
  std::string token;  ///< from TIDEGATE_ADMIN_TOKEN
  Nanoseconds patience = Seconds(10);  ///< with one question
};
/// Declares `--url`, and the token.
void add_instance_arguments(CLI::App& command, InstanceArguments& arguments);
/// The token alone. It comes from the environment, so that it is in no shell's history.
void add_token_argument(CLI::App& command, InstanceArguments& arguments);

/// What the admin API answers to `GET PATH` (`/api/v1/…`). Failure: no instance there, or its own refusal, in words for
/// people.
[[nodiscard]] Result<boost::json::value> ask_instance(const InstanceArguments& arguments, std::string_view path);
/// Likewise to `POST PATH` with a JSON body.
[[nodiscard]] Result<boost::json::value> tell_instance(const InstanceArguments& arguments, std::string_view path, const boost::json::value& body);

/// Percent-encodes a value for a query.
[[nodiscard]] std::string query_value(std::string_view text);

}  // namespace tidegate::app
