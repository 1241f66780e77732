// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/model/random.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidegate::sim {

/// Somebody who codes, and the model that he prefers.
struct Person {
  std::string_view name;
  std::string_view model;
};
inline constexpr std::array kPeople{Person{"ada", "claude-opus-4-8"}, Person{"grace", "claude-sonnet-5"},
                                    Person{"linus", "claude-sonnet-5"}, Person{"barbara", "claude-opus-4-8"}};
inline constexpr std::string_view kSupportModel = "claude-sonnet-5";
inline constexpr std::string_view kCiModel = "claude-haiku-4-5";
inline constexpr std::string_view kEvaluationModel = "claude-haiku-4-5";
inline constexpr std::string_view kChatModel = "gpt-5.1";

// How long what they say is, in words, and how many tokens an answer may have.
inline constexpr std::size_t kPromptWords = 3'000;  ///< system prompts of people and bot: long enough to be cached
inline constexpr std::size_t kQuestionWords = 60, kAnswerWords = 40;  ///< of a turn at code
inline constexpr std::size_t kSupportWords = 30, kCiWords = 300, kEvaluationWords = 120, kChatWords = 80;
inline constexpr int kCodeTokens = 8'000, kSupportTokens = 1'024, kCiTokens = 256, kEvaluationTokens = 64;

enum class CallKind : std::uint8_t {
  CodeTurn,       ///< of somebody in a Claude Code session
  SupportAnswer,  ///< of a bot that streams
  CiStep,
  CiCount,     ///< the same job counts tokens
  Evaluation,  ///< comes in bursts
  Chat,        ///< of a service that speaks the OpenAI dialect
};

/// Who of a team sends the next call. The same random numbers give the same calls.
class Team {
 public:
  struct Turn {
    CallKind kind = CallKind::Chat;
    std::size_t person = 0;  ///< of kPeople, if it is a CodeTurn
  };
  [[nodiscard]] Turn next(Random& random);

 private:
  int evaluations_left_ = 0;  ///< of the present burst
};

/// How many turns a conversation about code has.
[[nodiscard]] inline int draw_turns(Random& random) { return 6 + static_cast<int>(random.next() % 20); }

}  // namespace tidegate::sim
