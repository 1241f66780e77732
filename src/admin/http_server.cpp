// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/http_server.h"

#include "base/ascii.h"
#include "net/address.h"
#include "net/http1/body.h"
#include "net/http1/write.h"

#include <fmt/format.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

namespace tidegate::admin {

namespace http1 = net::http1;

namespace {

constexpr std::size_t kMaxBody = 64UL * 1024;
constexpr std::size_t kMaxConnections = 128;
constexpr Seconds kIdle(60);
constexpr Seconds kRequest(10);  ///< for head and body to arrive, and for an answer to be taken
constexpr Seconds kBetweenEvents(1);
constexpr Seconds kLinger(1);                           ///< for what a refused peer still sends …
constexpr std::size_t kMostUnread = 4UL * 1024 * 1024;  ///< … up to so many bytes

/// Nothing from elsewhere may run on the page, frame it or sniff its types; and nothing is kept by caches.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri "
    "'none'; form-action "
    "'none'; frame-ancestors 'none'";

std::string write_head(const Answer& answer, bool keep_alive, bool events) {
  std::string out;
  http1::HeadWriter head(out);
  head.status_line(answer.status).field("content-type", answer.content_type);
  head.field("cache-control", "no-store")
      .field("x-content-type-options", "nosniff")
      .field("referrer-policy", "no-referrer");
  head.field("content-security-policy", kPolicy);
  for (const auto& [name, value] : answer.fields) head.field(name, value);
  if (!events) head.field("content-length", answer.body.size());
  if (!keep_alive) head.field("connection", "close");
  if (!head.finish()) return "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
  return out;
}

/// Whether the client names gzip and does not refuse it (`gzip;q=0`).
bool takes_gzip(const http1::RequestHead& head) {
  std::string_view wanted = head.find(http1::FieldClass::AcceptEncoding).value_or("");
  const std::size_t at = wanted.find("gzip");
  if (at == std::string_view::npos) return false;
  wanted = wanted.substr(at, wanted.find(',', at) - at);
  return wanted.find("q=0") == std::string_view::npos || wanted.find("q=0.") != std::string_view::npos;
}

std::string_view find_field(const http1::RequestHead& head, std::string_view name) {
  for (const HeaderField& field : head.fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

}  // namespace

struct HttpServer::Waiting {
  const Route* route;
  std::string method, path, query, body, last_segment;
  Answer answer;
  bool is_answered = false;  ///< the listener's thread alone looks at it …
  bool is_late = false;      ///< … and at this: `late` was given instead
  net::Event done;

  [[nodiscard]] Request request() const { return {method, path, query, body, {}, last_segment}; }
};

/// A connection's own coroutine frame holds it; requests follow one another.
class HttpServer::Connection {
 public:
  Connection(HttpServer& server, std::unique_ptr<net::Stream> stream) : server_(server), stream_(std::move(stream)) {}

  [[nodiscard]] net::Task<void> serve() {
    if (server_.tls_ != nullptr) {
      set_deadline(kRequest);
      net::Stream::Handshake handshake = stream_->handshake(server_.tls_->open());
      Result<void> secured = co_await handshake;
      if (!secured) co_return;
    }
    bool goes_on = true;
    while (goes_on) {
      net::Task<bool> receiving = receive();
      const bool received = co_await receiving;
      if (!received) co_return;
      net::Task<bool> answering = answer();
      goes_on = co_await answering;
    }
  }

 private:
  void set_deadline(Nanoseconds after) { stream_->set_deadline(server_.reactor_.now().steady + after); }

  /// Waits for a whole request. False: the connection is over (an answer was given if one was due).
  [[nodiscard]] net::Task<bool> receive() {
    bytes_.erase(0, used_);
    used_ = 0;
    body_.clear();
    parser_.reset();
    set_deadline(kIdle);
    while (true) {
      const http1::ParseState state = bytes_.empty() ? http1::ParseState::Incomplete : parser_.parse(bytes_);
      if (state == http1::ParseState::Complete) break;
      if (state == http1::ParseState::Rejected) {
        net::Task<void> refusing =
            refuse(error_answer(parser_.rejection().status, "bad_request", parser_.rejection().reason));
        co_await refusing;
        co_return false;
      }
      net::Task<bool> reading = read_more();
      const bool more = co_await reading;
      if (!more) co_return false;
      set_deadline(kRequest);
    }
    const http1::RequestHead& head = parser_.head();
    used_ = head.size;
    http1::BodyFollower follower(http1::body_framing(head));
    if (head.expect_continue && bytes_.size() == used_) {
      Result<void> told = co_await stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
      if (!told) co_return false;
    }
    while (true) {
      const http1::Followed followed =
          follower.feed(std::string_view(bytes_).substr(used_), [this](std::string_view span) { body_.append(span); });
      used_ += followed.consumed;
      const bool large = body_.size() > kMaxBody;
      if (followed.state == http1::BodyState::Complete && !large) break;
      if (followed.state == http1::BodyState::Rejected || large) {
        net::Task<void> refusing = refuse(large ? error_answer(413, "too_large", "A body here has at most 64 KB.")
                                                : error_answer(400, "bad_request", follower.trouble()));
        co_await refusing;
        co_return false;
      }
      net::Task<bool> reading = read_more();
      const bool more = co_await reading;
      if (!more) co_return false;
    }
    (void)parser_.parse(bytes_);  // moves the head's views to where the bytes are now
    co_return true;
  }

  [[nodiscard]] net::Task<bool> read_more() {
    Result<std::size_t> count = co_await stream_->read_some(chunk_);
    if (!count || *count == 0) co_return false;
    bytes_.append(chunk_.data(), *count);
    co_return true;
  }

  /// The connection ends with this. What the peer still sends is read for a moment: closing over it would be a reset,
  /// which takes the answer away with it.
  [[nodiscard]] net::Task<void> refuse(Answer answer) {
    const std::string head = write_head(answer, false, false);
    Result<void> written = co_await stream_->write(head, answer.body);
    if (!written) co_return;
    ::shutdown(stream_->descriptor(), SHUT_WR);
    set_deadline(kLinger);
    for (std::size_t left = kMostUnread; left > 0;) {
      Result<std::size_t> count = co_await stream_->read_some(chunk_);
      if (!count || *count == 0) co_return;
      left -= std::min(left, *count);
    }
  }

  /// True if another request may follow.
  [[nodiscard]] net::Task<bool> answer() {
    const http1::RequestHead& head = parser_.head();
    Request request{head.method == "HEAD" ? std::string_view("GET") : head.method,
                    head.path(),
                    head.query(),
                    body_,
                    head.find(http1::FieldClass::Accept).value_or(""),
                    {},
                    takes_gzip(head),
                    find_field(head, "x-slack-signature"),
                    find_field(head, "x-slack-request-timestamp")};
    Answer answer;
    const Route* route = server_.find(request, answer);
    if (const auto refusal = admin::refuse(head, route == nullptr ? Access::Read : route->access, server_.rules_)) {
      answer = *refusal;
    } else if (route != nullptr && route->kind == Route::Kind::Events && head.method == "GET") {
      net::Task<void> telling = tell_events(*route, request);
      co_await telling;
      co_return false;
    } else if (auto ended = route != nullptr && route->check ? route->check(request) : std::nullopt) {
      answer = std::move(*ended);
    } else if (route != nullptr && route->kind == Route::Kind::Slow) {
      auto waiting = std::make_shared<Waiting>(Waiting{.route = route,
                                                       .method = std::string(request.method),
                                                       .path = std::string(request.path),
                                                       .query = std::string(request.query),
                                                       .body = body_,
                                                       .last_segment = std::string(request.last_segment),
                                                       .answer = {},
                                                       .is_answered = false,
                                                       .is_late = false,
                                                       .done = {}});
      {
        const std::lock_guard lock(server_.slow_mutex_);
        server_.slow_.push_back(waiting);
      }
      server_.slow_wake_.notify_one();
      if (route->late) server_.watch(waiting);
      co_await waiting->done;
      waiting->is_late = !waiting->is_answered;
      answer = waiting->is_late ? route->late() : std::move(waiting->answer);
    } else if (route != nullptr && route->kind == Route::Kind::Quick) {
      answer = route->answer(request);
    }
    const bool keep_alive = head.keep_alive;
    const std::string text = write_head(answer, keep_alive, false);
    set_deadline(kRequest);
    Result<void> written = co_await stream_->write(text, head.method == "HEAD" ? std::string_view() : answer.body);
    co_return written.has_value() && keep_alive;
  }

  [[nodiscard]] net::Task<void> tell_events(const Route& route, const Request& request) {
    Answer answer = route.answer(request);
    const bool good = answer.status == 200;
    if (good) answer.content_type = "text/event-stream";
    const std::string text = write_head(answer, false, good);
    set_deadline(kRequest);
    Result<void> written =
        co_await stream_->write(text, good ? std::string_view("retry: 1000\n\n") : std::string_view(answer.body));
    while (good && written && !stream_->peer_closed()) {
      set_deadline(kRequest);
      written = co_await stream_->write("data: ", answer.body, "\n\n");
      net::Reactor::Sleep sleep = server_.reactor_.sleep_for(kBetweenEvents);
      co_await sleep;
      if (written) answer = route.answer(request);
    }
  }

  HttpServer& server_;
  std::unique_ptr<net::Stream> stream_;
  http1::RequestHeadParser parser_{http1::HeadLimits{.max_bytes = 32UL * 1024}};
  std::vector<char> chunk_ = std::vector<char>(8UL * 1024);
  std::string bytes_;  ///< received, from the present request's first byte
  std::size_t used_ = 0;
  std::string body_;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(const net::ListenOptions& listen, const Secret& token, Token need,
                                                      std::vector<Route> routes, const Clock& clock) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(routes), clock));
  if (Result<void> free = net::Listener::check_free(listen); !free) return fail(free);
  if (!listen.certificate_file.empty()) {
    auto tls = net::TlsServerContext::make(listen.certificate_file, listen.private_key_file, clock.now().wall);
    if (!tls) return fail(tls);
    server->tls_ = std::move(*tls);
  }
  auto listener =
      net::Listener::open(server->reactor_, listen, [&server = *server](int descriptor) { server.accept(descriptor); });
  if (!listener) return fail(listener);
  const net::Address& address = (*listener)->address();
  if (need == Token::NeededBeyondLoopback && token.empty() && !address.is_loopback()) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("admin: without a token, everyone who reaches {} could change what runs; listen on "
                            "127.0.0.1, or set `admin.token`",
                            listen.host));
  }
  server->url_ = fmt::format("{}://{}", server->tls_ == nullptr ? "http" : "https", net::to_string(address));
  server->rules_ = {.loopback = address.is_loopback(), .token = token};
  server->listener_ = std::move(*listener);
  server->slow_thread_ = std::thread([&server = *server] { server.work(); });
  server->thread_ = std::thread([&server = *server] { server.reactor_.run(); });
  return server;
}

HttpServer::~HttpServer() {
  {
    const std::lock_guard lock(slow_mutex_);
    stopping_ = true;
  }
  slow_wake_.notify_one();
  if (slow_thread_.joinable()) slow_thread_.join();
  reactor_.stop();
  if (thread_.joinable()) thread_.join();
}

void HttpServer::accept(int descriptor) {
  if (reactor_.spawned() >= kMaxConnections) {
    ::close(descriptor);
    return;
  }
  reactor_.spawn([](HttpServer& server, std::unique_ptr<net::Stream> stream) -> net::Task<void> {
    Connection connection(server, std::move(stream));
    net::Task<void> serving = connection.serve();
    co_await serving;
  }(*this, std::make_unique<net::Stream>(reactor_, descriptor)));
}

const Route* HttpServer::find(Request& request, Answer& refusal) const {
  constexpr std::string_view kId = "{id}";
  std::vector<std::string_view> methods;
  for (const Route& route : routes_) {
    if (const std::size_t place = route.path.find(kId); place != std::string_view::npos) {
      const std::string_view prefix = route.path.substr(0, place);
      const std::string_view suffix = route.path.substr(place + kId.size());
      if (!request.path.starts_with(prefix) || !request.path.substr(prefix.size()).ends_with(suffix)) continue;
      const std::string_view rest = request.path.substr(prefix.size(), request.path.size() - prefix.size() - suffix.size());
      if (rest.empty() || rest.find('/') != std::string_view::npos) continue;
      request.last_segment = rest;
    } else if (route.path != request.path) {
      continue;
    }
    if (route.method == request.method) return &route;
    methods.push_back(route.method);
  }
  if (methods.empty()) {
    refusal = error_answer(404, "not_found", "There is nothing at this path.");
  } else {
    refusal = error_answer(405, "method", fmt::format("This path takes {}.", fmt::join(methods, ", ")));
    refusal.fields.emplace_back("allow", fmt::format("{}", fmt::join(methods, ", ")));
  }
  return nullptr;
}

void HttpServer::watch(std::shared_ptr<Waiting> waiting) {
  reactor_.spawn([](net::Reactor& reactor, std::shared_ptr<Waiting> watched) -> net::Task<void> {
    net::Reactor::Sleep sleep = reactor.sleep_for(watched->route->patience);
    co_await sleep;
    watched->done.set();
  }(reactor_, std::move(waiting)));
}

void HttpServer::work() {
  while (true) {
    std::shared_ptr<Waiting> next;
    {
      std::unique_lock lock(slow_mutex_);
      slow_wake_.wait(lock, [this] { return stopping_ || !slow_.empty(); });
      if (stopping_) return;
      next = std::move(slow_.front());
      slow_.pop_front();
    }
    next->answer = next->route->answer(next->request());
    // The event belongs to the reactor's thread; a connection that has ended meanwhile waits for it no more.
    reactor_.post([next] {
      if (next->is_late && next->route->follow_up) next->route->follow_up(next->request(), std::move(next->answer));
      next->is_answered = true;
      next->done.set();
    });
  }
}

}  // namespace tidegate::admin
