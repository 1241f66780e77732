// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/sim_server.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::sim {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> event_names(std::string_view body) {
  std::vector<std::string> names;
  for (std::size_t at = body.find("event: "); at != std::string_view::npos; at = body.find("event: ", at + 1)) {
    const std::string name(body.substr(at + 7, body.find('\n', at) - at - 7));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

TEST_F(SimServer, AnswersAMessageWithUsageIdentityAndLimits) {
  const Received received = client_.request("POST", "/v1/messages?beta=true", kHi, kAnthropic);
  EXPECT_EQ(received.status, 200);
  EXPECT_THAT(received.header("request-id"), StartsWith("req_"));
  EXPECT_EQ(received.header("anthropic-organization-id"), "org-sim");
  EXPECT_EQ(received.header("anthropic-ratelimit-requests-remaining"), "9999");
  EXPECT_EQ(received.header("anthropic-ratelimit-output-tokens-limit"), "2000000");
  EXPECT_EQ(received.header("anthropic-ratelimit-input-tokens-reset"), "2026-11-23T10:00:00Z");
  const json::value body = json::parse(received.body);
  EXPECT_EQ(body.at("content").at(0).at("type"), "text");
  EXPECT_THAT(std::string(body.at("content").at(0).at("text").get_string()), StartsWith("Hello from the simulator."));
  EXPECT_EQ(body.at("usage").at("output_tokens"), 12);
  EXPECT_EQ(body.at("stop_reason"), "end_turn");
  EXPECT_EQ(client_.request("POST", "/v1/messages", kHi, kAnthropic).status, 200);  // on the same connection
  EXPECT_EQ(stats().at("charged"), 2);
}

TEST_F(SimServer, TellsATracedCallerItsOwnSpan) {
  const Received traced = message(kHi, "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
  EXPECT_THAT(traced.header("traceresponse"),
              testing::MatchesRegex("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]+-01"));
  EXPECT_EQ(traced.header("traceresponse").size(), 55U);
  EXPECT_EQ(message().header("traceresponse"), "");
  EXPECT_EQ(message(kHi, "traceparent: 00-short\r\n").header("traceresponse"), "");
}

TEST_F(SimServer, StreamsAMessageInTheProvidersOrder) {
  const Received received = message(kHiStreamed);
  EXPECT_THAT(received.header("content-type"), StartsWith("text/event-stream"));
  EXPECT_TRUE(received.is_complete);
  EXPECT_THAT(event_names(received.body),
              testing::ElementsAre("message_start", "content_block_start", "ping", "content_block_delta",
                                   "content_block_stop", "message_delta", "message_stop"));
  EXPECT_THAT(
      received.body,
      HasSubstr(
          R"("usage":{"input_tokens":4,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":12})"));
}

TEST_F(SimServer, StreamsThinkingToolUseAndCitations) {
  const Received tool = message(
      R"({"model":"claude-haiku-4-5","max_tokens":100,"stream":true,"thinking":{"type":"enabled","budget_tokens":50},)"
      R"("messages":[{"role":"user","content":"USE_TOOL get_weather {\"city\":\"Paris\"}"}],)"
      R"("tools":[{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}]})");
  for (const char* part : {"thinking_delta", "signature_delta", "text_delta", "input_json_delta",
                           R"("stop_reason":"tool_use")", "is\\\"}"}) {
    EXPECT_THAT(tool.body, HasSubstr(part));  // the input's last piece among them: it is cut into deltas
  }
  const Received cited = message(
      R"({"model":"claude-haiku-4-5","max_tokens":100,"stream":true,"messages":[{"role":"user","content":[{"type":"document",)"
      R"("source":{"type":"text","media_type":"text/plain","data":"tides"},"citations":{"enabled":true}},{"type":"text","text":"hi"}]}]})");
  EXPECT_THAT(cited.body, HasSubstr("citations_delta"));
}

TEST_F(SimServer, AnswersChatCompletionsWholeAndStreamedWithUsageWhereAsked) {
  constexpr std::string_view chat = R"({"model":"gpt-4.1-mini","messages":[{"role":"user","content":"hi"}]})";
  const Received whole = post("/v1/chat/completions", chat, kOpenAi);
  EXPECT_THAT(whole.header("x-request-id"), StartsWith("req_"));
  EXPECT_EQ(whole.header("x-ratelimit-reset-requests"), "6ms");
  EXPECT_EQ(json::parse(whole.body).at("usage").at("total_tokens"), 19);
  const Received streamed =
      post("/v1/chat/completions",
           R"({"model":"gpt-4.1-mini","stream":true,"messages":[{"role":"user","content":"hi"}]})", kOpenAi);
  EXPECT_THAT(streamed.body, Not(HasSubstr("usage")));
  EXPECT_TRUE(streamed.body.ends_with("data: [DONE]\n\n"));
  const Received counted = post(
      "/v1/chat/completions",
      R"({"model":"gpt-4.1-mini","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]})",
      kOpenAi);
  EXPECT_THAT(counted.body, HasSubstr(R"("choices":[],"usage":{"prompt_tokens":7,"completion_tokens":12)"));
}

TEST_F(SimServer, AnswersResponsesAndTiesThemToEarlierOnes) {
  const Received first = post("/v1/responses", R"({"model":"gpt-5.1","input":"hi"})", kOpenAi);
  const std::string id(json::parse(first.body).at("id").get_string());
  const Received second =
      post("/v1/responses",
           fmt::format(R"({{"model":"gpt-5.1","input":"hi","stream":true,"previous_response_id":"{}"}})", id), kOpenAi);
  EXPECT_THAT(event_names(second.body).back(), "response.completed");
  const Received unknown =
      post("/v1/responses", R"({"model":"gpt-5.1","input":"hi","previous_response_id":"resp_no"})", kOpenAi);
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(error_of(unknown).at("code"), "previous_response_not_found");
}

TEST_F(SimServer, CompressesJsonOfSomeSizeForWhoAcceptsIt) {
  const std::string accepts = fmt::format("{}accept-encoding: gzip, deflate\r\n", kAnthropic);
  const Received plain = get("/v1/models", kAnthropic);
  const Received small = get("/v1/models", accepts);
  EXPECT_EQ(small.header("content-encoding"), "gzip");
  EXPECT_THAT(small.body, StartsWith("\x1f\x8b"));
  EXPECT_LT(small.body.size(), plain.body.size());
  EXPECT_EQ(plain.header("content-encoding"), "");
  EXPECT_EQ(post("/v1/messages", kHi, accepts).header("content-encoding"), "gzip");
  EXPECT_EQ(post("/v1/messages", kHi, fmt::format("{}accept-encoding: identity\r\n", kAnthropic)).header("content-encoding"), "");
  EXPECT_EQ(post("/v1/messages", kHiStreamed, accepts).header("content-encoding"), "");
  EXPECT_EQ(get("/api/hello", accepts).header("content-encoding"), "");
}

TEST_F(SimServer, AnswersEmbeddingsModelsCountsAndProbes) {
  EXPECT_THAT(post("/v1/embeddings", R"({"model":"text-embedding-3-small","input":["a","b"]})", kOpenAi).body,
              HasSubstr(R"("index":1)"));
  EXPECT_THAT(get("/v1/models?limit=1000", kAnthropic).body, HasSubstr("display_name"));
  EXPECT_THAT(get("/v1/models", kOpenAi).body, HasSubstr(R"("object":"list")"));
  EXPECT_THAT(get("/v1/models/claude-opus-5-5", kAnthropic).body, HasSubstr(R"("lifecycle":"active")"));
  EXPECT_EQ(get("/v1/models/claude-none", kAnthropic).status, 404);
  EXPECT_EQ(post("/v1/messages/count_tokens", kHi, kAnthropic).body, R"({"input_tokens":4})");
  EXPECT_EQ(client_.request("HEAD", "/api/hello", {}, {}).status, 200);
  EXPECT_EQ(get("/v1/responses", fmt::format("{}connection: Upgrade\r\nupgrade: websocket\r\n", kOpenAi)).status, 426);
  EXPECT_EQ(get("/v1/unknown", kAnthropic).status, 404);
}

TEST_F(SimServer, SaysWhatIsWrongWithARequest) {
  struct Row {
    std::string_view body;
    int status;
    std::string_view message;
  };
  const Row rows[] = {
      {R"({"model":"claude-haiku-4-5","messages":[{"role":"user","content":"hi"}]})", 400,
       "max_tokens: Field required"},
      {R"({"model":"claude-haiku-4-5","max_tokens":5})", 400, "messages: Field required"},
      {R"({"max_tokens":5,"messages":[]})", 400, "model: Field required"},
      {R"({"model":"llama-3","max_tokens":5,"messages":[{"role":"user","content":"hi"}]})", 404, "model: llama-3"},
      {R"({"model":)", 400, "not valid JSON"},
      {R"([])", 400, "not a JSON object"},
  };
  for (const Row& row : rows) {
    const Received received = message(row.body);
    EXPECT_EQ(received.status, row.status) << row.body;
    EXPECT_THAT(received.body, HasSubstr(std::string(row.message)));
    EXPECT_THAT(received.body, HasSubstr(R"("request_id":"req_)"));
  }
  EXPECT_EQ(post("/v1/messages", kHi, "anthropic-version: 2023-06-01\r\n").status, 401);
  EXPECT_THAT(post("/v1/messages", kHi, "x-api-key: k\r\n").body, HasSubstr("anthropic-version: header is required"));
  constexpr std::string_view warm =
      R"({"model":"claude-haiku-4-5","max_tokens":5,"temperature":1,"messages":[{"role":"user","content":"hi"}]})";
  EXPECT_EQ(post("/v1/messages", warm, "x-api-key: k\r\nanthropic-version: 2026-10-21\r\n").status, 400);
  EXPECT_EQ(message(warm).status, 200);  // the older version still takes it
}

TEST_F(SimServer, ReadsAndWritesThePromptCache) {
  const std::string system(8000, 'x');
  const std::string body = fmt::format(
      R"({{"model":"claude-sonnet-4-6","max_tokens":10,"system":[{{"type":"text","text":"{}","cache_control":{{"type":"ephemeral","ttl":"1h"}}}}],)"
      R"("messages":[{{"role":"user","content":"hi"}}]}})",
      system);
  const json::value first = json::parse(message(body).body).at("usage");
  EXPECT_EQ(first.at("cache_creation").at("ephemeral_1h_input_tokens"), 2000);
  EXPECT_EQ(first.at("input_tokens"), 4);
  clock_.advance(std::chrono::minutes(59));
  EXPECT_EQ(json::parse(message(body).body).at("usage").at("cache_read_input_tokens"), 2000);
  clock_.advance(std::chrono::minutes(61));
  EXPECT_EQ(json::parse(message(body).body).at("usage").at("cache_read_input_tokens"), 0);
}

TEST_F(SimServer, ForcesEveryRefusalOfTheBook) {
  struct Row {
    std::string_view fault;
    int status;
    std::string_view type, code, retry_after;
  };
  const Row rows[] = {
      {"rate", 429, "rate_limit_error", "", "5"},
      {"429", 429, "rate_limit_error", "", "5"},
      {"concurrency", 429, "rate_limit_error", "", "1"},
      {"billing", 402, "billing_error", "", ""},
      {"400", 400, "invalid_request_error", "", ""},
      {"404", 404, "not_found_error", "", ""},
      {"503", 503, "api_error", "", ""},
      {"rate=17", 429, "rate_limit_error", "", "17"},
      {"ramp", 429, "rate_limit_error", "ramp_limit_exceeded", "10"},
      {"tier_cap", 429, "rate_limit_error", "enforced_spend_limit_reached", ""},
      {"contract_cap", 429, "rate_limit_error", "contract_spend_limit_reached", ""},
      {"own_limit", 400, "invalid_request_error", "", ""},
      {"workspace_limit", 400, "invalid_request_error", "", ""},
      {"402", 402, "billing_error", "", ""},
      {"401", 401, "authentication_error", "invalid_api_key", ""},
      {"403", 403, "permission_error", "", ""},
      {"413", 413, "request_too_large", "", ""},
      {"500", 500, "api_error", "", ""},
      {"504", 504, "timeout_error", "", ""},
      {"529", 529, "overloaded_error", "", ""},
  };
  for (const Row& row : rows) {
    const Received received = faulty(row.fault);
    EXPECT_EQ(received.status, row.status) << row.fault;
    EXPECT_EQ(error_of(received).at("type"), json::string_view(row.type.data(), row.type.size())) << row.fault;
    EXPECT_THAT(received.body, HasSubstr(std::string(row.code)));
    EXPECT_EQ(received.header("retry-after"), row.retry_after) << row.fault;
  }
  EXPECT_THAT(faulty("502").header("content-type"), "text/html");
  EXPECT_THAT(faulty("frobnicate").body, HasSubstr("no fault 'frobnicate'"));
  EXPECT_EQ(stats().at("charged"), 0);
}

TEST_F(SimServer, TellsHowALimitStandsWhereItIsMadeToRefuse) {
  for (const std::string_view fault : {"rate", "429", "ramp", "concurrency", "tier_cap"}) {
    EXPECT_EQ(faulty(fault).header("anthropic-ratelimit-requests-remaining"), "10000") << fault;
  }
  for (const std::string_view fault : {"529", "500", "400", "rate, no_rate_headers"}) {
    EXPECT_EQ(faulty(fault).header("anthropic-ratelimit-requests-remaining"), "") << fault;
  }
  EXPECT_EQ(faulty("rate", "{").header("anthropic-ratelimit-requests-remaining"), "");
  EXPECT_EQ(
      get("/v1/files", fmt::format("{}x-sim-fault: rate\r\n", kAnthropic)).header("anthropic-ratelimit-requests-limit"),
      "500");
}

TEST_F(SimServer, RefusesWhatLaterModelsAndUnknownVersionsDoNotTake) {
  const auto prefilled = [this](std::string_view model, std::string_view content) {
    return message(fmt::format(
        R"({{"model":"{}","max_tokens":5,"messages":[{{"role":"user","content":"hi"}},{{"role":"assistant","content":{}}}]}})",
        model, content));
  };
  for (const std::string_view content : {R"("And")", R"([{"type":"text","text":"And"}])"}) {
    EXPECT_THAT(prefilled("claude-opus-4-6", content).body, HasSubstr("does not support assistant message prefill"));
    EXPECT_EQ(prefilled("claude-opus-5-5", content).status, 400);
    EXPECT_EQ(prefilled("claude-haiku-4-5", content).status, 200);
  }
  EXPECT_EQ(
      prefilled("claude-opus-5-5", R"([{"type":"server_tool_use","id":"s","name":"web_search","input":{}}])").status,
      200);
  const auto thinking = [this](std::string_view model, std::string_view type) {
    return message(fmt::format(
        R"({{"model":"{}","max_tokens":5,"thinking":{{"type":"{}","budget_tokens":4}},"messages":[{{"role":"user","content":"hi"}}]}})",
        model, type));
  };
  EXPECT_THAT(thinking("claude-opus-4-7", "enabled").body, HasSubstr("is not supported for this model"));
  EXPECT_EQ(thinking("claude-opus-4-6", "enabled").status, 200);
  EXPECT_EQ(thinking("claude-opus-4-7", "adaptive").status, 200);
  const Received version = post("/v1/messages", kHi, "x-api-key: k\r\nanthropic-version: 2099-01-01\r\n");
  EXPECT_EQ(version.status, 400);
  EXPECT_THAT(version.body, HasSubstr(R"(\"2099-01-01\" is not a valid version)"));
}

TEST_F(SimServer, BreaksStreamsInEveryWay) {
  const Received error = faulty("error_event", kHiStreamed);
  EXPECT_TRUE(error.is_complete);
  EXPECT_THAT(error.body, HasSubstr(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"));
  EXPECT_THAT(error.body, Not(HasSubstr("message_stop")));

  const Received truncated = faulty("truncate=3", kHiStreamed);
  EXPECT_TRUE(truncated.is_complete);
  EXPECT_THAT(event_names(truncated.body), testing::ElementsAre("message_start", "content_block_start", "ping"));

  const Received cut = faulty("cut=4", kHiStreamed);
  EXPECT_FALSE(cut.is_complete);
  EXPECT_FALSE(cut.was_reset);
  EXPECT_THAT(cut.body, HasSubstr("content_block_delta"));

  EXPECT_TRUE(faulty("reset_mid_stream=4", kHiStreamed).was_reset);
  EXPECT_THAT(faulty("garbage_body", kHiStreamed).body, HasSubstr("<<not json"));
  EXPECT_TRUE(faulty("split", kHiStreamed).body.ends_with("\"message_stop\"}\n\n"));
  const Received delimited = faulty("close_delimited", kHiStreamed);
  EXPECT_EQ(delimited.header("transfer-encoding"), "");
  EXPECT_THAT(delimited.body, HasSubstr("message_stop"));

  const json::array charges = stats().at("charges").get_array();
  ASSERT_EQ(charges.size(), 7U);
  EXPECT_EQ(charges[0].at("outcome"), "interrupted");
  EXPECT_EQ(charges[2].at("output_tokens"), 3);  // one delta of three tokens went out before the cut
  EXPECT_EQ(charges[5].at("outcome"), "completed");
}

TEST_F(SimServer, BreaksWholeAnswersInEveryWay) {
  EXPECT_EQ(faulty("reset_before_head").status, 0);
  EXPECT_EQ(faulty("close_before_head").status, 0);
  EXPECT_TRUE(faulty("reset_after_head").body.empty());
  const Received half = faulty("short_body");
  EXPECT_FALSE(half.is_complete);
  EXPECT_FALSE(half.body.empty());
  EXPECT_THAT(faulty("garbage_head").head, StartsWith("HTTP/9.9 banana"));
  EXPECT_THAT(faulty("garbage_body").body, HasSubstr("<<not json"));
  EXPECT_EQ(faulty("no_rate_headers").header("anthropic-ratelimit-requests-limit"), "");
}

TEST_F(SimServer, DripsAndStallsAsLongAsItIsTold) {
  const Received dripped = faulty("drip=0", kHiStreamed);
  EXPECT_TRUE(dripped.is_complete);
  EXPECT_TRUE(dripped.body.ends_with("\"message_stop\"}\n\n"));
  for (const std::string_view body : {kHi, kHiStreamed}) {
    const Received stalled = faulty("stall_mid_stream=0.01", body);
    EXPECT_TRUE(stalled.is_complete);
    EXPECT_EQ(stalled.status, 200);
  }
  EXPECT_EQ(faulty("stall_before_head=0.01").status, 200);
  EXPECT_EQ(stats().at("charged"), 4);
}

TEST_F(SimServer, BreaksOpenAiStreamsInTheirOwnWords) {
  constexpr std::string_view chat =
      R"({"model":"gpt-4.1-mini","stream":true,"messages":[{"role":"user","content":"hi"}]})";
  const Received broken = post("/v1/chat/completions", chat, fmt::format("{}x-sim-fault: error_event\r\n", kOpenAi));
  EXPECT_THAT(broken.body, HasSubstr(R"(data: {"error":{)"));
  EXPECT_THAT(broken.body, Not(HasSubstr("[DONE]")));
  const Received failed = post("/v1/responses", R"({"model":"gpt-5.1","stream":true,"input":"hi"})",
                               fmt::format("{}x-sim-fault: error_event\r\n", kOpenAi));
  EXPECT_THAT(failed.body, Not(HasSubstr("response.completed")));
  const Received limited = post("/v1/chat/completions", chat, fmt::format("{}x-sim-fault: rate=7\r\n", kOpenAi));
  EXPECT_EQ(limited.header("retry-after"), "7");
  EXPECT_EQ(error_of(limited).at("message").is_string(), true);
}

TEST_F(SimServer, CallsToolsInBothOpenAiForms) {
  const Received chat =
      post("/v1/chat/completions",
           R"({"model":"gpt-4.1-mini","messages":[{"role":"user","content":"USE_TOOL now {}"}],)"
           R"("tools":[{"type":"function","function":{"name":"now","parameters":{"type":"object"}}}]})",
           kOpenAi);
  EXPECT_EQ(json::parse(chat.body).at("choices").at(0).at("finish_reason"), "tool_calls");
  const Received response = post(
      "/v1/responses",
      R"({"model":"gpt-5.1","input":"USE_TOOL now {}","tools":[{"type":"function","name":"now","parameters":{"type":"object"}}]})",
      kOpenAi);
  EXPECT_THAT(response.body, HasSubstr(R"("type":"function_call")"));
}

TEST_F(SimServer, FollowsItsFaultScheduleAndRules) {
  ASSERT_TRUE(server_.set_faults("", "30s+60s:529"));
  EXPECT_EQ(message().status, 200);
  clock_.advance(std::chrono::seconds(30));
  EXPECT_EQ(message().status, 529);
  EXPECT_EQ(message(kHi, "x-sim-fault: none\r\n").status, 200);
  clock_.advance(std::chrono::seconds(60));
  EXPECT_EQ(message().status, 200);
  EXPECT_EQ(post("/sim/faults", R"({"faults":["500:0.5"]})", {}).status, 200);
  int failed = 0;
  for (int i = 0; i < 100; ++i) failed += message().status == 500 ? 1 : 0;
  EXPECT_GT(failed, 25);
  EXPECT_LT(failed, 75);
  EXPECT_EQ(client_.request("DELETE", "/sim/faults", {}, {}).status, 200);
  EXPECT_EQ(message().status, 200);
  EXPECT_EQ(post("/sim/faults", R"({"faults":["nothing"]})", {}).status, 400);
}

TEST_F(SimServer, RunsABatchToItsResultsAtItsOwnOrigin) {
  const Received created =
      post("/v1/messages/batches",
           fmt::format(R"({{"requests":[{{"custom_id":"a","params":{}}},{{"custom_id":"b","params":{{}}}}]}})", kHi),
           kAnthropic);
  const std::string id(json::parse(created.body).at("id").get_string());
  const json::value batch = json::parse(get("/v1/messages/batches/" + id, kAnthropic).body);
  EXPECT_EQ(batch.at("processing_status"), "ended");
  EXPECT_EQ(batch.at("request_counts").at("succeeded"), 1);
  EXPECT_EQ(batch.at("request_counts").at("errored"), 1);
  const std::string url(batch.at("results_url").get_string());
  ASSERT_THAT(url, StartsWith(server_.url() + "/v1/messages/batches/"));
  const Received results = get(url.substr(server_.url().size()), kAnthropic);
  EXPECT_THAT(results.body, HasSubstr(R"({"custom_id":"a","result":{"type":"succeeded")"));
  EXPECT_EQ(std::count(results.body.begin(), results.body.end(), '\n'), 2);
  EXPECT_EQ(get("/v1/messages/batches/" + id, "x-api-key: k@other\r\nanthropic-version: 2023-06-01\r\n").status, 404);
}

TEST_F(SimServer, KeepsFilesByteForByte) {
  const std::string content("a\r\n\0b", 5);
  const std::string form =
      "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n" +
      content + "\r\n--XX--\r\n";
  const Received uploaded =
      post("/v1/files", form, fmt::format("{}content-type: multipart/form-data; boundary=XX\r\n", kAnthropic));
  const json::value file = json::parse(uploaded.body);
  EXPECT_EQ(file.at("mime_type"), "text/plain");
  EXPECT_EQ(file.at("size_bytes"), 5);
  const std::string path = "/v1/files/" + std::string(file.at("id").get_string());
  EXPECT_EQ(get(path + "/content", kAnthropic).body, content);
  EXPECT_THAT(get("/v1/files", kAnthropic).body, HasSubstr("a.txt"));
  EXPECT_THAT(client_.request("DELETE", path, {}, kAnthropic).body, HasSubstr("file_deleted"));
  EXPECT_EQ(get(path, kAnthropic).status, 404);
}

/// Real latency: a first token after a while, then one piece after the other.
class SlowSimServer : public SimServer {
 protected:
  static Options slow() {
    Options options = instant();
    options.limits = *preset_limits("tier1");
    return options;
  }
  SlowSimServer() : SimServer(slow()) {}
};

TEST_F(SimServer, AnswersAtTheLengthThatTheTextAsksFor) {
  const Received answer = message(
      R"({"model":"claude-haiku-4-5","max_tokens":100,"messages":[{"role":"user","content":"ANSWER_TOKENS 37 please"}]})");
  EXPECT_EQ(json::parse(answer.body).at("usage").at("output_tokens"), 37);
}

TEST_F(SlowSimServer, NoticesAClientThatLeavesAndFreesItsPlace) {
  TestClient leaving(server_.port());
  leaving.begin("POST", "/v1/messages", kHiStreamed,
                fmt::format("{}x-sim-event-delay-ms: 20\r\nx-sim-output-tokens: 100\r\n", kAnthropic));
  ASSERT_TRUE(leaving.wait_for_bytes());
  EXPECT_EQ(message().status, 429);  // one at a time
  leaving.close();
  // Bounded by the test's own time limit: each look is a request of its own.
  while (stats().at("in_flight") != 0) get("/sim/stats", {});
  EXPECT_EQ(stats().at("cancelled"), 1);
  EXPECT_EQ(stats().at("charges").at(0).at("outcome"), "cancelled");
  EXPECT_LT(stats().at("charges").at(0).at("output_tokens").to_number<int>(), 100);
}

TEST_F(SlowSimServer, EndsAtOnceWithAStreamStalled) {
  TestClient waiting(server_.port());
  waiting.begin("POST", "/v1/messages", kHiStreamed, fmt::format("{}x-sim-fault: stall_mid_stream\r\n", kAnthropic));
  ASSERT_TRUE(waiting.wait_for_bytes());
  SUCCEED();  // the destructor must not wait for the hour of the stall
}

TEST(SimServerSeed, DrawsTheSameFaultsAgain) {
  const auto statuses = [](std::uint64_t seed) {
    Options options = instant();
    options.seed = seed;
    options.faults = {{{"529", ""}, 0.5}};
    const Server server(options);
    std::string drawn;
    TestClient client(server.port());
    for (int i = 0; i < 40; ++i)
      drawn += client.request("POST", "/v1/messages", kHi, kAnthropic).status == 529 ? 'x' : '.';
    return drawn;
  };
  EXPECT_EQ(statuses(7), statuses(7));
  EXPECT_NE(statuses(7), statuses(8));
}

TEST(SimServerKeys, BelongToTheOrganisationsTheyAreGivenTo) {
  Options options = instant();
  options.keys = {{"sk-a", "org-a", ""}, {"sk-b", "org-b", "wrkspc_1"}};
  options.organisations["org-b"] = *preset_limits("tier1");
  const Server server(options);
  const auto with = [&](std::string_view key) {
    return TestClient(server.port())
        .request("POST", "/v1/messages", kHi,
                 fmt::format("authorization: Bearer {}\r\nanthropic-version: 2023-06-01\r\n", key));
  };
  EXPECT_EQ(with("sk-a").header("anthropic-organization-id"), "org-a");
  EXPECT_EQ(with("sk-b").header("anthropic-workspace-id"), "wrkspc_1");
  EXPECT_EQ(with("sk-b").header("anthropic-ratelimit-requests-limit"), "5");
  EXPECT_EQ(with("sk-c").status, 401);
}

TEST(SimServerKeys, SignThinkingForTheirOwnOrganisationOnly) {
  const Server server(instant());
  const auto ask = [&](std::string_view key, std::string_view earlier) {
    const std::string body = fmt::format(
        R"({{"model":"claude-haiku-4-5","max_tokens":100,"thinking":{{"type":"enabled","budget_tokens":50}},"messages":[{}{{"role":"user","content":"go on"}}]}})", earlier);
    return TestClient(server.port()).request("POST", "/v1/messages", body, fmt::format("x-api-key: {}\r\nanthropic-version: 2023-06-01\r\n", key));
  };
  const auto turn = [](const Received& received) {
    return fmt::format(R"({{"role":"assistant","content":{}}},)", std::string_view(json::serialize(json::parse(received.body).at("content"))));
  };
  const Received first = ask("k@org-a", "");
  const Received second = ask("k@org-a", "");
  EXPECT_NE(json::parse(first.body).at("content").at(0).at("signature"), json::parse(second.body).at("content").at(0).at("signature"));
  EXPECT_EQ(ask("other@org-a", turn(first)).status, 200);
  const Received refused = ask("k@org-b", turn(first));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("Invalid `signature`"));
  EXPECT_EQ(ask("k@org-b", R"({"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"recorded elsewhere"}]},)").status, 200);
}

TEST(SimServerBodies, AreRefusedAboveTheirLimitAndTheAnswerArrives) {
  const Server server(instant());
  TestClient client(server.port());
  client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nhost: sim\r\n{}content-length: 33554433\r\n\r\n", kAnthropic));
  const Received received = client.receive();
  EXPECT_EQ(received.status, 413);
  EXPECT_THAT(received.body, HasSubstr("request_too_large"));
  TestClient broken(server.port());
  broken.send("NOT HTTP\r\n\r\n");
  EXPECT_EQ(broken.receive().status, 400);
}

TEST(SimServerStart, SaysWhyItCannotListen) {
  Options options = instant();
  options.listen = "127.0.0.1";
  EXPECT_THROW(Server{options}, std::runtime_error);
  const Server first(instant());
  options.listen = fmt::format("127.0.0.1:{}", first.port());
  EXPECT_THROW(Server{options}, std::runtime_error);
}

TEST(SimOptions, AreReadAsTheyAreDocumented) {
  EXPECT_EQ(parse_fault_rule("529:0.25")->probability, 0.25);
  EXPECT_EQ(parse_fault_rule("stall_mid_stream=5")->fault.value, "5");
  EXPECT_FALSE(parse_fault_rule("529:2"));
  const auto schedule = parse_schedule("30s+60s:529, 2m+1m:reset_before_head");
  ASSERT_TRUE(schedule);
  EXPECT_EQ(schedule->at(1).from, std::chrono::minutes(2));
  EXPECT_FALSE(parse_schedule("30+60:529"));
  EXPECT_EQ(parse_key_rule("sk-x=org:ws")->workspace, "ws");
  EXPECT_FALSE(parse_key_rule("sk-x"));
}

}  // namespace
}  // namespace tidegate::sim
