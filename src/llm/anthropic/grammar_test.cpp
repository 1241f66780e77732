// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/grammar.h"

#include "llm/corpus_file.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm::anthropic {
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

/// An event whose data has these members besides its type.
std::string event(const std::string& type, const std::string& members = "") {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (members.empty() ? "" : ",") + members + "}\n\n";
}

const std::string kStart = event("message_start", R"("message":{"id":"msg_1","role":"assistant","usage":{}})");
const std::string kText = event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})");
const std::string kDelta = event("content_block_delta", R"("index":0,"delta":{"type":"text_delta","text":"a"})");
const std::string kStop = event("content_block_stop", R"("index":0)");
const std::string kEnd =
    event("message_delta", R"("delta":{"stop_reason":"end_turn"},"usage":{})") + event("message_stop");

TEST(AnthropicGrammar, AcceptsWhatProvidersSend) {
  for (const char* name : {"anthropic_stream.sse", "anthropic_stream_thinking.sse", "anthropic_stream_tool_use.sse",
                           "claude_code_tool_turn.sse"}) {
    EXPECT_EQ(violation_of(corpus_file(std::string("answers/") + name)), "") << name;
  }
  EXPECT_EQ(violation_of(kStart + event("novelty") + kText + event("ping") + kDelta + kStop + kEnd), "");
  EXPECT_EQ(violation_of(event("ping") + event("error")), "");
  EXPECT_EQ(violation_of(kStart + kText + event("error")), "");
}

TEST(AnthropicGrammar, NamesTheFirstViolation) {
  struct Violation {
    std::string stream;
    std::string words;
  };
  const std::string tool =
      event("content_block_start", R"("index":0,"content_block":{"type":"tool_use","id":"t","name":"f"})");
  const std::vector<Violation> violations{
      {"", "the stream ended without message_stop"},
      {kStart + kText + kDelta + kStop, "the stream ended without message_stop"},
      {kText, "the first event is not message_start"},
      {event("novelty"), "the first event is not message_start"},
      {kStart + kStart, "message_start comes twice"},
      {event("message_start", R"("message":{"role":"assistant","usage":{}})"), "message_start has no message id"},
      {event("message_start", R"("message":{"id":"m","role":"user","usage":{}})"),
       "message_start's role is not assistant"},
      {event("message_start", R"("message":{"id":"m","role":"assistant"})"), "message_start has no usage"},
      {kStart + kDelta, "a delta comes outside of a block"},
      {kStart + kText + kText, "a block starts before the one before it stops"},
      {kStart + event("content_block_start", R"("index":1,"content_block":{"type":"text"})"),
       "a block's index is not the next one"},
      {kStart + kText + event("content_block_delta", R"("index":1,"delta":{"type":"text_delta"})"),
       "a delta's index is not that of the open block"},
      {kStart + tool + kDelta, "a delta is of another type than its block"},
      {kStart + kText + event("content_block_delta", R"("index":0,"delta":{"type":"input_json_delta"})"),
       "a delta is of another type than its block"},
      {kStart + event("content_block_start", R"("index":0,"content_block":{"type":"tool_use","id":"t"})"),
       "a tool_use block has no id or no name"},
      {kStart + kStop, "content_block_stop comes without a block"},
      {kStart + kText + event("content_block_stop", R"("index":3)"),
       "content_block_stop's index is not that of the open block"},
      {kStart + kText + kEnd, "message_delta comes before the start or inside a block"},
      {kStart + event("message_delta", R"("delta":{"stop_reason":"end_turn"})"), "message_delta has no usage"},
      {kStart + event("message_stop"), "message_stop comes before message_delta"},
      {kStart + event("message_delta", R"("delta":{"stop_reason":null},"usage":{})") + event("message_stop"),
       "message_stop comes without a stop_reason before it"},
      {kStart + kText + kStop + event("message_delta", R"("delta":{"stop_reason":"end_turn"},"usage":{})") +
           event("content_block_start", R"("index":1,"content_block":{"type":"text"})"),
       "a block follows message_delta"},
      {kStart + kEnd + event("ping"), "an event follows the end"},
      {event("error") + kStart, "an event follows the end"},
      {"data: {\"type\":\"ping\"}\n\n", "an event has no name, and clients drop those"},
      {kStart + "event: content_block_stop\ndata: {\"type\":\"ping\",\"index\":0}\n\n",
       "an event's data is no JSON object of its own type"},
      {"event: message_start\ndata: {\n\n", "an event's data is no JSON object of its own type"},
  };
  for (const Violation& expected : violations)
    EXPECT_EQ(violation_of(expected.stream), expected.words) << expected.stream;
}

}  // namespace
}  // namespace tidegate::llm::anthropic
