// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/layout_recorder.h"

#include <algorithm>
#include <array>

namespace tidegate::llm::anthropic {

namespace {

// Types that may carry a mark (facts/anthropic-api.md 3). A type that is not known here gets none: the provider would
// answer 400 if it does not take it.
constexpr std::array<std::string_view, 6> kMarkable{"text",     "image",       "document",
                                                    "tool_use", "tool_result", "search_result"};

// Tools that the client runs. All others are the provider's, and there a mark of ours would make it write each of their
// results as well.
constexpr std::array<std::string_view, 4> kClientTools{"bash_", "text_editor_", "computer_", "memory_"};

constexpr std::string_view kAttribution = "x-anthropic-billing-header:";

/// Whether a text is more than blanks: an empty one may not be marked, and what trims it would make it empty.
bool has_words(std::string_view raw) {
  for (std::size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] == ' ') continue;
    if (raw[at] != '\\') return true;
    ++at;
    if (at < raw.size() && raw[at] != 'n' && raw[at] != 't' && raw[at] != 'r') return true;
  }
  return false;
}

PromptPart part_of(std::string_view role) {
  if (role == "user") return PromptPart::User;
  return role == "assistant" ? PromptPart::Assistant : PromptPart::Other;
}

}  // namespace

void LayoutRecorder::clear() {
  layout_.tools.clear();
  layout_.system.clear();
  layout_.messages.clear();
  layout_.assistant_turns = 0;
  layout_.has_images = layout_.has_server_tools = layout_.has_attribution = false;
  layout_.tool_choice = layout_.thinking = layout_.output_config = {};
}

void LayoutRecorder::begin_tools() {
  layout_.tools.clear();
  list_ = &layout_.tools;
}

void LayoutRecorder::begin_system() {
  layout_.system.clear();
  layout_.has_attribution = false;
  list_ = &layout_.system;
}

void LayoutRecorder::begin_messages() {
  layout_.messages.clear();
  layout_.assistant_turns = 0;
  list_ = &layout_.messages;
}

void LayoutRecorder::begin_message() {
  message_ = layout_.messages.size();
  role_ = {};
}

void LayoutRecorder::begin_content() { layout_.messages.resize(message_); }

void LayoutRecorder::end_message() {
  const PromptPart part = part_of(role_);
  layout_.assistant_turns += part == PromptPart::Assistant ? 1 : 0;
  for (std::size_t i = message_; i < layout_.messages.size(); ++i) {
    layout_.messages[i].part = part;
    // Whether a message of role `system` takes a mark is not known, and the answers of the model need none: what the
    // user says next follows them.
    layout_.messages[i].is_markable &= part == PromptPart::User;
  }
}

void LayoutRecorder::begin(std::size_t at, PromptPart part, bool begins_message) {
  block_ = {.range = {at, 0}, .part = part, .begins_message = begins_message};
  is_forbidden_ = has_markable_type_ = is_text_type_ = has_words_ = false;
}

void LayoutRecorder::begin_tool(std::size_t at) { begin(at, PromptPart::Tools, false); }

void LayoutRecorder::begin_block(std::size_t at) {
  const bool is_system = list_ == &layout_.system;
  begin(at, is_system ? PromptPart::System : PromptPart::Other, !is_system && list_->size() == message_);
}

void LayoutRecorder::end_block(std::size_t end) {
  block_.range.length = end - block_.range.offset;
  block_.is_markable = !is_forbidden_ && has_markable_type_ && (!is_text_type_ || has_words_);
  list_->push_back(block_);
}

void LayoutRecorder::plain_text(ByteRange range, std::string_view raw) {
  const bool is_system = list_ == &layout_.system;
  if (is_system) note_attribution(raw);
  list_->push_back({.range = range,
                    .part = is_system ? PromptPart::System : PromptPart::Other,
                    .is_text = true,
                    .begins_message = !is_system,
                    .is_markable = has_words(raw)});
}

void LayoutRecorder::type(std::string_view raw, bool is_own) {
  layout_.has_images |= raw == "image";
  if (!is_own) return;
  has_markable_type_ = std::find(kMarkable.begin(), kMarkable.end(), raw) != kMarkable.end();
  is_text_type_ = raw == "text";
}

void LayoutRecorder::tool_type(std::optional<std::string_view> raw) {
  if (!raw || raw == "custom") return;
  const bool is_clients = std::any_of(kClientTools.begin(), kClientTools.end(),
                                      [&](std::string_view start) { return raw->starts_with(start); });
  layout_.has_server_tools |= !is_clients;
}

void LayoutRecorder::text(std::optional<std::string_view> raw) {
  has_words_ = raw && has_words(*raw);
  if (raw && list_ == &layout_.system) note_attribution(*raw);
}

void LayoutRecorder::note_attribution(std::string_view text) {
  layout_.has_attribution |= layout_.system.empty() && text.starts_with(kAttribution);
}

}  // namespace tidegate::llm::anthropic
