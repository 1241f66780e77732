// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ascii.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::sim {

/// An answer as a test sees it.
struct Received {
  int status = 0;  ///< 0: no head came
  std::string head;
  std::string body;          ///< chunks put together
  bool is_complete = false;  ///< Content-Length reached, last chunk seen
  bool was_reset = false;

  [[nodiscard]] std::string header(std::string_view name) const {
    std::string_view rest = head;
    while (!rest.empty()) {
      const std::size_t end = rest.find("\r\n");
      const std::string_view line = rest.substr(0, end);
      const std::size_t colon = line.find(':');
      if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name))
        return std::string(trim(line.substr(colon + 1)));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 2);
    }
    return {};
  }
};

/// A connection over a plain blocking socket, written for tests without any of the server's code. Gives up after 10 s.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~TestClient() { close(); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// `headers`: lines, each with `\r\n`.
  Received request(std::string_view method, std::string_view target, std::string_view body, std::string_view headers) {
    begin(method, target, body, headers);
    return receive(method == "HEAD");
  }
  void begin(std::string_view method, std::string_view target, std::string_view body, std::string_view headers) {
    std::string bytes(method);
    bytes.append(" ").append(target).append(" HTTP/1.1\r\nhost: sim\r\n").append(headers);
    if (!body.empty()) bytes.append("content-length: ").append(std::to_string(body.size())).append("\r\n");
    bytes.append("\r\n").append(body);
    send(bytes);
  }

  Received receive(bool is_head = false) {
    Received received;
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!read_more(received)) return received;
    }
    const std::size_t end = buffer_.find("\r\n\r\n");
    received.head = buffer_.substr(0, end);
    buffer_.erase(0, end + 4);
    if (received.head.size() > 12)
      received.status = parse_integer<int>(std::string_view(received.head).substr(9, 3)).value_or(0);
    if (is_head) {
      received.is_complete = true;
    } else if (received.header("transfer-encoding") == "chunked") {
      receive_chunks(received);
    } else {
      receive_length(received, parse_integer<std::size_t>(received.header("content-length")));
    }
    return received;
  }

  /// Waits until the first bytes of an answer are there; they stay for `receive`.
  bool wait_for_bytes() {
    Received ignored;
    return !buffer_.empty() || read_more(ignored);
  }

 private:
  bool read_more(Received& received) {
    pollfd descriptor{socket_, POLLIN, 0};
    if (::poll(&descriptor, 1, 10'000) <= 0) return false;
    char bytes[65536];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count < 0) received.was_reset = true;
    if (count <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  void receive_length(Received& received, std::optional<std::size_t> length) {
    while (!length || buffer_.size() < *length) {
      if (!read_more(received)) break;
    }
    received.is_complete = length && buffer_.size() >= *length;
    received.body = buffer_.substr(0, length.value_or(buffer_.size()));
    buffer_.erase(0, received.body.size());
  }
  void receive_chunks(Received& received) {
    while (true) {
      const std::size_t line = buffer_.find("\r\n");
      std::size_t size = 0;
      const bool has_size = line != std::string::npos &&
                            std::from_chars(buffer_.data(), buffer_.data() + line, size, 16).ec == std::errc{};
      if (has_size && buffer_.size() >= line + 2 + size + 2) {
        received.body += buffer_.substr(line + 2, size);
        buffer_.erase(0, line + 2 + size + 2);
        if (size > 0) continue;
        received.is_complete = true;
        return;
      }
      if (!read_more(received)) return;
    }
  }

  int socket_;
  bool is_connected_ = false;
  std::string buffer_;
};

}  // namespace tidegate::sim
