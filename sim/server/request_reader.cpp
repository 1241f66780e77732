// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/request_reader.h"

#include "base/ascii.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>

namespace tidegate::sim {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

/// facts/anthropic-api.md 2.1: messages 32 MB, batches 256 MB, files 500 MB.
std::uint64_t body_limit_of(std::string_view path) {
  constexpr std::uint64_t mib = 1024 * 1024;
  if (path.starts_with("/v1/files")) return 500 * mib;
  if (path.starts_with("/v1/messages/batches")) return 256 * mib;
  return 32 * mib;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

/// `visit(name, value)` for every `name=value` and every bare `name`.
template <typename Visit>
void for_each_parameter(std::string_view query, Visit visit) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view item = query.substr(0, end);
    const std::size_t equals = item.find('=');
    visit(item.substr(0, equals), equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1));
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
}

}  // namespace

struct RequestReader::Parsing {
  beast::flat_buffer buffer;
  std::optional<http::request_parser<http::string_body>> parser;
};

std::string_view Request::header(std::string_view name) const {
  for (const auto& [field, value] : fields) {
    if (equals_ignoring_case(field, name)) return value;
  }
  return {};
}

std::vector<std::string_view> Request::parameters(std::string_view name) const {
  std::vector<std::string_view> values;
  for_each_parameter(query, [&](std::string_view found, std::string_view value) {
    if (found == name) values.push_back(value);
  });
  return values;
}

std::vector<std::string_view> Request::parameter_names() const {
  std::vector<std::string_view> names;
  for_each_parameter(query, [&](std::string_view name, std::string_view) { names.push_back(name); });
  return names;
}

std::string_view Request::parameter(std::string_view name) const {
  const auto values = parameters(name);
  return values.empty() ? std::string_view{} : values.front();
}

RequestReader::RequestReader() : parsing_(std::make_unique<Parsing>()) {}
RequestReader::~RequestReader() = default;

bool RequestReader::keep_alive() const { return parsing_->parser && parsing_->parser->keep_alive(); }

void RequestReader::take_head() {
  const auto& message = parsing_->parser->get();
  request_ = Request{};
  request_.method = view(message.method_string());
  request_.target = view(message.target());
  const std::size_t question = request_.target.find('?');
  request_.path = request_.target.substr(0, question);
  if (question != std::string_view::npos) request_.query = request_.target.substr(question + 1);
  for (const auto& field : message) request_.fields.emplace_back(view(field.name_string()), view(field.value()));
  request_.is_upgrade = parsing_->parser->upgrade();
}

asio::awaitable<RequestReader::Outcome> RequestReader::read(Connection& connection) {
  constexpr std::size_t chunk = 64 * 1024;
  beast::flat_buffer& buffer = parsing_->buffer;
  auto& parser = parsing_->parser.emplace();
  parser.eager(true);
  parser.header_limit(256 * 1024);
  parser.body_limit(512ULL * 1024 * 1024);
  bool has_head = false;
  while (true) {
    if (buffer.size() > 0) {
      boost::system::error_code error;
      const std::size_t used = parser.put(buffer.data(), error);
      buffer.consume(used);
      if (error && error != http::error::need_more) {
        co_return error == http::error::body_limit ? Outcome::TooLarge : Outcome::Malformed;
      }
      if (parser.is_header_done() && !has_head) {
        has_head = true;
        take_head();
        const std::uint64_t limit = body_limit_of(request_.path);
        parser.body_limit(limit);
        if (parser.content_length() && *parser.content_length() > limit) co_return Outcome::TooLarge;
        if (!parser.is_done() && equals_ignoring_case(request_.header("expect"), "100-continue")) {
          const bool written = co_await connection.write("HTTP/1.1 100 Continue\r\n\r\n");
          if (!written) co_return Outcome::Closed;
        }
      }
      if (parser.is_done()) {
        request_.body = parser.get().body();
        co_return Outcome::Request;
      }
      if (!error && used > 0 && buffer.size() > 0) continue;
    }
    const auto room = buffer.prepare(chunk);
    const std::size_t count = co_await connection.read_some(room);
    if (count == 0) co_return buffer.size() == 0 && !has_head ? Outcome::Closed : Outcome::Malformed;
    buffer.commit(count);
  }
}

}  // namespace tidegate::sim
