// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/prefix_chain.h"

#include "llm/anthropic/request.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::caching {
namespace {

constexpr PromptScope kScope{"anthropic", "claude-opus-5-5", "", "team"};

PrefixChain chain_of(std::string_view body, const PromptScope& scope = kScope, std::uint64_t seed = 7) {
  llm::PromptLayout layout;
  (void)llm::anthropic::read_request(body, layout);
  return PrefixHasher(seed).read(layout, body, scope);
}

std::string request(std::string_view messages, std::string_view more = "") {
  return R"({"tools":[{"name":"a"},{"name":"b"}],"system":"You help.")" + std::string(more) + R"(,"messages":[)" +
         std::string(messages) + "]}";
}

TEST(PrefixChain, OfALongerConversationBeginsWithTheShorterOne) {
  const PrefixChain first = chain_of(request(R"({"role":"user","content":"1"})"));
  const PrefixChain second = chain_of(
      request(R"({"role":"user","content":"1"},{"role":"assistant","content":"2"},{"role":"user","content":"3"})"));
  ASSERT_EQ(first.points.size(), 4U);
  ASSERT_EQ(second.points.size(), 6U);
  for (std::size_t i = 0; i < first.points.size(); ++i) {
    EXPECT_EQ(first.points[i].key, second.points[i].key) << i;
    EXPECT_EQ(first.points[i].bytes, second.points[i].bytes) << i;
  }
  EXPECT_EQ(second.tools, 2U);
  EXPECT_EQ(second.head, 3U);
  EXPECT_EQ(second.assistant_turns, 1);
  EXPECT_EQ(second.bytes(), std::string(R"({"name":"a"}{"name":"b"}"You help.""1""2""3")").size());
  EXPECT_EQ(affinity_id(first), affinity_id(second));
}

TEST(PrefixChain, HasOtherKeysFromAChangeOn) {
  const std::string body = request(R"({"role":"user","content":"1"})");
  const PrefixChain before = chain_of(body);
  std::string other = body;
  other.replace(other.find("\"b\""), 3, "\"c\"");
  const PrefixChain after = chain_of(other);
  EXPECT_EQ(before.points[0].key, after.points[0].key);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_NE(before.points[i].key, after.points[i].key) << i;
}

TEST(PrefixChain, PutsWhatInvalidatesMessagesIntoTheirKeysAlone) {
  const std::string message = R"({"role":"user","content":"1"})";
  const PrefixChain before = chain_of(request(message));
  for (const char* more : {R"(,"tool_choice":{"type":"any"})", R"(,"thinking":{"type":"adaptive"})",
                           R"(,"output_config":{"effort":"low"})"}) {
    const PrefixChain after = chain_of(request(message, more));
    EXPECT_EQ(before.points[2].key, after.points[2].key) << more;
    EXPECT_NE(before.points[3].key, after.points[3].key) << more;
  }
}

TEST(PrefixChain, TellsRolesAndMessagesApart) {
  const auto last = [](const char* messages) { return chain_of(request(messages)).points.back().key; };
  EXPECT_NE(last(R"({"role":"user","content":"1"})"), last(R"({"role":"assistant","content":"1"})"));
  EXPECT_NE(
      last(R"({"role":"user","content":[{"type":"text","text":"1"},{"type":"text","text":"2"}]})"),
      last(
          R"({"role":"user","content":[{"type":"text","text":"1"}]},{"role":"user","content":[{"type":"text","text":"2"}]})"));
}

TEST(PrefixChain, IsOfItsScopeAndSeed) {
  const std::string body = request(R"({"role":"user","content":"1"})");
  const std::uint64_t key = chain_of(body).points[0].key;
  EXPECT_NE(key, chain_of(body, {"relay", "claude-opus-5-5", "", "team"}).points[0].key);
  EXPECT_NE(key, chain_of(body, {"anthropic", "claude-opus-5", "", "team"}).points[0].key);
  EXPECT_NE(key, chain_of(body, {"anthropic", "claude-opus-5-5", "fast", "team"}).points[0].key);
  EXPECT_NE(key, chain_of(body, kScope, 8).points[0].key);
  const PrefixChain neighbour = chain_of(body, {"anthropic", "claude-opus-5-5", "", "another team"});
  EXPECT_EQ(key, neighbour.points[0].key);  // teams of one workspace share its cache …
  EXPECT_NE(neighbour.habit, chain_of(body).habit);
}

TEST(PrefixChain, NeverMarksTheSystemOfClaudeCode) {
  const PrefixChain chain = chain_of(
      R"({"tools":[{"name":"a"}],"system":[{"type":"text","text":"x-anthropic-billing-header: cc"},{"type":"text","text":"You"}],"messages":[{"role":"user","content":"1"}]})");
  ASSERT_EQ(chain.points.size(), 4U);
  EXPECT_TRUE(chain.points[0].is_markable);
  EXPECT_FALSE(chain.points[1].is_markable);
  EXPECT_FALSE(chain.points[2].is_markable);
  EXPECT_TRUE(chain.points[3].is_markable);
}

TEST(PrefixChain, OfNothingIsEmpty) {
  EXPECT_TRUE(chain_of("{}").points.empty());
  EXPECT_EQ(affinity_id(chain_of("{}")), "");
  EXPECT_EQ(chain_of("{}").bytes(), 0U);
}

}  // namespace
}  // namespace tidegate::caching
