// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer.h"

#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace tidegate::fuzz {

template <typename Feed>
void in_pieces(std::string_view bytes, std::size_t length, Feed&& feed) {
  for (std::size_t at = 0; at < bytes.size(); at += length) feed(bytes.substr(at, length));
}

/// What a reader that is made of `arguments` tells of `bytes`, which come in pieces of that length.
template <typename Reader, typename... Arguments>
llm::AnswerFacts read_in_pieces(std::string_view bytes, std::size_t length, Arguments... arguments) {
  Reader reader(arguments...);
  in_pieces(bytes, length, [&](std::string_view part) { reader.feed(part); });
  return reader.facts();
}

inline bool is_same(const llm::AnswerFacts& a, const llm::AnswerFacts& b) {
  return a.usage == b.usage && a.id == b.id && a.model == b.model && a.stop_reason == b.stop_reason &&
         a.container == b.container && a.content_started == b.content_started && a.finished == b.finished &&
         a.output_characters == b.output_characters && a.state_marks == b.state_marks && a.error == b.error;
}

/// Aborts if `bytes` say something else when they are cut than as a whole.
template <typename Reader, typename... Arguments>
void check_reader(std::string_view bytes, std::size_t piece, Arguments... arguments) {
  const llm::AnswerFacts whole = read_in_pieces<Reader>(bytes, bytes.size(), arguments...);
  if (!is_same(whole, read_in_pieces<Reader>(bytes, piece, arguments...))) std::abort();
}

}  // namespace tidegate::fuzz
