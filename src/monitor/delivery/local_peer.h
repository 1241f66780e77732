// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// For tests: who is told of alerts, on this machine.
namespace tidegate::delivery {

/// Talks on a free port of loopback, one connection after the other, and keeps what it was told.
class Peer {
 public:
  explicit Peer(std::function<void(Peer&, int)> talk) : talk_(std::move(talk)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 8);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    place = fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
    thread_ = std::thread([this] {
      for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) talk_(*this, client);
    });
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  void keep(std::string text) {
    const std::lock_guard lock(mutex_);
    told_.push_back(std::move(text));
    changed_.notify_all();
  }
  /// Until it was told so many things.
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return told_.size() >= count; });
  }
  /// The first thing it was told, once it was.
  [[nodiscard]] std::string first() {
    wait_for(1);
    return told().front();
  }
  [[nodiscard]] std::vector<std::string> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }

  std::string place;  ///< `host:port`

 private:
  std::function<void(Peer&, int)> talk_;
  int listener_;
  mutable std::mutex mutex_;  ///< guards told_
  std::condition_variable changed_;
  std::vector<std::string> told_;
  std::thread thread_;
};

inline void say(int client, const std::string& text) { ::send(client, text.data(), text.size(), MSG_NOSIGNAL); }

/// Reads on until the text is `whole`; false: the other side left.
inline bool read_until(int client, std::string& text, const std::function<bool(const std::string&)>& whole) {
  std::array<char, 4096> piece{};
  while (!whole(text)) {
    const ssize_t count = ::recv(client, piece.data(), piece.size(), 0);
    if (count <= 0) return false;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
  return true;
}

/// A whole request: head and body.
inline std::string read_request(int client) {
  std::string text;
  read_until(client, text, [](const std::string& so_far) {
    const std::size_t end = so_far.find("\r\n\r\n");
    const std::size_t length = so_far.find("Content-Length: ");
    return end != std::string::npos && so_far.size() >= end + 4 + std::strtoul(so_far.c_str() + length + 16, nullptr, 10);
  });
  return text;
}

inline void answer(int client, const std::string& status, const std::string& body) {
  say(client, fmt::format("HTTP/1.1 {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{}", status, body.size(), body));
}

/// Gives these answers, `503` or `429 x\r\nretry-after: 100`, in turn; the last one from then on.
inline std::function<void(Peer&, int)> http(std::vector<std::string> answers, std::string body = "ok") {
  return [answers = std::move(answers), body = std::move(body), count = std::size_t(0)](Peer& peer, int client) mutable {
    peer.keep(read_request(client));
    answer(client, answers[std::min(count++, answers.size() - 1)], body);
  };
}

}  // namespace tidegate::delivery
