// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// A provider that does as little as possible, so that what is measured in front of it is not it.
//   bench_upstream [--port 0] [--certificate FILE --key FILE]
// Prints "listening on PORT". Answers any request with the JSON of fixture.h, or, if its body says "stream":true, with
// 50 server-sent events, each in a write of its own. Request fields that steer a stream:
//   x-bench-interval-us: N   pause between two events (0: none, the kernel may then join them)
//   x-bench-hold: N          stop after N events and keep the stream open until the other side closes it
#include "fixture.h"
#include "socket.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <strings.h>
#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <queue>
#include <span>
#include <unordered_map>
#include <vector>

namespace {

using namespace tidegate::bench;

struct Connection {
  std::uint64_t id = 0;
  int descriptor = -1;
  SSL* tls = nullptr;
  std::string in;
  std::string unsent;          ///< what the socket did not take
  std::size_t next_event = 0;  ///< of the stream that is being sent
  std::size_t last_event = 0;  ///< one past the last to send; 0 = no stream
  std::int64_t interval = 0;   ///< nanoseconds

  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (tls != nullptr) SSL_free(tls);
    ::close(descriptor);
  }
};

/// A number of bytes, -1 = would block, 0 = gone.
long receive(Connection& connection, std::span<char> into) {
  if (connection.tls == nullptr) {
    const ssize_t count = ::recv(connection.descriptor, into.data(), into.size(), 0);
    return count < 0 && errno == EAGAIN ? -1 : std::max<long>(count, 0);
  }
  ERR_clear_error();
  const int count = SSL_read(connection.tls, into.data(), static_cast<int>(into.size()));
  if (count > 0) return count;
  const int error = SSL_get_error(connection.tls, count);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

long transmit(Connection& connection, std::string_view bytes) {
  if (connection.tls == nullptr) {
    const ssize_t count = ::send(connection.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return count < 0 && errno == EAGAIN ? -1 : std::max<long>(count, 0);
  }
  ERR_clear_error();
  const int count = SSL_write(connection.tls, bytes.data(), static_cast<int>(bytes.size()));
  if (count > 0) return count;
  const int error = SSL_get_error(connection.tls, count);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

/// The number that a field of the head holds, `otherwise` if it is not there.
std::int64_t field(std::string_view head, std::string_view name, std::int64_t otherwise) {
  for (std::size_t at = head.find('\n'); at != std::string_view::npos && at + 1 + name.size() < head.size();
       at = head.find('\n', at + 1)) {
    const char* line = head.data() + at + 1;
    if (::strncasecmp(line, name.data(), name.size()) == 0 && line[name.size()] == ':')
      return std::atoll(line + name.size() + 1);
  }
  return otherwise;
}

std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

class Upstream {
 public:
  Upstream(int port, SSL_CTX* tls) : epoll_(::epoll_create1(EPOLL_CLOEXEC)), tls_(tls) {
    const std::string body = answer_body();
    answer_ =
        fmt::format("{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", kAnswerHead, body.size(), body);
    stream_head_ = fmt::format(
        "{}Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: "
        "chunked\r\n\r\n",
        kAnswerHead);
    for (const std::string& event : stream_events()) events_.push_back(chunk(event));
    events_.back() += "0\r\n\r\n";
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = loopback(port);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("bind");
    if (::listen(listener_, 4096) != 0) give_up("listen");
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    watch(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN, 0);
    fmt::print("listening on {}\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  [[noreturn]] void serve() {
    std::array<epoll_event, 512> ready{};
    while (true) {
      timespec wait{};
      const timespec* limit = nullptr;
      if (!due_.empty()) {
        const std::int64_t left = std::max<std::int64_t>(due_.top().at - nanoseconds(), 0);
        wait = {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
        limit = &wait;
      }
      const int count = ::epoll_pwait2(epoll_, ready.data(), static_cast<int>(ready.size()), limit, nullptr);
      for (int i = 0; i < count; ++i) handle(ready[static_cast<std::size_t>(i)]);
      send_due();
    }
  }

 private:
  struct Due {
    std::int64_t at;
    std::uint64_t id;
    bool operator<(const Due& other) const { return at > other.at; }  // the earliest on top
  };

  void handle(const epoll_event& event) {
    if (event.data.u64 == 0) return accept();
    const auto found = connections_.find(event.data.u64);
    if (found == connections_.end()) return;
    Connection& connection = *found->second;
    bool alive = true;
    if ((event.events & EPOLLOUT) != 0) alive = flush(connection);
    if (alive && (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) alive = read(connection);
    if (!alive) connections_.erase(found);
  }

  void accept() {
    while (true) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) return;
      send_without_delay(descriptor);
      auto connection = std::make_unique<Connection>();
      connection->id = ++last_id_;
      connection->descriptor = descriptor;
      if (tls_ != nullptr) {
        connection->tls = SSL_new(tls_);
        SSL_set_fd(connection->tls, descriptor);
        SSL_set_accept_state(connection->tls);
      }
      watch(epoll_, EPOLL_CTL_ADD, descriptor, EPOLLIN, connection->id);
      connections_.emplace(connection->id, std::move(connection));
    }
  }

  bool read(Connection& connection) {
    while (true) {
      const long count = receive(connection, buffer_);
      if (count == 0) return false;
      if (count < 0) break;
      connection.in.append(buffer_.data(), static_cast<std::size_t>(count));
      // A plain socket with less than the buffer is empty: no second call. TLS may hold another record.
      if (connection.tls == nullptr && static_cast<std::size_t>(count) < buffer_.size()) break;
    }
    return answer_what_is_whole(connection);
  }

  bool answer_what_is_whole(Connection& connection) {
    while (true) {
      const std::size_t end = connection.in.find("\r\n\r\n");
      if (end == std::string::npos) return true;
      const std::string_view head = std::string_view(connection.in).substr(0, end + 2);
      const auto length = static_cast<std::size_t>(field(head, "content-length", 0));
      if (connection.in.size() < end + 4 + length) return true;
      const std::string_view body = std::string_view(connection.in).substr(end + 4, length);
      bool alive = true;
      if (body.find("\"stream\":true") == std::string_view::npos) {
        alive = write(connection, answer_);
      } else {
        connection.interval = field(head, "x-bench-interval-us", 0) * 1'000;
        connection.last_event =
            static_cast<std::size_t>(field(head, "x-bench-hold", static_cast<std::int64_t>(events_.size())));
        connection.next_event = 0;
        alive = write(connection, stream_head_) && send_events(connection);
      }
      if (!alive) return false;
      connection.in.erase(0, end + 4 + length);
      if (connection.in.empty()) connection.in = {};  // a held stream costs no buffer
    }
  }

  /// The next event and, without an interval, all of them.
  bool send_events(Connection& connection) {
    while (connection.next_event < std::min(connection.last_event, events_.size())) {
      if (!write(connection, events_[connection.next_event++])) return false;
      if (connection.interval == 0) continue;
      if (connection.next_event < connection.last_event)
        due_.push({nanoseconds() + connection.interval, connection.id});
      break;
    }
    return true;
  }

  void send_due() {
    const std::int64_t now = nanoseconds();
    while (!due_.empty() && due_.top().at <= now) {
      const std::uint64_t id = due_.top().id;
      due_.pop();
      const auto found = connections_.find(id);
      if (found != connections_.end() && !send_events(*found->second)) connections_.erase(found);
    }
  }

  bool write(Connection& connection, std::string_view bytes) {
    if (connection.unsent.empty()) {
      const long count = transmit(connection, bytes);
      if (count == 0) return false;
      if (static_cast<std::size_t>(count) == bytes.size()) return true;
      watch(epoll_, EPOLL_CTL_MOD, connection.descriptor, EPOLLIN | EPOLLOUT, connection.id);
      bytes.remove_prefix(static_cast<std::size_t>(std::max<long>(count, 0)));
    }
    connection.unsent.append(bytes);
    return true;
  }

  bool flush(Connection& connection) {
    while (!connection.unsent.empty()) {
      const long count = transmit(connection, connection.unsent);
      if (count == 0) return false;
      if (count < 0) return true;
      connection.unsent.erase(0, static_cast<std::size_t>(count));
    }
    watch(epoll_, EPOLL_CTL_MOD, connection.descriptor, EPOLLIN, connection.id);
    return true;
  }

  int epoll_;
  SSL_CTX* tls_;
  int listener_ = -1;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::priority_queue<Due> due_;
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
  std::string answer_, stream_head_;
  std::vector<std::string> events_;
};

}  // namespace

int main(int count, char** values) {
  const Arguments arguments(count, values, {{"port", "0"}, {"certificate", ""}, {"key", ""}});
  raise_descriptor_limit();
  (void)std::signal(SIGPIPE, SIG_IGN);  // SSL_write knows no MSG_NOSIGNAL
  SSL_CTX* tls = nullptr;
  if (!arguments.text("certificate").empty()) {
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_use_certificate_chain_file(tls, arguments.text("certificate").c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, arguments.text("key").c_str(), SSL_FILETYPE_PEM) != 1) {
      fmt::print(stderr, "cannot read the certificate or its key\n");
      return 1;
    }
  }
  Upstream(static_cast<int>(arguments.number("port")), tls).serve();
}
