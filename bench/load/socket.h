// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

/// The little that load generator and upstream share: loopback sockets, epoll, `--name value` arguments.
namespace tidegate::bench {

[[noreturn]] inline void give_up(std::string_view what) {
  fmt::print(stderr, "{}: {}\n", what, std::strerror(errno));
  std::exit(1);
}

inline std::int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline void send_without_delay(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

inline void watch(int epoll, int operation, int descriptor, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  if (::epoll_ctl(epoll, operation, descriptor, &event) != 0) give_up("epoll_ctl");
}

/// As many descriptors as the system allows this process.
inline void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// `--name value` pairs; every name must be one of `known`, which gives the defaults.
class Arguments {
 public:
  Arguments(int count, char** values, std::map<std::string, std::string> known) : values_(std::move(known)) {
    for (int i = 1; i < count; i += 2) {
      const std::string name = std::string(values[i]).substr(std::string_view(values[i]).starts_with("--") ? 2 : 0);
      if (!values_.contains(name) || i + 1 == count) {
        fmt::print(stderr, "unknown argument or no value: {}\n", values[i]);
        std::exit(2);
      }
      values_[name] = values[i + 1];
    }
  }
  [[nodiscard]] const std::string& text(const std::string& name) const { return values_.at(name); }
  [[nodiscard]] std::int64_t number(const std::string& name) const { return std::atoll(values_.at(name).c_str()); }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace tidegate::bench
