// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/request_class.h"

#include "llm/anthropic/request.h"
#include "llm/openai/request.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate::gateway {
namespace {

const std::string kAnthropic =
    R"({"model":"claude-opus-5","system":[{"type":"text","text":"You write code."}],"tools":[{"name":"Read"},{"name":"Edit","input_schema":{"name":"x"}}],"messages":[]})";
const std::string kOpenAi =
    R"({"model":"gpt-5.1","tools":[{"type":"function","function":{"name":"apply_patch"}}],"messages":[]})";

ClassRule rule(std::string name) {
  ClassRule made;
  made.name = std::move(name);
  return made;
}

std::string class_of(const std::vector<ClassRule>& rules, const llm::RequestView& view, const std::string& body,
                     std::string extra = "") {
  const std::string text = "POST /v1/messages HTTP/1.1\r\nHost: x\r\n" + extra + "\r\n";
  net::http1::RequestHeadParser parser;
  EXPECT_EQ(parser.parse(text), net::http1::ParseState::Complete);
  const ClassRule* found = find_class(rules, parser.head(), view, body);
  return found == nullptr ? "" : found->name;
}

TEST(RequestClass, IsThatOfTheFirstRuleThatFitsInAllItSays) {
  ClassRule editing = rule("editing"), haiku = rule("haiku"), agents = rule("agents");
  editing.tool = "Ed*";
  editing.model = "claude-opus-*";
  haiku.model = "claude-haiku-*";
  agents.header = "x-team";
  agents.value = "agents-?";
  const std::vector<ClassRule> rules = {haiku, agents, editing};
  const llm::RequestView view = llm::anthropic::read_request(kAnthropic);
  EXPECT_EQ(class_of(rules, view, kAnthropic), "editing");
  EXPECT_EQ(class_of(rules, view, kAnthropic, "X-Team: agents-7\r\n"), "agents");
  EXPECT_EQ(class_of(rules, view, kAnthropic, "X-Team: people\r\n"), "editing");
  EXPECT_EQ(class_of({haiku}, view, kAnthropic), "");
}

TEST(RequestClass, ATopLevelNameIsAToolsNameAndNoOther) {
  ClassRule odd = rule("odd");
  odd.tool = "x";
  EXPECT_EQ(class_of({odd}, llm::anthropic::read_request(kAnthropic), kAnthropic), "");
}

TEST(RequestClass, FindsToolsOfTheOtherDialect) {
  ClassRule patching = rule("patching");
  patching.tool = "apply_patch";
  EXPECT_EQ(class_of({patching}, llm::openai::read_request(llm::Endpoint::ChatCompletions, kOpenAi), kOpenAi), "patching");
}

TEST(RequestClass, KnowsASystemPromptByItsHash) {
  const llm::RequestView view = llm::anthropic::read_request(kAnthropic);
  const std::string hash = system_hash(view, kAnthropic);
  EXPECT_EQ(hash, "52595bebf47f8059");
  ClassRule coder = rule("coder");
  coder.system_hash = hash;
  EXPECT_TRUE(needs_system_hash(std::vector{coder}));
  EXPECT_EQ(class_of({coder}, view, kAnthropic), "coder");
  std::string other = kAnthropic;
  other.replace(other.find("code."), 5, "cod..");
  EXPECT_EQ(class_of({coder}, llm::anthropic::read_request(other), other), "");
  EXPECT_EQ(system_hash(llm::openai::read_request(llm::Endpoint::ChatCompletions, kOpenAi), kOpenAi), "");
}

}  // namespace
}  // namespace tidegate::gateway
