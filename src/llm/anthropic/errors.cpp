// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/errors.h"

#include "llm/json/error_body.h"

#include <utility>

namespace tidegate::llm::anthropic {

namespace {

using json::ErrorBody;
using json::mentions;
using Kind = UpstreamErrorKind;

Kind kind_of_429(const ErrorBody& error) {
  if (error.code == "ramp_limit_exceeded") return Kind::Ramp;
  if (error.code == "enforced_spend_limit_reached") return Kind::TierSpendCap;
  if (error.code == "contract_spend_limit_reached") return Kind::ContractCap;
  // Anthropic's own gateway answers a spent budget with 429 and this type (facts/anthropic-api.md 5.3); relays with
  // these codes.
  if (error.type == "billing_error") return Kind::Billing;
  if (error.code == "insufficient_quota" || error.code == "insufficient_user_quota") return Kind::Billing;
  if (mentions(error.message, "concurrent")) return Kind::Concurrency;
  return Kind::RateLimit;
}

Kind kind_of_400(const ErrorBody& error) {
  if (mentions(error.message, "you have reached your specified") && mentions(error.message, "api usage limits")) {
    return Kind::OwnSpendLimit;
  }
  if (error.type == "billing_error" || mentions(error.message, "credit balance is too low")) return Kind::Billing;
  return Kind::InvalidRequest;
}

/// For errors that came after a 200.
int status_of_type(std::string_view type) {
  if (type == "invalid_request_error") return 400;
  if (type == "authentication_error") return 401;
  if (type == "billing_error") return 402;
  if (type == "permission_error") return 403;
  if (type == "not_found_error") return 404;
  if (type == "request_too_large") return 413;
  if (type == "rate_limit_error") return 429;
  if (type == "timeout_error") return 504;
  if (type == "overloaded_error") return 529;
  return 500;
}

Kind kind_of(int status, const ErrorBody& error) {
  switch (status) {
    case 400: return kind_of_400(error);
    case 401: return Kind::Authentication;
    case 402: return Kind::Billing;
    case 403: return error.code == "insufficient_user_quota" ? Kind::Billing : Kind::Permission;
    case 404: return Kind::NotFound;
    case 413: return Kind::TooLarge;
    case 429: return kind_of_429(error);
    case 408:
    case 504: return Kind::Timeout;
    case 529: return Kind::Overloaded;
    default: break;
  }
  if (error.type == "overloaded_error") return Kind::Overloaded;  // relays send it with 500 or 503
  return status >= 500 ? Kind::ServerError : Kind::InvalidRequest;
}

}  // namespace

UpstreamError read_error(int status, std::string_view body) {
  ErrorBody error = json::read_error_body(body);
  const bool came_with_success = status < 300;
  const Kind kind = kind_of(came_with_success ? status_of_type(error.type) : status, error);
  return {kind, std::move(error.type), std::move(error.code), std::move(error.message)};
}

std::string_view error_type_of(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 409: return "conflict_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 504: return "timeout_error";
    case 529: return "overloaded_error";
    default: return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

std::string write_error(int status, std::string_view type, std::string_view message, std::string_view request_id) {
  std::string out = R"({"type":"error","error":{"type":)";
  json::append_quoted(out, type.empty() ? error_type_of(status) : type);
  out += R"(,"message":)";
  json::append_quoted(out, message);
  out += '}';
  if (!request_id.empty()) {
    out += R"(,"request_id":)";
    json::append_quoted(out, request_id);
  }
  out += '}';
  return out;
}

std::string write_error_event(int status, std::string_view type, std::string_view message,
                              std::string_view request_id) {
  return "event: error\ndata: " + write_error(status, type, message, request_id) + "\n\n";
}

}  // namespace tidegate::llm::anthropic
