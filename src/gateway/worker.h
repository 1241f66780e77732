// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "gateway/answer_cache.h"
#include "gateway/body_memory.h"
#include "gateway/connection_count.h"
#include "gateway/gateway_options.h"
#include "gateway/outcome.h"
#include "gateway/prompt_marks.h"
#include "gateway/provider_health.h"
#include "gateway/room_finder.h"
#include "gateway/shadow_port.h"
#include "gateway/steering.h"
#include "gateway/tie_board.h"
#include "gateway/waiting_book.h"
#include "net/listen_options.h"
#include "net/listener.h"
#include "net/reactor.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "quota/book/room_book.h"
#include "quota/book/tenant_book.h"
#include "routing/route_table.h"
#include "upstream/connection_pool.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace tidegate::gateway {

/// What requests are served by: immutable, swapped whole on reload; a request keeps the one it began with.
struct Setup {
  GatewayOptions options;
  net::ServerLimits limits;
  std::vector<std::shared_ptr<const upstream::Provider>> providers;
  std::shared_ptr<const net::TlsServerContext> tls;  ///< null: plain HTTP

  routing::RouteTable routes;  ///< over `providers`, by their place there
  std::optional<llm::Dialect> only_dialect;  ///< of all providers; nothing: they have several, or there are none

  /// Makes `routes` and `only_dialect` of the options and the providers.
  void lay_routes();
};

/// Checks clients' keys. One per worker, on its thread.
class KeyCheck {
 public:
  virtual ~KeyCheck() = default;
  /// Whose key it is and what it may use. Failure, with a message for the client: Denied (no valid key). Does not block.
  [[nodiscard]] virtual Result<Caller> check(std::string_view credential, WallTime now) = 0;
};

/// One thread of the data plane: a listener, its client connections and its upstream connections. Everything but
/// `adopt` and `begin_drain`, which are posted to it, runs on its reactor's thread.
class Worker final : private net::Listener::Gate, private ConnectionCount::Waiter {
 public:
  struct Shared {
    BodyMemory& body_memory;
    ConnectionCount& connections;
    net::Resolver& resolver;
    TieBoard& ties;
    ProviderHealth& health;
    PromptMarks* prompt_marks;  ///< null: prompts go out as they came
    ShadowPort* shadow;         ///< null: nothing is copied; each worker has its own
    quota::RoomBook& rooms;
    KeyCheck* key_check;  ///< null: AuthMode::Virtual lets nobody in
    quota::TenantBook* tenants = nullptr;  ///< null: nobody is limited
    AnswerCache* answers = nullptr;        ///< null: every answer is made anew
    WaitingBook* waiting = nullptr;        ///< null: nobody asks who waits
    const SteeringBoard* steering = nullptr;  ///< null: requests go as their routes say
  };
  Worker(const Clock& clock, Shared shared, OutcomeSink& sink, std::shared_ptr<const Setup> setup,
         std::uint32_t number);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  /// Begins to accept. Before `run`. Failure as net::Listener::open.
  [[nodiscard]] Result<std::uint16_t> listen(const net::ListenOptions& options);
  /// Serves until drained or stopped; what is still under way then has been recorded when it returns.
  void run();
  /// Any thread: new requests use this from now on. `taken` is called on the worker's thread when that is so.
  void adopt(std::shared_ptr<const Setup> setup, std::function<void()> taken = {});
  /// Any thread: accept nothing more, let running exchanges end for `timeout`, then cut them, then `run` returns.
  void begin_drain(Nanoseconds timeout);

  [[nodiscard]] net::Reactor& reactor() { return reactor_; }
  [[nodiscard]] upstream::ConnectionPool& pool() { return pool_; }
  [[nodiscard]] const Shared& shared() const { return shared_; }
  [[nodiscard]] RoomFinder& rooms() { return rooms_; }
  [[nodiscard]] OutcomeSink& sink() { return sink_; }
  /// Null: nothing is changed about where requests go.
  [[nodiscard]] const Steering* steering() { return steering_ ? steering_->get().get() : nullptr; }
  [[nodiscard]] const std::shared_ptr<const Setup>& setup() const { return setup_; }
  [[nodiscard]] bool draining() const { return draining_; }
  /// Whether it breaks off what is still under way.
  [[nodiscard]] bool cutting() const { return cutting_; }
  /// Any thread.
  [[nodiscard]] std::size_t open_connections() const { return open_connections_.load(std::memory_order_relaxed); }
  /// `req_tg` + 20 hexadecimal digits, unique over workers and, by the start time within, over restarts.
  [[nodiscard]] std::string new_request_id();

  /// Connections register, so that draining can close the idle ones and cut the others.
  class Member {
   public:
    virtual void drain() = 0;
    virtual void cut() = 0;

   protected:
    ~Member() = default;
  };
  void join(Member& member);
  void leave(Member& member);

 private:
  // At the door: `limits.max_connections` holds for all workers together.
  [[nodiscard]] bool enter() override { return shared_.connections.take(setup_->limits.max_connections, *this); }
  void turn_back() override { shared_.connections.give_back(); }
  void place_is_free() override { reactor_.post([this] { let_in(); }); }
  void let_in() {
    if (listener_ != nullptr) listener_->resume();
  }
  void accept(int descriptor);
  void tell_members(void (Member::*what)());
  void stop_if_drained();
  [[nodiscard]] net::Task<void> cut_after(Nanoseconds timeout);

  net::Reactor reactor_;
  Shared shared_;
  OutcomeSink& sink_;
  std::shared_ptr<const Setup> setup_;
  std::optional<SteeringView> steering_;
  upstream::ConnectionPool pool_;
  RoomFinder rooms_;
  std::unique_ptr<net::Listener> listener_;
  std::unordered_set<Member*> members_;
  std::atomic<std::size_t> open_connections_ = 0;
  std::uint64_t id_prefix_;
  std::uint64_t next_id_ = 0;
  bool draining_ = false;
  bool cutting_ = false;
};

}  // namespace tidegate::gateway
