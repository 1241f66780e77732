// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/connector.h"

#include <fmt/format.h>

#include <openssl/evp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tidegate::net {

namespace {

/// One step of connecting, as an operator is told of it.
struct Step {
  std::string where;        ///< who was asked
  std::string_view name;    ///< `name`, `connect`, `proxy` or `tls`
  std::string_view advice;  ///< what to look at when it fails; TLS brings its own
  Nanoseconds allowed;      ///< for all steps together
};

constexpr std::string_view kCheckName = "check the host's name and this machine's DNS";
constexpr std::string_view kCheckProvider = "check base_url, the network and the firewall";
constexpr std::string_view kCheckProxy = "check `proxy` (or HTTPS_PROXY) and that the proxy runs";

Step first_step(const Destination& to, Nanoseconds allowed) {
  if (!to.proxy) return {to.url.authority(), "name", kCheckName, allowed};
  return {fmt::format("the proxy {} (for {})", to.proxy->authority(), to.url.authority()), "name", kCheckName, allowed};
}

Step tls_step(const Destination& to, Nanoseconds allowed) {
  const std::string by = to.proxy ? fmt::format(" (by the proxy {})", to.proxy->authority()) : "";
  return {to.url.authority() + by, "tls", kCheckProvider, allowed};
}

Failure explain(Failure failure, const Step& step) {
  failure.origin = Origin::Upstream;
  failure.retry = Retry::OtherTarget;
  if (failure.kind == FailureKind::Timeout) failure.detail = fmt::format("no answer within {} (deadlines.connect)", to_text(step.allowed));
  failure.detail = fmt::format("{} ({}): {}", step.where, step.name, failure.detail);
  if (failure.kind != FailureKind::Tls) failure.detail += fmt::format("; {}", step.advice);
  return failure;
}

Failure no_connection(int error) {
  return Failure{FailureKind::Connect, Origin::Upstream, Retry::OtherTarget, std::nullopt, std::strerror(error)};
}

/// Waits until a started connect is decided: writable, or broken.
Task<Result<void>> wait_until_connected(Stream& stream) {
  // An empty write waits for nothing; so send nothing and look at the socket when the kernel says it became writable.
  class Writable final : public Stream::Operation {
   public:
    explicit Writable(Stream& stream, const int& descriptor) : Operation(stream), descriptor_(descriptor) {}
    [[nodiscard]] Result<void> await_resume() { return std::move(result_); }

   private:
    Stream::Attempt attempt() override {
      int error = 0;
      socklen_t length = sizeof error;
      ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &length);
      if (error != 0) {
        fail(no_connection(error));
        return Stream::Attempt::Done;
      }
      sockaddr_storage peer{};
      socklen_t peer_length = sizeof peer;
      const bool connected = ::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &peer_length) == 0;
      return connected ? Stream::Attempt::Done : Stream::Attempt::WaitForWrite;
    }
    void fail(Failure failure) override { result_ = tl::unexpected<Failure>(std::move(failure)); }

    const int descriptor_;
    Result<void> result_;
  };
  Writable writable(stream, stream.descriptor());
  Result<void> connected = co_await writable;
  co_return connected;
}

Task<Result<std::unique_ptr<Stream>>> open_tcp(Reactor& reactor, Address address, SteadyTime deadline) {
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return tl::unexpected<Failure>(no_connection(errno));
  const int started = ::connect(descriptor, address.get(), address.length);
  if (started != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(descriptor);
    co_return tl::unexpected<Failure>(no_connection(error));
  }
  auto stream = std::make_unique<Stream>(reactor, descriptor);
  stream->set_deadline(deadline);
  Task<Result<void>> waiting = wait_until_connected(*stream);
  Result<void> connected = co_await waiting;
  if (!connected) co_return fail(connected);
  co_return std::move(stream);
}

/// The field that tells a proxy who asks; empty without a credential.
std::string proxy_authorization(const Secret& credential) {
  if (credential.empty()) return {};
  const std::string_view text = credential.reveal();
  std::string base64((text.size() + 2) / 3 * 4 + 1, '\0');  // and the end that OpenSSL writes
  base64.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                                         reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()))));
  return fmt::format("Proxy-Authorization: Basic {}\r\n", base64);
}

/// Asks a proxy for a tunnel (RFC 9110 9.3.6). Reads byte-exactly up to the end of the head, because TLS begins right after it.
Task<Result<void>> open_tunnel(Stream& stream, const Url& target, const Url& proxy, const Secret& credential, Step step) {
  const std::string authority = fmt::format("{}:{}", target.host, target.port);
  const std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n{1}\r\n", authority, proxy_authorization(credential));
  Result<void> sent = co_await stream.write(request);
  if (!sent) co_return tl::unexpected<Failure>(explain(sent.error(), step));
  std::string head;
  std::array<char, 1> byte{};
  while (!head.ends_with("\r\n\r\n") && head.size() < 8192) {
    Result<std::size_t> count = co_await stream.read_some(byte);
    if (!count) co_return tl::unexpected<Failure>(explain(count.error(), step));
    if (*count == 0) break;
    head.push_back(byte[0]);
  }
  const std::string line = head.substr(0, head.find("\r\n"));
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[9] != '2') {
    co_return tl::unexpected<Failure>(Failure{
        FailureKind::Connect, Origin::Upstream, Retry::OtherTarget, std::nullopt,
        fmt::format("proxy {} refused a tunnel to {} ({}); check HTTPS_PROXY", proxy.authority(), authority, line)});
  }
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> connect(Reactor& reactor, Resolver& resolver,
                                              std::shared_ptr<const Destination> destination, SteadyTime deadline) {
  const Nanoseconds allowed = deadline - reactor.now().steady;
  Step step = first_step(*destination, allowed);
  const Url& first_hop = destination->proxy ? *destination->proxy : destination->url;
  Task<Result<std::vector<Address>>> resolving = resolver.resolve(reactor, first_hop.host, first_hop.port, deadline);
  Result<std::vector<Address>> addresses = co_await resolving;
  if (!addresses) co_return tl::unexpected<Failure>(explain(addresses.error(), step));

  step.name = "connect";
  step.advice = destination->proxy ? kCheckProxy : kCheckProvider;
  Result<std::unique_ptr<Stream>> stream =
      fail(FailureKind::Resolve, Origin::Upstream, "has no address", Retry::OtherTarget);
  for (const Address& address : *addresses) {
    Task<Result<std::unique_ptr<Stream>>> opening = open_tcp(reactor, address, deadline);
    stream = co_await opening;
    if (stream || stream.error().kind == FailureKind::Timeout) break;
  }
  if (!stream) co_return tl::unexpected<Failure>(explain(stream.error(), step));
  Stream& opened = **stream;

  if (destination->proxy && destination->url.tls) {
    step.name = "proxy";
    Task<Result<void>> tunnelling = open_tunnel(opened, destination->url, *destination->proxy, destination->proxy_credential, step);
    Result<void> tunnel = co_await tunnelling;
    if (!tunnel) co_return fail(tunnel);
  }
  if (destination->url.tls) {
    SslHandle ssl = destination->tls->open(destination->url.host);
    Stream::Handshake handshake = opened.handshake(std::move(ssl));
    Result<void> secured = co_await handshake;
    if (!secured) co_return tl::unexpected<Failure>(explain(secured.error(), tls_step(*destination, allowed)));
  }
  opened.clear_deadline();
  co_return std::move(*stream);
}

}  // namespace tidegate::net
