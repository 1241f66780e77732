// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Streams, TLS and connecting, over loopback, with both ends in one reactor.
#include "net/connector.h"

#include "net/listener.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::net {
namespace {

using namespace std::chrono_literals;

/// A certificate authority and a certificate for 127.0.0.1, made once by the openssl program.
class Certificates {
 public:
  Certificates() {
    std::string pattern = std::filesystem::temp_directory_path() / "tidegate-tls-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    const std::string script = fmt::format(
        "cd {} && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=test-ca -days 2 && "
        "openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf && "
        "printf 'subjectAltName=IP:127.0.0.1' > ext && "
        "openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 2 -extfile ext",
        folder_);
    made_ = std::system(fmt::format("({}) >/dev/null 2>&1", script).c_str()) == 0;
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  ~Certificates() { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string file(const char* name) const { return folder_ + "/" + name; }
  [[nodiscard]] bool made() const { return made_; }

 private:
  std::string folder_;
  bool made_ = false;
};

const Certificates& certificates() {
  static const Certificates made;
  return made;
}

class ConnectorTest : public ::testing::Test {
 protected:
  /// Before a reactor looks at the clock: making keys may take longer than a deadline on a busy machine.
  static void SetUpTestSuite() { (void)certificates(); }

  /// A server that answers every connection with `serve` and the client side run by `visit`; ends when `visit` does.
  void run(std::function<Task<void>(std::unique_ptr<Stream>)> serve, std::function<Task<void>(std::uint16_t)> visit) {
    auto listener = Listener::open(reactor_, ListenOptions{}, [&](int descriptor) {
      reactor_.spawn(serve(std::make_unique<Stream>(reactor_, descriptor)));
    });
    ASSERT_TRUE(listener);
    reactor_.spawn(until_done(visit, (*listener)->address().port()));
    reactor_.run();
  }

  Task<void> until_done(std::function<Task<void>(std::uint16_t)> visit, std::uint16_t port) {
    Task<void> visiting = visit(port);
    co_await visiting;
    reactor_.stop();
  }

  static Task<void> echo(std::unique_ptr<Stream> stream) {
    std::array<char, 64> buffer{};
    while (true) {
      Result<std::size_t> count = co_await stream->read_some(buffer);
      if (!count || *count == 0) co_return;
      Result<void> written = co_await stream->write(std::string_view(buffer.data(), *count));
      if (!written) co_return;
    }
  }

  /// Reads and says nothing.
  static Task<void> until_closed(Stream& stream) {
    std::array<char, 512> buffer{};
    while (true) {
      Result<std::size_t> count = co_await stream.read_some(buffer);
      if (!count || *count == 0) co_return;
    }
  }

  std::shared_ptr<const Destination> destination(std::string url) {
    auto made = std::make_shared<Destination>();
    made->url = parse_url(url).value();
    return made;
  }

  SystemClock clock_;
  Reactor reactor_{clock_};
  Resolver resolver_{clock_};
};

TEST_F(ConnectorTest, CarriesBytesBothWays) {
  std::string got;
  run(echo, [&](std::uint16_t port) -> Task<void> {
    Task<Result<std::unique_ptr<Stream>>> connecting =
        connect(reactor_, resolver_, destination(fmt::format("http://127.0.0.1:{}", port)), reactor_.now().steady + 5s);
    Result<std::unique_ptr<Stream>> stream = co_await connecting;
    EXPECT_TRUE(stream);
    if (!stream) co_return;
    Result<void> written = co_await (*stream)->write("one ", "two ", "three");
    EXPECT_TRUE(written);
    std::array<char, 64> buffer{};
    while (got.size() < 13) {
      Result<std::size_t> count = co_await (*stream)->read_some(buffer);
      if (!count || *count == 0) break;
      got.append(buffer.data(), *count);
    }
  });
  EXPECT_EQ(got, "one two three");
}

TEST_F(ConnectorTest, SpeaksTlsAndVerifiesTheOtherEnd) {
  ASSERT_TRUE(certificates().made());
  const auto server = TlsServerContext::make(certificates().file("leaf.pem"), certificates().file("leaf.key"), clock_.now().wall);
  ASSERT_TRUE(server) << server.error().detail;
  const auto client = TlsClientContext::make({.ca_file = certificates().file("ca.pem")});
  ASSERT_TRUE(client);
  const std::string large(200'000, 'x');
  std::string got;
  run(
      [&](std::unique_ptr<Stream> stream) -> Task<void> {
        Stream::Handshake handshake = stream->handshake((*server)->open());
        Result<void> secured = co_await handshake;
        if (!secured) co_return;
        Task<void> echoing = echo(std::move(stream));
        co_await echoing;
      },
      [&](std::uint16_t port) -> Task<void> {
        auto target = std::make_shared<Destination>();
        target->url = parse_url(fmt::format("https://127.0.0.1:{}", port)).value();
        target->tls = *client;
        Task<Result<std::unique_ptr<Stream>>> connecting = connect(reactor_, resolver_, target, reactor_.now().steady + 5s);
        Result<std::unique_ptr<Stream>> stream = co_await connecting;
        EXPECT_TRUE(stream) << (stream ? "" : stream.error().detail);
        if (!stream) co_return;
        Result<void> written = co_await (*stream)->write(std::string_view(large).substr(0, 1000), "tail");
        EXPECT_TRUE(written);
        std::array<char, 4096> buffer{};
        while (got.size() < 1004) {
          Result<std::size_t> count = co_await (*stream)->read_some(buffer);
          if (!count || *count == 0) break;
          got.append(buffer.data(), *count);
        }
        EXPECT_TRUE((*stream)->is_quiet()) << "a pool would not use it again";
      });
  EXPECT_EQ(got, large.substr(0, 1000) + "tail");
}

TEST_F(ConnectorTest, WritesOverTlsWhatOneRecordDoesNotHold) {
  ASSERT_TRUE(certificates().made());
  const auto server = TlsServerContext::make(certificates().file("leaf.pem"), certificates().file("leaf.key"), clock_.now().wall);
  ASSERT_TRUE(server) << server.error().detail;
  const auto client = TlsClientContext::make({.ca_file = certificates().file("ca.pem")});
  ASSERT_TRUE(client);
  std::string large;
  for (int i = 0; i < 100'000; ++i) large += fmt::format("{} ", i);
  const std::string expected = large + "head" + large + "tail";
  std::string got;
  std::string answer;
  run(
      [&](std::unique_ptr<Stream> stream) -> Task<void> {
        Stream::Handshake handshake = stream->handshake((*server)->open());
        Result<void> secured = co_await handshake;
        if (!secured) co_return;
        std::vector<char> buffer(64 * 1024);
        while (got.size() < expected.size()) {
          Result<std::size_t> count = co_await stream->read_some(buffer);
          if (!count || *count == 0) break;
          got.append(buffer.data(), *count);
        }
        Result<void> written = co_await stream->write("all there");
        EXPECT_TRUE(written);
      },
      [&](std::uint16_t port) -> Task<void> {
        auto target = std::make_shared<Destination>();
        target->url = parse_url(fmt::format("https://127.0.0.1:{}", port)).value();
        target->tls = *client;
        Task<Result<std::unique_ptr<Stream>>> connecting = connect(reactor_, resolver_, target, reactor_.now().steady + 5s);
        Result<std::unique_ptr<Stream>> stream = co_await connecting;
        EXPECT_TRUE(stream) << (stream ? "" : stream.error().detail);
        if (!stream) co_return;
        const int little = 16 * 1024;  // so that the writes have to wait
        ::setsockopt((*stream)->descriptor(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
        Result<void> alone = co_await (*stream)->write(large);
        EXPECT_TRUE(alone);
        Result<void> in_pieces = co_await (*stream)->write("head", large, "tail");
        EXPECT_TRUE(in_pieces);
        std::array<char, 64> buffer{};
        Result<std::size_t> count = co_await (*stream)->read_some(buffer);
        if (count) answer.assign(buffer.data(), *count);
      });
  EXPECT_EQ(answer, "all there");
  EXPECT_TRUE(got == expected) << got.size();
}

TEST_F(ConnectorTest, IsQuietWhenAReadFilledItsBufferExactly) {
  bool quiet = false;
  bool quiet_with_more = true;
  run(echo, [&](std::uint16_t port) -> Task<void> {
    Task<Result<std::unique_ptr<Stream>>> connecting =
        connect(reactor_, resolver_, destination(fmt::format("http://127.0.0.1:{}", port)), reactor_.now().steady + 5s);
    Result<std::unique_ptr<Stream>> stream = co_await connecting;
    EXPECT_TRUE(stream);
    if (!stream) co_return;
    Result<void> written = co_await (*stream)->write("12345678");
    EXPECT_TRUE(written);
    std::array<char, 8> buffer{};
    Result<std::size_t> count = co_await (*stream)->read_some(std::span(buffer).first(7));
    EXPECT_EQ(count.value_or(0), 7U);
    quiet_with_more = (*stream)->is_quiet();
    count = co_await (*stream)->read_some(std::span(buffer).first(1));
    EXPECT_EQ(count.value_or(0), 1U);
    quiet = (*stream)->is_quiet();
  });
  EXPECT_TRUE(quiet);
  EXPECT_FALSE(quiet_with_more);
}

TEST_F(ConnectorTest, IsQuietAfterSessionTicketsAndResumesWithThem) {
  ASSERT_TRUE(certificates().made());
  const auto server = TlsServerContext::make(certificates().file("leaf.pem"), certificates().file("leaf.key"), clock_.now().wall);
  const auto client = TlsClientContext::make({.ca_file = certificates().file("ca.pem")});
  ASSERT_TRUE(server && client);
  std::vector<bool> resumed;
  std::vector<bool> quiet;
  std::string got;
  run(
      [&](std::unique_ptr<Stream> stream) -> Task<void> {
        Stream::Handshake handshake = stream->handshake((*server)->open());
        Result<void> secured = co_await handshake;
        if (!secured) co_return;
        Task<void> echoing = echo(std::move(stream));
        co_await echoing;
      },
      [&](std::uint16_t port) -> Task<void> {
        auto target = std::make_shared<Destination>();
        target->url = parse_url(fmt::format("https://127.0.0.1:{}", port)).value();
        target->tls = *client;
        for (int i = 0; i < 2; ++i) {
          Task<Result<std::unique_ptr<Stream>>> connecting = connect(reactor_, resolver_, target, reactor_.now().steady + 5s);
          Result<std::unique_ptr<Stream>> stream = co_await connecting;
          EXPECT_TRUE(stream) << (stream ? "" : stream.error().detail);
          if (!stream) co_return;
          resumed.push_back((*stream)->is_resumed());
          Result<void> ticket_came = co_await (*stream)->readable();
          EXPECT_TRUE(ticket_came);
          quiet.push_back((*stream)->is_quiet());
          Result<void> written = co_await (*stream)->write("x");
          EXPECT_TRUE(written);
          std::array<char, 8> buffer{};
          Result<std::size_t> count = co_await (*stream)->read_some(buffer);
          if (count) got.append(buffer.data(), *count);
        }
      });
  EXPECT_EQ(resumed, (std::vector<bool>{false, true}));
  EXPECT_EQ(quiet, (std::vector<bool>{true, true}));
  EXPECT_EQ(got, "xx");
}

TEST_F(ConnectorTest, RefusesACertificateOfAnUnknownAuthority) {
  ASSERT_TRUE(certificates().made());
  const auto server = TlsServerContext::make(certificates().file("leaf.pem"), certificates().file("leaf.key"), clock_.now().wall);
  const auto client = TlsClientContext::make({});
  ASSERT_TRUE(server && client);
  std::string detail;
  run(
      [&](std::unique_ptr<Stream> stream) -> Task<void> {
        Stream::Handshake handshake = stream->handshake((*server)->open());
        Result<void> secured = co_await handshake;
        EXPECT_FALSE(secured);
      },
      [&](std::uint16_t port) -> Task<void> {
        auto target = std::make_shared<Destination>();
        target->url = parse_url(fmt::format("https://127.0.0.1:{}", port)).value();
        target->tls = *client;
        Task<Result<std::unique_ptr<Stream>>> connecting = connect(reactor_, resolver_, target, reactor_.now().steady + 5s);
        Result<std::unique_ptr<Stream>> stream = co_await connecting;
        EXPECT_FALSE(stream);
        if (!stream) detail = stream.error().detail;
      });
  EXPECT_NE(detail.find("certificate"), std::string::npos) << detail;
  EXPECT_NE(detail.find("tls.ca_file"), std::string::npos) << detail;
}

TEST_F(ConnectorTest, TellsWhoRefusedTheConnectionAndWhatToLookAt) {
  std::uint16_t nobody = 0;
  {
    auto gone = Listener::open(reactor_, ListenOptions{}, [](int) {});
    ASSERT_TRUE(gone);
    nobody = (*gone)->address().port();
  }
  const std::string address = fmt::format("127.0.0.1:{}", nobody);
  auto by_proxy = std::make_shared<Destination>();
  by_proxy->url = parse_url("https://api.example.test").value();
  by_proxy->proxy = parse_url("http://" + address).value();
  const std::vector<std::shared_ptr<const Destination>> targets{destination("http://" + address), by_proxy};
  std::vector<Failure> failures;
  run(echo, [&](std::uint16_t) -> Task<void> {
    for (const std::shared_ptr<const Destination>& to : targets) {
      Task<Result<std::unique_ptr<Stream>>> connecting = connect(reactor_, resolver_, to, reactor_.now().steady + 5s);
      Result<std::unique_ptr<Stream>> stream = co_await connecting;
      failures.push_back(stream ? Failure{} : stream.error());
    }
  });
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].kind, FailureKind::Connect);
  EXPECT_EQ(failures[0].detail, address + " (connect): Connection refused; check base_url, the network and the firewall");
  EXPECT_EQ(failures[1].kind, FailureKind::Connect);
  EXPECT_EQ(failures[1].detail, "the proxy " + address + " (for api.example.test) (connect): Connection refused; "
                                "check `proxy` (or HTTPS_PROXY) and that the proxy runs");
}

TEST_F(ConnectorTest, TellsHowLongItWaitedForAnAnswer) {
  ASSERT_TRUE(certificates().made());
  const auto client = TlsClientContext::make({.ca_file = certificates().file("ca.pem")});
  Failure failure{};
  std::string address;
  run(
      [&](std::unique_ptr<Stream> stream) -> Task<void> {
        Task<void> silent = until_closed(*stream);
        co_await silent;
      },
      [&](std::uint16_t port) -> Task<void> {
        address = fmt::format("127.0.0.1:{}", port);
        auto target = std::make_shared<Destination>();
        target->url = parse_url("https://" + address).value();
        target->tls = *client;
        Task<Result<std::unique_ptr<Stream>>> connecting = connect(reactor_, resolver_, target, reactor_.now().steady + 250ms);
        Result<std::unique_ptr<Stream>> stream = co_await connecting;
        EXPECT_FALSE(stream);
        if (!stream) failure = stream.error();
      });
  EXPECT_EQ(failure.kind, FailureKind::Timeout);
  EXPECT_EQ(failure.detail, address + " (tls): no answer within 250ms (deadlines.connect); check base_url, the network and the firewall");
}

TEST_F(ConnectorTest, AsksAProxyForATunnel) {
  ASSERT_TRUE(certificates().made());
  const auto client = TlsClientContext::make({.ca_file = certificates().file("ca.pem")});
  std::string asked;
  std::string detail;
  run(
      [&](std::unique_ptr<Stream> stream) -> Task<void> {
        std::array<char, 512> buffer{};
        Result<std::size_t> count = co_await stream->read_some(buffer);
        if (count) asked.assign(buffer.data(), *count);
        Result<void> written = co_await stream->write("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        (void)written;
      },
      [&](std::uint16_t port) -> Task<void> {
        auto target = std::make_shared<Destination>();
        target->url = parse_url("https://api.example.test").value();
        target->proxy = parse_url(fmt::format("http://127.0.0.1:{}", port)).value();
        target->proxy_credential = Secret("user:pass word");
        target->tls = *client;
        Task<Result<std::unique_ptr<Stream>>> connecting = connect(reactor_, resolver_, target, reactor_.now().steady + 5s);
        Result<std::unique_ptr<Stream>> stream = co_await connecting;
        EXPECT_FALSE(stream);
        if (!stream) detail = stream.error().detail;
      });
  EXPECT_EQ(asked, "CONNECT api.example.test:443 HTTP/1.1\r\nHost: api.example.test:443\r\nProxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n\r\n");
  EXPECT_NE(detail.find("407"), std::string::npos) << detail;
  EXPECT_EQ(detail.find("dXNl"), std::string::npos) << detail;
}

TEST_F(ConnectorTest, EndsAReadAtItsDeadline) {
  FailureKind kind{};
  run(
      [&](std::unique_ptr<Stream> stream) -> Task<void> {
        Result<void> gone = co_await stream->readable();
        (void)gone;
      },
      [&](std::uint16_t port) -> Task<void> {
        Task<Result<std::unique_ptr<Stream>>> connecting =
            connect(reactor_, resolver_, destination(fmt::format("http://127.0.0.1:{}", port)), reactor_.now().steady + 5s);
        Result<std::unique_ptr<Stream>> stream = co_await connecting;
        EXPECT_TRUE(stream);
        (*stream)->set_deadline(reactor_.now().steady + 1ms);
        std::array<char, 8> buffer{};
        Result<std::size_t> count = co_await (*stream)->read_some(buffer);
        EXPECT_FALSE(count);
        if (!count) kind = count.error().kind;
      });
  EXPECT_EQ(kind, FailureKind::Timeout);
}

TEST_F(ConnectorTest, KeepsAnOldAnswerWhileTheResolverFails) {
  ManualClock clock;
  Reactor reactor(clock);
  int asked = 0;
  Resolver resolver(clock, [&](const std::string&, std::uint16_t port) -> Result<std::vector<Address>> {
    if (++asked == 1) return std::vector<Address>{*parse_address("127.0.0.1", port)};
    return fail(FailureKind::Resolve, Origin::Upstream, "no answer");
  });
  std::vector<bool> found;
  const auto ask_twice = [&]() -> Task<void> {
    for (int i = 0; i < 2; ++i) {
      Task<Result<std::vector<Address>>> asking = resolver.resolve(reactor, "api.example.test", 443, SteadyTime::max());
      Result<std::vector<Address>> answer = co_await asking;
      found.push_back(answer.has_value() && answer->size() == 1);
      clock.advance(Seconds(60));
      Reactor::Yield yield = reactor.yield();
      co_await yield;
    }
    reactor.stop();
  };
  reactor.spawn(ask_twice());
  reactor.run();
  EXPECT_EQ(found, (std::vector<bool>{true, true}));
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace tidegate::net
