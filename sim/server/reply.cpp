// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/reply.h"

#include <fmt/format.h>
#include <boost/json.hpp>
#include <zlib.h>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

std::string_view openai_type_of(int status) {
  if (status == 429) return "rate_limit_error";
  if (status >= 500) return "server_error";
  return "invalid_request_error";
}

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

}  // namespace

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 413: return "Payload Too Large";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 529: return "Overloaded";
    default: return "Status";
  }
}

std::string_view error_type_of(int status) {
  switch (status) {
    case 400: return "invalid_request_error";
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 409: return "conflict_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 504: return "timeout_error";
    case 529: return "overloaded_error";
    default: return status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string error_body(const ApiError& error, Dialect dialect, std::string_view request_id) {
  if (dialect == Dialect::OpenAi) {
    return json::serialize(
        json::object{{"error", json::object{{"message", error.message},
                                            {"type", json::string_view(openai_type_of(error.status))},
                                            {"param", nullptr},
                                            {"code", text_or_null(error.error_code)}}}});
  }
  json::object inner{{"type", error.type}, {"message", error.message}};
  if (!error.error_code.empty()) inner["details"] = json::object{{"error_code", error.error_code}};
  return json::serialize(
      json::object{{"type", "error"}, {"error", std::move(inner)}, {"request_id", json::string_view(request_id)}});
}

Reply error_reply(const ApiError& error, Dialect dialect, std::string_view request_id) {
  Reply reply;
  reply.status = error.status;
  reply.body = error_body(error, dialect, request_id);
  if (error.retry_after) reply.headers = fmt::format("retry-after: {}\r\n", *error.retry_after);
  return reply;
}

void compress(Reply& reply, std::string_view accept_encoding) {
  constexpr std::size_t kSmallest = 256;  // below that it does not pay
  constexpr int kGzip = MAX_WBITS + 16;
  constexpr int kUsualMemory = 8;
  if (reply.body.size() < kSmallest || reply.content_type != "application/json" || accept_encoding.find("gzip") == std::string_view::npos) return;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, kUsualMemory, Z_DEFAULT_STRATEGY) != Z_OK) return;
  std::string small(deflateBound(&stream, reply.body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(reply.body.data());
  stream.avail_in = static_cast<uInt>(reply.body.size());
  stream.next_out = reinterpret_cast<Bytef*>(small.data());
  stream.avail_out = static_cast<uInt>(small.size());
  const int state = deflate(&stream, Z_FINISH);
  small.resize(small.size() - stream.avail_out);
  deflateEnd(&stream);
  if (state != Z_STREAM_END) return;
  reply.body = std::move(small);
  reply.headers += "content-encoding: gzip\r\nvary: accept-encoding\r\n";
}

std::string to_wire(const Reply& reply, WallTime now, Persistence persistence, bool has_body) {
  std::string wire;
  wire.reserve(reply.body.size() + reply.headers.size() + 256);
  fmt::format_to(std::back_inserter(wire),
                 "HTTP/1.1 {} {}\r\ndate: {}\r\ncontent-type: {}\r\ncontent-length: {}\r\n{}{}\r\n", reply.status,
                 reason_of(reply.status), to_http_date(now), reply.content_type, reply.body.size(), reply.headers,
                 persistence == Persistence::Close ? "connection: close\r\n" : "");
  if (has_body) wire += reply.body;
  return wire;
}

std::string stream_head(std::string_view headers, WallTime now, Persistence persistence) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\ndate: {}\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: "
      "no-cache\r\n{}{}\r\n",
      to_http_date(now), headers,
      persistence == Persistence::Close ? "connection: close\r\n" : "transfer-encoding: chunked\r\n");
}

std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

}  // namespace tidegate::sim
