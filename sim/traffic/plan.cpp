// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/plan.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

namespace tidegate::sim {

namespace {

constexpr std::array<std::string_view, 24> kWords{
    "the", "gateway", "reads", "every",   "header", "and",    "keeps", "what", "it",   "learns", "about", "limits",
    "so",  "that",    "no",    "request", "waits",  "longer", "than",  "it",   "must", "under",  "load",  "today"};
constexpr std::string_view kTools =
    R"([{"name":"read_file","description":"Reads a file","input_schema":{"type":"object","properties":{"path":{"type":"string"}}}},)"
    R"({"name":"run","description":"Runs a command","input_schema":{"type":"object","properties":{"command":{"type":"string"}}}}])";

PlannedCall anthropic_call(std::string path, std::string body) {
  return {.at = {}, .path = std::move(path), .fields = {{"anthropic-version", "2023-06-01"}}, .body = std::move(body)};
}

}  // namespace

TrafficPlan::TrafficPlan(TrafficOptions options)
    : random_(options.seed), arrivals_(options.rate, options.tide, options.begin), conversations_(kPeople.size()) {
  for (std::size_t i = 0; i <= kPeople.size(); ++i) prompts_.push_back(words(kPromptWords));
}

PlannedCall TrafficPlan::next() {
  const Nanoseconds at = arrivals_.next(random_);
  const Team::Turn turn = team_.next(random_);
  PlannedCall call;
  switch (turn.kind) {
    case CallKind::CodeTurn: call = code_turn(turn.person); break;
    case CallKind::SupportAnswer: call = support_answer(); break;
    case CallKind::CiStep: call = ci_step(); break;
    case CallKind::CiCount: call = ci_count(); break;
    case CallKind::Evaluation: call = evaluation(); break;
    case CallKind::Chat: call = chat(); break;
  }
  call.at = at;
  return call;
}

std::string TrafficPlan::session_id() {
  const std::uint64_t high = random_.next();
  const std::uint64_t low = random_.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xfff,
                     (low >> 48 & 0x3fff) | 0x8000, low & 0xffffffffffff);
}

std::string TrafficPlan::words(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ' ';
    out += kWords[random_.next() % kWords.size()];
  }
  return out;
}

PlannedCall TrafficPlan::code_turn(std::size_t person) {
  Conversation& talk = conversations_[person];
  if (talk.turns == talk.last_turn) {
    talk = {.session = session_id(), .messages = {}, .turns = 0, .last_turn = draw_turns(random_)};
  }
  if (talk.turns > 0) {
    talk.messages += fmt::format(R"(,{{"role":"assistant","content":"{}"}},)", words(kAnswerWords));
  }
  const bool calls_tool = random_.uniform() < 0.3;
  talk.messages += fmt::format(R"({{"role":"user","content":"{}{}"}})", words(kQuestionWords),
                               calls_tool ? " now use read_file" : "");
  ++talk.turns;
  PlannedCall call = anthropic_call(
      "/v1/messages?beta=true",
      fmt::format(
          R"({{"model":"{}","max_tokens":{},"stream":true,"system":[{{"type":"text","text":"{}","cache_control":{{"type":"ephemeral"}}}}],)"
          R"("tools":{},"metadata":{{"user_id":"{}"}},"messages":[{}]}})",
          kPeople[person].model, kCodeTokens, prompts_[person], kTools, kPeople[person].name, talk.messages));
  call.fields.emplace_back("x-claude-code-session-id", talk.session);
  call.fields.emplace_back("user-agent", "claude-cli/2.1 (external, cli)");
  return call;
}

PlannedCall TrafficPlan::support_answer() {
  return anthropic_call(
      "/v1/messages",
      fmt::format(
          R"({{"model":"{}","max_tokens":{},"stream":true,"system":[{{"type":"text","text":"{}","cache_control":{{"type":"ephemeral"}}}}],)"
          R"("metadata":{{"user_id":"support-bot"}},"messages":[{{"role":"user","content":"{}"}}]}})",
          kSupportModel, kSupportTokens, prompts_.back(), words(kSupportWords)));
}

PlannedCall TrafficPlan::ci_step() {
  return anthropic_call("/v1/messages", fmt::format(R"({{"model":"{}","max_tokens":{},"metadata":{{"user_id":"ci"}},)"
                                                    R"("messages":[{{"role":"user","content":"{}"}}]}})",
                                                    kCiModel, kCiTokens, words(kCiWords)));
}

PlannedCall TrafficPlan::ci_count() {
  return anthropic_call(
      "/v1/messages/count_tokens",
      fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"{}"}}]}})", kCiModel, words(kCiWords)));
}

PlannedCall TrafficPlan::evaluation() {
  return anthropic_call("/v1/messages",
                        fmt::format(R"({{"model":"{}","max_tokens":{},"metadata":{{"user_id":"evaluation"}},)"
                                    R"("messages":[{{"role":"user","content":"{}"}}]}})",
                                    kEvaluationModel, kEvaluationTokens, words(kEvaluationWords)));
}

PlannedCall TrafficPlan::chat() {
  const bool stream = random_.uniform() < 0.5;
  return {.at = {},
          .path = "/v1/chat/completions",
          .fields = {},
          .body = fmt::format(
              R"({{"model":"{}","user":"search-service",{}"messages":[{{"role":"user","content":"{}"}}]}})", kChatModel,
              stream ? R"("stream":true,"stream_options":{"include_usage":true},)" : "", words(kChatWords))};
}

}  // namespace tidegate::sim
