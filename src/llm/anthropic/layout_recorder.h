// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/prompt_layout.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace tidegate::llm::anthropic {

/// Notes where the blocks of a prompt stand while the request's reader walks by. Of a member that is there twice the
/// last one counts, as in the reader.
class LayoutRecorder {
 public:
  /// `layout` is emptied; its memory stays.
  explicit LayoutRecorder(PromptLayout& layout) : layout_(layout) { clear(); }

  [[nodiscard]] PromptLayout& layout() { return layout_; }
  void clear();

  void begin_tools();
  void begin_system();
  void begin_messages();
  void begin_message();
  void begin_content();
  void role(std::string_view raw) { role_ = raw; }
  void end_message();

  void begin_tool(std::size_t at);
  /// A tool needs no type, but what has no member at all (`{ }`, or no object) gets no mark: the provider refuses it
  /// anyway.
  void tool_member() { has_markable_type_ = true; }
  void begin_block(std::size_t at);
  void end_block(std::size_t end);
  /// A whole `system` or `content`, quotes in `range` but not in `raw`.
  void plain_text(ByteRange range, std::string_view raw);

  /// Of the block that was begun, or of one inside it.
  void type(std::string_view raw, bool is_own);
  void tool_type(std::optional<std::string_view> raw);
  void text(std::optional<std::string_view> raw);
  /// It has a `cache_control` already (`null`, or something odd), or may not have one.
  void forbid_mark() { is_forbidden_ = true; }

 private:
  void begin(std::size_t at, PromptPart part, bool begins_message);
  void note_attribution(std::string_view text);

  PromptLayout& layout_;
  std::vector<PromptBlock>* list_ = nullptr;
  PromptBlock block_;
  bool is_forbidden_ = false;
  bool has_markable_type_ = false;
  bool is_text_type_ = false;
  bool has_words_ = false;   // a text that is more than blanks
  std::size_t message_ = 0;  // where the message begins in the list
  std::string_view role_;
};

}  // namespace tidegate::llm::anthropic
