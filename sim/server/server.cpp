// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/server.h"

#include "base/number.h"
#include "sim/server/library.h"
#include "sim/server/provider.h"
#include "sim/server/session.h"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tidegate::sim {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

const SystemClock& system_clock() {
  static const SystemClock clock;
  return clock;
}

tcp::endpoint endpoint_of(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : parse_integer<std::uint16_t>(std::string_view(listen).substr(colon + 1));
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!port || error)
    throw std::runtime_error(fmt::format("simulator: '{}' is not an address and a port like 127.0.0.1:0", listen));
  return {address, *port};
}

std::unique_ptr<asio::ssl::context> tls_of(const Options& options) {
  if (options.tls_certificate.empty() && options.tls_key.empty()) return nullptr;
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  boost::system::error_code error;
  context->use_certificate_chain_file(options.tls_certificate, error);
  if (error)
    throw std::runtime_error(
        fmt::format("simulator: cannot read the certificate {} ({})", options.tls_certificate, error.message()));
  context->use_private_key_file(options.tls_key, asio::ssl::context::pem, error);
  if (error)
    throw std::runtime_error(fmt::format("simulator: cannot read the key {} ({})", options.tls_key, error.message()));
  return context;
}

}  // namespace

/// One io_context and one thread for each of `threads`; the first accepts and hands connections round.
class Server::Implementation {
 public:
  Implementation(Options options, const Clock& clock)
      : provider_(std::move(options), clock), library_(provider_), upgrades_(provider_), tls_(tls_of(provider_.options())) {
    const int threads = std::max(1, provider_.options().threads);
    for (int i = 0; i < threads; ++i) {
      contexts_.push_back(std::make_unique<asio::io_context>(1));
      guards_.push_back(asio::make_work_guard(*contexts_.back()));
    }
    listen();
    asio::co_spawn(*contexts_.front(), accept(), asio::detached);
    for (auto& context : contexts_) threads_.emplace_back([&context] { context->run(); });
  }
  ~Implementation() {
    for (auto& context : contexts_) context->stop();
    for (std::thread& thread : threads_) thread.join();
    // Coroutines still waiting are destroyed with their context; they write to the provider's books, so it lives
    // longer.
    acceptor_.reset();
    guards_.clear();
    contexts_.clear();
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& url() const { return url_; }
  Provider& provider() { return provider_; }

 private:
  void listen() {
    const Options& options = provider_.options();
    const tcp::endpoint endpoint = endpoint_of(options.listen);
    boost::system::error_code error;
    acceptor_.emplace(*contexts_.front());
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(4096, error);
    if (error)
      throw std::runtime_error(fmt::format("simulator: cannot listen on {} ({})", options.listen, error.message()));
    port_ = acceptor_->local_endpoint().port();
    const std::string host =
        endpoint.address().is_v6() ? "[" + endpoint.address().to_string() + "]" : endpoint.address().to_string();
    url_ = fmt::format("{}://{}:{}", tls_ ? "https" : "http", host, port_);
    library_.set_origin(url_);
  }

  asio::awaitable<void> accept() {
    std::size_t next = 0;
    while (true) {
      asio::io_context& context = *contexts_[next++ % contexts_.size()];
      tcp::socket socket(context);
      const auto [error] = co_await acceptor_->async_accept(socket, asio::as_tuple(asio::use_awaitable));
      if (error == asio::error::operation_aborted) co_return;
      if (error) continue;
      std::unique_ptr<Connection> connection =
          tls_ ? make_tls_connection(std::move(socket), *tls_) : make_plain_connection(std::move(socket));
      asio::co_spawn(context, serve_connection(std::move(connection), provider_, library_, upgrades_), asio::detached);
    }
  }

  Provider provider_;
  Library library_;
  Upgrades upgrades_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::vector<std::unique_ptr<asio::io_context>> contexts_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
  std::optional<tcp::acceptor> acceptor_;
  std::uint16_t port_ = 0;
  std::string url_;
  std::vector<std::thread> threads_;
};

Server::Server(Options options) : Server(std::move(options), system_clock()) {}
Server::Server(Options options, const Clock& clock)
    : implementation_(std::make_unique<Implementation>(std::move(options), clock)) {}
Server::~Server() = default;

std::uint16_t Server::port() const { return implementation_->port(); }
std::string Server::url() const { return implementation_->url(); }
std::string Server::stats() const { return boost::json::serialize(implementation_->provider().stats(true)); }
void Server::reset() { implementation_->provider().reset(); }

Result<void> Server::set_faults(std::string_view rules, std::string_view schedule) {
  auto parsed_rules = parse_fault_rules(rules);
  if (!parsed_rules) return fail(parsed_rules);
  auto parsed_schedule = parse_schedule(schedule);
  if (!parsed_schedule) return fail(parsed_schedule);
  Provider& provider = implementation_->provider();
  provider.set_faults(*std::move(parsed_rules), *std::move(parsed_schedule), provider.now());
  return {};
}

}  // namespace tidegate::sim
