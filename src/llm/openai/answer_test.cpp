// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/answer.h"

#include "llm/corpus_file.h"
#include "llm/json/state_mark.h"
#include "llm/openai/request.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace tidegate::llm::openai {
namespace {

auto tie(const AnswerFacts& facts) {
  return std::tie(facts.usage, facts.id, facts.model, facts.stop_reason, facts.container, facts.content_started,
                  facts.finished, facts.output_characters, facts.error);
}

template <typename Reader>
AnswerFacts read(std::string_view stream) {
  Reader reader;
  reader.feed(stream);
  return reader.facts();
}

template <typename Reader>
void expect_the_same_however_cut(const std::string& stream) {
  const AnswerFacts whole = read<Reader>(stream);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Reader reader;
    reader.feed(std::string_view(stream).substr(0, cut));
    reader.feed(std::string_view(stream).substr(cut));
    ASSERT_EQ(tie(reader.facts()), tie(whole)) << "cut at " << cut;
  }
  Reader reader;
  for (const char c : stream) reader.feed(std::string_view(&c, 1));
  ASSERT_EQ(tie(reader.facts()), tie(whole));
}

TEST(OpenAiChatStream, ReadsARecordedStreamWithUsage) {
  const AnswerFacts facts = read<ChatStreamReader>(corpus_file("answers/openai_chat_stream_usage.sse"));
  EXPECT_EQ(facts.model, "gpt-4.1-mini");
  EXPECT_EQ(facts.stop_reason, "stop");
  EXPECT_TRUE(facts.finished);
  EXPECT_TRUE(facts.usage.complete);
  // prompt_tokens 1200 of which 1024 were cached
  EXPECT_EQ(facts.usage.tokens, (TokenCounts{176, 1024, 0, 0, 37, 16}));
  EXPECT_EQ(facts.output_characters, 16);  // "Hello from mock."
}

TEST(OpenAiChatStream, EstimatesWhatWasNotAskedFor) {
  const AnswerFacts facts = read<ChatStreamReader>(corpus_file("answers/openai_chat_stream.sse"));
  EXPECT_TRUE(facts.finished);
  EXPECT_FALSE(facts.usage.seen);
  EXPECT_EQ(estimate_output_tokens(facts), 4);
}

TEST(OpenAiChatStream, CountsToolArgumentsAndReasoning) {
  const AnswerFacts facts = read<ChatStreamReader>(corpus_file("answers/openai_chat_stream_tools.sse"));
  EXPECT_EQ(facts.stop_reason, "tool_calls");
  EXPECT_EQ(facts.output_characters, static_cast<std::int64_t>(std::string_view(R"({\"city\":\"Paris\"})").size()));
  EXPECT_EQ(read<ChatStreamReader>(
                "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"reasoning_content\":\"abc\"}}]}\n\n")
                .output_characters,
            3);
}

TEST(OpenAiChatStream, ReadsChunksThatBeginAlikeAndThenDiffer) {
  const AnswerFacts facts = read<ChatStreamReader>(
      "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"ab\"}}]}\n\n"
      "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"cd\"}}],\"usage\":null}\n\n"
      "data: {\"id\":\"c\",\"model\":\"m\",\"usage\":{\"prompt_tokens\":3},\"choices\":[]}\n\n"
      "data: {\"id\":\"c\",\"model\":\"m\",\"error\":{\"message\":\"e\"}}\n\n");
  EXPECT_EQ(facts.output_characters, 4);
  EXPECT_EQ(facts.usage.tokens.input, 3);
  EXPECT_EQ(facts.error.message, "e");
}

TEST(OpenAiChatStream, ReadsAnErrorChunk) {
  const AnswerFacts facts =
      read<ChatStreamReader>("data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"code\":\"c\"}}\n\n");
  EXPECT_EQ(facts.error, (UpstreamError{UpstreamErrorKind::MidStream, "server_error", "c", "m"}));
  EXPECT_FALSE(facts.finished);
}

TEST(OpenAiChatStream, ReadsTheSameHoweverTheBytesAreCut) {
  expect_the_same_however_cut<ChatStreamReader>(corpus_file("answers/openai_chat_stream_usage.sse"));
  expect_the_same_however_cut<ChatStreamReader>(corpus_file("answers/openai_chat_stream_tools.sse"));
}

TEST(OpenAiResponsesStream, ReadsARecordedStream) {
  const AnswerFacts facts = read<ResponsesStreamReader>(corpus_file("answers/codex_responses_stream.sse"));
  EXPECT_EQ(facts.model, "gpt-5.1");
  EXPECT_EQ(facts.stop_reason, "completed");
  EXPECT_TRUE(facts.id.starts_with("resp_"));
  EXPECT_TRUE(facts.finished);
  EXPECT_EQ(facts.usage.tokens, (TokenCounts{176, 1024, 0, 0, 37, 16}));
  EXPECT_EQ(facts.output_characters, 16);
  expect_the_same_however_cut<ResponsesStreamReader>(corpus_file("answers/openai_responses_stream.sse"));
}

TEST(OpenAiResponsesStream, ReadsIncompleteAndFailedAnswers) {
  const AnswerFacts incomplete = read<ResponsesStreamReader>(
      "event: response.incomplete\ndata: "
      "{\"response\":{\"id\":\"r\",\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":"
      "\"max_output_tokens\"},\"usage\":{\"input_tokens\":5,\"output_tokens\":6}}}\n\n");
  EXPECT_EQ(incomplete.stop_reason, "max_output_tokens");
  EXPECT_TRUE(incomplete.finished);
  EXPECT_TRUE(incomplete.usage.complete);
  const AnswerFacts failed = read<ResponsesStreamReader>(
      "event: response.failed\ndata: "
      "{\"response\":{\"id\":\"r\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"m\"}}}"
      "\n\n");
  EXPECT_EQ(failed.error, (UpstreamError{UpstreamErrorKind::MidStream, "", "server_error", "m"}));
  EXPECT_TRUE(failed.finished);
}

TEST(OpenAiResponsesStream, MarksEncryptedReasoning) {
  const std::string stream = R"(event: response.output_item.done
data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","encrypted_content":"Enc\/1"}}

)";
  ResponsesStreamReader reader(true);
  reader.feed(stream);
  EXPECT_EQ(reader.facts().state_marks, (std::vector<std::uint64_t>{json::state_mark("Enc/1")}));
  EXPECT_TRUE(read<ResponsesStreamReader>(stream).state_marks.empty()) << "nobody asked";
}

TEST(OpenAiAnswer, MarksEncryptedReasoning) {
  JsonReader reader(Endpoint::Responses, true);
  reader.feed(R"({"id":"resp_1","output":[{"type":"reasoning","encrypted_content":"Enc)");
  reader.feed(R"(1"},{"type":"message","content":[]}]})");
  EXPECT_EQ(reader.facts().state_marks, (std::vector<std::uint64_t>{json::state_mark("Enc1")}));
}

TEST(OpenAiAnswer, ReadsRecordedAnswers) {
  const AnswerFacts chat = read_json_answer(Endpoint::ChatCompletions, corpus_file("answers/openai_chat.json"));
  EXPECT_EQ(chat.id, "chatcmpl-mock443");
  EXPECT_EQ(chat.stop_reason, "stop");
  EXPECT_EQ(chat.usage.service_tier, "default");
  EXPECT_EQ(chat.usage.tokens, (TokenCounts{176, 1024, 0, 0, 37, 16}));
  EXPECT_TRUE(chat.finished);
  const AnswerFacts response = read_json_answer(Endpoint::Responses, corpus_file("answers/openai_response.json"));
  EXPECT_EQ(response.id, "resp_mock448");
  EXPECT_EQ(response.stop_reason, "completed");
  EXPECT_EQ(response.usage.tokens, (TokenCounts{176, 1024, 0, 0, 37, 16}));
}

TEST(OpenAiAnswer, EstimatesWhatABrokenAnswerHasCost) {
  for (const Endpoint endpoint : {Endpoint::ChatCompletions, Endpoint::Responses}) {
    const char* member = endpoint == Endpoint::Responses ? "output" : "choices";
    JsonReader reader(endpoint);
    reader.feed(std::string("{\"id\":\"x\",\"") + member + "\":[{\"content\":\"fourteen bytes");
    AnswerFacts facts = reader.facts();
    estimate_missing_usage(facts);
    EXPECT_GE(facts.usage.tokens.output, 4);
  }
}

TEST(OpenAiAnswer, ReadsTheUsageBehindManyEmbeddings) {
  std::string body = R"({"object":"list","data":[)";
  for (int i = 0; i < 10'000; ++i) body += R"({"object":"embedding","embedding":[0.1,0.2]},)";
  body.back() = ']';
  body += R"(,"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}})";
  const AnswerFacts facts = read_json_answer(Endpoint::Embeddings, body);
  EXPECT_EQ(facts.model, "text-embedding-3-small");
  EXPECT_EQ(facts.usage.tokens, (TokenCounts{8, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(facts.usage.complete);
}

TEST(OpenAiAnswer, ReadsTheCacheFiguresOfOtherProviders) {
  EXPECT_EQ(read_json_answer(Endpoint::ChatCompletions,
                             R"({"usage":{"prompt_tokens":10,"completion_tokens":1,"prompt_cache_hit_tokens":4}})")
                .usage.tokens,
            (TokenCounts{6, 4, 0, 0, 1, 0}));
  EXPECT_EQ(read_json_answer(
                Endpoint::ChatCompletions,
                R"({"usage":{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":3}}})")
                .usage.tokens,
            (TokenCounts{3, 4, 3, 0, 0, 0}));
  EXPECT_EQ(read_json_answer(Endpoint::ChatCompletions,
                             R"({"usage":{"prompt_tokens":3,"prompt_tokens_details":{"cached_tokens":40}}})")
                .usage.tokens,
            (TokenCounts{0, 3, 0, 0, 0, 0}));
}

TEST(OpenAiRequest, ReadsARecordedRequestOfCodex) {
  const RequestView view = read_request(Endpoint::Responses, corpus_file("requests/codex.json"));
  EXPECT_TRUE(view.readable);
  EXPECT_EQ(view.model, "gpt-5.1");
  EXPECT_TRUE(view.stream);
  EXPECT_TRUE(view.has_tools);
  EXPECT_FALSE(view.ties.any());
}

}  // namespace
}  // namespace tidegate::llm::openai
