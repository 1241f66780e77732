// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// Any bytes as a JSON answer, which no reader may stumble over. JSON, whole or broken off, must say the same to every reader in
// one piece and in several (as long as the input's size chooses: its first byte is nearly always a brace), and stays JSON when the
// URLs in it are replaced. What is no JSON may be read differently: a whole answer is not looked through as one in pieces is.
#include "in_pieces.h"
#include "llm/anthropic/answer.h"
#include "llm/anthropic/batches.h"
#include "llm/json/validity.h"
#include "llm/openai/answer.h"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace tidegate::llm;
using namespace tidegate::fuzz;

constexpr Endpoint kJsonEndpoints[] = {Endpoint::ChatCompletions, Endpoint::Responses, Endpoint::Embeddings};

void check_json(std::string_view bytes, std::size_t piece) {
  for (const bool marks_state : {false, true}) {
    check_reader<anthropic::JsonReader>(bytes, piece, marks_state);
    for (const Endpoint endpoint : kJsonEndpoints) check_reader<openai::JsonReader>(bytes, piece, endpoint, marks_state);
  }
}

void read_anything(std::string_view bytes, std::size_t piece) {
  for (const std::size_t length : {bytes.size(), piece}) {
    (void)read_in_pieces<anthropic::JsonReader>(bytes, length, true);
    for (const Endpoint endpoint : kJsonEndpoints) (void)read_in_pieces<openai::JsonReader>(bytes, length, endpoint, true);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t piece = 1 + size % 16;
  const std::string rewritten = anthropic::rewrite_results_urls(bytes, "http://127.0.0.1:8080");
  if (!json::is_valid_object(bytes)) {
    read_anything(bytes, piece);
    return 0;
  }
  check_json(bytes, piece);
  check_json(bytes.substr(0, size - size / 3), piece);
  if (!json::is_valid_object(rewritten)) std::abort();
  return 0;
}
