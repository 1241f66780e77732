// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/past.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>

namespace tidegate::sim {

namespace {

constexpr Nanoseconds kCacheLife = std::chrono::minutes(5);
/// What stands around words in a body is a few tokens; a word of the team's vocabulary and its blank are five bytes and
/// a half.
constexpr std::int64_t kFrame = 12;
constexpr std::int64_t tokens_of(std::size_t words) { return static_cast<std::int64_t>(words) * 11 / 8; }

}  // namespace

PastTraffic::PastTraffic(const TrafficOptions& options)
    : random_(options.seed),
      arrivals_(options.rate, options.tide, options.begin),
      latency_(LatencySettings(), options.seed) {}

std::optional<PastCall> PastTraffic::next() {
  PastCall call;
  call.at = arrivals_.next(random_);
  if (call.at >= Nanoseconds(0)) return std::nullopt;
  const Team::Turn turn = team_.next(random_);
  call.endpoint = "messages";
  std::int64_t most = kCodeTokens;
  switch (turn.kind) {
    case CallKind::CodeTurn: turn_code(call, turn.person); break;
    case CallKind::SupportAnswer:
      call.model = kSupportModel;
      call.user = "support-bot";
      call.is_streamed = true;
      call.input = kFrame + tokens_of(kSupportWords);
      read_prompt(call, kPeople.size());
      most = kSupportTokens;
      break;
    case CallKind::CiStep:
      call.model = kCiModel;
      call.user = "ci";
      call.input = kFrame + tokens_of(kCiWords);
      most = kCiTokens;
      break;
    case CallKind::CiCount:
      call.endpoint = "count_tokens";
      call.model = kCiModel;
      most = 0;
      break;
    case CallKind::Evaluation:
      call.model = kEvaluationModel;
      call.user = "evaluation";
      call.input = kFrame + tokens_of(kEvaluationWords);
      most = kEvaluationTokens;
      break;
    case CallKind::Chat:
      call.endpoint = "chat_completions";
      call.model = kChatModel;
      call.user = "search-service";
      call.is_streamed = random_.uniform() < 0.5;
      call.input = kFrame + tokens_of(kChatWords);
      break;
  }
  call.first_token = latency_.first_token(call.input + call.cache_read + call.cache_write);
  if (most > 0) call.output = std::min(latency_.output_tokens(), most);
  call.duration = call.first_token + latency_.generation(call.output);
  return call;
}

void PastTraffic::read_prompt(PastCall& call, std::size_t prompt) {
  std::optional<Nanoseconds>& cached = cached_[prompt];
  const bool is_there = cached && call.at - *cached <= kCacheLife;
  (is_there ? call.cache_read : call.cache_write) = tokens_of(kPromptWords);
  cached = call.at;
}

void PastTraffic::turn_code(PastCall& call, std::size_t person) {
  Conversation& talk = conversations_[person];
  if (talk.turns == talk.last_turn) {
    talk = {.number = ++conversations_begun_, .turns = 0, .last_turn = draw_turns(random_)};
  }
  ++talk.turns;
  const auto turns = static_cast<std::size_t>(talk.turns);
  call.model = kPeople[person].model;
  call.user = kPeople[person].name;
  call.session = talk.number;
  call.is_streamed = true;
  call.input =
      kFrame * static_cast<std::int64_t>(turns) + tokens_of(turns * kQuestionWords + (turns - 1) * kAnswerWords);
  read_prompt(call, person);
}

void append_line(std::string& out, const PastCall& call) {
  const auto milliseconds = [](Nanoseconds time) { return std::chrono::floor<Milliseconds>(time).count(); };
  fmt::format_to(std::back_inserter(out), "{} {} {} {} {} {:d} {} {} {} {} {} {}\n", milliseconds(call.at),
                 call.endpoint, call.model, call.user.empty() ? "-" : call.user, call.session, call.is_streamed,
                 call.input, call.cache_read, call.cache_write, call.output, milliseconds(call.first_token),
                 milliseconds(call.duration));
}

}  // namespace tidegate::sim
