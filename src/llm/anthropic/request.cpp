// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/request.h"

#include "llm/anthropic/conversation.h"
#include "llm/anthropic/layout_recorder.h"
#include "llm/json/cursor.h"
#include "llm/json/state_mark.h"

namespace tidegate::llm::anthropic {

namespace {

using json::Cursor;
using json::Kind;

/// Names and ids are kept to this many bytes: far above any real one, and a bound on what a client can make us hold.
constexpr std::size_t kLongestId = 512;
constexpr std::size_t kLongestUser = 256;
/// Shorter data counts like text: an icon of 4 KB is about as many tokens either way.
constexpr std::size_t kSmallestAttachment = 4096;
/// How deep content blocks are followed into each other; the API has two levels (a tool result's content).
constexpr int kDeepestContent = 8;

/// What one of `system`, `tools`, `messages` holds. Kept apart until the end, because a repeated member replaces the
/// earlier one.
struct ContentFacts {
  std::int32_t cache_markers = 0;
  std::string file;
  std::string_view thinking;  ///< the last signature or redacted thinking
  bool foreign_reasoning = false;
  std::int64_t attachments = 0;
  std::int64_t attachment_bytes = 0;
};

bool read_marker(Cursor& cursor) {
  const bool is_marker = cursor.peek() == Kind::Object;
  cursor.skip();
  return is_marker;
}

/// What an image's, a document's, a plain text's bytes say of its tokens (RequestView).
void read_source(Cursor& cursor, ContentFacts& facts) {
  std::size_t bytes = 0;
  bool is_text = false, is_document = false;
  cursor.object([&](std::string_view key) {
    if (key == "file_id") {
      if (facts.file.empty()) facts.file = cursor.text(kLongestId);
    } else if (key == "type") {
      is_text = cursor.raw_string() == "text";
    } else if (key == "media_type") {
      const auto type = cursor.raw_string();
      is_document = type && !type->starts_with("image");
    } else if (key == "data") {
      bytes = cursor.raw_string().value_or(std::string_view{}).size();
    }
  });
  if (is_text || bytes < kSmallestAttachment) return;
  facts.attachments += is_document ? 0 : 1;
  facts.attachment_bytes += static_cast<std::int64_t>(is_document ? bytes / 2 : bytes);
}

void read_content(Cursor& cursor, ContentFacts& facts, int depth, LayoutRecorder* recorder);

/// Fields of all block types; a block has only those of its own. `input` of a tool call is data and not looked into.
/// What lies inside another block is no block of its own to the cache: only its images matter to the recorder.
void read_block(Cursor& cursor, ContentFacts& facts, int depth, LayoutRecorder* recorder) {
  bool is_redacted_thinking = false;
  std::string_view data;
  LayoutRecorder* const own = depth == 0 ? recorder : nullptr;
  if (own != nullptr) own->begin_block(cursor.begin_of_value());
  cursor.object([&](std::string_view key) {
    if (key == "cache_control") {
      if (own != nullptr) own->forbid_mark();
      facts.cache_markers += read_marker(cursor) ? 1 : 0;
    } else if (key == "type") {
      const auto type = cursor.raw_string();
      is_redacted_thinking = type == "redacted_thinking";
      if (recorder != nullptr && type) recorder->type(*type, own != nullptr);
    } else if (own != nullptr && key == "text") {
      own->text(cursor.raw_string());
    } else if (key == "signature") {  // thinking
      // Ours ties nobody: the gateway wrote it for a provider that signs nothing.
      const std::string_view signature = cursor.raw_string().value_or(std::string_view{});
      if (signature == kForeignSignature) facts.foreign_reasoning = true;
      else if (!signature.empty()) facts.thinking = signature;
    } else if (key == "data") {
      data = cursor.raw_string().value_or(std::string_view{});
    } else if (key == "source") {
      read_source(cursor, facts);
    } else if (key == "file_id") {  // container_upload
      if (facts.file.empty()) facts.file = cursor.text(kLongestId);
    } else if (key == "content") {  // tool_result, document of type content
      read_content(cursor, facts, depth + 1, recorder);
    }
  });
  if (own != nullptr) own->end_block(cursor.end_of_value());
  if (is_redacted_thinking && !data.empty()) facts.thinking = data;
}

/// A string, a block, or a list of blocks.
void read_content(Cursor& cursor, ContentFacts& facts, int depth, LayoutRecorder* recorder) {
  if (depth > kDeepestContent) return cursor.skip();
  if (recorder != nullptr && depth == 0 && cursor.peek() == Kind::String) {
    const std::size_t begin = cursor.begin_of_value();
    const auto raw = cursor.raw_string();
    if (raw) recorder->plain_text({begin, cursor.end_of_value() - begin}, *raw);
    return;
  }
  if (cursor.peek() == Kind::Object) return read_block(cursor, facts, depth, recorder);
  cursor.array([&] { read_block(cursor, facts, depth, recorder); });
}

ContentFacts read_messages(Cursor& cursor, ByteRange& first, LayoutRecorder* recorder) {
  ContentFacts facts;
  first = {};
  if (recorder != nullptr) recorder->begin_messages();
  cursor.array([&] {
    const std::size_t begin = first.length == 0 ? cursor.begin_of_value() : 0;
    if (recorder != nullptr) recorder->begin_message();
    cursor.object([&](std::string_view key) {
      if (key == "content") {
        if (recorder != nullptr) recorder->begin_content();
        read_content(cursor, facts, 0, recorder);
      } else if (recorder != nullptr && key == "role") {
        recorder->role(cursor.raw_string().value_or(std::string_view{}));
      }
    });
    if (recorder != nullptr) recorder->end_message();
    if (first.length == 0) first = {begin, cursor.end_of_value() - begin};
  });
  return facts;
}

ContentFacts read_tools(Cursor& cursor, bool& has_tools, LayoutRecorder* recorder) {
  ContentFacts facts;
  has_tools = false;
  if (recorder != nullptr) recorder->begin_tools();
  cursor.array([&] {
    has_tools = true;
    if (recorder != nullptr) recorder->begin_tool(cursor.begin_of_value());
    cursor.object([&](std::string_view key) {
      if (recorder != nullptr) recorder->tool_member();
      if (key == "cache_control") {
        if (recorder != nullptr) recorder->forbid_mark();
        facts.cache_markers += read_marker(cursor) ? 1 : 0;
      } else if (recorder != nullptr && key == "type") {
        recorder->tool_type(cursor.raw_string());
      } else if (recorder != nullptr && key == "defer_loading") {
        if (cursor.boolean().value_or(true)) recorder->forbid_mark();
      }
    });
    if (recorder != nullptr) recorder->end_block(cursor.end_of_value());
  });
  return facts;
}

ContentFacts read_system(Cursor& cursor, LayoutRecorder* recorder) {
  ContentFacts facts;
  if (recorder != nullptr) recorder->begin_system();
  read_content(cursor, facts, 0, recorder);
  return facts;
}

ByteRange range_of_value(Cursor& cursor) {
  const std::size_t begin = cursor.begin_of_value();
  cursor.skip();
  return {begin, cursor.end_of_value() - begin};
}

/// What Claude Code puts into `metadata.user_id`. Who asks is the account, or the device where nobody is signed in: by the whole text
/// every session would be a user of its own.
struct ClaudeCodeUser {
  std::string account, device, session;

  void move_to(RequestView& view, std::string_view whole) {
    view.session = std::move(session);
    view.user = !account.empty() ? std::move(account) : std::move(device);
    if (view.user.empty()) view.user = whole;
  }
};

/// Since version 2.1 a JSON object as text (facts/clients.md 3).
ClaudeCodeUser read_user_object(std::string_view user_id) {
  ClaudeCodeUser user;
  Cursor cursor(user_id);
  cursor.object([&](std::string_view key) {
    if (key == "account_uuid") {
      user.account = cursor.text(kLongestUser);
    } else if (key == "device_id") {
      user.device = cursor.text(kLongestUser);
    } else if (key == "session_id") {
      user.session = cursor.text(kLongestUser);
    }
  });
  return cursor.broken() ? ClaudeCodeUser{} : user;
}

/// Before it `user_DEVICE_account_ACCOUNT_session_SESSION`, the account empty where nobody is signed in.
ClaudeCodeUser read_user_words(std::string_view user_id) {
  constexpr std::string_view kDevice = "user_", kAccount = "_account_", kSession = "_session_";
  if (!user_id.starts_with(kDevice)) return {};
  const std::size_t account = user_id.find(kAccount);
  if (account == std::string_view::npos) return {};
  const std::size_t after = account + kAccount.size();
  const std::size_t session = user_id.find(kSession, after);
  if (session == std::string_view::npos) return {};
  return {.account = std::string(user_id.substr(after, session - after)),
          .device = std::string(user_id.substr(kDevice.size(), account - kDevice.size())),
          .session = std::string(user_id.substr(session + kSession.size()))};
}

ClaudeCodeUser read_user(std::string_view user_id) { return user_id.starts_with('{') ? read_user_object(user_id) : read_user_words(user_id); }

void read_metadata(Cursor& cursor, RequestView& view) {
  constexpr std::size_t kLongestUserObject = 4096;
  view.user.clear();
  view.session.clear();
  cursor.object([&](std::string_view key) {
    if (key != "user_id") return;
    const auto raw = cursor.raw_string();
    if (!raw) return;
    if (raw->size() <= kLongestUser && json::is_plain(*raw)) return read_user(*raw).move_to(view, *raw);
    const std::string whole = json::unescape(*raw, kLongestUserObject);
    read_user(whole).move_to(view, json::to_valid_utf8(json::unescape(*raw, kLongestUser)));
  });
}

/// An id, or an object that has one.
std::string read_id_or_object(Cursor& cursor) {
  if (cursor.peek() != Kind::Object) return cursor.text(kLongestId);
  std::string id;
  cursor.object([&](std::string_view key) {
    if (key == "id") id = cursor.text(kLongestId);
  });
  return id;
}

std::string read_previous_message(Cursor& cursor) {
  std::string id;
  cursor.object([&](std::string_view key) {
    if (key == "previous_message_id") id = cursor.text(kLongestId);
  });
  return id;
}

void read_model(Cursor& cursor, RequestView& view) {
  const std::size_t begin = cursor.begin_of_value();
  const bool is_string = cursor.peek() == Kind::String;
  view.model = cursor.text();
  view.model_range = is_string ? ByteRange{begin, cursor.end_of_value() - begin} : ByteRange{};
}

/// Members that only the cache asks about.
void read_for_layout(Cursor& cursor, std::string_view key, LayoutRecorder& recorder) {
  PromptLayout& layout = recorder.layout();
  if (key == "tool_choice") {
    layout.tool_choice = range_of_value(cursor);
  } else if (key == "thinking") {
    layout.thinking = range_of_value(cursor);
  } else if (key == "output_config") {
    layout.output_config = range_of_value(cursor);
  } else if (key == "mcp_servers") {
    layout.has_server_tools |= cursor.peek() != Kind::Null;
  }
}

RequestView read(std::string_view body, LayoutRecorder* recorder) {
  RequestView view;
  ContentFacts system;
  ContentFacts tools;
  ContentFacts messages;
  bool marks_automatically = false;
  Cursor cursor(body);
  const std::size_t brace = cursor.begin_of_value();
  view.is_empty_object = true;
  const bool is_object = cursor.object([&](std::string_view key) {
    view.is_empty_object = false;
    if (key == "model") {
      read_model(cursor, view);
    } else if (key == "messages") {
      messages = read_messages(cursor, view.first_message_range, recorder);
    } else if (key == "system") {
      const std::size_t begin = cursor.begin_of_value();
      system = read_system(cursor, recorder);
      view.system_range = {begin, cursor.end_of_value() - begin};
    } else if (key == "tools") {
      const std::size_t begin = cursor.begin_of_value();
      tools = read_tools(cursor, view.has_tools, recorder);
      view.tools_range = {begin, cursor.end_of_value() - begin};
    } else if (key == "max_tokens") {
      view.max_tokens = cursor.integer();
    } else if (key == "temperature") {
      view.temperature_is_zero = cursor.is_zero();
    } else if (key == "stream") {
      view.stream = cursor.boolean().value_or(false);
    } else if (key == "metadata") {
      read_metadata(cursor, view);
    } else if (key == "cache_control") {
      marks_automatically = read_marker(cursor);
    } else if (key == "service_tier") {
      view.service_tier = cursor.text(kLongestId);
    } else if (key == "speed") {
      view.speed = cursor.text(kLongestId);
    } else if (key == "inference_geo") {
      view.inference_geo = cursor.text(kLongestId);
    } else if (key == "container") {
      view.ties.container = read_id_or_object(cursor);
    } else if (key == "thread") {
      view.ties.previous_message_id = read_previous_message(cursor);
    } else if (key == "fallback_credit_token") {
      view.ties.fallback_credit = cursor.text(kLongestId);
    } else if (recorder != nullptr) {
      read_for_layout(cursor, key, *recorder);
    }
  });
  if (!is_object || !cursor.at_end()) {
    if (recorder != nullptr) recorder->clear();
    view = {};
    view.body_bytes = static_cast<std::int64_t>(body.size());
    return view;
  }
  view.readable = true;
  view.body_bytes = static_cast<std::int64_t>(body.size());
  view.first_member = brace + 1;
  view.cache_markers =
      system.cache_markers + tools.cache_markers + messages.cache_markers + (marks_automatically ? 1 : 0);
  view.ties.file = messages.file.empty() ? std::move(system.file) : std::move(messages.file);
  view.foreign_reasoning = system.foreign_reasoning || messages.foreign_reasoning;
  view.ties.thinking_mark = json::state_mark(messages.thinking.empty() ? system.thinking : messages.thinking);
  view.attachments = system.attachments + messages.attachments;
  view.attachment_bytes = system.attachment_bytes + messages.attachment_bytes;
  if (view.max_tokens && *view.max_tokens < 0) view.max_tokens.reset();
  return view;
}

}  // namespace

RequestView read_request(std::string_view body) { return read(body, nullptr); }

RequestView read_request(std::string_view body, PromptLayout& layout) {
  LayoutRecorder recorder(layout);
  return read(body, &recorder);
}

}  // namespace tidegate::llm::anthropic
