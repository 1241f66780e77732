// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_verdict.h"

#include "monitor/figure_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace tidegate::monitor {

namespace {

// docs/shadow.md says why these. Each "not usable" asks that the interval, not only the figure, is on the bad side.
constexpr std::int64_t kLeastPairs = 100;
constexpr std::int64_t kLeastConversations = 20;
constexpr double kMostSuccessLost = 0.02;     // of official's share
constexpr double kMostSuccessDoubted = 0.05;  // by which it may be lower, as far as anybody knows
constexpr double kLeastSuccess = 0.9;
constexpr double kMostValidCallsLost = 0.02;
constexpr double kLeastToolUse = 0.8;
constexpr double kLeastSameReason = 0.7;
constexpr double kMostSlowerMs = 2'000;
constexpr double kShortest = 0.5;  // of official's length
constexpr double kLongest = 2;

/// `180 ms [140, 230] slower to first token`
std::string compared(const Estimate& difference, std::string_view to_what) {
  const auto whole = [](double figure) { return grouped(std::llround(figure)); };
  if (difference.low <= 0 && difference.high >= 0) {
    return fmt::format("as fast {} (difference {} ms [{}, {}])", to_what, whole(difference.value), whole(difference.low),
                       whole(difference.high));
  }
  if (difference.value > 0) {
    return fmt::format("{} ms [{}, {}] slower {}", whole(difference.value), whole(difference.low), whole(difference.high), to_what);
  }
  return fmt::format("{} ms [{}, {}] faster {}", whole(-difference.value), whole(-difference.high), whole(-difference.low), to_what);
}

std::string findings(const ShadowReport& report) {
  std::string speed;
  if (report.time_to_first_token) {
    speed = fmt::format("{} is {}, ", report.shadow_provider, compared(report.time_to_first_token->difference, "to first token"));
  } else if (report.total_time) {
    speed = fmt::format("{} is {}, ", report.shadow_provider, compared(report.total_time->difference, "in all"));
  }
  return fmt::format("{}success {} against {}, n = {}", speed, percent_text(report.shadow.success->value),
                     percent_text(report.official.success->value), grouped(report.pairs));
}

std::vector<std::string> objections(const ShadowReport& report) {
  std::vector<std::string> found;
  const Estimate& lost = *report.success_difference;
  if ((lost.value < -kMostSuccessLost && lost.high < 0) || report.shadow.success->high < kLeastSuccess) {
    const auto& errors = report.shadow.errors;
    found.push_back(errors.empty() ? std::string("it fails too often") : "it fails too often, mostly by " + errors.front().first);
  }
  const auto& valid = report.shadow.valid_tool_calls;
  const double usual = report.official.valid_tool_calls ? report.official.valid_tool_calls->value : 1;
  if (valid && valid->value < usual - kMostValidCallsLost && valid->high < usual) {
    found.push_back(fmt::format("its tool calls are whole in {} of answers, against {}", percent_text(valid->value), percent_text(usual)));
  }
  if (report.same_tool_use && report.same_tool_use->high < kLeastToolUse) {
    found.push_back(fmt::format("it calls tools in {} of the answers in which {} does", percent_text(report.same_tool_use->value),
                                report.official_provider));
  }
  if (report.same_stop_reason && report.same_stop_reason->high < kLeastSameReason) {
    found.push_back(fmt::format("only {} of answers end for the same reason", percent_text(report.same_stop_reason->value)));
  }
  if (report.length_ratio && (report.length_ratio->high < kShortest || report.length_ratio->low > kLongest)) {
    found.push_back(fmt::format("its answers are {:.2f} times as long, as of another model", report.length_ratio->value));
  }
  if (report.time_to_first_token && report.time_to_first_token->difference.low > kMostSlowerMs) {
    found.push_back("it is too slow to first token");
  }
  return found;
}

}  // namespace

ShadowVerdict judge(const ShadowReport& report) {
  using Kind = ShadowVerdict::Kind;
  if (report.pairs < kLeastPairs) return {Kind::TooFew, fmt::format("too few samples yet (n = {})", grouped(report.pairs))};
  if (report.conversations < kLeastConversations) {
    return {Kind::TooFew,
            fmt::format("too few samples yet (n = {}, all of {} conversations)", grouped(report.pairs), grouped(report.conversations))};
  }
  if (const auto reasons = objections(report); !reasons.empty()) {
    return {Kind::NotUsable, fmt::format("not usable as spare: {}; {}", fmt::join(reasons, ", "), findings(report))};
  }
  if (report.success_difference->low < -kMostSuccessDoubted) {
    return {Kind::TooFew, fmt::format("too few samples yet (n = {}): success may be {:.1f} points lower", grouped(report.pairs),
                                      -100 * report.success_difference->low)};
  }
  return {Kind::Usable, findings(report) + ": usable as spare"};
}

}  // namespace tidegate::monitor
