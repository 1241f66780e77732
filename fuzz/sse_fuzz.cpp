// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// Any bytes as an event stream: read whole and in pieces (whose length the first byte chooses), the events and every
// reader's facts must be the same.
#include "in_pieces.h"
#include "llm/anthropic/answer.h"
#include "llm/openai/answer.h"
#include "llm/sse/scanner.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace tidegate::llm;
using tidegate::fuzz::check_reader;
using tidegate::fuzz::in_pieces;

std::string events_of(std::string_view bytes, std::size_t piece) {
  std::string all;
  sse::Scanner scanner(64);
  in_pieces(bytes, piece, [&](std::string_view part) {
    const std::string own(part);
    scanner.feed(own, [&](std::string_view event, std::string_view data) {
      all.append(event).append(1, '\0').append(data).append(1, '\0');
    });
  });
  return all + std::to_string(scanner.passed_over());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (events_of(bytes, bytes.size()) != events_of(bytes, piece)) std::abort();
  check_reader<openai::ChatStreamReader>(bytes, piece);
  for (const bool marks_state : {false, true}) {
    check_reader<anthropic::StreamReader>(bytes, piece, marks_state);
    check_reader<openai::ResponsesStreamReader>(bytes, piece, marks_state);
  }
  return 0;
}
