// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <utility>

namespace tidegate::sim {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

template <typename Stream>
asio::awaitable<std::size_t> read_from(Stream& stream, asio::mutable_buffer into) {
  const auto [error, count] = co_await stream.async_read_some(into, kAsTuple);
  co_return error ? 0 : count;
}

template <typename Stream>
asio::awaitable<bool> write_to(Stream& stream, std::string_view bytes) {
  const auto [error, count] = co_await asio::async_write(stream, asio::buffer(bytes), kAsTuple);
  co_return !error && count == bytes.size();
}

class PlainConnection final : public Connection {
 public:
  explicit PlainConnection(tcp::socket socket) : socket_(std::move(socket)) {}
  asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override { return read_from(socket_, into); }
  asio::awaitable<bool> write(std::string_view bytes) override {
    // Nearly always the kernel takes it at once; the coroutine waits only when it does not.
    boost::system::error_code error;
    const std::size_t sent = write_now(bytes, error);
    if (!error && sent == bytes.size()) co_return true;
    if (error) co_return false;
    const bool done = co_await write_to(socket_, bytes.substr(sent));
    co_return done;
  }
  asio::awaitable<bool> handshake() override { co_return true; }
  tcp::socket& socket() override { return socket_; }

 private:
  std::size_t write_now(std::string_view bytes, boost::system::error_code& error) {
    socket_.non_blocking(true, error);
    if (error) return 0;
    const std::size_t sent = socket_.write_some(asio::buffer(bytes), error);
    if (error == asio::error::would_block || error == asio::error::try_again) {
      error.clear();
      return 0;
    }
    return sent;
  }

  tcp::socket socket_;
};

class TlsConnection final : public Connection {
 public:
  TlsConnection(tcp::socket socket, asio::ssl::context& tls) : stream_(std::move(socket), tls) {}
  asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override { return read_from(stream_, into); }
  asio::awaitable<bool> write(std::string_view bytes) override { return write_to(stream_, bytes); }
  asio::awaitable<bool> handshake() override {
    const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kAsTuple);
    co_return !error;
  }
  tcp::socket& socket() override { return stream_.next_layer(); }

 private:
  asio::ssl::stream<tcp::socket> stream_;
};

}  // namespace

void Connection::reset() {
  boost::system::error_code ignored;
  socket().set_option(tcp::socket::linger(true, 0), ignored);
  socket().close(ignored);
}

void Connection::close() {
  boost::system::error_code ignored;
  socket().shutdown(tcp::socket::shutdown_send, ignored);
  socket().close(ignored);
}

bool Connection::client_has_left() {
  pollfd descriptor{socket().native_handle(), POLLIN | POLLRDHUP, 0};
  return ::poll(&descriptor, 1, 0) > 0 && (descriptor.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

std::unique_ptr<Connection> make_plain_connection(tcp::socket socket) {
  return std::make_unique<PlainConnection>(std::move(socket));
}

std::unique_ptr<Connection> make_tls_connection(tcp::socket socket, asio::ssl::context& tls) {
  return std::make_unique<TlsConnection>(std::move(socket), tls);
}

}  // namespace tidegate::sim
