// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/model_permission.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::gateway {
namespace {

using ::testing::HasSubstr;

/// Why a key for Haiku may not send this; empty: it may.
std::string refusal(std::string_view method, std::string_view path, std::string_view body,
                    std::string_view fields = "") {
  const std::vector<std::string> allowed{"claude-haiku-*", "text-embedding-3"};
  const std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: gw\r\n{}\r\n", method, path, fields);
  net::http1::RequestHeadParser parser;
  EXPECT_EQ(parser.parse(head), net::http1::ParseState::Complete);
  return why_not_allowed(allowed, parser.head(), llm::match_endpoint(path, true).endpoint, body).value_or("");
}

constexpr std::string_view kHaiku = R"({"model":"claude-haiku-4-5"})";
constexpr std::string_view kOpus = R"({"model":"claude-opus-5"})";

TEST(ModelPermission, KeepsAKeyToItsModelsOnEveryPath) {
  for (const char* path : {"/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions", "/v1/responses",
                           "/v1/embeddings", "/v1/complete", "/v1/completions", "/v1/unheard/of"}) {
    EXPECT_EQ(refusal("POST", path, kHaiku), "") << path;
    EXPECT_THAT(refusal("POST", path, kOpus), HasSubstr("'claude-opus-5'")) << path;
    EXPECT_THAT(refusal("POST", path, ""), HasSubstr("cannot be told")) << path;
  }
  EXPECT_THAT(
      refusal("POST", "/v1/messages", R"({"model":"claude-haiku-4-5","fallbacks":[{"model":"claude-opus-5"}]})"),
      HasSubstr("'claude-opus-5'"));
  EXPECT_THAT(refusal("PUT", "/v1/messages", kOpus), HasSubstr("'claude-opus-5'"));
  EXPECT_THAT(refusal("GET", "/v1/messages", kOpus), HasSubstr("'claude-opus-5'"));
}

TEST(ModelPermission, LooksIntoABatch) {
  const auto batch = [](std::string_view model) {
    return fmt::format(R"({{"requests":[{{"params":{}}},{{"params":{{"model":"{}"}}}}]}})", kHaiku, model);
  };
  EXPECT_EQ(refusal("POST", "/v1/messages/batches", batch("claude-haiku-3")), "");
  EXPECT_THAT(refusal("POST", "/v1/messages/batches", batch("claude-opus-5")), HasSubstr("'claude-opus-5'"));
  EXPECT_THAT(refusal("POST", "/v1/messages/batches", kHaiku), HasSubstr("cannot be told"));
  EXPECT_THAT(refusal("POST", "/v1/batches", R"({"input_file_id":"file-1"})"), HasSubstr("cannot be told"))
      << "its models stand in a file";
}

TEST(ModelPermission, AsksForNoModelWhereNoneIsUsed) {
  for (const char* path : {"/v1/models", "/v1/messages/batches", "/v1/responses/resp_1"})
    EXPECT_EQ(refusal("GET", path, ""), "") << path;
  EXPECT_EQ(refusal("DELETE", "/v1/files/file_1", ""), "");
  for (const char* path :
       {"/v1/files", "/v1/conversations", "/v1/vector_stores/vs_1/search", "/v1/messages/batches/msgbatch_1/cancel"}) {
    EXPECT_EQ(refusal("POST", path, ""), "") << path;
  }
  EXPECT_NE(refusal("POST", "/v1/files/..;/messages", ""), "");
  EXPECT_NE(refusal("POST", "/v1/filesystem", ""), "");
}

TEST(ModelPermission, BelievesNoEncodedBody) {
  EXPECT_THAT(refusal("POST", "/v1/messages", kHaiku, "content-encoding: gzip\r\n"), HasSubstr("encoded"));
}

}  // namespace
}  // namespace tidegate::gateway
