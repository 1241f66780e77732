// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/address.h"
#include "net/listen_options.h"
#include "net/reactor.h"

#include <functional>
#include <memory>

namespace tidegate::net {

/// A listening socket of one reactor. Several may share an address (SO_REUSEPORT), one per worker; the kernel spreads connections.
class Listener final : private Watch::Waiter {
 public:
  /// Takes a connected, non-blocking descriptor.
  using Accepted = std::function<void(int descriptor)>;

  /// Whether the address is free for us: refused while *any* program listens there, because with SO_REUSEPORT two instances of
  /// Tidegate would silently share the port. Failure: Denied | Exhausted | InvalidInput, its detail says what to do.
  [[nodiscard]] static Result<void> check_free(const ListenOptions& options);
  /// Failure as `check_free`.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(Reactor& reactor, const ListenOptions& options, Accepted accepted);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] const Address& address() const { return address_; }
  /// While paused, new connections wait in the kernel's backlog.
  void pause() { paused_ = true; }
  void resume();

 private:
  Listener(Reactor& reactor, int descriptor, Address address, Accepted accepted);
  void on_ready() override;

  Reactor& reactor_;
  std::unique_ptr<Watch> watch_;
  Address address_;
  Accepted accepted_;
  bool paused_ = false;
};

}  // namespace tidegate::net
