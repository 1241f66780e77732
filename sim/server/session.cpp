// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/session.h"

#include "sim/server/exchange.h"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace tidegate::sim {

namespace asio = boost::asio;

namespace {

constexpr Nanoseconds kLookEvery = std::chrono::milliseconds(50);  // how soon a client that left is noticed
constexpr std::string_view kNoBody = "HEAD";

std::optional<Surface> surface_of(const Request& request) {
  if (request.method != "POST") return std::nullopt;
  if (request.path == "/v1/messages") return Surface::Messages;
  if (request.path == "/v1/messages/count_tokens") return Surface::CountTokens;
  if (request.path == "/v1/chat/completions") return Surface::ChatCompletions;
  if (request.path == "/v1/responses") return Surface::Responses;
  if (request.path == "/v1/embeddings") return Surface::Embeddings;
  return std::nullopt;
}

/// What needs no key: control of the simulator, and the probe of Claude Code.
bool is_public(const Request& request) {
  return request.path.starts_with("/sim/") || request.path == "/api/hello" || request.path == "/";
}

/// Admin keys belong to nobody and are good for the Admin API only.
bool is_admin_call(const Exchange& exchange) {
  return exchange.request.path.starts_with("/v1/organizations/") && exchange.provider.is_admin(exchange.request);
}

Reply refuse(Exchange& exchange, const ApiError& error) {
  const Dialect dialect = exchange.dialect();
  Reply reply = error_reply(error, dialect, exchange.request_id);
  reply.headers +=
      fmt::format("{}: {}\r\n", dialect == Dialect::OpenAi ? "x-request-id" : "request-id", exchange.request_id);
  return reply;
}

asio::awaitable<Persistence> answer(Exchange& exchange) {
  const Request& request = exchange.request;
  if (request.is_upgrade) {
    Reply reply = refuse(exchange, {426, "invalid_request_error", "This endpoint does not speak WebSocket."});
    const Persistence persistence = co_await send(exchange, std::move(reply));
    co_return persistence;
  }
  if (!is_public(request) && !is_admin_call(exchange)) {
    auto caller = exchange.provider.authenticate(request);
    if (!caller) {
      Reply reply = refuse(exchange, caller.error());
      const Persistence persistence = co_await send(exchange, std::move(reply));
      co_return persistence;
    }
    exchange.caller = *std::move(caller);
  }
  const auto surface = surface_of(request);
  if (surface) {
    const Persistence persistence = co_await serve_model_call(exchange, *surface);
    co_return persistence;
  }
  Reply reply = serve_plain(exchange);
  const Persistence persistence = co_await send(exchange, std::move(reply));
  co_return persistence;
}

asio::awaitable<void> refuse_unreadable(Connection& connection, Provider& provider, RequestReader::Outcome outcome) {
  const bool is_large = outcome == RequestReader::Outcome::TooLarge;
  const ApiError error = is_large ? ApiError{413, "request_too_large", "Request exceeds the maximum size"}
                                  : ApiError{400, "invalid_request_error", "The request could not be read."};
  const Reply reply = error_reply(error, Dialect::Anthropic, "req_" + provider.new_id());
  provider.count_answer(error.status);
  const std::string wire = to_wire(reply, provider.now().wall, Persistence::Close);
  const bool written = co_await connection.write(wire);
  // The rest of the body is still arriving: closing now would reset the connection before the answer is read.
  boost::system::error_code ignored;
  connection.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  char sink[16384];
  std::size_t drained = 0;
  while (written && drained < 64U * 1024 * 1024) {
    const std::size_t count = co_await connection.read_some(asio::buffer(sink));
    if (count == 0) break;
    drained += count;
  }
}

/// Facts 1.3, "when tracing": the caller's trace and a span of the provider's own, in the form of W3C Trace Context 2.
std::string trace_response(const Request& request, std::string_view request_id) {
  const std::string_view parent = request.header("traceparent");  // 00-<32 digits: trace>-<16: span>-<2: flags>
  if (parent.size() != 55 || !parent.starts_with("00-")) return {};
  const std::string_view span = request_id.substr(std::string_view("req_01").size(), 16);
  return fmt::format("traceresponse: 00-{}-{}-{}\r\n", parent.substr(3, 32), span, parent.substr(53));
}

}  // namespace

Dialect Exchange::dialect() const {
  const bool is_openai = request.path.starts_with("/v1/chat/") || request.path.starts_with("/v1/responses") ||
                         request.path.starts_with("/v1/embeddings") ||
                         (request.path.starts_with("/v1/models") && request.header("anthropic-version").empty());
  return is_openai ? Dialect::OpenAi : Dialect::Anthropic;
}

void Exchange::encode(Reply& reply) const {
  if (!provider.options().plain) compress(reply, request.header("accept-encoding"));
}

std::string Exchange::identity_headers(Dialect of) const {
  if (of == Dialect::OpenAi) {
    const auto spent = std::chrono::duration_cast<Milliseconds>(provider.now().steady - started.steady).count();
    return fmt::format(
        "x-request-id: {}\r\nopenai-organization: {}\r\nopenai-processing-ms: {}\r\nopenai-version: 2020-10-01\r\n",
        request_id, caller.organisation, spent);
  }
  std::string headers = fmt::format("request-id: {}\r\n{}", request_id, trace_response(request, request_id));
  if (!caller.organisation.empty()) headers += fmt::format("anthropic-organization-id: {}\r\n", caller.organisation);
  if (!caller.workspace.empty()) headers += fmt::format("anthropic-workspace-id: {}\r\n", caller.workspace);
  return headers;
}

asio::awaitable<bool> wait(Connection& connection, Nanoseconds duration) {
  if (duration.count() <= 0) co_return true;
  asio::steady_timer timer(connection.socket().get_executor(), Nanoseconds(0));
  const auto end = timer.expiry() + duration;
  while (timer.expiry() < end) {
    timer.expires_at(std::min(timer.expiry() + kLookEvery, end));
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error || connection.client_has_left()) co_return false;
  }
  co_return true;
}

asio::awaitable<Persistence> send(Exchange& exchange, Reply reply) {
  if (!is_public(exchange.request)) {
    exchange.provider.count_answer(reply.status);
    exchange.encode(reply);
  }
  const std::string wire =
      to_wire(reply, exchange.provider.now().wall, exchange.persistence, exchange.request.method != kNoBody);
  const bool written = co_await exchange.connection.write(wire);
  co_return written ? exchange.persistence : Persistence::Close;
}

asio::awaitable<void> serve_connection(std::unique_ptr<Connection> connection, Provider& provider, Library& library, Upgrades& upgrades) {
  boost::system::error_code ignored;
  connection->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  const bool is_ready = co_await connection->handshake();
  if (!is_ready) co_return;
  RequestReader reader;
  while (true) {
    const RequestReader::Outcome outcome = co_await reader.read(*connection);
    if (outcome == RequestReader::Outcome::Closed) break;
    if (outcome != RequestReader::Outcome::Request) {
      co_await refuse_unreadable(*connection, provider, outcome);
      break;
    }
    Exchange exchange{*connection,
                      reader.request(),
                      provider,
                      library,
                      upgrades,
                      provider.now(),
                      "req_" + provider.new_id(),
                      reader.keep_alive() ? Persistence::KeepAlive : Persistence::Close,
                      {}};
    upgrades.look(exchange.started);
    const Persistence persistence = co_await answer(exchange);
    if (persistence == Persistence::Close) break;
  }
  connection->close();
}

}  // namespace tidegate::sim
