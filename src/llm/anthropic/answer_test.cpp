// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/answer.h"

#include "llm/anthropic/request.h"
#include "llm/corpus_file.h"
#include "llm/json/state_mark.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace tidegate::llm::anthropic {
namespace {

AnswerFacts read_stream(std::string_view stream) {
  StreamReader reader;
  reader.feed(stream);
  return reader.facts();
}

auto tie(const AnswerFacts& facts) {
  return std::tie(facts.usage, facts.id, facts.model, facts.stop_reason, facts.container, facts.content_started,
                  facts.finished, facts.output_characters, facts.error);
}

constexpr std::string_view kStart =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-opus-5-5\",\"content\":[],"
    "\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":4000,\"cache_"
    "creation\":"
    "{\"ephemeral_5m_input_tokens\":200,\"ephemeral_1h_input_tokens\":100},\"output_tokens\":1,\"service_tier\":"
    "\"standard\","
    "\"speed\":\"fast\",\"inference_geo\":\"us\"}}}\n\n";

std::string delta_event(std::string_view usage) {
  return "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":" +
         std::string(usage) + "}\n\n";
}

TEST(AnthropicStream, ReadsARecordedStream) {
  const AnswerFacts facts = read_stream(corpus_file("answers/anthropic_stream_thinking.sse"));
  EXPECT_EQ(facts.id, "msg_mock000422");
  EXPECT_EQ(facts.model, "claude-haiku-4-5");
  EXPECT_EQ(facts.stop_reason, "end_turn");
  EXPECT_TRUE(facts.content_started);
  EXPECT_TRUE(facts.finished);
  EXPECT_TRUE(facts.usage.complete);
  EXPECT_EQ(facts.usage.tokens, (TokenCounts{1200, 4500, 200, 100, 37, 0}));
  EXPECT_EQ(facts.usage.service_tier, "standard");
  EXPECT_EQ(facts.usage.inference_geo, "global");
  // The texts, without the signature.
  EXPECT_EQ(facts.output_characters,
            static_cast<std::int64_t>(std::string_view("Mock thinking step.Hello from mock.").size()));
  EXPECT_EQ(facts.error, UpstreamError{});
}

TEST(AnthropicStream, ReadsTheSameHoweverTheBytesAreCut) {
  for (const char* name :
       {"answers/anthropic_stream.sse", "answers/anthropic_stream_tool_use.sse", "answers/claude_code_tool_turn.sse"}) {
    const std::string stream = corpus_file(name);
    const AnswerFacts whole = read_stream(stream);
    EXPECT_TRUE(whole.finished);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      StreamReader reader;
      reader.feed(std::string_view(stream).substr(0, cut));
      reader.feed(std::string_view(stream).substr(cut));
      ASSERT_EQ(tie(reader.facts()), tie(whole)) << name << " cut at " << cut;
    }
    StreamReader reader;
    for (const char c : stream) reader.feed(std::string_view(&c, 1));
    ASSERT_EQ(tie(reader.facts()), tie(whole)) << name;
  }
}

TEST(AnthropicStream, LetsTheDeltaOverwriteAndNeverAdds) {
  const AnswerFacts facts = read_stream(std::string(kStart) + delta_event(R"({"output_tokens":5})") +
                                        delta_event(R"({"input_tokens":10682,"output_tokens":510})"));
  EXPECT_EQ(facts.usage.tokens, (TokenCounts{10682, 4000, 200, 100, 510, 0}));
}

TEST(AnthropicStream, KeepsFromTheStartWhatTheDeltaLacksOrSaysAsNull) {
  const AnswerFacts facts = read_stream(
      std::string(kStart) +
      delta_event(
          R"({"input_tokens":null,"cache_read_input_tokens":null,"cache_creation_input_tokens":null,"output_tokens":7})"));
  EXPECT_EQ(facts.usage.tokens, (TokenCounts{10, 4000, 200, 100, 7, 0}));
  EXPECT_EQ(facts.usage.service_tier, "standard");
  EXPECT_EQ(facts.usage.speed, "fast");
  EXPECT_EQ(facts.usage.inference_geo, "us");
}

TEST(AnthropicStream, TakesTheExcessOfCacheWritesAsFiveMinuteWrites) {
  EXPECT_EQ(read_stream(std::string(kStart) + delta_event(R"({"cache_creation_input_tokens":350,"output_tokens":7})"))
                .usage.tokens,
            (TokenCounts{10, 4000, 250, 100, 7, 0}));
  EXPECT_EQ(read_stream(std::string(kStart) + delta_event(R"({"cache_creation_input_tokens":60,"output_tokens":7})"))
                .usage.tokens,
            (TokenCounts{10, 4000, 0, 60, 7, 0}));
}

TEST(AnthropicStream, TakesUnsplitCacheWritesOfARelayAsFiveMinuteWrites) {
  const AnswerFacts facts = read_stream(
      "event: message_start\ndata: "
      "{\"message\":{\"usage\":{\"input_tokens\":1,\"cache_creation_input_tokens\":9}}}\n\n" +
      delta_event(R"({"output_tokens":2})"));
  EXPECT_EQ(facts.usage.tokens, (TokenCounts{1, 0, 9, 0, 2, 0}));
}

TEST(AnthropicStream, ReadsIterationsServerToolsAndThinking) {
  const AnswerFacts facts = read_stream(
      std::string(kStart) +
      delta_event(
          R"({"output_tokens":50,"output_tokens_details":{"thinking_tokens":20},"server_tool_use":{"web_search_requests":2,)"
          R"("web_fetch_requests":1,"code_execution_requests":3},"iterations":[{"type":"message","model":null,"input_tokens":5,)"
          R"("output_tokens":6,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_1h_input_tokens":7}},)"
          R"({"type":"advisor_message","model":"claude-opus-5","input_tokens":1,"output_tokens":2},{"type":"compaction"},)"
          R"({"type":"fallback_message","model":"claude-haiku-5-5","output_tokens":3},{"type":"new"}]})"));
  EXPECT_EQ(facts.usage.tokens.reasoning, 20);
  EXPECT_EQ(facts.usage.web_search_requests, 2);
  EXPECT_EQ(facts.usage.web_fetch_requests, 1);
  EXPECT_EQ(facts.usage.code_execution_requests, 3);
  using IterationKind = UsageIteration::Kind;
  EXPECT_EQ(facts.usage.iterations,
            (std::vector<UsageIteration>{{IterationKind::Message, "", {5, 0, 0, 7, 6, 0}},
                                         {IterationKind::Advisor, "claude-opus-5", {1, 0, 0, 0, 2, 0}},
                                         {IterationKind::Compaction, "", {}},
                                         {IterationKind::Fallback, "claude-haiku-5-5", {0, 0, 0, 0, 3, 0}},
                                         {IterationKind::Unknown, "", {}}}));
}

TEST(AnthropicStream, ReadsAnErrorInMidStreamAndThatTheEndIsMissing) {
  const AnswerFacts facts =
      read_stream(std::string(kStart) +
                  "event: content_block_delta\ndata: "
                  "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
                  "\"twelve bytes\"}}\n\nevent: error\ndata: "
                  "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n");
  EXPECT_EQ(facts.error, (UpstreamError{UpstreamErrorKind::MidStream, "overloaded_error", "", "Overloaded"}));
  EXPECT_FALSE(facts.finished);
  EXPECT_FALSE(facts.usage.complete);
  EXPECT_TRUE(facts.usage.seen);
  EXPECT_EQ(estimate_output_tokens(facts), 3);
  AnswerFacts estimated = facts;
  estimate_missing_usage(estimated);
  EXPECT_EQ(estimated.usage.tokens.output, 3);
  EXPECT_TRUE(estimated.usage.estimated);
}

TEST(AnthropicAnswer, EstimatesWhatABrokenAnswerHasCost) {
  JsonReader reader;
  reader.feed(R"({"id":"msg_1","model":"claude-haiku-4-5","content":[{"type":"text","text":"fourteen bytes)");
  AnswerFacts facts = reader.facts();
  EXPECT_TRUE(facts.content_started);
  EXPECT_FALSE(facts.finished);
  estimate_missing_usage(facts);
  EXPECT_GE(facts.usage.tokens.output, 4);
  EXPECT_TRUE(facts.usage.estimated);
}

TEST(AnthropicStream, NamesTheModelThatAFallbackBlockNames) {
  const AnswerFacts facts =
      read_stream(std::string(kStart) +
                  "event: content_block_start\ndata: "
                  "{\"content_block\":{\"type\":\"fallback\",\"from\":{\"model\":\"a\"},\"to\":{\"model\":"
                  "\"claude-sonnet-5-5\"}}}\n\n");
  EXPECT_EQ(facts.model, "claude-sonnet-5-5");
  EXPECT_FALSE(facts.content_started);
}

TEST(AnthropicStream, ToleratesUnknownEventsPingsAndNamelessEvents) {
  const AnswerFacts facts = read_stream(
      "event: ping\ndata: {\"type\":\"ping\"}\n\nevent: brand_new\ndata: ?\n\ndata: "
      "{\"type\":\"message_start\",\"message\":"
      "{\"id\":\"m\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n");
  EXPECT_EQ(facts.id, "m");
  EXPECT_TRUE(facts.finished);
}

TEST(AnthropicStream, CountsADeltaTheSameInWhateverOrderItsMembersCome) {
  const auto characters = [](std::string_view data) {
    return read_stream("event: content_block_delta\ndata: " + std::string(data) + "\n\n").output_characters;
  };
  EXPECT_EQ(characters(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\"b"}})"), 4);
  EXPECT_EQ(
      characters(R"({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a\"b"}})"), 4);
  EXPECT_EQ(characters(R"({"delta":{"text":"a\"b","type":"text_delta"},"index":0,"type":"content_block_delta"})"), 4);
  EXPECT_EQ(characters(R"({"type":"content_block_delta","index":0,"delta":{"text":"a\"b","type":"text_delta"}})"), 4);
  EXPECT_EQ(
      characters(
          R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}})"),
      6);
  EXPECT_EQ(
      characters(
          R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","estimated_tokens":5,"thinking":"abc"}})"),
      3);
  EXPECT_EQ(
      characters(R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"abc"}})"),
      0);
  EXPECT_EQ(
      characters(R"({"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"a":"b"}}})"),
      0);
  EXPECT_EQ(characters(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text)"), 0);
}

TEST(AnthropicStream, MarksWhatIsTiedToItsMaker) {
  const std::string stream =
      std::string(kStart) +
      R"(event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"\"signature\":\"no\""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Sig"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"nature=="}}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"Redacted"}}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"signature_delta","signature":"Second"}}

)" + delta_event(R"({"output_tokens":2})");
  for (std::size_t piece = 1; piece <= 200; piece += 7) {
    StreamReader reader(true);
    for (std::size_t at = 0; at < stream.size(); at += piece) reader.feed(std::string_view(stream).substr(at, piece));
    EXPECT_EQ(reader.facts().state_marks,
              (std::vector<std::uint64_t>{json::state_mark("Signature=="), json::state_mark("Redacted"), json::state_mark("Second")}))
        << "in pieces of " << piece;
  }
  EXPECT_TRUE(read_stream(stream).state_marks.empty()) << "nobody asked";
}

TEST(AnthropicAnswer, MarksWhatIsTiedToItsMaker) {
  const std::string answer = R"({"id":"msg_1","type":"message","content":[{"type":"thinking","thinking":"hm","signature":"Sig\/1"},)"
                             R"({"type":"text","text":"Hello"}],"usage":{"input_tokens":1,"output_tokens":2}})";
  for (const std::size_t piece : {answer.size(), std::size_t{1}, std::size_t{40}}) {
    JsonReader reader(true);
    for (std::size_t at = 0; at < answer.size(); at += piece) reader.feed(std::string_view(answer).substr(at, piece));
    EXPECT_EQ(reader.facts().state_marks, (std::vector<std::uint64_t>{json::state_mark("Sig/1")})) << "in pieces of " << piece;
    EXPECT_EQ(reader.facts().usage.tokens.output, 2);
  }
}

TEST(AnthropicAnswer, ReadsARecordedMessage) {
  const AnswerFacts facts = read_json_answer(corpus_file("answers/anthropic_message.json"));
  EXPECT_EQ(facts.model, "claude-haiku-4-5");
  EXPECT_EQ(facts.stop_reason, "end_turn");
  EXPECT_EQ(facts.usage.tokens, (TokenCounts{1200, 4500, 200, 100, 37, 0}));
  EXPECT_TRUE(facts.usage.complete);
  EXPECT_TRUE(facts.finished);
  EXPECT_TRUE(facts.content_started);
  EXPECT_TRUE(is_charged(facts));
}

TEST(AnthropicAnswer, ReadsTheSameByteByByte) {
  const std::string body = corpus_file("answers/anthropic_message_tool_use.json");
  JsonReader reader;
  for (const char c : body) reader.feed(std::string_view(&c, 1));
  EXPECT_EQ(tie(reader.facts()), tie(read_json_answer(body)));
  EXPECT_EQ(reader.facts().stop_reason, "tool_use");
}

TEST(AnthropicAnswer, ReadsTheSameAsAWholeAndInPieces) {
  const std::string long_id(300, 'i');
  for (
      const std::string& body : {
          std::string(
              R"({"id":"m","content":[{"type":"text","text":"a } \" b"} , 1 ],"usage":{"input_tokens":1,"output_tokens":2}})"),
          std::string("{ \"content\" : [ ] , \"usage\" : { \"output_tokens\" : 2 } }\n"),
          std::string(R"({"content":"text","content":[],"usage":{"output_tokens":2}})"),
          std::string(R"({"error":{"type":"overloaded_error","message":"m"}})"),
          std::string(R"({"error":null,"id":"m"})"),
          std::string(R"({"id":")") + long_id + R"(","model":"x"})",
          std::string(R"({"id":"m","stop_reason":null,"container":{"id":"c"},"other":{"usage":1}} trailing)"),
          std::string(R"({"id":"m",,"model":"x"})"),
          std::string(R"({"id":"m","content":[}],"usage":{"output_tokens":2}})"),
          std::string(R"({"us\u0061ge":{"output_tokens":7},"id":"\u00e9"})"),
          std::string("[]}"),
          std::string("}"),
      }) {
    JsonReader reader;
    for (const char c : body) reader.feed(std::string_view(&c, 1));
    EXPECT_EQ(tie(reader.facts()), tie(read_json_answer(body))) << body;
  }
}

TEST(AnthropicAnswer, SeesARefusalWithoutContentAsNotCharged) {
  EXPECT_FALSE(is_charged(read_json_answer(
      R"({"id":"m","model":"x","content": [ ] ,"stop_reason":"refusal","usage":{"input_tokens":9,"output_tokens":1}})")));
  EXPECT_TRUE(is_charged(read_json_answer(
      R"({"id":"m","model":"x","content":[{"type":"text","text":"No"}],"stop_reason":"refusal","usage":{"input_tokens":9}})")));
}

TEST(AnthropicAnswer, IsNotFinishedWhenItIsCutOff) {
  const AnswerFacts facts = read_json_answer(R"({"id":"m","usage":{"input_tokens":9})");
  EXPECT_FALSE(facts.finished);
  EXPECT_FALSE(facts.usage.seen);
}

TEST(AnthropicRequest, ReadsARecordedRequestOfClaudeCode) {
  const RequestView view = read_request(corpus_file("requests/claude_code.json"));
  EXPECT_TRUE(view.readable);
  EXPECT_EQ(view.model, "claude-opus-5-5");
  EXPECT_EQ(view.max_tokens, 128000);
  EXPECT_TRUE(view.stream);
  EXPECT_TRUE(view.has_tools);
  EXPECT_EQ(view.cache_markers, 3);
  EXPECT_EQ(view.session, "00000000-0000-4000-8000-000000000001");
  EXPECT_FALSE(view.ties.any());
}

}  // namespace
}  // namespace tidegate::llm::anthropic
