// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/errors.h"

#include "llm/json/error_body.h"

#include <utility>

namespace tidegate::llm::openai {

namespace {

using json::ErrorBody;
using json::mentions;
using Kind = UpstreamErrorKind;

bool is_about_money(const ErrorBody& error) {
  return error.code == "insufficient_quota" || error.type == "insufficient_quota" ||
         error.code == "insufficient_user_quota" || error.code == "billing_hard_limit_reached" ||
         error.code == "billing_not_active" || error.type == "billing_error";
}

/// For errors that came with a 200, as relays send them.
int status_of(const ErrorBody& error) {
  if (error.type == "invalid_request_error") return 400;
  if (error.type == "authentication_error") return 401;
  if (error.type == "permission_error") return 403;
  if (error.type == "not_found_error" || error.code == "model_not_found") return 404;
  if (error.type == "rate_limit_error" || error.code == "rate_limit_exceeded") return 429;
  if (error.type == "overloaded_error") return 529;
  return 500;
}

Kind kind_of(int status, const ErrorBody& error) {
  if (is_about_money(error)) return Kind::Billing;
  if (error.code == "model_not_found") return Kind::NotFound;  // one-api and new-api say it with 503
  switch (status) {
    case 401: return Kind::Authentication;
    case 402: return Kind::Billing;
    case 403: return Kind::Permission;
    case 404: return Kind::NotFound;
    case 413: return Kind::TooLarge;
    case 429: return mentions(error.message, "concurren") ? Kind::Concurrency : Kind::RateLimit;
    case 408:
    case 504: return Kind::Timeout;
    case 529: return Kind::Overloaded;
    default: break;
  }
  if (error.type == "overloaded_error" || (status == 503 && mentions(error.message, "overloaded")))
    return Kind::Overloaded;
  return status >= 500 ? Kind::ServerError : Kind::InvalidRequest;
}

std::string message_with_id(std::string_view message, std::string_view request_id) {
  std::string text(message);
  if (!request_id.empty()) text.append(" (request id: ").append(request_id).append(")");
  return text;
}

void append_word_or_null(std::string& out, std::string_view word) {
  if (word.empty()) {
    out += "null";
  } else {
    json::append_quoted(out, word);
  }
}

}  // namespace

UpstreamError read_error(int status, std::string_view body) {
  ErrorBody error = json::read_error_body(body);
  const Kind kind = kind_of(status < 300 ? status_of(error) : status, error);
  return {kind, std::move(error.type), std::move(error.code), std::move(error.message)};
}

std::string_view error_type_of(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "insufficient_quota";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 504: return "timeout_error";
    case 529: return "overloaded_error";
    default: return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

std::string write_error(int status, std::string_view type, std::string_view message, std::string_view request_id,
                        std::string_view code) {
  std::string out = R"({"error":{"message":)";
  json::append_quoted(out, message_with_id(message, request_id));
  out += R"(,"type":)";
  json::append_quoted(out, type.empty() ? error_type_of(status) : type);
  out += R"(,"param":null,"code":)";
  append_word_or_null(out, code);
  out += "}}";
  return out;
}

std::string write_error_event(Endpoint endpoint, int status, std::string_view type, std::string_view message,
                              std::string_view request_id, std::string_view code) {
  if (endpoint != Endpoint::Responses) return "data: " + write_error(status, type, message, request_id, code) + "\n\n";
  std::string out = "event: error\ndata: {\"type\":\"error\",\"code\":";
  const std::string_view word = !code.empty() ? code : !type.empty() ? type : error_type_of(status);
  json::append_quoted(out, word);
  out += ",\"message\":";
  json::append_quoted(out, message_with_id(message, request_id));
  out += ",\"param\":null}\n\n";
  return out;
}

}  // namespace tidegate::llm::openai
