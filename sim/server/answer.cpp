// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/answer.h"

#include "sim/model/random.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

using Kind = Answer::Part::Kind;

constexpr std::size_t kBytesPerToken = 4;

/// `text`, then as much filler as `tokens` asks for; cut where `tokens` ends.
std::string text_of_length(std::string_view text, std::int64_t tokens) {
  constexpr std::string_view filler =
      " The tide comes in, the gate lets through what the channel can carry, and the rest waits.";
  const std::size_t bytes = static_cast<std::size_t>(std::max<std::int64_t>(tokens, 1)) * kBytesPerToken;
  std::string out(text.substr(0, bytes));
  while (out.size() < bytes) out += filler.substr(0, bytes - out.size());
  return out;
}

/// Pieces of `tokens_per_event`, the last with what remains. Cuts nowhere inside a UTF-8 character.
std::vector<Answer::Piece> cut(const std::string& text, int tokens_per_event) {
  std::vector<Answer::Piece> pieces;
  const std::size_t step = static_cast<std::size_t>(std::max(1, tokens_per_event)) * kBytesPerToken;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = std::min(at + step, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    pieces.push_back({text.substr(at, end - at), tokens_of_text(std::string_view(text).substr(at, end - at))});
    at = end;
  }
  return pieces;
}

json::value string_value(std::string_view text) { return json::value(json::string_view(text.data(), text.size())); }

}  // namespace

std::string Answer::Part::text() const {
  std::string whole;
  for (const Piece& piece : pieces) whole += piece.text;
  return whole;
}

std::int64_t Answer::output_tokens() const {
  std::int64_t sum = 0;
  for (const Part& part : parts) {
    for (const Piece& piece : part.pieces) sum += piece.tokens;
  }
  return sum;
}

std::int64_t Answer::thinking_tokens() const {
  std::int64_t sum = 0;
  for (const Part& part : parts) {
    if (part.kind != Kind::Thinking) continue;
    for (const Piece& piece : part.pieces) sum += piece.tokens;
  }
  return sum;
}

Answer compose_answer(const ModelCall& call, std::int64_t length, std::string_view text, int tokens_per_event) {
  Answer answer;
  if (call.max_tokens == 0) {  // warms the cache, says nothing (facts 2.2)
    answer.stop_reason = "max_tokens";
    return answer;
  }
  const std::int64_t allowed = std::min(length, call.max_tokens);
  if (length > call.max_tokens) answer.stop_reason = "max_tokens";
  std::int64_t left = allowed;
  if (call.wants_thinking && left >= 4) {
    const std::int64_t thinking = std::max<std::int64_t>(1, left / 4);
    answer.parts.push_back({Kind::Thinking, cut(text_of_length("Thinking about it.", thinking), tokens_per_event)});
    left -= thinking;
  }
  if (call.tool) {
    const std::vector<Answer::Piece> input = cut(call.tool->input, tokens_per_event);
    answer.parts.push_back({Kind::Text, cut("Let me call a tool.", tokens_per_event)});
    answer.parts.push_back({Kind::ToolUse, input, call.tool->name});
    answer.stop_reason = "tool_use";
    return answer;
  }
  if (call.structured) {
    answer.stop_reason = "end_turn";
    answer.parts.push_back({Kind::Text, cut(*call.structured, tokens_per_event)});
    return answer;
  }
  answer.parts.push_back({Kind::Text, cut(text_of_length(text, left), tokens_per_event)});
  return answer;
}

// --- Anthropic ------------------------------------------------------------------------------------------------------

namespace {

/// facts/anthropic-api.md 2.3; `output_tokens` apart because message_start carries a placeholder.
json::object anthropic_usage(const ModelCall& call, const Answer& answer, std::int64_t output_tokens) {
  return {{"input_tokens", answer.input.uncached},
          {"cache_creation_input_tokens", answer.input.written()},
          {"cache_read_input_tokens", answer.input.read},
          {"cache_creation", json::object{{"ephemeral_5m_input_tokens", answer.input.written_5m},
                                          {"ephemeral_1h_input_tokens", answer.input.written_1h}}},
          {"output_tokens", output_tokens},
          {"service_tier", string_value(call.service_tier)},
          {"inference_geo", string_value(call.inference_geo)}};
}

void add_speed(json::object& usage, const ModelCall& call) {
  if (call.is_fast) usage["speed"] = "fast";
}

json::object anthropic_message(const ModelCall& call, const Answer& answer) {
  return {{"id", "msg_" + answer.id}, {"type", "message"}, {"role", "assistant"}, {"model", call.model}};
}

json::object citation_of(std::string_view text) {
  return {{"type", "char_location"}, {"cited_text", string_value(text)},
          {"document_index", 0},     {"document_title", nullptr},
          {"start_char_index", 0},   {"end_char_index", static_cast<std::int64_t>(text.size())}};
}

std::string tool_id(const Answer& answer, std::size_t index) { return fmt::format("toolu_{}{}", answer.id, index); }

json::object anthropic_block(const ModelCall& call, const Answer& answer, std::size_t index) {
  const Answer::Part& part = answer.parts[index];
  switch (part.kind) {
    case Kind::Thinking:
      return {{"type", "thinking"}, {"thinking", part.text()}, {"signature", string_value(answer.signature)}};
    case Kind::ToolUse:
      return {{"type", "tool_use"},
              {"id", tool_id(answer, index)},
              {"name", part.tool_name},
              {"input", json::parse(part.text())}};
    case Kind::Text: break;
  }
  json::object block{{"type", "text"}, {"text", part.text()}};
  if (call.wants_citations) block["citations"] = json::array{citation_of(part.text().substr(0, 20))};
  return block;
}

std::string anthropic_body(const ModelCall& call, const Answer& answer) {
  json::object message = anthropic_message(call, answer);
  json::array content;
  for (std::size_t i = 0; i < answer.parts.size(); ++i) content.push_back(anthropic_block(call, answer, i));
  message["content"] = std::move(content);
  message["stop_reason"] = answer.stop_reason;
  message["stop_sequence"] = nullptr;
  json::object usage = anthropic_usage(call, answer, answer.output_tokens());
  if (answer.thinking_tokens() > 0)
    usage["output_tokens_details"] = json::object{{"thinking_tokens", answer.thinking_tokens()}};
  add_speed(usage, call);
  message["usage"] = std::move(usage);
  return json::serialize(message);
}

std::string named_event(std::string_view name, const json::object& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, json::serialize(data));
}

json::object anthropic_block_start(const Answer& answer, std::size_t index) {
  switch (answer.parts[index].kind) {
    case Kind::Thinking: return {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}};
    case Kind::Text: return {{"type", "text"}, {"text", ""}};
    case Kind::ToolUse:
      return {{"type", "tool_use"},
              {"id", tool_id(answer, index)},
              {"name", answer.parts[index].tool_name},
              {"input", json::object{}}};
  }
  return {};
}

json::object anthropic_delta(Kind kind, const std::string& text) {
  switch (kind) {
    case Kind::Thinking: return {{"type", "thinking_delta"}, {"thinking", text}};
    case Kind::Text: return {{"type", "text_delta"}, {"text", text}};
    case Kind::ToolUse: return {{"type", "input_json_delta"}, {"partial_json", text}};
  }
  return {};
}

std::string anthropic_delta_event(std::size_t index, json::object delta) {
  return named_event("content_block_delta",
                     {{"type", "content_block_delta"}, {"index", index}, {"delta", std::move(delta)}});
}

void add_anthropic_block(std::vector<TimedEvent>& events, const ModelCall& call, const Answer& answer,
                         std::size_t index) {
  const Answer::Part& part = answer.parts[index];
  events.push_back({named_event(
      "content_block_start",
      {{"type", "content_block_start"}, {"index", index}, {"content_block", anthropic_block_start(answer, index)}})});
  if (index == 0) events.push_back({named_event("ping", {{"type", "ping"}})});
  if (part.kind == Kind::ToolUse) events.push_back({anthropic_delta_event(index, anthropic_delta(part.kind, ""))});
  for (const Answer::Piece& piece : part.pieces) {
    events.push_back({anthropic_delta_event(index, anthropic_delta(part.kind, piece.text)), piece.tokens});
  }
  if (part.kind == Kind::Thinking) {
    events.push_back(
        {anthropic_delta_event(index, {{"type", "signature_delta"}, {"signature", string_value(answer.signature)}})});
  }
  if (part.kind == Kind::Text && call.wants_citations) {
    events.push_back({anthropic_delta_event(
        index, {{"type", "citations_delta"}, {"citation", citation_of(part.text().substr(0, 20))}})});
  }
  events.push_back({named_event("content_block_stop", {{"type", "content_block_stop"}, {"index", index}})});
}

std::vector<TimedEvent> anthropic_events(const ModelCall& call, const Answer& answer) {
  std::vector<TimedEvent> events;
  json::object message = anthropic_message(call, answer);
  message["content"] = json::array{};
  message["stop_reason"] = nullptr;
  message["stop_sequence"] = nullptr;
  json::object usage = anthropic_usage(call, answer, 1);
  add_speed(usage, call);
  message["usage"] = std::move(usage);
  events.push_back({named_event("message_start", {{"type", "message_start"}, {"message", std::move(message)}})});
  for (std::size_t i = 0; i < answer.parts.size(); ++i) add_anthropic_block(events, call, answer, i);
  // Cumulative, and without TTL split, tier, speed and geo: those stand in message_start only (facts 2.4).
  json::object last{{"input_tokens", answer.input.uncached},
                    {"cache_creation_input_tokens", answer.input.written()},
                    {"cache_read_input_tokens", answer.input.read},
                    {"output_tokens", answer.output_tokens()}};
  if (answer.thinking_tokens() > 0)
    last["output_tokens_details"] = json::object{{"thinking_tokens", answer.thinking_tokens()}};
  events.push_back({named_event(
      "message_delta", {{"type", "message_delta"},
                        {"delta", json::object{{"stop_reason", answer.stop_reason}, {"stop_sequence", nullptr}}},
                        {"usage", std::move(last)}})});
  events.push_back({named_event("message_stop", {{"type", "message_stop"}})});
  return events;
}

// --- OpenAI chat ----------------------------------------------------------------------------------------------------

std::int64_t unix_seconds(WallTime time) { return std::chrono::floor<Seconds>(time).time_since_epoch().count(); }

std::string_view finish_reason_of(const Answer& answer) {
  if (answer.stop_reason == "tool_use") return "tool_calls";
  return answer.stop_reason == "max_tokens" ? "length" : "stop";
}

/// prompt_tokens includes what was cached (facts 5.2).
json::object chat_usage(const Answer& answer) {
  const std::int64_t output = answer.output_tokens();
  return {{"prompt_tokens", answer.input.total()},
          {"completion_tokens", output},
          {"total_tokens", answer.input.total() + output},
          {"prompt_tokens_details", json::object{{"cached_tokens", answer.input.read}, {"audio_tokens", 0}}},
          {"completion_tokens_details", json::object{{"reasoning_tokens", answer.thinking_tokens()},
                                                     {"audio_tokens", 0},
                                                     {"accepted_prediction_tokens", 0},
                                                     {"rejected_prediction_tokens", 0}}}};
}

json::object chat_head(const ModelCall& call, const Answer& answer, std::string_view object) {
  return {{"id", "chatcmpl-" + answer.id}, {"object", string_value(object)}, {"created", unix_seconds(answer.created)},
          {"model", call.model},           {"service_tier", "default"},      {"system_fingerprint", "fp_simulator"}};
}

std::string chat_body(const ModelCall& call, const Answer& answer) {
  json::object message{
      {"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}, {"annotations", json::array{}}};
  json::array calls;
  for (const Answer::Part& part : answer.parts) {
    if (part.kind == Kind::Text && !call.tool) message["content"] = part.text();
    if (part.kind == Kind::ToolUse) {
      calls.push_back(json::object{{"id", "call_" + answer.id},
                                   {"type", "function"},
                                   {"function", json::object{{"name", part.tool_name}, {"arguments", part.text()}}}});
    }
  }
  if (!calls.empty()) message["tool_calls"] = std::move(calls);
  json::object body = chat_head(call, answer, "chat.completion");
  body["choices"] = json::array{json::object{{"index", 0},
                                             {"message", std::move(message)},
                                             {"logprobs", nullptr},
                                             {"finish_reason", string_value(finish_reason_of(answer))}}};
  body["usage"] = chat_usage(answer);
  return json::serialize(body);
}

std::string chat_chunk(const ModelCall& call, const Answer& answer, json::object delta, json::value finish_reason) {
  json::object body = chat_head(call, answer, "chat.completion.chunk");
  body["choices"] = json::array{json::object{
      {"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(finish_reason)}}};
  if (call.include_usage) body["usage"] = nullptr;
  return fmt::format("data: {}\n\n", json::serialize(body));
}

json::object tool_delta(json::object call_delta) {
  call_delta["index"] = 0;
  return {{"tool_calls", json::array{std::move(call_delta)}}};
}

void add_chat_part(std::vector<TimedEvent>& events, const ModelCall& call, const Answer& answer,
                   const Answer::Part& part) {
  if (part.kind == Kind::ToolUse) {
    json::object start{{"id", "call_" + answer.id},
                       {"type", "function"},
                       {"function", json::object{{"name", part.tool_name}, {"arguments", ""}}}};
    events.push_back({chat_chunk(call, answer, tool_delta(std::move(start)), nullptr)});
  }
  for (const Answer::Piece& piece : part.pieces) {
    json::object delta = part.kind == Kind::ToolUse
                             ? tool_delta({{"function", json::object{{"arguments", piece.text}}}})
                             : json::object{{"content", piece.text}};
    events.push_back({chat_chunk(call, answer, std::move(delta), nullptr), piece.tokens});
  }
}

std::vector<TimedEvent> chat_events(const ModelCall& call, const Answer& answer) {
  std::vector<TimedEvent> events;
  json::object first{
      {"role", "assistant"}, {"content", call.tool ? json::value(nullptr) : json::value("")}, {"refusal", nullptr}};
  std::int64_t unseen = 0;  // thinking, and text beside a tool call, are produced but not shown
  std::vector<const Answer::Part*> shown;
  for (const Answer::Part& part : answer.parts) {
    if (part.kind == Kind::ToolUse || (part.kind == Kind::Text && !call.tool)) {
      shown.push_back(&part);
    } else {
      for (const Answer::Piece& piece : part.pieces) unseen += piece.tokens;
    }
  }
  events.push_back({chat_chunk(call, answer, std::move(first), nullptr), unseen});
  for (const Answer::Part* part : shown) add_chat_part(events, call, answer, *part);
  events.push_back({chat_chunk(call, answer, {}, string_value(finish_reason_of(answer)))});
  if (call.include_usage) {
    json::object last = chat_head(call, answer, "chat.completion.chunk");
    last["choices"] = json::array{};
    last["usage"] = chat_usage(answer);
    events.push_back({fmt::format("data: {}\n\n", json::serialize(last))});
  }
  events.push_back({"data: [DONE]\n\n"});
  return events;
}

// --- OpenAI responses -----------------------------------------------------------------------------------------------

json::object responses_usage(const Answer& answer) {
  const std::int64_t output = answer.output_tokens();
  return {{"input_tokens", answer.input.total()},
          {"input_tokens_details", json::object{{"cached_tokens", answer.input.read}}},
          {"output_tokens", output},
          {"output_tokens_details", json::object{{"reasoning_tokens", answer.thinking_tokens()}}},
          {"total_tokens", answer.input.total() + output}};
}

std::string item_id(const Answer& answer, std::size_t index, Kind kind) {
  const std::string_view prefix = kind == Kind::Thinking ? "rs" : kind == Kind::ToolUse ? "fc" : "msg";
  return fmt::format("{}_{}{}", prefix, answer.id, index);
}

json::object text_part(std::string_view text) {
  return {{"type", "output_text"},
          {"annotations", json::array{}},
          {"logprobs", json::array{}},
          {"text", string_value(text)}};
}

json::object responses_item(const Answer& answer, std::size_t index, std::string_view status) {
  const Answer::Part& part = answer.parts[index];
  const bool is_done = status != "in_progress";
  json::object item{{"id", item_id(answer, index, part.kind)}};
  switch (part.kind) {
    case Kind::Thinking:
      item["type"] = "reasoning";
      item["summary"] = json::array{};
      return item;
    case Kind::ToolUse:
      item["type"] = "function_call";
      item["status"] = string_value(status);
      item["arguments"] = is_done ? part.text() : std::string();
      item["call_id"] = "call_" + answer.id;
      item["name"] = part.tool_name;
      return item;
    case Kind::Text: break;
  }
  item["type"] = "message";
  item["status"] = string_value(status);
  item["role"] = "assistant";
  item["content"] = is_done ? json::array{text_part(part.text())} : json::array{};
  return item;
}

json::object responses_object(const ModelCall& call, const Answer& answer, std::string_view status) {
  const bool is_done = status != "in_progress";
  json::array output;
  if (is_done) {
    for (std::size_t i = 0; i < answer.parts.size(); ++i) output.push_back(responses_item(answer, i, "completed"));
  }
  const bool is_cut = answer.stop_reason == "max_tokens";
  return {{"id", "resp_" + answer.id},
          {"object", "response"},
          {"created_at", unix_seconds(answer.created)},
          {"status", string_value(is_done && is_cut ? "incomplete" : status)},
          {"background", false},
          {"error", nullptr},
          {"incomplete_details",
           is_done && is_cut ? json::value(json::object{{"reason", "max_output_tokens"}}) : json::value(nullptr)},
          {"instructions", nullptr},
          {"max_output_tokens", nullptr},
          {"model", call.model},
          {"output", std::move(output)},
          {"parallel_tool_calls", true},
          {"previous_response_id",
           call.previous_response.empty() ? json::value(nullptr) : json::value(call.previous_response)},
          {"reasoning", json::object{{"effort", nullptr}, {"summary", nullptr}}},
          {"store", call.stores},
          {"temperature", 1.0},
          {"text", json::object{{"format", json::object{{"type", "text"}}}}},
          {"tool_choice", "auto"},
          {"tools", json::array{}},
          {"top_p", 1.0},
          {"truncation", "disabled"},
          {"usage", is_done ? json::value(responses_usage(answer)) : json::value(nullptr)},
          {"user", nullptr},
          {"metadata", json::object{}}};
}

/// Numbers its events.
class ResponsesStream {
 public:
  void add(std::string_view type, json::object fields, std::int64_t tokens = 0) {
    json::object data{{"type", string_value(type)}, {"sequence_number", next_++}};
    for (auto& field : fields) data[field.key()] = std::move(field.value());
    events_.push_back({named_event(type, data), tokens});
  }
  std::vector<TimedEvent> take() { return std::move(events_); }

 private:
  std::vector<TimedEvent> events_;
  std::int64_t next_ = 0;
};

void add_responses_deltas(ResponsesStream& stream, const Answer::Part& part, const json::object& place) {
  const auto with = [&](std::initializer_list<std::pair<json::string_view, json::value_ref>> more) {
    json::object fields = place;
    for (const auto& [key, value] : more) fields[key] = json::value(value);
    return fields;
  };
  if (part.kind == Kind::ToolUse) {
    for (const Answer::Piece& piece : part.pieces) {
      stream.add("response.function_call_arguments.delta", with({{"delta", piece.text}}), piece.tokens);
    }
    stream.add("response.function_call_arguments.done", with({{"arguments", part.text()}}));
    return;
  }
  stream.add("response.content_part.added", with({{"content_index", 0}, {"part", text_part("")}}));
  for (const Answer::Piece& piece : part.pieces) {
    stream.add("response.output_text.delta",
               with({{"content_index", 0}, {"delta", piece.text}, {"logprobs", json::array{}}}), piece.tokens);
  }
  stream.add("response.output_text.done",
             with({{"content_index", 0}, {"text", part.text()}, {"logprobs", json::array{}}}));
  stream.add("response.content_part.done", with({{"content_index", 0}, {"part", text_part(part.text())}}));
}

std::vector<TimedEvent> responses_events(const ModelCall& call, const Answer& answer) {
  ResponsesStream stream;
  stream.add("response.created", {{"response", responses_object(call, answer, "in_progress")}});
  stream.add("response.in_progress", {{"response", responses_object(call, answer, "in_progress")}});
  for (std::size_t i = 0; i < answer.parts.size(); ++i) {
    const Answer::Part& part = answer.parts[i];
    std::int64_t unseen = 0;
    if (part.kind == Kind::Thinking) unseen = answer.thinking_tokens();
    stream.add("response.output_item.added", {{"output_index", i}, {"item", responses_item(answer, i, "in_progress")}},
               unseen);
    if (part.kind != Kind::Thinking) {
      add_responses_deltas(stream, part, {{"item_id", item_id(answer, i, part.kind)}, {"output_index", i}});
    }
    stream.add("response.output_item.done", {{"output_index", i}, {"item", responses_item(answer, i, "completed")}});
  }
  const std::string_view last = answer.stop_reason == "max_tokens" ? "response.incomplete" : "response.completed";
  stream.add(last, {{"response", responses_object(call, answer, "completed")}});
  return stream.take();
}

}  // namespace

std::string render_body(const ModelCall& call, const Answer& answer) {
  switch (call.surface) {
    case Surface::Messages: return anthropic_body(call, answer);
    case Surface::CountTokens: return json::serialize(json::object{{"input_tokens", call.input_tokens()}});
    case Surface::ChatCompletions: return chat_body(call, answer);
    case Surface::Responses: return json::serialize(responses_object(call, answer, "completed"));
    case Surface::Embeddings: return render_embeddings(call);
  }
  return {};
}

std::vector<TimedEvent> render_events(const ModelCall& call, const Answer& answer) {
  switch (call.surface) {
    case Surface::Messages: return anthropic_events(call, answer);
    case Surface::ChatCompletions: return chat_events(call, answer);
    case Surface::Responses: return responses_events(call, answer);
    case Surface::CountTokens:
    case Surface::Embeddings: break;  // never streamed
  }
  return {};
}

std::string render_error_event(Dialect dialect, std::string_view type, std::string_view message) {
  const json::object error{{"type", string_value(type)}, {"message", string_value(message)}};
  if (dialect == Dialect::OpenAi) return fmt::format("data: {}\n\n", json::serialize(json::object{{"error", error}}));
  return named_event("error", {{"type", "error"}, {"error", error}});
}

std::string render_embeddings(const ModelCall& call) {
  constexpr std::size_t dimensions = 16;  // enough for a proxy
  json::array data;
  for (std::size_t i = 0; i < call.inputs; ++i) {
    Random random(i + 1);
    std::array<double, dimensions> vector{};
    double square = 0;
    for (double& value : vector) {
      value = random.normal();
      square += value * value;
    }
    json::array list;
    for (const double value : vector) list.push_back(value / std::sqrt(square));
    data.push_back(json::object{{"object", "embedding"}, {"index", i}, {"embedding", std::move(list)}});
  }
  const std::int64_t tokens = call.input_tokens();
  return json::serialize(json::object{{"object", "list"},
                                      {"data", std::move(data)},
                                      {"model", call.model},
                                      {"usage", json::object{{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
}

}  // namespace tidegate::sim
