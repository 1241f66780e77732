// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// Any bytes as a request and as an answer of either dialect. What is written for the other side must be JSON, or a
// stream by the other side's grammar, however the bytes were cut (the first byte chooses).
#include "gateway/translator.h"
#include "llm/anthropic/conversation.h"
#include "llm/anthropic/grammar.h"
#include "llm/json/validity.h"
#include "llm/openai/grammar.h"

#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace tidegate;
using namespace tidegate::llm;

void require(bool holds) {
  if (!holds) std::abort();
}

gateway::Translator make(Dialect client) {
  const bool is_anthropic = client == Dialect::Anthropic;
  const EndpointMatch match{client, is_anthropic ? Endpoint::Messages : Endpoint::ChatCompletions};
  auto made = gateway::Translator::make(match, is_anthropic ? Dialect::OpenAi : Dialect::Anthropic, {});
  require(made.has_value());
  return std::move(*made);
}

/// simdjson judges too, but it also refuses lone surrogates, malformed UTF-8 and numbers that it cannot hold.
void require_json(const std::string& text, std::string_view input) {
  require(json::is_valid_object(text));
  simdjson::dom::parser parser;
  const auto error = parser.parse(text).error();
  const bool is_plain =
      input.find("\\u") == std::string_view::npos && simdjson::validate_utf8(input.data(), input.size());
  if (is_plain && error != simdjson::SUCCESS)
    require(error == simdjson::NUMBER_ERROR || error == simdjson::DEPTH_ERROR);
}

void check_request(Dialect client, std::string_view body) {
  gateway::Translator translator = make(client);
  const auto request = translator.translate_request(body, "m");
  if (!request) return;
  require_json(request->body, body);
  gateway::Translator back = make(client == Dialect::Anthropic ? Dialect::OpenAi : Dialect::Anthropic);
  const auto returned = back.translate_request(request->body, "m");
  if (returned) require_json(returned->body, body);
}

std::string translated(Dialect client, std::string_view bytes, std::size_t piece, bool is_stream) {
  gateway::Translator translator = make(client);
  require(
      translator
          .translate_request(
              R"({"model":"m","max_tokens":9,"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"x"}]})",
              "")
          .has_value());
  translator.begin(200, is_stream);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) out += translator.feed(std::string(bytes.substr(at, piece)));
  out += translator.end();
  constexpr std::string_view kComment = ": keep-alive\n\n";
  for (std::size_t at = out.find(kComment); at != std::string::npos; at = out.find(kComment, at))
    out.erase(at, kComment.size());
  require(translator.head_is_known());
  if (translator.content_type() == "application/json") {
    require(!translator.is_whole());
    require(json::is_valid_object(out));
    return out;
  }
  std::string violation;
  if (client == Dialect::Anthropic) {
    anthropic::Grammar grammar;
    grammar.feed(out);
    grammar.end();
    violation = grammar.violation();
  } else {
    openai::Grammar grammar;
    grammar.feed(out);
    grammar.end();
    violation = grammar.violation();
  }
  require(violation.empty());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const Dialect client : {Dialect::Anthropic, Dialect::OpenAi}) {
    check_request(client, bytes);
    for (const bool is_stream : {true, false}) {
      require(translated(client, bytes, size, is_stream) == translated(client, bytes, piece, is_stream));
    }
  }
  const std::string without = anthropic::without_foreign_reasoning(bytes);
  require(without.size() <= bytes.size());
  if (json::is_valid_object(bytes)) require(json::is_valid_object(without));
  return 0;
}
