// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "plain_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace tidegate::testing {

namespace {

constexpr int kPatience = 10'000;  // milliseconds: a bound for a broken test, never waited for by a passing one

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool wait_readable(int descriptor) {
  pollfd poll{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, kPatience) == 1;
}

}  // namespace

PlainSocket::PlainSocket(PlainSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), was_reset_(other.was_reset_) {}
PlainSocket& PlainSocket::operator=(PlainSocket&& other) noexcept {
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  was_reset_ = other.was_reset_;
  return *this;
}
PlainSocket::~PlainSocket() { close(); }

PlainSocket PlainSocket::connect(std::uint16_t port) {
  PlainSocket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (::connect(socket.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) socket.close();
  const int on = 1;
  ::setsockopt(socket.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

void PlainSocket::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string PlainSocket::read_until(std::string_view marker) const {
  std::string out;
  char byte = 0;
  while (out.find(marker) == std::string::npos && wait_readable(descriptor_) && ::recv(descriptor_, &byte, 1, 0) == 1) out += byte;
  return out;
}

std::string PlainSocket::read_exactly(std::size_t bytes) const {
  std::string out(bytes, '\0');
  std::size_t size = 0;
  while (size < bytes && wait_readable(descriptor_)) {
    const ssize_t count = ::recv(descriptor_, out.data() + size, bytes - size, 0);
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  out.resize(size);
  return out;
}

std::string PlainSocket::read_all() const {
  std::string out;
  std::array<char, 4096> buffer{};
  while (wait_readable(descriptor_)) {
    const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == ECONNRESET) was_reset_ = true;
    if (count <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return out;
}

std::string read_message(const PlainSocket& socket) {
  std::string text = socket.read_until("\r\n\r\n");
  const std::size_t at = text.find("content-length: ");
  if (at != std::string::npos) text += socket.read_exactly(std::stoul(text.substr(at + 16)));
  return text;
}

void PlainSocket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void PlainSocket::reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

PlainListener::PlainListener() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::listen(descriptor_, 64);
  socklen_t length = sizeof address;
  ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
}
PlainListener::~PlainListener() { close(); }

PlainSocket PlainListener::accept() const {
  if (!wait_readable(descriptor_)) return {};
  return PlainSocket(::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC));
}

void PlainListener::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace tidegate::testing
