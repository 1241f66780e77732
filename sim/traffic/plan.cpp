// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/plan.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <numbers>
#include <string_view>

namespace tidegate::sim {

namespace {

/// People who code, and the model each of them prefers.
struct Person {
  std::string_view name;
  std::string_view model;
};
constexpr std::array kPeople{Person{"ada", "claude-opus-4-8"}, Person{"grace", "claude-sonnet-5"},
                             Person{"linus", "claude-sonnet-5"}, Person{"barbara", "claude-opus-4-8"}};
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
    : options_(options), random_(options.seed), conversations_(kPeople.size()) {
  for (std::size_t i = 0; i <= kPeople.size(); ++i) prompts_.push_back(words(3'000));
}

PlannedCall TrafficPlan::next() {
  advance();
  PlannedCall call;
  const double choice = random_.uniform();
  if (evaluations_left_ > 0 && choice < 0.5) {
    call = evaluation();
  } else if (choice < 0.42) {
    call = code_turn(static_cast<std::size_t>(random_.next() % kPeople.size()));
  } else if (choice < 0.68) {
    call = support_answer();
  } else if (choice < 0.86) {
    call = ci_step();
  } else if (choice < 0.98) {
    call = chat();
  } else {
    evaluations_left_ = 20;
    call = evaluation();
  }
  call.at = at_;
  return call;
}

/// A Poisson process whose rate follows the tide, by thinning (Lewis, Shedler 1979).
void TrafficPlan::advance() {
  const double highest = options_.rate * (1 + options_.swing);
  while (true) {
    const double wait = -std::log(1 - random_.uniform()) / highest;
    at_ += std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(wait));
    const double phase = std::chrono::duration<double>(at_) / std::chrono::duration<double>(options_.tide);
    const double rate = options_.rate * (1 + options_.swing * std::sin(2 * std::numbers::pi * phase));
    if (random_.uniform() * highest < rate) return;
  }
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
    talk = {
        .session = session_id(), .messages = {}, .turns = 0, .last_turn = 6 + static_cast<int>(random_.next() % 20)};
  }
  if (talk.turns > 0) {
    talk.messages += fmt::format(R"(,{{"role":"assistant","content":"{}"}},)", words(40));
  }
  const bool calls_tool = random_.uniform() < 0.3;
  talk.messages +=
      fmt::format(R"({{"role":"user","content":"{}{}"}})", words(60), calls_tool ? " now use read_file" : "");
  ++talk.turns;
  PlannedCall call = anthropic_call(
      "/v1/messages?beta=true",
      fmt::format(
          R"({{"model":"{}","max_tokens":8000,"stream":true,"system":[{{"type":"text","text":"{}","cache_control":{{"type":"ephemeral"}}}}],)"
          R"("tools":{},"metadata":{{"user_id":"{}"}},"messages":[{}]}})",
          kPeople[person].model, prompts_[person], kTools, kPeople[person].name, talk.messages));
  call.fields.emplace_back("x-claude-code-session-id", talk.session);
  call.fields.emplace_back("user-agent", "claude-cli/2.1 (external, cli)");
  return call;
}

PlannedCall TrafficPlan::support_answer() {
  return anthropic_call(
      "/v1/messages",
      fmt::format(
          R"({{"model":"claude-sonnet-5","max_tokens":1024,"stream":true,"system":[{{"type":"text","text":"{}","cache_control":{{"type":"ephemeral"}}}}],)"
          R"("metadata":{{"user_id":"support-bot"}},"messages":[{{"role":"user","content":"{}"}}]}})",
          prompts_.back(), words(30)));
}

PlannedCall TrafficPlan::ci_step() {
  const std::string messages =
      fmt::format(R"("metadata":{{"user_id":"ci"}},"messages":[{{"role":"user","content":"{}"}}]}})", words(300));
  if (random_.uniform() < 0.25) {
    return anthropic_call(
        "/v1/messages/count_tokens",
        fmt::format(R"({{"model":"claude-haiku-4-5","messages":[{{"role":"user","content":"{}"}}]}})", words(300)));
  }
  return anthropic_call("/v1/messages", R"({"model":"claude-haiku-4-5","max_tokens":256,)" + messages);
}

PlannedCall TrafficPlan::evaluation() {
  if (evaluations_left_ > 0) --evaluations_left_;
  return anthropic_call(
      "/v1/messages",
      fmt::format(R"({{"model":"claude-haiku-4-5","max_tokens":64,"metadata":{{"user_id":"evaluation"}},)"
                  R"("messages":[{{"role":"user","content":"{}"}}]}})",
                  words(120)));
}

PlannedCall TrafficPlan::chat() {
  const bool stream = random_.uniform() < 0.5;
  return {.at = {},
          .path = "/v1/chat/completions",
          .fields = {},
          .body = fmt::format(
              R"({{"model":"gpt-5.1","user":"search-service",{}"messages":[{{"role":"user","content":"{}"}}]}})",
              stream ? R"("stream":true,"stream_options":{"include_usage":true},)" : "", words(80))};
}

}  // namespace tidegate::sim
