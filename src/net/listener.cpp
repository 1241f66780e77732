// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/listener.h"

#include <fmt/format.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tidegate::net {

namespace {

tl::unexpected<Failure> cannot_listen(const ListenOptions& options, int error) {
  std::string advice = "check the address in the configuration";
  FailureKind kind = FailureKind::InvalidInput;
  if (error == EADDRINUSE) {
    kind = FailureKind::Exhausted;
    advice = fmt::format("another program listens there: stop it (`ss -ltnp 'sport = :{}'` shows it) or choose another port", options.port);
  } else if (error == EACCES) {
    kind = FailureKind::Denied;
    advice = "ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher port or grant it";
  } else if (error == EADDRNOTAVAIL) {
    advice = "this machine has no such address: use 127.0.0.1, 0.0.0.0 or one of its own";
  }
  return fail(kind, Origin::Operator,
              fmt::format("listen: cannot listen on {}:{} ({}); {}", options.host, options.port, std::strerror(error), advice));
}

enum class Sharing : std::uint8_t { Alone, WithOurWorkers };

Result<int> open_socket(const ListenOptions& options, Sharing sharing) {
  const auto address = parse_address(options.host, options.port);
  if (!address) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("listen: '{}' is not an IP address; use for example 127.0.0.1 or 0.0.0.0", options.host));
  }
  const int descriptor = ::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return cannot_listen(options, errno);
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == Sharing::WithOurWorkers) ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(descriptor, address->get(), address->length) != 0 || ::listen(descriptor, 4096) != 0) {
    const int error = errno;
    ::close(descriptor);
    return cannot_listen(options, error);
  }
  return descriptor;
}

}  // namespace

Result<void> Listener::check_free(const ListenOptions& options) {
  const Result<int> descriptor = open_socket(options, Sharing::Alone);
  if (!descriptor) return fail(descriptor);
  ::close(*descriptor);
  return {};
}

Result<std::unique_ptr<Listener>> Listener::open(Reactor& reactor, const ListenOptions& options, Accepted accepted, Gate* gate) {
  const Result<int> descriptor = open_socket(options, Sharing::WithOurWorkers);
  if (!descriptor) return fail(descriptor);
  Address bound;
  bound.length = sizeof bound.storage;
  ::getsockname(*descriptor, reinterpret_cast<sockaddr*>(&bound.storage), &bound.length);
  return std::unique_ptr<Listener>(new Listener(reactor, *descriptor, bound, std::move(accepted), gate));
}

Listener::Listener(Reactor& reactor, int descriptor, Address address, Accepted accepted, Gate* gate)
    : reactor_(reactor), watch_(reactor.add(descriptor)), address_(address), accepted_(std::move(accepted)), gate_(gate) {
  watch_->reader = this;
}

Listener::~Listener() {
  const int descriptor = watch_->descriptor;
  reactor_.remove(std::move(watch_));
  ::close(descriptor);
}

void Listener::resume() {
  if (watch_->readable) on_ready();
}

void Listener::on_ready() {
  while (gate_ == nullptr || gate_->enter()) {
    const int descriptor = ::accept4(watch_->descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      accepted_(descriptor);
      continue;
    }
    const int error = errno;
    if (gate_ != nullptr) gate_->turn_back();
    if (error == EINTR || error == ECONNABORTED) continue;
    // Out of descriptors: what waits is accepted after a connection has closed and `resume` was called.
    watch_->readable = error == EMFILE || error == ENFILE;
    return;
  }
}

}  // namespace tidegate::net
