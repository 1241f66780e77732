// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/model_call.h"

#include "base/ascii.h"
#include "base/number.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <vector>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

constexpr std::int64_t kTokensOfMessage = 3;  // role and separators
constexpr std::int64_t kTokensOfImage = 1600;
constexpr std::int64_t kDefaultMaxTokens = 16'384;  // where the dialect does not demand one

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

const json::value* member(const json::value* value, std::string_view name) {
  if (value == nullptr || !value->is_object()) return nullptr;
  return value->get_object().if_contains({name.data(), name.size()});
}

const json::value* member(const json::value& value, std::string_view name) { return member(&value, name); }

std::string_view text_of(const json::value* value) {
  return value != nullptr && value->is_string() ? view(value->get_string()) : std::string_view{};
}

bool is_true(const json::value* value) { return value != nullptr && value->is_bool() && value->get_bool(); }

std::optional<std::int64_t> integer_of(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  if (value->is_uint64()) return static_cast<std::int64_t>(std::min<std::uint64_t>(value->get_uint64(), INT64_MAX));
  return std::nullopt;
}

const json::array* array_of(const json::value* value) {
  return value != nullptr && value->is_array() ? &value->get_array() : nullptr;
}

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

ApiError invalid(std::string message) { return {400, "invalid_request_error", std::move(message)}; }

/// Bytes of all strings inside, and a flat count for images: near enough to what a tokenizer gives.
std::int64_t tokens_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string: return tokens_of_text(view(value.get_string()));
    case json::kind::array: {
      std::int64_t sum = 0;
      for (const json::value& item : value.get_array()) sum += tokens_of(item);
      return sum;
    }
    case json::kind::object: {
      const std::string_view type = text_of(member(value, "type"));
      if (type == "image" || type == "image_url" || type == "input_image") return kTokensOfImage;
      if (type == "text" || type == "input_text" || type == "output_text")
        return tokens_of_text(text_of(member(value, "text")));
      std::int64_t sum = 0;
      for (const auto& item : value.get_object()) {
        if (item.key() != "cache_control" && item.key() != "type") sum += 1 + tokens_of(item.value());
      }
      return sum;
    }
    case json::kind::null: return 0;
    case json::kind::bool_:
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_: return 1;
  }
  return 0;
}

/// The content of a block without its cache mark, which moves from turn to turn.
std::uint64_t hash_of_block(const json::value& block) {
  if (!block.is_object() || !block.get_object().contains("cache_control")) return hash_of(json::serialize(block));
  json::object copy = block.get_object();
  copy.erase("cache_control");
  return hash_of(json::serialize(copy));
}

tl::expected<std::optional<CacheTtl>, ApiError> read_cache_control(const json::value* control) {
  if (control == nullptr || control->is_null()) return std::optional<CacheTtl>{};
  if (text_of(member(control, "type")) != "ephemeral") {
    return tl::unexpected(invalid("cache_control.type: Input should be 'ephemeral'"));
  }
  const json::value* ttl = member(control, "ttl");
  if (ttl == nullptr || text_of(ttl) == "5m") return std::optional{CacheTtl::FiveMinutes};
  if (text_of(ttl) == "1h") return std::optional{CacheTtl::OneHour};
  return tl::unexpected(invalid("cache_control.ttl: Input should be '5m' or '1h'"));
}

/// A tool that edits files or runs commands marks a coding agent.
bool is_coding_tool(std::string_view name) {
  constexpr std::array<std::string_view, 10> names{
      "bash",      "edit", "write",      "str_replace_based_edit_tool", "shell", "exec_command", "apply_patch",
      "multiedit", "read", "text_editor"};
  const std::string lowered = lower(name);
  return std::find(names.begin(), names.end(), lowered) != names.end();
}

struct ToolOffer {
  std::string name;
  const json::value* schema;
};

/// Whether `word` stands in `text` on its own, in any case.
bool names_word(std::string_view text, std::string_view word) {
  const std::string haystack = lower(text);
  const std::string needle = lower(word);
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  for (std::size_t at = haystack.find(needle); at != std::string::npos; at = haystack.find(needle, at + 1)) {
    const std::size_t end = at + needle.size();
    if ((at == 0 || !is_word(haystack[at - 1])) && (end == haystack.size() || !is_word(haystack[end]))) return true;
  }
  return false;
}

/// The whole name, or one of the longer words of a name like `get_weather`.
bool names_tool(std::string_view text, std::string_view tool) {
  if (names_word(text, tool) && tool.find('_') != std::string_view::npos) return true;
  std::size_t from = 0;
  if (tool.find('_') == std::string_view::npos) return false;
  while (from < tool.size()) {
    const std::size_t end = std::min(tool.find('_', from), tool.size());
    const std::string_view word = tool.substr(from, end - from);
    if (word.size() >= 5 && names_word(text, word)) return true;
    from = end + 1;
  }
  return false;
}

std::string sample_input(const ToolOffer& offer) {
  return offer.schema == nullptr ? "{}" : json::serialize(sample_of(*offer.schema));
}

/// `USE_TOOL Name {json}` in the prompt says exactly which tool to call with what.
std::optional<ToolCall> spelled_call(std::string_view text, const std::vector<ToolOffer>& offers) {
  constexpr std::string_view mark = "USE_TOOL ";
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = trim(text.substr(at + mark.size()));
  const std::size_t space = rest.find_first_of(" \n{");
  const std::string_view name = rest.substr(0, space);
  for (const ToolOffer& offer : offers) {
    if (offer.name != name) continue;
    std::string_view input = space == std::string_view::npos ? std::string_view{} : trim(rest.substr(space));
    json::error_code error;
    json::stream_parser parser;
    parser.write_some(input.data(), input.size(), error);
    if (!error && parser.done()) return ToolCall{offer.name, json::serialize(parser.release())};
    return ToolCall{offer.name, sample_input(offer)};
  }
  return std::nullopt;
}

/// `ANSWER_TOKENS n` in the prompt says how long the answer is, also through gateways that pass no headers on.
std::optional<std::int64_t> spelled_length(std::string_view text) {
  constexpr std::string_view mark = "ANSWER_TOKENS ";
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + mark.size());
  const auto length = parse_integer<std::int64_t>(rest.substr(0, rest.find_first_not_of("0123456789")));
  return length && *length > 0 ? std::optional(*length) : std::nullopt;
}

struct ToolWish {
  bool is_forced = false;
  std::string_view name;  ///< of the forced tool; empty: any
  bool is_forbidden = false;
};

std::optional<ToolCall> choose_tool(const std::vector<ToolOffer>& offers, const ToolWish& wish,
                                    std::string_view last_text, bool has_result, ToolUse use) {
  if (offers.empty() || wish.is_forbidden || use == ToolUse::Never) return std::nullopt;
  if (wish.is_forced) {
    if (auto call = spelled_call(last_text, offers)) return call;
    for (const ToolOffer& offer : offers) {
      if (wish.name.empty() || offer.name == wish.name) return ToolCall{offer.name, sample_input(offer)};
    }
    return std::nullopt;
  }
  if (has_result) return std::nullopt;
  if (auto call = spelled_call(last_text, offers)) return call;
  if (use == ToolUse::Always) return ToolCall{offers.front().name, sample_input(offers.front())};
  if (last_text.size() > 400) return std::nullopt;  // long texts name many things
  for (const ToolOffer& offer : offers) {
    if (names_tool(last_text, offer.name)) return ToolCall{offer.name, sample_input(offer)};
  }
  return std::nullopt;
}

tl::expected<const ModelInfo*, ApiError> require_model(std::string_view id, Dialect dialect, const Options& options) {
  if (id.empty())
    return tl::unexpected(
        invalid(dialect == Dialect::Anthropic ? "model: Field required" : "you must provide a model parameter"));
  const ModelInfo* info = find_model(id);
  if (info == nullptr) info = likely_model(id);
  if (info == nullptr && options.any_model) info = likely_model("claude-other");
  if (info != nullptr) return info;
  if (dialect == Dialect::Anthropic)
    return tl::unexpected(ApiError{404, "not_found_error", fmt::format("model: {}", id)});
  return tl::unexpected(ApiError{404, "not_found_error",
                                 fmt::format("The model `{}` does not exist or you do not have access to it.", id),
                                 "model_not_found"});
}

// --- Anthropic ------------------------------------------------------------------------------------------------------

/// Collects blocks in prefix order: tools, system, messages.
class PromptBuilder {
 public:
  /// What invalidates everything from here on (facts 3) goes into the next block's hash.
  void mix(std::string_view what) { mixed_ = combine_hashes(mixed_, hash_of(what)); }

  tl::expected<void, ApiError> add(const json::value& block, std::string_view role, std::int64_t overhead = 0) {
    auto control = read_cache_control(member(block, "cache_control"));
    if (!control) return tl::unexpected(control.error());
    CacheBlock cached;
    cached.hash = combine_hashes(combine_hashes(hash_of(role), hash_of_block(block)), mixed_);
    mixed_ = 0;
    cached.tokens = tokens_of(block) + overhead;
    const std::string_view type = text_of(member(block, "type"));
    cached.is_cacheable = type != "thinking" && type != "redacted_thinking" &&
                          !(type == "text" && text_of(member(block, "text")).empty());
    if (*control && !cached.is_cacheable) {
      return tl::unexpected(invalid(type == "text" ? "cache_control cannot be set for empty text blocks"
                                                   : "cache_control cannot be set for thinking blocks"));
    }
    cached.breakpoint = *control;
    prompt_.blocks.push_back(cached);
    return {};
  }

  /// A text or a list of blocks.
  tl::expected<void, ApiError> add_content(const json::value& content, std::string_view role, std::int64_t overhead) {
    if (content.is_string()) return add(json::object{{"type", "text"}, {"text", content}}, role, overhead);
    if (!content.is_array())
      return tl::unexpected(invalid("messages: Input should be a string or a list of content blocks"));
    for (const json::value& block : content.get_array()) {
      if (auto added = add(block, role, overhead); !added) return added;
      overhead = 0;
    }
    return {};
  }

  CachePrompt take() { return std::move(prompt_); }

 private:
  CachePrompt prompt_;
  std::uint64_t mixed_ = 0;
};

bool contains_image(const json::value& value) {
  if (value.is_array()) return std::any_of(value.get_array().begin(), value.get_array().end(), contains_image);
  if (!value.is_object()) return false;
  if (text_of(member(value, "type")) == "image") return true;
  const json::value* content = member(value, "content");
  return content != nullptr && contains_image(*content);
}

bool asks_for_citations(const json::value& messages) {
  for (const json::value& message : messages.get_array()) {
    const json::array* content = array_of(member(message, "content"));
    if (content == nullptr) continue;
    for (const json::value& block : *content) {
      if (is_true(member(member(block, "citations"), "enabled"))) return true;
    }
  }
  return false;
}

std::string text_or_empty(const json::value* value) {
  return value == nullptr ? std::string() : std::string(json::serialize(*value));
}

/// The last text of the last message, and whether that message brings a tool's result.
struct LastTurn {
  std::string_view text;
  bool has_tool_result = false;
};

LastTurn last_turn_of(const json::array& messages) {
  LastTurn turn;
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (text_of(member(*message, "role")) != "user") {
      if (text_of(member(*message, "role")) == "assistant") break;
      continue;  // Claude Code puts messages of role system behind the user's
    }
    const json::value* content = member(*message, "content");
    if (content == nullptr) break;
    if (content->is_string()) turn.text = view(content->get_string());
    if (const json::array* blocks = array_of(content)) {
      for (const json::value& block : *blocks) {
        const std::string_view type = text_of(member(block, "type"));
        if (type == "text") turn.text = text_of(member(block, "text"));
        if (type == "tool_result") turn.has_tool_result = true;
      }
    }
    break;
  }
  return turn;
}

tl::expected<CachePrompt, ApiError> read_prompt(const json::value& body, const json::array& messages) {
  PromptBuilder builder;
  bool has_web_search = false;
  if (const json::array* tools = array_of(member(body, "tools"))) {
    for (const json::value& tool : *tools) {
      has_web_search = has_web_search || text_of(member(tool, "type")).starts_with("web_search");
      if (auto added = builder.add(tool, "tool", 8); !added) return tl::unexpected(added.error());
    }
  }
  builder.mix(fmt::format("{}{}{}", has_web_search, asks_for_citations(*member(body, "messages")),
                          text_of(member(body, "speed"))));
  if (const json::value* system = member(body, "system"); system != nullptr && !system->is_null()) {
    if (auto added = builder.add_content(*system, "system", 0); !added) return tl::unexpected(added.error());
  }
  builder.mix(text_or_empty(member(body, "tool_choice")));
  builder.mix(text_or_empty(member(body, "thinking")));
  const std::string_view effort = text_of(member(member(body, "output_config"), "effort"));
  builder.mix(effort.empty() ? "high" : effort);  // the default written out is the same as none
  builder.mix(std::any_of(messages.begin(), messages.end(), contains_image) ? "images" : "");
  for (const json::value& message : messages) {
    const json::value* content = member(message, "content");
    const std::string_view role = text_of(member(message, "role"));
    if (content == nullptr) return tl::unexpected(invalid("messages: content: Field required"));
    if (auto added = builder.add_content(*content, role, kTokensOfMessage); !added)
      return tl::unexpected(added.error());
  }
  CachePrompt prompt = builder.take();
  auto automatic = read_cache_control(member(body, "cache_control"));
  if (!automatic) return tl::unexpected(automatic.error());
  prompt.automatic = *automatic;
  return prompt;
}

std::vector<std::string> signatures_of(const json::array& messages) {
  std::vector<std::string> signatures;
  for (const json::value& message : messages) {
    const json::array* const blocks = array_of(member(message, "content"));
    if (blocks == nullptr) continue;
    for (const json::value& block : *blocks) {
      if (text_of(member(block, "type")) == "thinking") signatures.emplace_back(text_of(member(block, "signature")));
    }
  }
  return signatures;
}

/// The last message is an assistant's text, which the answer would go on with. Behind other blocks of the assistant a
/// turn is gone on with that was paused.
bool is_prefilled(const json::array& messages) {
  const auto last = std::find_if(messages.rbegin(), messages.rend(), [](const json::value& message) {
    return text_of(member(message, "role")) != "system";
  });
  if (last == messages.rend() || text_of(member(*last, "role")) != "assistant") return false;
  const json::array* const blocks = array_of(member(*last, "content"));
  return blocks == nullptr || (!blocks->empty() && text_of(member(blocks->back(), "type")) == "text");
}

/// What later models do not take any more (facts 2.2).
std::optional<ApiError> removed_by_model(const json::value& body, const json::array& messages, Era era) {
  if (era >= Era::Of46 && is_prefilled(messages)) {
    return invalid(
        "This model does not support assistant message prefill. The conversation must end with a user message.");
  }
  if (era >= Era::Since47 && text_of(member(member(body, "thinking"), "type")) == "enabled") {
    return invalid(R"("thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and )"
                   R"("output_config.effort" to control thinking behavior.)");
  }
  return std::nullopt;
}

/// The versions that there are (facts 0.1, and the first of all).
std::optional<ApiError> refuse_version(std::string_view version) {
  constexpr std::array<std::string_view, 3> known{"2023-01-01", "2023-06-01", "2026-10-21"};
  if (version.empty()) return invalid("anthropic-version: header is required");
  if (std::find(known.begin(), known.end(), version) != known.end()) return std::nullopt;
  return invalid(fmt::format("anthropic-version: \"{}\" is not a valid version", version));
}

/// What version 2026-10-21 removed.
std::optional<ApiError> removed_by_version(const json::value& body, std::string_view version) {
  if (version < "2026-10-21") return std::nullopt;
  for (std::string_view name : {"temperature", "top_p", "top_k"}) {
    if (member(body, name) != nullptr) return invalid(fmt::format("{}: Extra inputs are not permitted", name));
  }
  return std::nullopt;
}

ToolWish anthropic_wish(const json::value& body) {
  const json::value* choice = member(body, "tool_choice");
  const std::string_view type = text_of(member(choice, "type"));
  return {type == "any" || type == "tool", text_of(member(choice, "name")), type == "none"};
}

std::optional<std::string> structured_answer(const json::value& body) {
  const json::value* format = member(member(body, "output_config"), "format");
  if (format == nullptr) format = member(body, "output_format");
  const json::value* schema = member(format, "schema");
  if (schema == nullptr) return std::nullopt;
  return std::string(json::serialize(sample_of(*schema)));
}

tl::expected<ModelCall, ApiError> read_anthropic(Surface surface, const json::value& body, std::string_view version,
                                                 const Options& options) {
  ModelCall call{};
  call.surface = surface;
  if (auto refused = refuse_version(version)) return tl::unexpected(*std::move(refused));
  const auto info = require_model(text_of(member(body, "model")), Dialect::Anthropic, options);
  if (!info) return tl::unexpected(info.error());
  call.model = text_of(member(body, "model"));
  call.info = *info;
  const json::array* messages = array_of(member(body, "messages"));
  if (messages == nullptr) return tl::unexpected(invalid("messages: Field required"));
  if (messages->empty()) return tl::unexpected(invalid("messages: at least one message is required"));
  if (messages->size() > 100'000) return tl::unexpected(invalid("messages: at most 100000 messages are allowed"));
  if (auto removed = removed_by_version(body, version)) return tl::unexpected(*removed);
  if (auto removed = removed_by_model(body, *messages, call.info->era)) return tl::unexpected(*removed);
  const auto max_tokens = integer_of(member(body, "max_tokens"));
  if (surface == Surface::Messages && !max_tokens) return tl::unexpected(invalid("max_tokens: Field required"));
  call.max_tokens = max_tokens.value_or(0);
  if (call.max_tokens < 0) return tl::unexpected(invalid("max_tokens: Input should be greater than or equal to 0"));
  call.stream = is_true(member(body, "stream"));
  if (call.stream && call.max_tokens == 0 && surface == Surface::Messages)
    return tl::unexpected(invalid("max_tokens: 0 cannot be combined with stream"));

  auto prompt = read_prompt(body, *messages);
  if (!prompt) return tl::unexpected(prompt.error());
  call.prompt = *std::move(prompt);
  call.prompt.minimum_tokens = call.info->minimum_cached_tokens;
  if (auto refusal = PromptCache::refuse(call.prompt)) return tl::unexpected(invalid(*refusal));

  call.signatures = signatures_of(*messages);
  call.is_fast = text_of(member(body, "speed")) == "fast";
  call.is_standard_only = text_of(member(body, "service_tier")) == "standard_only";
  const std::string_view thinking = text_of(member(member(body, "thinking"), "type"));
  call.wants_thinking = thinking == "enabled" || thinking == "adaptive";
  call.wants_citations = asks_for_citations(*member(body, "messages"));
  call.user = text_of(member(member(body, "metadata"), "user_id"));
  if (const std::string_view geo = text_of(member(body, "inference_geo")); !geo.empty()) call.inference_geo = geo;
  call.structured = structured_answer(body);

  std::vector<ToolOffer> offers;
  if (const json::array* tools = array_of(member(body, "tools"))) {
    for (const json::value& tool : *tools) {
      const std::string_view name = text_of(member(tool, "name"));
      call.is_code_generation = call.is_code_generation || is_coding_tool(name);
      const json::value* schema = member(tool, "input_schema");
      if (schema != nullptr) offers.push_back({std::string(name), schema});
    }
  }
  const LastTurn turn = last_turn_of(*messages);
  call.tool = choose_tool(offers, anthropic_wish(body), turn.text, turn.has_tool_result, options.tools);
  call.length = spelled_length(turn.text);
  return call;
}

// --- OpenAI ---------------------------------------------------------------------------------------------------------

/// OpenAI caches by itself: every prompt is as if its last block were marked.
void add_openai_block(CachePrompt& prompt, const json::value& block, std::string_view role) {
  prompt.blocks.push_back(
      {combine_hashes(hash_of(role), hash_of(json::serialize(block))), tokens_of(block) + kTokensOfMessage});
}

ToolWish openai_wish(const json::value& body) {
  const json::value* choice = member(body, "tool_choice");
  if (choice == nullptr) return {};
  if (choice->is_string()) return {text_of(choice) == "required", {}, text_of(choice) == "none"};
  std::string_view name = text_of(member(member(choice, "function"), "name"));
  if (name.empty()) name = text_of(member(choice, "name"));
  return {!name.empty(), name, false};
}

/// Chat puts a tool's figures under `function`; responses do not.
std::vector<ToolOffer> openai_offers(const json::value& body, ModelCall& call) {
  std::vector<ToolOffer> offers;
  const json::array* tools = array_of(member(body, "tools"));
  if (tools == nullptr) return offers;
  for (const json::value& tool : *tools) {
    const json::value* function = member(tool, "function");
    const json::value& source = function != nullptr ? *function : tool;
    const std::string_view name = text_of(member(source, "name"));
    call.is_code_generation = call.is_code_generation || is_coding_tool(name);
    if (text_of(member(tool, "type")) == "function" && !name.empty())
      offers.push_back({std::string(name), member(source, "parameters")});
    add_openai_block(call.prompt, tool, "tool");
  }
  return offers;
}

std::string_view last_text_of(const json::value* content) {
  if (content == nullptr) return {};
  if (content->is_string()) return view(content->get_string());
  std::string_view text;
  if (const json::array* parts = array_of(content)) {
    for (const json::value& part : *parts) {
      if (const std::string_view found = text_of(member(part, "text")); !found.empty()) text = found;
    }
  }
  return text;
}

LastTurn last_openai_turn(const json::array& items) {
  LastTurn turn;
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    const std::string_view role = text_of(member(*item, "role"));
    const std::string_view type = text_of(member(*item, "type"));
    if (role == "tool" || type == "function_call_output") turn.has_tool_result = true;
    if (role == "assistant") break;
    if (role != "user") continue;
    turn.text = last_text_of(member(*item, "content"));
    break;
  }
  return turn;
}

void read_openai_schema(const json::value* format, ModelCall& call) {
  const json::value* schema = member(format, "schema");
  if (schema == nullptr) schema = member(member(format, "json_schema"), "schema");
  if (schema != nullptr) call.structured = std::string(json::serialize(sample_of(*schema)));
  if (text_of(member(format, "type")) == "json_object") call.structured = R"({"answer":"Hello from the simulator."})";
}

tl::expected<ModelCall, ApiError> read_chat(const json::value& body, ModelCall call, const Options& options) {
  const std::vector<ToolOffer> offers = openai_offers(body, call);
  const json::array* messages = array_of(member(body, "messages"));
  if (messages == nullptr || messages->empty()) {
    return tl::unexpected(invalid("Invalid 'messages': expected an array with at least one element."));
  }
  for (const json::value& message : *messages) add_openai_block(call.prompt, message, "message");
  auto maximum = integer_of(member(body, "max_completion_tokens"));
  if (!maximum) maximum = integer_of(member(body, "max_tokens"));
  call.max_tokens = maximum.value_or(kDefaultMaxTokens);
  call.include_usage = is_true(member(member(body, "stream_options"), "include_usage"));
  read_openai_schema(member(body, "response_format"), call);
  const LastTurn turn = last_openai_turn(*messages);
  call.tool = choose_tool(offers, openai_wish(body), turn.text, turn.has_tool_result, options.tools);
  call.length = spelled_length(turn.text);
  return call;
}

tl::expected<ModelCall, ApiError> read_responses(const json::value& body, ModelCall call, const Options& options) {
  const std::vector<ToolOffer> offers = openai_offers(body, call);
  if (const json::value* instructions = member(body, "instructions"))
    add_openai_block(call.prompt, *instructions, "system");
  const json::value* input = member(body, "input");
  if (input == nullptr) return tl::unexpected(invalid("Missing required parameter: 'input'."));
  LastTurn turn;
  if (const json::array* items = array_of(input)) {
    for (const json::value& item : *items) add_openai_block(call.prompt, item, "message");
    turn = last_openai_turn(*items);
  } else {
    add_openai_block(call.prompt, *input, "message");
    turn.text = text_of(input);
  }
  call.max_tokens = integer_of(member(body, "max_output_tokens")).value_or(kDefaultMaxTokens);
  const json::value* store = member(body, "store");
  call.stores = store == nullptr || !store->is_bool() || store->get_bool();
  call.previous_response = text_of(member(body, "previous_response_id"));
  call.wants_thinking = member(body, "reasoning") != nullptr && member(body, "reasoning")->is_object();
  read_openai_schema(member(member(body, "text"), "format"), call);
  call.tool = choose_tool(offers, openai_wish(body), turn.text, turn.has_tool_result, options.tools);
  call.length = spelled_length(turn.text);
  return call;
}

tl::expected<ModelCall, ApiError> read_embeddings(const json::value& body, ModelCall call) {
  const json::value* input = member(body, "input");
  if (input == nullptr) return tl::unexpected(invalid("Missing required parameter: 'input'."));
  const json::array* list = array_of(input);
  call.inputs = list == nullptr || list->empty() || list->front().is_number() ? 1 : list->size();
  CacheBlock block{hash_of(json::serialize(*input)), tokens_of(*input)};
  call.prompt.blocks.push_back(block);
  call.prompt.minimum_tokens = INT64_MAX;  // embeddings are not cached
  return call;
}

tl::expected<ModelCall, ApiError> read_openai(Surface surface, const json::value& body, const Options& options) {
  ModelCall call{};
  call.surface = surface;
  const auto info = require_model(text_of(member(body, "model")), Dialect::OpenAi, options);
  if (!info) return tl::unexpected(info.error());
  call.model = text_of(member(body, "model"));
  call.info = *info;
  call.prompt.minimum_tokens = call.info->minimum_cached_tokens;
  // Anthropic's OpenAI-compatible endpoint has no prompt caching (facts 2.1).
  if (call.info->vendor == Vendor::OpenAi) call.prompt.automatic = CacheTtl::FiveMinutes;
  call.stream = is_true(member(body, "stream"));
  call.user = text_of(member(body, "user"));
  if (surface == Surface::Embeddings) return read_embeddings(body, std::move(call));
  if (surface == Surface::Responses) return read_responses(body, std::move(call), options);
  return read_chat(body, std::move(call), options);
}

}  // namespace

std::int64_t ModelCall::input_tokens() const {
  std::int64_t sum = 0;
  for (const CacheBlock& block : prompt.blocks) sum += block.tokens;
  return sum;
}

std::int64_t tokens_of_text(std::string_view text) { return static_cast<std::int64_t>((text.size() + 3) / 4); }

json::value sample_of(const json::value& schema, int depth) {
  if (!schema.is_object() || depth > 8) return nullptr;
  if (const json::value* constant = member(schema, "const")) return *constant;
  if (const json::array* values = array_of(member(schema, "enum")); values != nullptr && !values->empty())
    return values->front();
  for (std::string_view choice : {"anyOf", "oneOf", "allOf"}) {
    const json::array* list = array_of(member(schema, choice));
    if (list != nullptr && !list->empty()) return sample_of(list->front(), depth + 1);
  }
  const json::value* type = member(schema, "type");
  if (const json::array* types = array_of(type); types != nullptr && !types->empty()) type = &types->front();
  const std::string_view name = text_of(type);
  if (name == "string") return "sample";
  if (name == "integer" || name == "number") return integer_of(member(schema, "minimum")).value_or(1);
  if (name == "boolean") return true;
  if (name == "null") return nullptr;
  if (name == "array") {
    const json::value* items = member(schema, "items");
    return items == nullptr ? json::array{} : json::array{sample_of(*items, depth + 1)};
  }
  json::object object;
  if (const json::value* properties = member(schema, "properties"); properties != nullptr && properties->is_object()) {
    const json::array* required = array_of(member(schema, "required"));
    for (const auto& property : properties->get_object()) {
      const bool is_required =
          required != nullptr && std::any_of(required->begin(), required->end(), [&](const json::value& item) {
            return item.is_string() && item.get_string() == property.key();
          });
      if (is_required || required == nullptr) object[property.key()] = sample_of(property.value(), depth + 1);
    }
  }
  return object;
}

tl::expected<ModelCall, ApiError> read_model_call(Surface surface, const json::value& body, std::string_view version,
                                                  const Options& options) {
  if (!body.is_object()) return tl::unexpected(invalid("The request body is not a JSON object."));
  if (dialect_of(surface) == Dialect::Anthropic) return read_anthropic(surface, body, version, options);
  return read_openai(surface, body, options);
}

}  // namespace tidegate::sim
