// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/dialect.h"

#include <gtest/gtest.h>

namespace tidegate::llm {
namespace {

TEST(Dialect, MatchesPathsAsTheDialectsDefineThem) {
  struct Case {
    std::string_view path;
    bool has_anthropic_version;
    EndpointMatch expected;
  };
  constexpr Case cases[] = {
      {"/v1/messages", true, {Dialect::Anthropic, Endpoint::Messages}},
      {"/v1/messages", false, {Dialect::Anthropic, Endpoint::Messages}},
      {"/v1/messages/", false, {Dialect::Anthropic, Endpoint::Messages}},
      {"/v1/messages/count_tokens", true, {Dialect::Anthropic, Endpoint::CountTokens}},
      {"/v1/messages/batches", true, {Dialect::Anthropic, Endpoint::MessageBatches}},
      {"/v1/messages/batches/msgbatch_1/results", true, {Dialect::Anthropic, Endpoint::MessageBatches}},
      {"/v1/messages/batchesque", true, {Dialect::Anthropic, Endpoint::Other}},
      {"/v1/messages/unheard_of", true, {Dialect::Anthropic, Endpoint::Other}},
      {"/v1/messagesque", true, {Dialect::Anthropic, Endpoint::Other}},
      {"/v1/files", true, {Dialect::Anthropic, Endpoint::Files}},
      {"/v1/files/file_1/content", false, {Dialect::OpenAi, Endpoint::Files}},
      {"/v1/models", true, {Dialect::Anthropic, Endpoint::Models}},
      {"/v1/models", false, {Dialect::OpenAi, Endpoint::Models}},
      {"/v1/models/claude-haiku-4-5", true, {Dialect::Anthropic, Endpoint::Models}},
      {"/v1/chat/completions", false, {Dialect::OpenAi, Endpoint::ChatCompletions}},
      {"/v1/chat/completions", true, {Dialect::OpenAi, Endpoint::ChatCompletions}},
      {"/v1/chat/completions/chatcmpl-1", false, {Dialect::OpenAi, Endpoint::Other}},
      {"/v1/responses", false, {Dialect::OpenAi, Endpoint::Responses}},
      {"/v1/responses/", false, {Dialect::OpenAi, Endpoint::Responses}},
      {"/v1/responses/resp_1", false, {Dialect::OpenAi, Endpoint::Other}},
      {"/v1/responses/resp_1/input_items", false, {Dialect::OpenAi, Endpoint::Other}},
      {"/v1/embeddings", false, {Dialect::OpenAi, Endpoint::Embeddings}},
      {"/v1/completions", false, {Dialect::OpenAi, Endpoint::Other}},
      {"/v1/skills", true, {Dialect::Anthropic, Endpoint::Other}},
      {"/v1/unknown", false, {Dialect::Anthropic, Endpoint::Other}},
      {"/api/hello", false, {Dialect::Anthropic, Endpoint::Other}},
      {"", false, {Dialect::Anthropic, Endpoint::Other}},
  };
  for (const Case& c : cases) EXPECT_EQ(match_endpoint(c.path, c.has_anthropic_version), c.expected) << c.path;
}

TEST(Dialect, OfAllProvidersHasWhatIsNobodysOwn) {
  EXPECT_EQ(match_endpoint("/v1/models", false, Dialect::Anthropic), (EndpointMatch{Dialect::Anthropic, Endpoint::Models}));
  EXPECT_EQ(match_endpoint("/v1/files", true, Dialect::OpenAi), (EndpointMatch{Dialect::Anthropic, Endpoint::Files})) << "it says whose";
  EXPECT_EQ(match_endpoint("/v1/fine_tuning/jobs", false, Dialect::OpenAi), (EndpointMatch{Dialect::OpenAi, Endpoint::Other}));
  EXPECT_EQ(match_endpoint("/v1/messages", false, Dialect::OpenAi), (EndpointMatch{Dialect::Anthropic, Endpoint::Messages}));
  EXPECT_EQ(match_endpoint("/v1/completions", true, Dialect::Anthropic), (EndpointMatch{Dialect::OpenAi, Endpoint::Other}));
}

TEST(Dialect, KnowsAPathThatIsAnotherEndpointsInDisguise) {
  for (const char* path : {"/v1/%6dessages", "/v1/./messages", "/v1//messages", "/v1/messages;x", "/v1/x/../messages", "/v1/files/../messages",
                           "/v1/files/x%2F..%2F..%2Fmessages", "/v1%2Fmessages", "/v1/Messages", "/v1/messages//batches", "/v1/conversations/../completions",
                           "/v1/responses/resp_1/.."}) {
    EXPECT_TRUE(is_disguised(path)) << path;
  }
  for (const char* path : {"/v1/messages", "/v1/messages/", "/v1/messages/batches/msgbatch_01A/results", "/v1/files/file_01A", "/v1/models/org%2Fname",
                           "/v1/models/ft:gpt-4.1", "/v1/unknown", "/v1/unknown//x", "/v1/%75nknown", "/v1", "/v1/"}) {
    EXPECT_FALSE(is_disguised(path)) << path;
  }
}

TEST(Dialect, MetersOnlyWhatAnswersWithPaidTokens) {
  EXPECT_TRUE(is_metered(Endpoint::Messages));
  EXPECT_TRUE(is_metered(Endpoint::Embeddings));
  EXPECT_FALSE(is_metered(Endpoint::CountTokens));
  EXPECT_FALSE(is_metered(Endpoint::MessageBatches));
  EXPECT_FALSE(is_metered(Endpoint::Models));
}

TEST(NamedObject, IsThePartBehindTheCollection) {
  EXPECT_EQ(named_object("/v1/responses/resp_1"), "resp_1");
  EXPECT_EQ(named_object("/v1/responses/resp_1/cancel"), "resp_1");
  EXPECT_EQ(named_object("/v1/messages/batches/msgbatch_1/results"), "msgbatch_1");
  EXPECT_EQ(named_object("/v1/files/file_1/content"), "file_1");
  EXPECT_EQ(named_object("/v1/conversations/conv_1/items"), "conv_1");
  EXPECT_EQ(named_object("/v1/containers/cntr_1"), "cntr_1");
  EXPECT_EQ(named_object("/v1/vector_stores/vs_1/search"), "vs_1");
  EXPECT_EQ(named_object("/v1/filesystem/x"), "");
  EXPECT_EQ(named_object("/v1/files"), "");
  EXPECT_EQ(named_object("/v1/files/"), "");
  EXPECT_EQ(named_object("/v1/messages"), "");
}

TEST(NamedObject, IsMadeByAPostToItsCollection) {
  EXPECT_TRUE(makes_object("/v1/files"));
  EXPECT_TRUE(makes_object("/v1/messages/batches/"));
  EXPECT_TRUE(makes_object("/v1/conversations"));
  EXPECT_FALSE(makes_object("/v1/messages/batches/msgbatch_1/cancel"));
  EXPECT_FALSE(makes_object("/v1/messages"));
}

}  // namespace
}  // namespace tidegate::llm
