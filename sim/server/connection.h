// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string_view>

namespace tidegate::sim {

/// One client's connection, plain or TLS. Used by one coroutine at a time, on its io_context's thread.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Bytes read; 0 at the end of the stream or on an error.
  virtual boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer into) = 0;
  /// All of it, or false.
  virtual boost::asio::awaitable<bool> write(std::string_view bytes) = 0;
  /// TLS handshake; true at once on a plain connection.
  virtual boost::asio::awaitable<bool> handshake() = 0;
  [[nodiscard]] virtual boost::asio::ip::tcp::socket& socket() = 0;

  /// Ends with RST: what was sent and not read yet may be lost to the client.
  void reset();
  /// Ends with FIN, without a TLS close_notify.
  void close();
  /// The client closed its side.
  [[nodiscard]] bool client_has_left();
};

[[nodiscard]] std::unique_ptr<Connection> make_plain_connection(boost::asio::ip::tcp::socket socket);
[[nodiscard]] std::unique_ptr<Connection> make_tls_connection(boost::asio::ip::tcp::socket socket,
                                                              boost::asio::ssl::context& tls);

}  // namespace tidegate::sim
