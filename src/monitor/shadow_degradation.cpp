// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/figure_text.h"
#include "monitor/shadow_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace tidegate::monitor {

namespace {

constexpr std::size_t kLeastRecent = 20;  // pairs
constexpr std::size_t kLeastOfDay = 100;
/// Standard errors that the change must exceed: looked at each minute, so that chance alone must almost never do it.
constexpr double kSure = 3;
constexpr double kLeastSlowerMs = 100;
constexpr double kLeastSlower = 0.25;  // of official's own median of the day
constexpr double kLeastFailing = 0.05;
/// Part of the change that official's own figure must show: otherwise it was shadow that improved.
constexpr double kOwnPart = 0.5;

bool is_sure(double change, const Estimate& recent, const Estimate& day) {
  return change > kSure * std::hypot(recent.standard_error(), day.standard_error());
}

bool are_enough(const Estimate& recent, const Estimate& day) { return recent.count >= kLeastRecent && day.count >= kLeastOfDay; }

/// `180 ms ahead of relay`
std::string standing(double difference, const std::string& shadow) {
  return fmt::format("{} {} {}", milliseconds_text(std::abs(difference)), difference >= 0 ? "ahead of" : "behind", shadow);
}

std::optional<Degradation> slower(const ShadowReport& recent, const ShadowReport& day) {
  if (!recent.time_to_first_token || !day.time_to_first_token) return std::nullopt;
  const PairedFigure& now = *recent.time_to_first_token;
  const PairedFigure& usual = *day.time_to_first_token;
  if (!are_enough(now.difference, usual.difference)) return std::nullopt;
  const double change = usual.difference.value - now.difference.value;
  if (change < std::max(kLeastSlowerMs, kLeastSlower * usual.official)) return std::nullopt;
  if (!is_sure(change, now.difference, usual.difference) || now.official - usual.official < kOwnPart * change) return std::nullopt;
  return Degradation{
      Degradation::Kind::Slower,
      fmt::format("{} takes {} to the first token (n = {}), over the day {}; it was {} and is now {}: look at the way "
                  "to it, which often gets slow before it fails",
                  recent.official_provider, milliseconds_text(now.official), grouped(static_cast<std::int64_t>(now.difference.count)),
                  milliseconds_text(usual.official), standing(usual.difference.value, recent.shadow_provider),
                  standing(now.difference.value, recent.shadow_provider))};
}

std::optional<Degradation> failing(const ShadowReport& recent, const ShadowReport& day) {
  if (!recent.success_difference || !day.success_difference) return std::nullopt;
  const Estimate& now = *recent.success_difference;
  const Estimate& usual = *day.success_difference;
  if (!are_enough(now, usual)) return std::nullopt;
  const double change = now.value - usual.value;
  const double own = day.official.success->value - recent.official.success->value;
  if (change < kLeastFailing || !is_sure(change, now, usual) || own < kOwnPart * change) return std::nullopt;
  const auto& errors = recent.official.errors;
  return Degradation{Degradation::Kind::Failing,
                     fmt::format("{} answers {} of requests well (n = {}{}), over the day {}, while {} answers {} of the same requests: "
                                 "look at the way to it, and at the provider's status page",
                                 recent.official_provider, percent_text(recent.official.success->value), grouped(recent.pairs),
                                 errors.empty() ? "" : ", mostly " + errors.front().first, percent_text(day.official.success->value),
                                 recent.shadow_provider, percent_text(recent.shadow.success->value))};
}

}  // namespace

std::string_view to_string(Degradation::Kind kind) {
  switch (kind) {
    case Degradation::Kind::Slower: return "slower";
    case Degradation::Kind::Failing: return "failing";
  }
  return {};
}

std::vector<Degradation> degraded(const ShadowReport& recent, const ShadowReport& day) {
  std::vector<Degradation> found;
  for (auto& one : {slower(recent, day), failing(recent, day)}) {
    if (one) found.push_back(*one);
  }
  return found;
}

}  // namespace tidegate::monitor
