// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// Any bytes as an event stream: read whole and in pieces (whose length the first byte chooses), the events and every
// reader's facts must be the same.
#include "llm/anthropic/answer.h"
#include "llm/openai/answer.h"
#include "llm/sse/scanner.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace tidegate::llm;

template <typename Feed>
void in_pieces(std::string_view bytes, std::size_t length, Feed&& feed) {
  for (std::size_t at = 0; at < bytes.size(); at += length) feed(bytes.substr(at, length));
}

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

template <typename Reader, typename... Arguments>
void check_reader(std::string_view bytes, std::size_t piece, Arguments... arguments) {
  Reader whole(arguments...);
  whole.feed(bytes);
  Reader cut(arguments...);
  in_pieces(bytes, piece, [&](std::string_view part) { cut.feed(part); });
  const AnswerFacts& a = whole.facts();
  const AnswerFacts& b = cut.facts();
  const bool same = a.usage == b.usage && a.id == b.id && a.model == b.model && a.stop_reason == b.stop_reason &&
                    a.finished == b.finished && a.output_characters == b.output_characters && a.error == b.error;
  if (!same) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (events_of(bytes, bytes.size()) != events_of(bytes, piece)) std::abort();
  check_reader<anthropic::StreamReader>(bytes, piece);
  check_reader<openai::ChatStreamReader>(bytes, piece);
  check_reader<openai::ResponsesStreamReader>(bytes, piece);
  check_reader<anthropic::JsonReader>(bytes, piece);
  check_reader<openai::JsonReader>(bytes, piece, Endpoint::ChatCompletions);
  check_reader<openai::JsonReader>(bytes, piece, Endpoint::Responses);
  return 0;
}
