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
  /// Says whether one more connection may come in; who may not waits in the kernel's backlog.
  class Gate {
   public:
    /// False: not before `resume` has been called.
    [[nodiscard]] virtual bool enter() = 0;
    /// Nobody was there to come in.
    virtual void turn_back() = 0;

   protected:
    ~Gate() = default;
  };

  /// Whether the address is free for us: refused while *any* program listens there, because with SO_REUSEPORT two instances of
  /// Tidegate would silently share the port. Failure: Denied | Exhausted | InvalidInput, its detail says what to do.
  [[nodiscard]] static Result<void> check_free(const ListenOptions& options);
  /// `gate`: null lets everybody in. Failure as `check_free`.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(Reactor& reactor, const ListenOptions& options, Accepted accepted, Gate* gate = nullptr);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] const Address& address() const { return address_; }
  /// Accepts who has waited, if anybody has.
  void resume();

 private:
  Listener(Reactor& reactor, int descriptor, Address address, Accepted accepted, Gate* gate);
  void on_ready() override;

  Reactor& reactor_;
  std::unique_ptr<Watch> watch_;
  Address address_;
  Accepted accepted_;
  Gate* gate_;
};

}  // namespace tidegate::net
