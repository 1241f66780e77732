// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/errors.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::llm::anthropic {
namespace {

using Kind = UpstreamErrorKind;

std::string body(std::string_view type, std::string_view message, std::string_view code = {}) {
  std::string out =
      R"({"type":"error","error":{"type":")" + std::string(type) + R"(","message":")" + std::string(message) + '"';
  if (!code.empty()) out += R"(,"details":{"error_code":")" + std::string(code) + R"("})";
  return out + R"(},"request_id":"req_1"})";
}

TEST(AnthropicErrors, TellsApartEveryKind) {
  struct Case {
    int status;
    std::string body;
    Kind expected;
  };
  const Case cases[] = {
      {429, body("rate_limit_error", "slow down"), Kind::RateLimit},
      {429, body("rate_limit_error", "x", "ramp_limit_exceeded"), Kind::Ramp},
      {429, body("rate_limit_error", "x", "enforced_spend_limit_reached"), Kind::TierSpendCap},
      {429, body("rate_limit_error", "x", "contract_spend_limit_reached"), Kind::ContractCap},
      {429, body("rate_limit_error", "Number of concurrent connections has exceeded your rate limit"),
       Kind::Concurrency},
      {429, body("billing_error", "spend cap"), Kind::Billing},
      {429, "", Kind::RateLimit},
      {400, body("invalid_request_error", "You have reached your specified API usage limits."), Kind::OwnSpendLimit},
      {400, body("invalid_request_error", "You have reached your specified workspace API usage limits."),
       Kind::OwnSpendLimit},
      {400, body("invalid_request_error", "Your credit balance is too low to access the API"), Kind::Billing},
      {400, body("invalid_request_error", "max_tokens: required"), Kind::InvalidRequest},
      {401, body("authentication_error", "invalid x-api-key"), Kind::Authentication},
      {402, body("billing_error", "x"), Kind::Billing},
      {403, body("permission_error", "x"), Kind::Permission},
      {403, R"({"error":{"message":"no","type":"new_api_error","code":"insufficient_user_quota"}})", Kind::Billing},
      {404, body("not_found_error", "x"), Kind::NotFound},
      {408, "", Kind::Timeout},
      {409, body("conflict_error", "x"), Kind::InvalidRequest},
      {413, "<html>too large</html>", Kind::TooLarge},
      {500, body("api_error", "x"), Kind::ServerError},
      {502, "<html>bad gateway</html>", Kind::ServerError},
      {503, body("overloaded_error", "x"), Kind::Overloaded},
      {504, body("timeout_error", "x"), Kind::Timeout},
      {529, body("overloaded_error", "Overloaded"), Kind::Overloaded},
      {200, body("overloaded_error", "Overloaded"), Kind::Overloaded},
      {200, body("rate_limit_error", "x"), Kind::RateLimit},
  };
  for (const Case& c : cases) EXPECT_EQ(read_error(c.status, c.body).kind, c.expected) << c.status << ' ' << c.body;
}

TEST(AnthropicErrors, ReadsTypeCodeAndMessage) {
  const UpstreamError error = read_error(429, body("rate_limit_error", "wait", "ramp_limit_exceeded"));
  EXPECT_EQ(error.type, "rate_limit_error");
  EXPECT_EQ(error.code, "ramp_limit_exceeded");
  EXPECT_EQ(error.message, "wait");
}

TEST(AnthropicErrors, WritesItsOwnShapeThatReadsBack) {
  EXPECT_EQ(write_error(429, "", "wait \"a\" bit", "req_1"),
            R"({"type":"error","error":{"type":"rate_limit_error","message":"wait \"a\" bit"},"request_id":"req_1"})");
  EXPECT_EQ(write_error(503, "", "x", ""), R"({"type":"error","error":{"type":"api_error","message":"x"}})");
  EXPECT_EQ(write_error_event(529, "", "x", ""),
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n");
  for (const int status : {400, 401, 402, 403, 404, 413, 429, 500, 504, 529}) {
    const std::string text = write_error(status, "", "m\n", "r");
    EXPECT_EQ(read_error(status, text).kind, read_error(200, text).kind) << status;
  }
}

}  // namespace
}  // namespace tidegate::llm::anthropic
