// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/server/connection.h"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::sim {

/// One request as it stood on the wire. Views are valid until the reader reads the next one.
struct Request {
  std::string_view method;
  std::string_view target;  ///< path and query
  std::string_view path;
  std::string_view query;  ///< behind the `?`
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  std::string_view body;
  bool is_upgrade = false;

  /// The first field of that name in any case; empty if absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// The value of a query parameter, not decoded; empty if absent.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
  /// Every value of it.
  [[nodiscard]] std::vector<std::string_view> parameters(std::string_view name) const;
  /// The names of all query parameters, not decoded.
  [[nodiscard]] std::vector<std::string_view> parameter_names() const;
};

/// Reads requests from one connection by Beast's parser.
class RequestReader {
 public:
  enum class Outcome : std::uint8_t { Request, Closed, Malformed, TooLarge };

  RequestReader();
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  boost::asio::awaitable<Outcome> read(Connection& connection);
  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] bool keep_alive() const;

 private:
  struct Parsing;
  void take_head();

  std::unique_ptr<Parsing> parsing_;
  Request request_;
};

}  // namespace tidegate::sim
