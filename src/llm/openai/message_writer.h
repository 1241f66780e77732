// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/conversation.h"
#include "llm/json/writer.h"
#include "llm/openai/quirk_options.h"

#include <string>
#include <string_view>

namespace tidegate::llm::openai {

/// Writes the messages of a conversation into an open `messages` array, one by one. Tool results become messages of
/// their own.
class MessageWriter {
 public:
  /// All three must outlive the writer.
  MessageWriter(json::Writer& writer, const Quirks& quirks, Losses& losses)
      : writer_(writer), quirks_(quirks), losses_(losses) {}

  void write(const Message& message);

 private:
  json::Writer& writer_;
  const Quirks& quirks_;
  Losses& losses_;
};

/// A tool's name, shortened to what this dialect takes.
[[nodiscard]] std::string tool_name(std::string_view name);

/// `"cache_control":{…}` where the provider takes it; otherwise a loss. Nothing for no mark.
void write_cache_mark(json::Writer& writer, CacheMark mark, const Quirks& quirks, Losses& losses);

}  // namespace tidegate::llm::openai
