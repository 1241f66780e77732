// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/access.h"
#include "admin/message.h"
#include "net/listen_options.h"
#include "net/listener.h"
#include "net/reactor.h"
#include "net/stream.h"
#include "net/tls.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tidegate::admin {

/// One method and path, and who answers there.
struct Route {
  enum class Kind : std::uint8_t {
    Quick,   ///< answered on the listener's thread
    Slow,    ///< may touch the disk: answered on a thread beside it, one after the other
    Events,  ///< `text/event-stream`: `answer` is asked each second for the next event's data
  };
  std::string_view method;
  std::string_view path;  ///< exact, or with `{id}` in the place of one non-empty segment
  Access access = Access::Read;
  Kind kind = Kind::Quick;
  std::function<Answer(const Request&)> answer;
  // Of a slow route:
  std::function<std::optional<Answer>(const Request&)> check = {};  ///< on the listener's thread, before it waits; an answer is the end
  Nanoseconds patience{0};                                          ///< who has waited so long gets `late`; 0: no matter how long
  std::function<Answer()> late = {};
  std::function<void(const Request&, Answer)> follow_up = {};  ///< on the listener's thread: the answer of who got `late`
};

/// A small HTTP/1.1 server for people, scrapers and scripts, on threads of its own: whatever happens here, no worker
/// waits for it. HEAD is served by the GET routes. Bodies to 64 KB, at most 128 connections.
class HttpServer {
 public:
  /// Opens the port and serves. `clock` outlives the server; so does what the routes refer to. Failure: the port, the
  /// certificate, or an address beyond this machine without a token (`needs_token`).
  enum class Token : std::uint8_t { NeededBeyondLoopback, NotNeeded };
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const net::ListenOptions& listen, const Secret& token,
                                                                 Token need, std::vector<Route> routes,
                                                                 const Clock& clock);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Cuts what still runs; waits for a slow answer that is being made.
  ~HttpServer();

  /// `http://127.0.0.1:3000`.
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  class Connection;
  struct Waiting;  ///< a slow answer and who waits for it

  HttpServer(std::vector<Route> routes, const Clock& clock)
      : routes_(std::move(routes)), clock_(clock), reactor_(clock) {}
  void accept(int descriptor);
  [[nodiscard]] const Route* find(Request& request, Answer& refusal) const;
  void watch(std::shared_ptr<Waiting> waiting);
  void work();

  std::vector<Route> routes_;
  const Clock& clock_;
  AccessRules rules_;
  std::shared_ptr<const net::TlsServerContext> tls_;
  std::string url_;
  net::Reactor reactor_;
  std::unique_ptr<net::Listener> listener_;
  std::thread thread_;

  std::mutex slow_mutex_;  ///< guards slow_ and stopping_
  std::condition_variable slow_wake_;
  std::deque<std::shared_ptr<Waiting>> slow_;
  bool stopping_ = false;
  std::thread slow_thread_;
};

}  // namespace tidegate::admin
