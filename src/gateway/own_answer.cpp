// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/own_answer.h"

#include "llm/anthropic/errors.h"
#include "llm/openai/errors.h"
#include "net/http1/write.h"

#include <fmt/format.h>

namespace tidegate::gateway {

std::string error_body(int status, llm::Dialect dialect, std::string_view message, std::string_view request_id,
                       std::string_view type) {
  switch (dialect) {
    case llm::Dialect::Anthropic: return llm::anthropic::write_error(status, type, message, request_id);
    // OpenAI's types of this kind are their own codes (`insufficient_quota`).
    case llm::Dialect::OpenAi: return llm::openai::write_error(status, type, message, request_id, type);
  }
  return {};
}

std::string error_event(llm::EndpointMatch match, int status, std::string_view message, std::string_view request_id) {
  switch (match.dialect) {
    case llm::Dialect::Anthropic: return llm::anthropic::write_error_event(status, {}, message, request_id);
    case llm::Dialect::OpenAi: return llm::openai::write_error_event(match.endpoint, status, {}, message, request_id);
  }
  return {};
}

std::string write_own_answer(const OwnAnswer& answer, llm::Dialect dialect, std::string_view request_id, bool head_only) {
  const std::string body = answer.status < 400 ? fmt::format(R"({{"status":"{}"}})", answer.message)
                                               : error_body(answer.status, dialect, answer.message, request_id, answer.type);
  std::string out;
  net::http1::HeadWriter head(out);
  head.status_line(answer.status);
  head.field("content-type", "application/json");
  head.field("content-length", static_cast<std::uint64_t>(body.size()));
  head.field(dialect == llm::Dialect::Anthropic ? "request-id" : "x-request-id", request_id);
  if (answer.retry_after) {
    head.field("retry-after", static_cast<std::uint64_t>(std::chrono::ceil<Seconds>(*answer.retry_after).count()));
    head.field("retry-after-ms", static_cast<std::uint64_t>(std::chrono::ceil<Milliseconds>(*answer.retry_after).count()));
  }
  if (!answer.should_retry) head.field("x-should-retry", "false");
  for (const llm::LimitHeader& header : answer.headers) head.field(header.name, header.value);
  if (answer.status == 405) head.field("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (answer.status == 426) {
    head.field("upgrade", "HTTP/1.1");
    head.field("connection", answer.close ? "upgrade, close" : "upgrade");
  } else if (answer.close) {
    head.field("connection", "close");
  }
  if (!head.finish()) return "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
  if (!head_only) out += body;
  return out;
}

}  // namespace tidegate::gateway
