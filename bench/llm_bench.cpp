// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// What reading beside the relay costs, in nanoseconds: the median of several rounds, one line per case. Run a release
// build.
#include "llm/anthropic/answer.h"
#include "llm/anthropic/rate_limits.h"
#include "llm/anthropic/request.h"
#include "llm/openai/answer.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace tidegate;

/// Results are summed into this, so that no call is optimised away.
std::int64_t kept = 0;

template <typename Work>
void measure(const char* name, std::size_t bytes, int repetitions, Work&& work) {
  constexpr int kRounds = 11;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < repetitions; ++i) kept += work();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    rounds.push_back(taken.count() / repetitions);
  }
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  const double median = rounds[kRounds / 2];
  std::printf("%-44s %10.0f ns  %7.3f ns/B\n", name, median, bytes == 0 ? 0.0 : median / static_cast<double>(bytes));
}

/// A conversation of about `size` bytes, with a line break every 60 characters and three cache markers.
std::string request_of(std::size_t size) {
  std::string body =
      R"({"model":"claude-opus-5-5","max_tokens":4096,"stream":true,"metadata":{"user_id":"u"},"system":[{"type":"text",)"
      R"("text":"You help.","cache_control":{"type":"ephemeral"}}],"messages":[)";
  while (body.size() + 600 < size) {
    body += R"({"role":"user","content":[{"type":"text","text":")";
    const std::size_t room = std::min<std::size_t>(size - body.size() - 300, 8000);
    for (std::size_t i = 0; i < room; i += 62)
      body += R"(Sixty characters of a prompt that says nothing in particular\n)";
    body += R"("}]},)";
  }
  return body + R"({"role":"user","content":[{"type":"text","text":"Go on.","cache_control":{"type":"ephemeral"}}]}]})";
}

std::string anthropic_stream(int deltas) {
  std::string stream =
      "event: message_start\ndata: "
      "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
      "\"model\":\"claude-opus-5-5\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":10,\"cache_"
      "creation_input_tokens\":300,"
      "\"cache_read_input_tokens\":4000,\"cache_creation\":{\"ephemeral_5m_input_tokens\":200,\"ephemeral_1h_input_"
      "tokens\":100},"
      "\"output_tokens\":1,\"service_tier\":\"standard\"}}}\n\nevent: content_block_start\ndata: "
      "{\"type\":\"content_block_start\",\"index\":0,"
      "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
  for (int i = 0; i < deltas; ++i) {
    stream +=
        "event: content_block_delta\ndata: "
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
        "\" twenty more characters\"}}\n\n";
  }
  return stream +
         "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: "
         "message_delta\ndata: {\"type\":"
         "\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":250}}\n\nevent: "
         "message_stop\ndata: "
         "{\"type\":\"message_stop\"}\n\n";
}

std::string chat_stream(int deltas) {
  std::string stream;
  for (int i = 0; i < deltas; ++i) {
    stream +=
        "data: "
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1767225600,\"model\":\"gpt\","
        "\"service_tier\":"
        "\"default\",\"system_fingerprint\":\"fp\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" twenty more "
        "characters\"},"
        "\"logprobs\":null,\"finish_reason\":null}]}\n\n";
  }
  return stream + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n";
}

template <typename Reader>
std::int64_t read_stream(std::string_view stream) {
  Reader reader;
  reader.feed(stream);
  return reader.facts().usage.tokens.output;
}

}  // namespace

int main(int argc, char** argv) {
  for (const std::size_t size : {std::size_t{1'024}, std::size_t{108'000}, std::size_t{8'000'000}}) {
    const std::string body = request_of(size);
    const std::string name = "request view, " + std::to_string(body.size()) + " B";
    measure(name.c_str(), body.size(), static_cast<int>(20'000'000 / body.size()) + 1,
            [&] { return llm::anthropic::read_request(body).body_bytes; });
  }
  for (int i = 1; i < argc; ++i) {  // recorded requests, such as tests/corpus/requests/claude_code.json
    std::ifstream in(argv[i], std::ios::binary);
    const std::string body((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    measure(argv[i], body.size(), 2'000, [&] { return llm::anthropic::read_request(body).body_bytes; });
  }
  const std::string answer =
      R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"text","text":")" +
      std::string(600, 'x') +
      R"("}],"stop_reason":"end_turn","usage":{"input_tokens":1200,"cache_creation_input_tokens":300,"cache_read_input_tokens":4500,)"
      R"("cache_creation":{"ephemeral_5m_input_tokens":200,"ephemeral_1h_input_tokens":100},"output_tokens":37}})";
  measure("usage of a JSON answer", answer.size(), 20'000,
          [&] { return llm::anthropic::read_json_answer(answer).usage.tokens.output; });
  const std::string anthropic = anthropic_stream(45);
  measure("Anthropic stream, 50 events", anthropic.size(), 5'000,
          [&] { return read_stream<llm::anthropic::StreamReader>(anthropic); });
  const std::string chat = chat_stream(48);
  measure("chat stream, 50 events", chat.size(), 5'000,
          [&] { return read_stream<llm::openai::ChatStreamReader>(chat); });
  const std::vector<HeaderField> head{{"Date", "Thu, 01 Jan 2026 00:00:00 GMT"},
                                      {"Content-Type", "application/json"},
                                      {"request-id", "req_1"},
                                      {"anthropic-organization-id", "00000000-0000-0000-0000-000000000000"},
                                      {"anthropic-ratelimit-requests-limit", "4000"},
                                      {"anthropic-ratelimit-requests-remaining", "3999"},
                                      {"anthropic-ratelimit-requests-reset", "2026-01-01T00:00:01Z"},
                                      {"anthropic-ratelimit-input-tokens-limit", "2000000"},
                                      {"anthropic-ratelimit-input-tokens-remaining", "1999000"},
                                      {"anthropic-ratelimit-input-tokens-reset", "2026-01-01T00:00:01Z"},
                                      {"anthropic-ratelimit-output-tokens-limit", "400000"},
                                      {"anthropic-ratelimit-output-tokens-remaining", "399000"},
                                      {"anthropic-ratelimit-output-tokens-reset", "2026-01-01T00:00:01Z"},
                                      {"anthropic-ratelimit-tokens-limit", "2400000"},
                                      {"anthropic-ratelimit-tokens-remaining", "2398000"},
                                      {"anthropic-ratelimit-tokens-reset", "2026-01-01T00:00:01Z"}};
  measure("rate-limit headers, 16 fields", 0, 20'000,
          [&] { return static_cast<std::int64_t>(llm::anthropic::read_rate_limits(head).limits.size()); });
  return kept == 0 ? 1 : 0;
}
