// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// Any bytes as a request body. What simdjson takes for an object must be readable here, with the same model; ranges
// must lie in the body. Bodies are also read as error bodies and batch answers, whose readers take any bytes too.
#include "llm/anthropic/batches.h"
#include "llm/anthropic/errors.h"
#include "llm/anthropic/request.h"
#include "llm/json/cursor.h"
#include "llm/openai/errors.h"
#include "llm/openai/request.h"

#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace tidegate::llm;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_view(const RequestView& view, std::string_view body) {
  require(view.model_range.offset + view.model_range.length <= body.size());
  require(view.stream_options_range.offset + view.stream_options_range.length <= body.size());
  if (view.model_range.length == 0) return;
  json::Cursor cursor(body.substr(view.model_range.offset, view.model_range.length));
  require(cursor.text() == view.model && cursor.at_end());
}

/// Blocks lie in the body, and one that may be marked is an object with members or a text: an edit can rely on that.
void check_layout(const RequestView& view, std::string_view body) {
  PromptLayout layout;
  require(anthropic::read_request(body, layout).cache_markers == view.cache_markers);
  for (const auto* blocks : {&layout.tools, &layout.system, &layout.messages}) {
    require(view.readable || blocks->empty());
    for (const PromptBlock& block : *blocks) {
      require(block.range.offset + block.range.length <= body.size());
      if (!block.is_markable) continue;
      const std::string_view text = body.substr(block.range.offset, block.range.length);
      require(text.size() > 2 && text.front() == (block.is_text ? '"' : '{') &&
              text.back() == (block.is_text ? '"' : '}'));
      require(block.is_text || text.find_first_not_of(" \t\r\n", 1) != text.size() - 1);
    }
  }
}

/// The last model of an object, as simdjson reads it; empty if it is no text.
std::string model_of(simdjson::dom::object object) {
  std::string model;
  for (const auto field : object) {
    if (field.key != "model") continue;
    model = field.value.is_string() ? std::string(std::string_view(field.value)) : std::string();
  }
  return model;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const RequestView view = anthropic::read_request(body);
  check_view(view, body);
  check_layout(view, body);
  check_view(openai::read_request(Endpoint::ChatCompletions, body), body);
  check_view(openai::read_request(Endpoint::Responses, body), body);
  (void)anthropic::read_error(429, body);
  (void)openai::read_error(200, body);
  require(anthropic::rewrite_results_urls(body, "http://a") == body || body.find("results") != std::string::npos ||
          body.find('\\') != std::string::npos);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object) == simdjson::SUCCESS) {
    require(view.readable);
    // simdjson keeps a lone surrogate's three bytes or refuses it; ours replaces it.
    if (body.find("\\ud") == std::string::npos && body.find("\\uD") == std::string::npos) {
      require(view.model == model_of(object));
    }
  }
  return 0;
}
