// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/deadline_wheel.h"
#include "net/reactor.h"
#include "net/stream.h"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace tidegate::upstream {

class Places;

/// The right to one connection to a destination; given up with it.
class Place {
 public:
  Place() = default;
  Place(Place&& other) noexcept = default;
  Place& operator=(Place&& other) noexcept {
    if (places_ != nullptr) give_up();
    places_ = std::move(other.places_);
    return *this;
  }
  ~Place() {
    if (places_ != nullptr) give_up();
  }

 private:
  friend class Places;
  explicit Place(std::shared_ptr<Places> places) : places_(std::move(places)) {}
  void give_up();

  std::shared_ptr<Places> places_;
};

/// A connection to a provider and whether it was used before: only then can it be stale.
struct Connection {
  Place place;  ///< first, so that the stream is closed before others may open one
  std::unique_ptr<net::Stream> stream;
  bool reused = false;
};

/// The connections that one worker may have to one destination at a time, in use or idle, and who waits for one, the first to
/// come first. One thread.
class Places : public std::enable_shared_from_this<Places> {
 public:
  enum class Wish : std::uint8_t { Any, Fresh };  ///< Fresh: one that was used before does not do
  class Turn;

  explicit Places(net::Reactor& reactor) : reactor_(reactor) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  /// Nothing if `most` are taken, or somebody waits already.
  [[nodiscard]] std::optional<Place> take(std::size_t most);
  /// Suspends until there is a place or the moment has passed.
  [[nodiscard]] Turn wait(Wish wish, SteadyTime deadline);
  /// Of a connection that is good for another exchange, while somebody waits: who waits longest gets it, or its place.
  void pass_on(Connection connection);
  [[nodiscard]] std::size_t taken() const { return taken_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  friend class Place;
  void leave();

  net::Reactor& reactor_;
  std::size_t taken_ = 0;
  std::list<Turn*> waiting_;
};

/// Gives the connection that was handed over, one without a stream if there is a place for one to be opened, or nothing when
/// the moment has passed.
class Places::Turn final : private net::DeadlineEntry {
 public:
  Turn(Places& places, Wish wish, SteadyTime deadline) : places_(places), wish_(wish), deadline_(deadline) {}
  ~Turn() override { stop_waiting(); }
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  [[nodiscard]] std::optional<Connection> await_resume() { return std::move(connection_); }

 private:
  friend class Places;
  void on_deadline() override;
  void stop_waiting();
  void go_on();

  Places& places_;
  Wish wish_;
  SteadyTime deadline_;
  std::coroutine_handle<> waiter_;
  std::optional<std::list<Turn*>::iterator> place_in_line_;
  std::optional<Connection> connection_;
};

}  // namespace tidegate::upstream
