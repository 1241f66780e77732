// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/grammar.h"

#include "llm/corpus_file.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm::openai {
namespace {

std::string violation_of(std::string_view stream) {
  Grammar whole;
  whole.feed(stream);
  whole.end();
  Grammar cut;
  for (const char c : stream) cut.feed(std::string(1, c));
  cut.end();
  EXPECT_EQ(whole.violation(), cut.violation());
  return whole.violation();
}

std::string chunk(const std::string& delta, const std::string& finish = "null", const std::string& id = "c") {
  return R"(data: {"id":")" + id + R"(","object":"chat.completion.chunk","choices":[{"index":0,"delta":)" + delta +
         R"(,"finish_reason":)" + finish + "}]}\n\n";
}

std::string call(const std::string& members) { return chunk("{\"tool_calls\":[{" + members + "}]}"); }

const std::string kRole = chunk(R"({"role":"assistant","content":""})");
const std::string kFinish = chunk("{}", "\"stop\"");
const std::string kUsage = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{}}\n\n";
const std::string kDone = "data: [DONE]\n\n";
const std::string kFirstCall = call(R"("index":0,"id":"a","function":{"name":"f","arguments":""})");

TEST(OpenAiGrammar, AcceptsWhatProvidersSend) {
  for (const char* name : {"openai_chat_stream.sse", "openai_chat_stream_tools.sse", "openai_chat_stream_usage.sse"}) {
    EXPECT_EQ(violation_of(corpus_file(std::string("answers/") + name)), "") << name;
  }
  EXPECT_EQ(violation_of(kRole + ": comment\n\n" + kFirstCall + call(R"("index":0,"function":{"arguments":"{}"})") +
                         call(R"("index":1,"id":"b","function":{"name":"f"})") + kFinish + kUsage + kDone),
            "");
  EXPECT_EQ(violation_of("data: {\"error\":{\"message\":\"m\"}}\n\n"), "");
  EXPECT_EQ(violation_of(kRole + "data: {\"error\":{\"message\":\"m\"}}\n\n"), "");
}

TEST(OpenAiGrammar, NamesTheFirstViolation) {
  struct Violation {
    std::string stream;
    std::string words;
  };
  const std::vector<Violation> violations{
      {"", "the stream ended without [DONE]"},
      {kRole + kFinish, "the stream ended without [DONE]"},
      {kRole + kDone, "[DONE] comes before a finish_reason"},
      {chunk(R"({"content":"a"})"), "the first delta has no role"},
      {kRole + kFinish + chunk(R"({"content":"a"})"), "a delta follows the finish_reason"},
      {kRole + kFinish + kFinish, "a delta follows the finish_reason"},
      {kRole + kUsage, "usage comes before the finish_reason"},
      {kRole + kFinish + kUsage + kUsage, "usage comes twice"},
      {kRole + kFinish + kDone + kUsage, "an event follows the end"},
      {kRole + chunk("{}", "null", "other"), "a chunk's id is missing or another than before"},
      {"data: {\"object\":\"chat.completion.chunk\",\"choices\":[]}\n\n",
       "a chunk's id is missing or another than before"},
      {kRole + call(R"("index":1,"id":"a","function":{"name":"f"})"),
       "a tool call's index is missing or not the next one"},
      {kRole + call(R"("id":"a","function":{"name":"f"})"), "a tool call's index is missing or not the next one"},
      {kRole + call(R"("index":0,"function":{"name":"f"})"), "a tool call starts without id or name"},
      {kRole + call(R"("index":0,"id":"a","function":{})"), "a tool call starts without id or name"},
      {kRole + kFirstCall + kFirstCall, "a tool call's id comes twice"},
      {"data: {\"id\":\"c\",\"object\":\"other\",\"choices\":[]}\n\n", "an event is no chat.completion.chunk"},
      {"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\"}\n\n", "a chunk has no choices"},
      {"data: {\"id\":\n\n", "an event is no JSON object"},
      {"event: ping\ndata: {}\n\n", "an event has a name, which this dialect does not know"},
  };
  for (const Violation& expected : violations)
    EXPECT_EQ(violation_of(expected.stream), expected.words) << expected.stream;
}

}  // namespace
}  // namespace tidegate::llm::openai
