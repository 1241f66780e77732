// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/http_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace tidegate::app {
namespace {

using testing::HasSubstr;

/// Listens on a free port of loopback and answers one request with these bytes; without any it says nothing until the
/// client leaves.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 1);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, bytes = std::move(answer)] { serve(bytes); });
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;
  ~OneAnswer() {
    ::shutdown(listener_, SHUT_RDWR);  // if nobody came
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] std::string url(std::string_view path) const {
    return fmt::format("http://127.0.0.1:{}{}", port_, path);
  }
  /// What the client asked; waits until it has left.
  [[nodiscard]] const std::string& request() {
    if (thread_.joinable()) thread_.join();
    return request_;
  }

 private:
  void serve(const std::string& answer) {
    const int client = ::accept(listener_, nullptr, nullptr);
    std::array<char, 4096> piece{};
    while (request_.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = ::recv(client, piece.data(), piece.size(), 0);
      if (count <= 0) break;
      request_.append(piece.data(), static_cast<std::size_t>(count));
    }
    ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
    if (!answer.empty()) ::shutdown(client, SHUT_WR);
    while (::recv(client, piece.data(), piece.size(), 0) > 0) {
    }
    ::close(client);
  }

  int listener_;
  std::uint16_t port_ = 0;
  std::string request_;
  std::thread thread_;
};

TEST(HttpClient, SendsItsFieldsAndGivesStatusAndBody) {
  OneAnswer server("HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nno!\n");
  const auto reply = ask({.url = server.url("/a?b[]=c"), .fields = {{"x-api-key", Secret("k-1")}}});
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_EQ(reply->status, 403);
  EXPECT_EQ(reply->body, "no!\n");
  EXPECT_THAT(server.request(), HasSubstr("GET /a?b[]=c HTTP/1.1\r\n"));
  EXPECT_THAT(server.request(), HasSubstr("x-api-key: k-1\r\n"));
}

TEST(HttpClient, SendsABearerToken) {
  OneAnswer server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  ASSERT_TRUE(ask({.url = server.url("/"), .fields = {}, .bearer = Secret("t-1")}));
  EXPECT_THAT(server.request(), HasSubstr("authorization: Bearer t-1\r\n"));
}

TEST(HttpClient, FollowsNoRedirectThatWouldTakeTheKeyElsewhere) {
  OneAnswer server("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
  const auto reply = ask({.url = server.url("/"), .fields = {{"x-api-key", Secret("k-1")}}});
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_EQ(reply->status, 302);
}

TEST(HttpClient, GivesUpWhenItsTimeIsOver) {
  OneAnswer server("");
  const auto reply = ask({.url = server.url("/"), .fields = {}, .timeout = Milliseconds(50)});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, FailureKind::Timeout);
}

TEST(HttpClient, SaysWhatWentWrongWithWhichUrl) {
  OneAnswer garbage("this is not HTTP\r\n\r\n");
  const auto unread = ask({.url = garbage.url("/x"), .fields = {}});
  ASSERT_FALSE(unread);
  EXPECT_THAT(unread.error().detail, HasSubstr(garbage.url("/x")));
  OneAnswer cut("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
  EXPECT_FALSE(ask({.url = cut.url("/"), .fields = {}}));
  const auto refused = ask({.url = "http://127.0.0.1:1/", .fields = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::Connect);
  EXPECT_EQ(ask({.url = "ftp://127.0.0.1/", .fields = {}}).error().kind, FailureKind::InvalidInput);
}

}  // namespace
}  // namespace tidegate::app
