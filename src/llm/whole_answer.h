// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/answer_event.h"
#include "llm/conversation.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm {

/// An answer that came as one JSON document.
struct WholeAnswer {
  std::string id;
  std::string model;
  std::vector<Part> parts;  ///< texts, reasoning, tool calls
  StopReason stop = StopReason::Unsaid;
  std::string stop_sequence;
  Usage usage;
  Losses losses;  ///< what it holds that has no place in here
};

/// Gives the tool calls that have no id one. False if one has no name: then it is no answer.
[[nodiscard]] bool name_calls(WholeAnswer& answer);

/// The same answer as the events of a stream.
void replay(const WholeAnswer& answer, const AnswerSink& sink);

/// What the writer of an answer needs beside the answer.
struct AnswerForm {
  std::string request_id;    ///< becomes the answer's id if the provider gives none, and stands in errors
  std::int64_t created = 0;  ///< Unix seconds; OpenAI's answers say it
  bool with_usage = true;    ///< OpenAI's streams: the client asked for the usage chunk
  std::map<std::string, std::string, std::less<>> tool_names;  ///< as the provider was told → as the client said

  [[nodiscard]] std::string_view tool_name(std::string_view name) const {
    const auto known = tool_names.find(name);
    return known == tool_names.end() ? name : std::string_view(known->second);
  }
};

/// The status that says an error of this kind, where none came with it.
[[nodiscard]] int status_of(UpstreamErrorKind kind);

}  // namespace tidegate::llm
