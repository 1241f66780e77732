// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/request.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace tidegate::llm::anthropic {
namespace {

PromptLayout layout_of(std::string_view body) {
  PromptLayout layout;
  (void)read_request(body, layout);
  return layout;
}

/// `text+` where a mark may stand, `text-` where not; with `^` in front where a message begins.
std::vector<std::string> shown(std::string_view body, const std::vector<PromptBlock>& blocks) {
  std::vector<std::string> lines;
  for (const PromptBlock& block : blocks) {
    lines.push_back((block.begins_message ? "^" : "") +
                    std::string(body.substr(block.range.offset, block.range.length)) + (block.is_markable ? "+" : "-"));
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(PromptLayout, HasEveryBlockInPrefixOrderWhateverTheOrderInTheBody) {
  const std::string body =
      R"({"messages":[{"role":"user","content":"hi"},{"content":[ {"type":"text","text":"a"} ,{"type":"tool_use","id":"t"}],"role":"assistant"},)"
      R"({"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"r"}]},{"type":"text","text":"b"}]}],)"
      R"("system":[{"type":"text","text":"s1"},{"type":"text","text":"s2"}],"tools":[{"name":"x"},{"type":"custom","name":"y"}],"model":"m"})";
  const PromptLayout layout = layout_of(body);
  EXPECT_EQ(shown(body, layout.tools), (Lines{R"({"name":"x"}+)", R"({"type":"custom","name":"y"}+)"}));
  EXPECT_EQ(shown(body, layout.system), (Lines{R"({"type":"text","text":"s1"}+)", R"({"type":"text","text":"s2"}+)"}));
  EXPECT_EQ(
      shown(body, layout.messages),
      (Lines{R"(^"hi"+)", R"(^{"type":"text","text":"a"}-)", R"({"type":"tool_use","id":"t"}-)",
             R"(^{"type":"tool_result","content":[{"type":"text","text":"r"}]}+)", R"({"type":"text","text":"b"}+)"}));
  EXPECT_TRUE(layout.messages[0].is_text);
  EXPECT_FALSE(layout.messages[1].is_text);
  EXPECT_EQ(layout.messages[1].part, PromptPart::Assistant);
  EXPECT_EQ(layout.messages[3].part, PromptPart::User);
  EXPECT_EQ(layout.assistant_turns, 1);
  EXPECT_FALSE(layout.has_server_tools);
}

TEST(PromptLayout, ForbidsMarksWhereTheProviderDoesNotTakeThem) {
  for (const char* block :
       {R"({"type":"thinking","thinking":"t","signature":"s"})", R"({"type":"redacted_thinking","data":"d"})",
        R"({"type":"text","text":""})", R"({"type":"text","text":" \n\t "})", R"({"type":"text"})",
        R"({"type":"text","text":7})", R"({"type":"never_heard_of","text":"a"})", R"({})",
        R"({"type":"text","text":"a","cache_control":null})", R"("")", R"(" \n")"}) {
    const bool is_string = block[0] == '"';
    const std::string content = is_string ? block : "[" + std::string(block) + "]";
    const PromptLayout layout = layout_of(R"({"messages":[{"role":"user","content":)" + content + "}]}");
    ASSERT_EQ(layout.messages.size(), 1U) << block;
    EXPECT_FALSE(layout.messages[0].is_markable) << block;
  }
  EXPECT_FALSE(layout_of(R"({"messages":[{"role":"system","content":"x"}]})").messages[0].is_markable);
  EXPECT_FALSE(layout_of(R"({"messages":[{"content":"x"}]})").messages[0].is_markable);
  EXPECT_FALSE(layout_of(R"({"tools":[{"name":"a","defer_loading":true}]})").tools[0].is_markable);
  EXPECT_FALSE(layout_of(R"({"tools":["name"]})").tools[0].is_markable);
  EXPECT_FALSE(layout_of(R"({"tools":[{ }]})").tools[0].is_markable);
  EXPECT_TRUE(layout_of(R"({"tools":[{"name":"a","defer_loading":false}]})").tools[0].is_markable);
  EXPECT_TRUE(layout_of(R"({"messages":[{"role":"user","content":"\u0041"}]})").messages[0].is_markable);
}

TEST(PromptLayout, TellsToolsThatTheProviderRuns) {
  EXPECT_TRUE(layout_of(R"({"tools":[{"type":"web_search_20250305","name":"web_search"}]})").has_server_tools);
  EXPECT_TRUE(layout_of(R"({"tools":[{"type":"mcp_toolset","mcp_server_name":"a"}]})").has_server_tools);
  EXPECT_TRUE(layout_of(R"({"mcp_servers":[{"url":"https://a"}]})").has_server_tools);
  EXPECT_FALSE(layout_of(R"({"mcp_servers":null,"tools":[{"type":"bash_20250124","name":"bash"}]})").has_server_tools);
}

TEST(PromptLayout, TellsWhatInvalidatesTheMessages) {
  const std::string body =
      R"({"thinking":{"type":"adaptive"},"tool_choice":{"type":"any"},"output_config":{"effort":"low"},)"
      R"("messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"image"}]}]}]})";
  const PromptLayout layout = layout_of(body);
  EXPECT_EQ(body.substr(layout.thinking.offset, layout.thinking.length), R"({"type":"adaptive"})");
  EXPECT_EQ(body.substr(layout.tool_choice.offset, layout.tool_choice.length), R"({"type":"any"})");
  EXPECT_EQ(body.substr(layout.output_config.offset, layout.output_config.length), R"({"effort":"low"})");
  EXPECT_TRUE(layout.has_images);
}

TEST(PromptLayout, KnowsClaudeCodesAttributionByItsPlace) {
  EXPECT_TRUE(
      layout_of(
          R"({"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2;"},{"type":"text","text":"You"}]})")
          .has_attribution);
  EXPECT_FALSE(
      layout_of(R"({"system":[{"type":"text","text":"You"},{"type":"text","text":"x-anthropic-billing-header: "}]})")
          .has_attribution);
}

TEST(PromptLayout, TakesTheLastOfMembersThatAreThereTwice) {
  const std::string body =
      R"({"system":"a","messages":[{"role":"user","content":"1"}],"messages":[{"role":"assistant","content":"2","content":[{"type":"text","text":"3"}],"role":"user"}],"system":"b"})";
  const PromptLayout layout = layout_of(body);
  EXPECT_EQ(shown(body, layout.system), (Lines{R"("b"+)"}));
  EXPECT_EQ(shown(body, layout.messages), (Lines{R"(^{"type":"text","text":"3"}+)"}));
  EXPECT_EQ(layout.assistant_turns, 0);
}

TEST(PromptLayout, IsEmptyWhereTheBodyIsUnreadableAndUsesItsMemoryAgain) {
  PromptLayout layout;
  ASSERT_TRUE(read_request(R"({"system":"a","messages":[{"role":"user","content":"1"}]})", layout).readable);
  EXPECT_EQ(layout.messages.size(), 1U);
  EXPECT_FALSE(read_request(R"({"system":"a","messages":[{"role":"user","content":"1"}])", layout).readable);
  EXPECT_EQ(layout, PromptLayout{});
}

TEST(PromptLayout, ChangesNothingOfTheView) {
  for (const char* name : {"anthropic_sdk", "claude_code", "claude_code_title", "vercel_anthropic",
                           "adversarial_duplicates", "openai_chat_tools"}) {
    std::ifstream in(std::string(TIDEGATE_SOURCE_DIR) + "/tests/corpus/requests/" + name + ".json", std::ios::binary);
    const std::string body((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    ASSERT_FALSE(body.empty()) << name;
    PromptLayout layout;
    const RequestView with = read_request(body, layout);
    const RequestView without = read_request(body);
    EXPECT_EQ(with.cache_markers, without.cache_markers);
    EXPECT_EQ(with.model, without.model);
    EXPECT_EQ(with.attachment_bytes, without.attachment_bytes);
    EXPECT_EQ(with.ties.any(), without.ties.any());
    EXPECT_EQ(with.system_range, without.system_range);
    EXPECT_EQ(with.tools_range, without.tools_range);
    EXPECT_EQ(with.user, without.user);
  }
  std::ifstream in(std::string(TIDEGATE_SOURCE_DIR) + "/tests/corpus/requests/claude_code.json", std::ios::binary);
  const std::string body((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const PromptLayout layout = layout_of(body);
  EXPECT_TRUE(layout.has_attribution);
  EXPECT_EQ(layout.system.size(), 3U);
  EXPECT_GT(layout.tools.size(), 5U);
}

}  // namespace
}  // namespace tidegate::llm::anthropic
