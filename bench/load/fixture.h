// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

/// What is sent and answered in every benchmark of whole requests: as large and as many-headed as the real ones
/// (request head about 400 bytes with 11 fields, bodies 1 KB, answer's head about 900 bytes with 19 fields).
namespace tidegate::bench {

enum class Mode { Json, Stream };

inline std::string request_body(Mode mode) {
  std::string body =
      R"({"model":"claude-sonnet-4-5","max_tokens":1024,)" +
      std::string(mode == Mode::Stream ? R"("stream":true,)" : "") +
      R"("metadata":{"user_id":"user-0017"},"system":[{"type":"text","text":"You answer briefly.","cache_control":)"
      R"({"type":"ephemeral"}}],"temperature":0.7,"messages":[{"role":"user","content":")";
  const std::string_view end = R"("}]})";
  while (body.size() + end.size() < 1'024) body += body.size() % 29 == 0 ? ' ' : 'w';
  return body.append(end);
}

/// The part of a request after its request line and any fields that the caller adds.
inline std::string request_rest(std::string_view body) {
  return fmt::format(
      "Host: 127.0.0.1:8080\r\n"
      "Connection: keep-alive\r\n"
      "Accept: application/json\r\n"
      "Content-Type: application/json\r\n"
      "User-Agent: Anthropic/JS 0.128.0\r\n"
      "anthropic-version: 2023-06-01\r\n"
      "X-Stainless-Lang: js\r\n"
      "X-Stainless-Runtime: node\r\n"
      "Accept-Encoding: gzip, deflate, br, zstd\r\n"
      "Content-Length: {}\r\n\r\n{}",
      body.size(), body);
}

/// Head of every answer up to its framing fields.
inline constexpr std::string_view kAnswerHead =
    "HTTP/1.1 200 OK\r\n"
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    "Connection: keep-alive\r\n"
    "anthropic-ratelimit-requests-limit: 4000000000\r\n"
    "anthropic-ratelimit-requests-remaining: 3999999999\r\n"
    "anthropic-ratelimit-requests-reset: 2026-01-01T00:00:01Z\r\n"
    "anthropic-ratelimit-input-tokens-limit: 2000000000000\r\n"
    "anthropic-ratelimit-input-tokens-remaining: 1999999999000\r\n"
    "anthropic-ratelimit-input-tokens-reset: 2026-01-01T00:00:01Z\r\n"
    "anthropic-ratelimit-output-tokens-limit: 400000000000\r\n"
    "anthropic-ratelimit-output-tokens-remaining: 399999999000\r\n"
    "anthropic-ratelimit-output-tokens-reset: 2026-01-01T00:00:01Z\r\n"
    "request-id: req_011CSHoEeqs5C35K2UUqR7Fy\r\n"
    "anthropic-organization-id: 00000000-0000-0000-0000-000000000000\r\n"
    "Server: cloudflare\r\n"
    "CF-RAY: 0000000000000-FRA\r\n"
    "Via: 1.1 google\r\n";

inline std::string answer_body() {
  std::string body =
      R"({"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":)"
      R"([{"type":"text","text":")";
  const std::string_view end =
      R"("}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":210,"cache_creation_input_tokens":0,)"
      R"("cache_read_input_tokens":1024,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},)"
      R"("output_tokens":150,"service_tier":"standard"}})";
  while (body.size() + end.size() < 1'024) body += body.size() % 37 == 0 ? ' ' : 'a';
  return body.append(end);
}

/// 50 events as the Messages API sends them.
inline std::vector<std::string> stream_events() {
  std::vector<std::string> events;
  events.emplace_back(
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01XFDUDYJgAACzvnptvVoYEL\","
      "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"stop_reason\":null,"
      "\"stop_sequence\":null,\"usage\":{\"input_tokens\":210,\"cache_creation_input_tokens\":0,"
      "\"cache_read_input_tokens\":1024,\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,"
      "\"ephemeral_1h_input_tokens\":0},\"output_tokens\":1,\"service_tier\":\"standard\"}}}\n\n");
  events.emplace_back(
      "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":"
      "{\"type\":\"text\",\"text\":\"\"}}\n\n");
  events.emplace_back("event: ping\ndata: {\"type\": \"ping\"}\n\n");
  for (int i = 0; i < 44; ++i) {
    events.emplace_back(
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
        "{\"type\":\"text_delta\",\"text\":\" twenty more characters\"}}\n\n");
  }
  events.emplace_back("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n");
  events.emplace_back(
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
      "\"stop_sequence\":null},\"usage\":{\"output_tokens\":150}}\n\n");
  events.emplace_back("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  return events;
}

inline std::string whole_stream() {
  std::string whole;
  for (const std::string& event : stream_events()) whole += event;
  return whole;
}

}  // namespace tidegate::bench
