// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/server/server.h"
#include "sim/server/test_client.h"
#include "sim/server/virtual_clock.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <string_view>
#include <utility>

// For tests: a simulator on virtual time, and what they ask it most.
namespace tidegate::sim {

namespace json = boost::json;

inline constexpr std::string_view kAnthropic = "x-api-key: sk-ant-test\r\nanthropic-version: 2023-06-01\r\n";
inline constexpr std::string_view kOpenAi = "authorization: Bearer sk-test\r\n";
inline constexpr std::string_view kHi =
    R"({"model":"claude-haiku-4-5","max_tokens":100,"messages":[{"role":"user","content":"hi"}]})";
inline constexpr std::string_view kHiStreamed =
    R"({"model":"claude-haiku-4-5","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}]})";

/// No latency, answers of 12 tokens.
inline Options instant() {
  Options options;
  options.instant = true;
  return options;
}

/// A server on virtual time, and a connection to it.
class SimServer : public testing::Test {
 protected:
  explicit SimServer(Options options = instant()) : server_(std::move(options), clock_), client_(server_.port()) {}

  Received post(std::string_view target, std::string_view body, std::string_view headers) {
    return TestClient(server_.port()).request("POST", target, body, headers);
  }
  Received get(std::string_view target, std::string_view headers) {
    return TestClient(server_.port()).request("GET", target, {}, headers);
  }
  Received message(std::string_view body = kHi, std::string_view more_headers = {}) {
    return post("/v1/messages", body, fmt::format("{}{}", kAnthropic, more_headers));
  }
  Received faulty(std::string_view fault, std::string_view body = kHi) {
    return message(body, fmt::format("x-sim-fault: {}\r\n", fault));
  }
  json::object stats() { return json::parse(server_.stats()).get_object(); }

  VirtualClock clock_{*parse_rfc3339("2026-11-23T10:00:00Z")};
  Server server_;
  TestClient client_;
};

/// The `error` of an answer.
inline json::value error_of(const Received& received) { return json::parse(received.body).at("error"); }

}  // namespace tidegate::sim
