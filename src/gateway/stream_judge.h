// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/anthropic/grammar.h"
#include "llm/dialect.h"
#include "llm/openai/grammar.h"

#include <string>
#include <string_view>
#include <variant>

namespace tidegate::gateway {

/// Holds a provider's stream of events against the grammar of its dialect while it passes, for providers that are not trusted to keep it
/// (`strict: true`). One answer, one thread.
class StreamJudge {
 public:
  explicit StreamJudge(llm::Dialect dialect) {
    if (dialect == llm::Dialect::OpenAi) grammar_.emplace<llm::openai::Grammar>();
  }
  void feed(std::string_view payload) {
    std::visit([payload](auto& grammar) { grammar.feed(payload); }, grammar_);
  }
  /// The first violation in words, without any content; empty: none so far.
  [[nodiscard]] const std::string& violation() const {
    return std::visit([](const auto& grammar) -> const std::string& { return grammar.violation(); }, grammar_);
  }

 private:
  std::variant<llm::anthropic::Grammar, llm::openai::Grammar> grammar_;
};

}  // namespace tidegate::gateway
