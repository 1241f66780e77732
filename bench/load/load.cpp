// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Load on one HTTP/1.1 address on loopback: a closed loop over kept-alive connections, one request at a time on each.
//   bench_load --port N [--connections 1] [--requests N] [--seconds S] [--mode json|stream] [--fields "a: b\r\n…"]
//     until so many requests are complete or so much time has passed; every answer is checked to the last byte.
//   … --hold idle|stream      opens the connections, prints "ready", keeps them until standard input ends
//   … --record FILE --prefix P   for `crash`: goes on after errors; one line per whole answer: session, the gateway's
//     and the provider's request id. Each request carries x-claude-code-session-id: P-number, so that it can be found
//     again in everybody's books. Answers may be any; they must be whole.
// Prints one JSON object at the end.
#include "answer_check.h"
#include "fixture.h"
#include "socket.h"

#include <poll.h>
#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace tidegate::bench;

struct Plan {
  int port = 0;
  std::size_t connections = 1;
  std::int64_t requests = 0;  ///< 0 = no bound
  double seconds = 0;
  bool mixed = false;  ///< JSON and streams in turns
  Mode mode = Mode::Json;
  std::string fields;
  std::string hold;
  std::string record;
  std::string prefix;
};

struct Client {
  int descriptor = -1;
  AnswerCheck answer;
  std::int64_t sent_at = 0;
  std::int64_t first_byte_at = 0;
  std::string session;
};

struct Tally {
  std::int64_t completed = 0, wrong = 0, broken = 0, refused = 0, connected = 0;
  std::vector<std::int64_t> first_byte, whole;  ///< nanoseconds
};

class Load {
 public:
  explicit Load(Plan plan)
      : plan_(std::move(plan)), epoll_(::epoll_create1(EPOLL_CLOEXEC)), clients_(plan_.connections) {
    for (const Mode mode : {Mode::Json, Mode::Stream}) {
      const std::string rest = request_rest(request_body(mode));
      (mode == Mode::Json ? json_rest_ : stream_rest_) = rest;
    }
    stream_ = whole_stream();
    json_ = answer_body();
    if (!plan_.record.empty()) log_.open(plan_.record);
  }

  int run() {
    const std::int64_t start = nanoseconds();
    deadline_ = plan_.seconds > 0 ? start + static_cast<std::int64_t>(plan_.seconds * 1e9) : INT64_MAX;
    for (std::size_t i = 0; i < clients_.size(); ++i) open(i);
    std::array<epoll_event, 512> ready{};
    while (!done()) {
      const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 5);
      for (int i = 0; i < count && !done(); ++i) read(ready[static_cast<std::size_t>(i)].data.u64);
      if (count < static_cast<int>(ready.size())) reopen();
    }
    log_.close();
    report(static_cast<double>(nanoseconds() - start) / 1e9);
    return 0;
  }

  /// Opens the connections a hundred at a time; each has had an answer, or the first events of one, when it is held.
  int hold() {
    std::array<epoll_event, 512> ready{};
    std::size_t opened = 0;
    while (held_ < clients_.size()) {
      while (opened < clients_.size() && opened < held_ + 100) open(opened++);
      const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 10'000);
      if (count <= 0 || tally_.broken + tally_.refused > 0) {
        fmt::print("{{\"held\":{},\"broken\":{},\"refused\":{}}}\n", held_, tally_.broken, tally_.refused);
        return 1;
      }
      for (int i = 0; i < count; ++i) read(ready[static_cast<std::size_t>(i)].data.u64);
    }
    fmt::print("ready\n");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    fmt::print("{{\"held\":{}}}\n", held_);
    return 0;
  }

 private:
  [[nodiscard]] bool done() {
    if (plan_.requests > 0 && tally_.completed + tally_.wrong >= plan_.requests) return true;
    if (plan_.record.empty() && tally_.broken + tally_.refused > 1'000) return true;
    return nanoseconds() >= deadline_ || (!plan_.record.empty() && input_ended());
  }

  /// `crash` ends the load by closing our standard input.
  static bool input_ended() {
    pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
    char byte = 0;
    return ::poll(&input, 1, 0) > 0 && ::read(0, &byte, 1) <= 0;
  }

  void open(std::size_t number) {
    Client& client = clients_[number];
    client.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client.descriptor < 0) give_up("socket");
    const sockaddr_in address = loopback(plan_.port);
    if (::connect(client.descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ++tally_.refused;
      return close(number);
    }
    ++tally_.connected;
    send_without_delay(client.descriptor);
    watch(epoll_, EPOLL_CTL_ADD, client.descriptor, EPOLLIN, number);
    send(number);
  }

  void close(std::size_t number) {
    ::close(clients_[number].descriptor);
    clients_[number].descriptor = -1;
    closed_.push_back(number);
  }

  /// What lost its connection tries again at the next turn: each 5 ms while nothing answers.
  void reopen() {
    for (const std::size_t number : std::exchange(closed_, {})) open(number);
  }

  void send(std::size_t number) {
    Client& client = clients_[number];
    ++sent_;
    const bool stream = plan_.mixed ? sent_ % 2 == 0 : plan_.mode == Mode::Stream;
    if (!plan_.prefix.empty()) client.session = fmt::format("{}-{}", plan_.prefix, sent_);
    std::string request = "POST /v1/messages?beta=true HTTP/1.1\r\n";
    request += plan_.fields;
    if (!client.session.empty()) request += fmt::format("x-claude-code-session-id: {}\r\n", client.session);
    request += stream ? stream_rest_ : json_rest_;
    client.answer = AnswerCheck(plan_.prefix.empty() ? std::string_view(stream ? stream_ : json_) : std::string_view{});
    client.first_byte_at = 0;
    client.sent_at = nanoseconds();
    const ssize_t count = ::send(client.descriptor, request.data(), request.size(), MSG_NOSIGNAL);
    if (count == static_cast<ssize_t>(request.size())) return;
    ++tally_.broken;
    close(number);
  }

  void read(std::size_t number) {
    Client& client = clients_[number];
    if (client.descriptor < 0) return;
    const ssize_t count = ::recv(client.descriptor, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (client.first_byte_at == 0) client.first_byte_at = nanoseconds();
    const auto state =
        count <= 0 ? AnswerCheck::State::Broken : client.answer.feed({buffer_.data(), static_cast<std::size_t>(count)});
    if (state == AnswerCheck::State::Broken) {
      ++tally_.broken;
      return close(number);
    }
    if (plan_.hold == "stream" && client.answer.has_body_bytes()) {
      ++held_;
      watch(epoll_, EPOLL_CTL_DEL, client.descriptor, 0, number);
      return;
    }
    if (state == AnswerCheck::State::Complete) complete(number);
  }

  void complete(std::size_t number) {
    Client& client = clients_[number];
    if (client.answer.is_right()) {
      ++tally_.completed;
      if (log_.is_open()) {
        log_ << client.session << ' ' << client.answer.field("x-tidegate-request-id") << ' '
             << client.answer.field("request-id") << '\n';
      } else {
        tally_.first_byte.push_back(client.first_byte_at - client.sent_at);
        tally_.whole.push_back(nanoseconds() - client.sent_at);
      }
    } else {
      if (tally_.wrong++ == 0) fmt::print(stderr, "an answer was wrong: status {}\n", client.answer.status());
    }
    if (plan_.hold == "idle") {
      ++held_;
      return;
    }
    if (client.answer.field("connection") == "close") return close(number);
    send(number);
  }

  static double percentile(std::vector<std::int64_t>& values, double fraction) {
    if (values.empty()) return 0;
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return static_cast<double>(*at) / 1e3;
  }

  void report(double seconds) {
    fmt::print(
        "{{\"completed\":{},\"wrong\":{},\"broken\":{},\"refused\":{},\"connected\":{},\"seconds\":{:.6f},"
        "\"first_byte_us\":{{\"p50\":{:.2f},\"p99\":{:.2f}}},\"whole_us\":{{\"p50\":{:.2f},\"p99\":{:.2f}}}}}\n",
        tally_.completed, tally_.wrong, tally_.broken, tally_.refused, tally_.connected, seconds,
        percentile(tally_.first_byte, 0.5), percentile(tally_.first_byte, 0.99), percentile(tally_.whole, 0.5),
        percentile(tally_.whole, 0.99));
  }

  Plan plan_;
  int epoll_;
  std::vector<Client> clients_;
  std::vector<std::size_t> closed_;
  std::string json_rest_, stream_rest_, json_, stream_;
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
  std::ofstream log_;
  std::int64_t sent_ = 0;
  std::int64_t deadline_ = 0;
  std::size_t held_ = 0;
  Tally tally_;
};

}  // namespace

int main(int count, char** values) {
  const Arguments arguments(count, values,
                            {{"port", "0"},
                             {"connections", "1"},
                             {"requests", "0"},
                             {"seconds", "0"},
                             {"mode", "json"},
                             {"fields", ""},
                             {"hold", ""},
                             {"record", ""},
                             {"prefix", ""}});
  raise_descriptor_limit();
  Plan plan;
  plan.port = static_cast<int>(arguments.number("port"));
  plan.connections = static_cast<std::size_t>(arguments.number("connections"));
  plan.requests = arguments.number("requests");
  plan.seconds = std::atof(arguments.text("seconds").c_str());
  plan.mixed = arguments.text("mode") == "mixed";
  plan.mode = arguments.text("mode") == "stream" ? Mode::Stream : Mode::Json;
  plan.fields = arguments.text("fields");
  plan.hold = arguments.text("hold");
  plan.record = arguments.text("record");
  plan.prefix = arguments.text("prefix");
  Load load(std::move(plan));
  return arguments.text("hold").empty() ? load.run() : load.hold();
}
