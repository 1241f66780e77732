// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/request.h"

#include "llm/json/state_mark.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::llm::openai {
namespace {

RequestView read_chat(std::string_view body) { return read_request(Endpoint::ChatCompletions, body); }
RequestView read_response(std::string_view body) { return read_request(Endpoint::Responses, body); }

TEST(OpenAiRequest, ReadsAChatCompletion) {
  const std::string body =
      R"({"model":"gpt-4.1-mini","stream":true,"stream_options":{"include_usage":true},"max_tokens":9,"max_completion_tokens":5,)"
      R"("user":"u","safety_identifier":"s","service_tier":"flex","tools":[{}],"messages":[{"role":"user","content":"hi"}]})";
  const RequestView view = read_chat(body);
  EXPECT_TRUE(view.readable);
  EXPECT_EQ(view.model, "gpt-4.1-mini");
  EXPECT_EQ(body.substr(view.model_range.offset, view.model_range.length), R"("gpt-4.1-mini")");
  EXPECT_EQ(body.substr(view.stream_options_range.offset, view.stream_options_range.length),
            R"({"include_usage":true})");
  EXPECT_TRUE(view.stream);
  EXPECT_TRUE(view.wants_stream_usage);
  EXPECT_EQ(view.max_tokens, 5);
  EXPECT_EQ(view.user, "s");
  EXPECT_EQ(view.service_tier, "flex");
  EXPECT_TRUE(view.has_tools);
  EXPECT_FALSE(view.ties.any());
}

TEST(OpenAiRequest, TellsWhetherTheLikeliestAnswerIsWanted) {
  EXPECT_TRUE(read_chat(R"({"temperature":0})").temperature_is_zero);
  EXPECT_FALSE(read_chat(R"({"temperature":1})").temperature_is_zero);
}

TEST(OpenAiRequest, ReadsAResponse) {
  const RequestView view = read_response(
      R"({"model":"gpt-5.1","max_output_tokens":77,"previous_response_id":"resp_1","conversation":{"id":"conv_1"},
          "tools":[{"type":"code_interpreter","container":"cntr_1"},{"type":"file_search","vector_store_ids":["vs_1"]}],
          "input":[{"type":"reasoning","encrypted_content":"abc"},{"role":"user","content":[{"type":"input_file","file_id":"file-1"}]}]})");
  EXPECT_EQ(view.max_tokens, 77);
  EXPECT_EQ(view.ties.previous_response_id, "resp_1");
  EXPECT_EQ(view.ties.conversation, "conv_1");
  EXPECT_EQ(view.ties.container, "cntr_1");
  EXPECT_EQ(view.ties.file, "file-1");
  EXPECT_EQ(view.ties.thinking_mark, json::state_mark("abc"));
  EXPECT_EQ(read_response(R"({"tools":[{"vector_store_ids":["vs_1"]}]})").ties.file, "vs_1");
}

TEST(OpenAiRequest, ReadsFilesAndMarkersOfChatMessages) {
  const RequestView view =
      read_chat(R"({"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-2"}},
    {"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}]})");
  EXPECT_EQ(view.ties.file, "file-2");
  EXPECT_EQ(view.cache_markers, 1);
}

TEST(OpenAiRequest, SetsAttachmentsApartFromText) {
  const std::string url = "data:image/png;base64," + std::string(10'000, 'A');
  EXPECT_EQ(read_chat(R"({"messages":[{"content":[{"type":"image_url","image_url":{"url":")" + url + R"("}}]}]})")
                .attachments,
            1);
  EXPECT_EQ(read_response(R"({"input":[{"content":[{"type":"input_image","image_url":")" + url + R"("}]}]})")
                .attachment_bytes,
            static_cast<std::int64_t>(url.size()));
}

TEST(OpenAiRequest, CountsADocumentByHalfOfItsBytes) {
  const std::string data = "data:application/pdf;base64," + std::string(9'972, 'A');
  const RequestView view = read_chat(R"({"messages":[{"content":[{"type":"file","file":{"file_data":")" + data + R"("}}]}]})");
  EXPECT_EQ(view.attachments, 0);
  EXPECT_EQ(view.attachment_bytes, 5'000);
}

TEST(OpenAiRequest, ReadsHowManyAnswersAreAskedFor) {
  EXPECT_EQ(read_chat(R"({"n":10})").answers, 10);
  EXPECT_EQ(read_chat(R"({})").answers, 1);
  EXPECT_EQ(read_chat(R"({"n":0})").answers, 1);
  EXPECT_EQ(read_chat(R"({"n":9223372036854775807})").answers, 1'000);
  EXPECT_EQ(read_chat(R"({"n":"many"})").answers, 1);
}

TEST(OpenAiRequest, IsNotFooledByTextAndArguments) {
  const RequestView view = read_chat(R"({"messages":[{"role":"user","content":"\"file_id\":\"x\""},
    {"role":"assistant","tool_calls":[{"function":{"arguments":"{\"file_id\":\"x\"}"}}]}]})");
  EXPECT_FALSE(view.ties.any());
}

TEST(OpenAiRequest, ReadsAnEmbeddingWithoutLookingAtItsInput) {
  const RequestView view =
      read_request(Endpoint::Embeddings, R"({"model":"e","input":["a",{"file_id":"x"}],"user":"u"})");
  EXPECT_EQ(view.model, "e");
  EXPECT_EQ(view.user, "u");
  EXPECT_FALSE(view.ties.any());
}

TEST(OpenAiRequest, CallsUnreadableWhatIsNoJsonObject) {
  EXPECT_FALSE(read_chat("").readable);
  EXPECT_FALSE(read_chat("{\"model\":\"a\"").readable);
  EXPECT_EQ(read_chat("{\"model\":\"a\"").model, "");
}

}  // namespace
}  // namespace tidegate::llm::openai
