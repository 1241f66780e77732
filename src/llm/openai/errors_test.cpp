// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/errors.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::llm::openai {
namespace {

using Kind = UpstreamErrorKind;

TEST(OpenAiErrors, TellsApartEveryKind) {
  struct Case {
    int status;
    std::string_view body;
    Kind expected;
  };
  constexpr Case cases[] = {
      {429, R"({"error":{"message":"m","type":"requests","param":null,"code":"rate_limit_exceeded"}})",
       Kind::RateLimit},
      {429, R"({"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})",
       Kind::Billing},
      {429, R"({"error":{"message":"Too many concurrent requests","type":"x"}})", Kind::Concurrency},
      {429, R"({"error":{"message":"当前分组上游负载已饱和，请稍后再试","type":"one_api_error"}})", Kind::RateLimit},
      {403, R"({"error":{"message":"m","type":"new_api_error","code":"insufficient_user_quota"}})", Kind::Billing},
      {503, R"({"error":{"message":"m","type":"new_api_error","code":"model_not_found"}})", Kind::NotFound},
      {500, R"({"error":{"message":"m","type":"new_api_error","code":"get_channel_failed"}})", Kind::ServerError},
      {503, R"({"error":{"message":"The engine is currently overloaded","type":"server_error"}})", Kind::Overloaded},
      {401, R"({"error":{"message":"m","code":"invalid_api_key"}})", Kind::Authentication},
      {404, R"({"error":"not here"})", Kind::NotFound},
      {400, R"({"error":{"message":"m","type":"invalid_request_error"}})", Kind::InvalidRequest},
      {504, "", Kind::Timeout},
      {502, "<html>", Kind::ServerError},
      {200, R"({"error":{"message":"m","type":"upstream_error","code":500}})", Kind::ServerError},
  };
  for (const Case& c : cases) EXPECT_EQ(read_error(c.status, c.body).kind, c.expected) << c.status << ' ' << c.body;
}

TEST(OpenAiErrors, ReadsTheShapesThatRelaysInvent) {
  EXPECT_EQ(read_error(500, R"({"msg":"broken","code":7})").message, "broken");
  EXPECT_EQ(read_error(500, R"({"msg":"broken","code":7})").code, "7");
  EXPECT_EQ(read_error(500, R"({"error":"text"})").message, "text");
  EXPECT_EQ(read_error(500, R"({"error_msg":"text"})").message, "text");
  EXPECT_EQ(read_error(500, R"({"response":{"error":{"message":"deep"}}})").message, "deep");
}

TEST(OpenAiErrors, WritesItsOwnShapes) {
  EXPECT_EQ(write_error(429, "", "wait", "req_1", "rate_limit_exceeded"),
            "{\"error\":{\"message\":\"wait (request id: req_1)\",\"type\":\"rate_limit_error\",\"param\":null,"
            "\"code\":\"rate_limit_exceeded\"}}");
  EXPECT_EQ(write_error_event(Endpoint::ChatCompletions, 500, "", "x", ""),
            "data: {\"error\":{\"message\":\"x\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n");
  EXPECT_EQ(write_error_event(Endpoint::Responses, 500, "", "x", ""),
            "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"x\",\"param\":null}\n\n");
}

}  // namespace
}  // namespace tidegate::llm::openai
