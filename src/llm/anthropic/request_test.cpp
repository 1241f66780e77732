// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/request.h"

#include "llm/json/state_mark.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::llm::anthropic {
namespace {

TEST(AnthropicRequest, ReadsWhatTheGatewayNeeds) {
  const std::string body =
      R"({"model":"claude-opus-5-5","max_tokens":128000,"stream":true,"service_tier":"auto","speed":"fast",)"
      R"("inference_geo":"us","tools":[{"name":"Bash"}],"metadata":{"user_id":"u1"},"messages":[]})";
  const RequestView view = read_request(body);
  EXPECT_TRUE(view.readable);
  EXPECT_EQ(view.model, "claude-opus-5-5");
  EXPECT_EQ(body.substr(view.model_range.offset, view.model_range.length), R"("claude-opus-5-5")");
  EXPECT_EQ(view.max_tokens, 128000);
  EXPECT_TRUE(view.stream);
  EXPECT_EQ(view.service_tier, "auto");
  EXPECT_EQ(view.speed, "fast");
  EXPECT_EQ(view.inference_geo, "us");
  EXPECT_TRUE(view.has_tools);
  EXPECT_EQ(view.user, "u1");
  EXPECT_EQ(view.session, "");
  EXPECT_EQ(view.body_bytes, static_cast<std::int64_t>(body.size()));
  EXPECT_EQ(view.first_member, 1U);
  EXPECT_EQ(view.cache_markers, 0);
  EXPECT_FALSE(view.ties.any());
}

TEST(AnthropicRequest, TellsWhetherTheLikeliestAnswerIsWanted) {
  EXPECT_TRUE(read_request(R"({"temperature":0})").temperature_is_zero);
  EXPECT_TRUE(read_request(R"({"temperature":0.0})").temperature_is_zero);
  EXPECT_FALSE(read_request(R"({"temperature":0.1})").temperature_is_zero);
  EXPECT_FALSE(read_request(R"({"temperature":"0"})").temperature_is_zero);
  EXPECT_FALSE(read_request(R"({"model":"m"})").temperature_is_zero);
}

TEST(AnthropicRequest, TellsWhoUsesClaudeCodeFromTheSession) {
  struct Case {
    const char* user_id;
    const char* user;
    const char* session;
  };
  for (const Case& given : {
           Case{R"({\"device_id\":\"d\",\"account_uuid\":\"a\",\"session_id\":\"s-1\"})", "a", "s-1"},
           Case{R"({\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"s-1\"})", "d", "s-1"},
           Case{"user_d_account_a_session_s-1", "a", "s-1"},
           Case{"user_d_account__session_s-1", "d", "s-1"},
           Case{"user_of_an_account", "user_of_an_account", ""},
           Case{R"({\"team\":\"search\"})", R"({"team":"search"})", ""},
           Case{R"({\"device_id\":\"d\",\"session_id\")", R"({"device_id":"d","session_id")", ""},
       }) {
    const RequestView view = read_request(R"({"metadata":{"user_id":")" + std::string(given.user_id) + R"("},"model":"m"})");
    EXPECT_EQ(view.user, given.user) << given.user_id;
    EXPECT_EQ(view.session, given.session) << given.user_id;
  }
}

TEST(AnthropicRequest, KeepsAtMost256BytesOfTheUser) {
  EXPECT_EQ(read_request(R"({"metadata":{"user_id":")" + std::string(5000, 'u') + R"("}})").user,
            std::string(256, 'u'));
}

TEST(AnthropicRequest, CountsCacheMarkersWhereTheApiKnowsThem) {
  EXPECT_EQ(read_request(R"({"cache_control":{"type":"ephemeral"},
    "system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}],
    "tools":[{"name":"a"},{"name":"b","cache_control":{"type":"ephemeral"}}],
    "messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","cache_control":{"type":"ephemeral"}}]},
                                          {"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}]})")
                .cache_markers,
            5);
}

TEST(AnthropicRequest, IsNotFooledByTextAndDataThatMentionMarkersAndTies) {
  const RequestView view = read_request(R"({"system":"use \"cache_control\":{} and \"signature\":\"x\"",
    "tools":[{"name":"a","input_schema":{"properties":{"cache_control":{"type":"object"},"file_id":{"type":"string"}}}}],
    "messages":[{"role":"user","content":"\"cache_control\":{\"type\":\"ephemeral\"}"},
                {"role":"assistant","content":[{"type":"tool_use","input":{"cache_control":{"a":1},"signature":"s","file_id":"f"}}]},
                {"role":"user","content":[{"type":"text","text":"t","cache_control":null}]},
                {"role":"user","content":[{"type":"image","source":{"type":"base64","data":"AAAA"}}]}]})");
  EXPECT_TRUE(view.readable);
  EXPECT_EQ(view.cache_markers, 0);
  EXPECT_FALSE(view.ties.any());
}

TEST(AnthropicRequest, ReadsEveryTie) {
  EXPECT_EQ(read_request(R"({"thread":{"type":"continue","previous_message_id":"msg_1"}})").ties.previous_message_id,
            "msg_1");
  EXPECT_EQ(read_request(R"({"container":"c_1"})").ties.container, "c_1");
  EXPECT_EQ(read_request(R"({"container":{"id":"c_2","skills":[]}})").ties.container, "c_2");
  EXPECT_EQ(read_request(R"({"fallback_credit_token":"t"})").ties.fallback_credit, "t");
  EXPECT_EQ(
      read_request(R"({"messages":[{"content":[{"type":"document","source":{"type":"file","file_id":"file_1"}}]}]})")
          .ties.file,
      "file_1");
  EXPECT_EQ(read_request(R"({"messages":[{"content":[{"type":"container_upload","file_id":"file_2"}]}]})").ties.file,
            "file_2");
  EXPECT_EQ(read_request(R"({"messages":[{"content":[{"type":"thinking","thinking":"","signature":"abc"}]}]})").ties.thinking_mark,
            json::state_mark("abc"));
  EXPECT_EQ(read_request(R"({"messages":[{"content":[{"data":"abc","type":"redacted_thinking"}]}]})").ties.thinking_mark,
            json::state_mark("abc"));
  EXPECT_EQ(read_request(R"({"messages":[{"content":[{"type":"thinking","signature":"a"},{"type":"thinking","signature":"b\/"}]},)"
                         R"({"content":"go on"},{"content":[{"type":"thinking","signature":"c\/"},{"type":"text","text":"d"}]}]})")
                .ties.thinking_mark,
            json::state_mark("c/"))
      << "the last one's maker made the others too, or took them for good";
  EXPECT_FALSE(
      read_request(R"({"messages":[{"content":[{"type":"thinking","thinking":"","signature":""}]}]})").ties.any());
  EXPECT_FALSE(
      read_request(R"({"messages":[{"content":[{"type":"thinking","thinking":"a","signature":"tidegate-unsigned"}]}]})")
          .ties.any());
}

TEST(AnthropicRequest, SetsAttachmentsApartFromText) {
  const std::string data(10'000, 'A');
  const RequestView view =
      read_request(R"({"messages":[{"content":[{"type":"image","source":{"type":"base64","data":")" + data +
                   R"("}},{"type":"text","text":"x"}]}]})");
  EXPECT_EQ(view.attachments, 1);
  EXPECT_EQ(view.attachment_bytes, 10'000);
}

TEST(AnthropicRequest, CountsPlainTextAsWhatItIsAndADocumentByHalfOfItsBytes) {
  const std::string data(10'000, 'A');
  const auto with_source = [&](const std::string& members) {
    return read_request(R"({"messages":[{"content":[{"type":"document","source":{)" + members + R"(,"data":")" + data + R"("}}]}]})");
  };
  const RequestView text = with_source(R"("type":"text","media_type":"text/plain")");
  EXPECT_EQ(text.attachments, 0);
  EXPECT_EQ(text.attachment_bytes, 0);
  const RequestView document = with_source(R"("type":"base64","media_type":"application/pdf")");
  EXPECT_EQ(document.attachments, 0);
  EXPECT_EQ(document.attachment_bytes, 5'000);
  const RequestView image = with_source(R"("type":"base64","media_type":"image/png")");
  EXPECT_EQ(image.attachments, 1);
  EXPECT_EQ(image.attachment_bytes, 10'000);
}

TEST(AnthropicRequest, TakesTheLastOfMembersThatAreThereTwice) {
  const std::string body =
      R"({"model":"cheap","messages":[{"content":[{"cache_control":{}}]}],"stream":true,"mod\u0065l":"dear","messages":[],"stream":null})";
  const RequestView view = read_request(body);
  EXPECT_EQ(view.model, "dear");
  EXPECT_EQ(body.substr(view.model_range.offset, view.model_range.length), R"("dear")");
  EXPECT_EQ(view.cache_markers, 0);
  EXPECT_FALSE(view.stream);
}

TEST(AnthropicRequest, ReadsOddTypesAsAbsent) {
  const RequestView view = read_request(
      R"({"model":7,"max_tokens":"many","stream":"yes","tools":{},"system":5,"messages":"x","metadata":[],"container":null,"thread":1})");
  EXPECT_TRUE(view.readable);
  EXPECT_EQ(view.model, "");
  EXPECT_EQ(view.model_range, ByteRange{});
  EXPECT_FALSE(view.max_tokens);
  EXPECT_FALSE(view.stream);
  EXPECT_FALSE(view.has_tools);
  EXPECT_FALSE(view.ties.any());
  EXPECT_FALSE(read_request(R"({"max_tokens":-1})").max_tokens);
  EXPECT_EQ(read_request(R"({"max_tokens":0})").max_tokens, 0);
}

TEST(AnthropicRequest, CallsUnreadableWhatIsNoJsonObject) {
  for (const std::string_view body :
       {"", "[]", "\"x\"", "{\"model\":\"a\"", "{\"model\":\"a\"}}", "model=a", "{\"model\":\"a\",}"}) {
    const RequestView view = read_request(body);
    EXPECT_FALSE(view.readable) << body;
    EXPECT_EQ(view.model, "") << body;
    EXPECT_EQ(view.body_bytes, static_cast<std::int64_t>(body.size()));
  }
  EXPECT_TRUE(read_request("{}").readable);
  EXPECT_TRUE(read_request("{}").is_empty_object);
}

}  // namespace
}  // namespace tidegate::llm::anthropic
