// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_exhaustion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace tidegate::monitor {

namespace {

constexpr double kMinutesJudged = 10;  ///< of ForecastTarget::Peak
constexpr std::int64_t kFarthest = 31 * kMinutesPerDay;
constexpr std::int64_t kWalkStep = 10;
constexpr double kUnlikely = 0.005;
constexpr double kWorthTelling = 0.005;  ///< a part below half a percent is not named

struct Crossing {
  double minutes;
  double probability;  ///< that it has run out by then
};

/// The learned horizons up to `horizon`, and `horizon`.
std::vector<int> steps_to(int horizon) {
  std::vector<int> steps;
  for (const int step : kForecastHorizons) {
    if (step < horizon) steps.push_back(step);
  }
  steps.push_back(horizon);
  return steps;
}

/// What has run out by some minute has run out by every later one.
void rise(std::vector<Crossing>& crossings) {
  for (std::size_t i = 1; i < crossings.size(); ++i) {
    crossings[i].probability = std::max(crossings[i].probability, crossings[i - 1].probability);
  }
}

/// The minute by which the probability has risen to `probability`, on straight lines from 0 now; absent if it does not
/// rise so far.
std::optional<double> minute_of(const std::vector<Crossing>& crossings, double probability) {
  Crossing before{0, 0};
  for (const Crossing& one : crossings) {
    if (one.probability >= probability && one.probability > before.probability) {
      const double part = (probability - before.probability) / (one.probability - before.probability);
      return before.minutes + std::max(part, 0.0) * (one.minutes - before.minutes);
    }
    before = one;
  }
  return std::nullopt;
}

std::string percent(double share) { return fmt::format("{:.0f} %", share * 100); }

/// `level 82 % of the limit, usual change +21 %, pull back to normal -3 %`
std::string told(const ForecastParts& shares) {
  std::string text = "level " + percent(shares.level) + " of the limit";
  for (const auto& [name, share] :
       {std::pair("momentum", shares.momentum), std::pair("usual change", shares.usual_change),
        std::pair("pull back to normal", shares.pull), std::pair("unrest", shares.unrest)}) {
    if (std::abs(share) >= kWorthTelling) text += fmt::format(", {} {:+.0f} %", name, share * 100);
  }
  return text;
}

ForecastParts divided(ForecastParts parts, double by) {
  for (double* part : {&parts.level, &parts.momentum, &parts.usual_change, &parts.pull, &parts.unrest}) *part /= by;
  return parts;
}

/// Too little history to say anything.
std::optional<Exhaustion> unknown(const Forecaster& forecaster, int horizon) {
  const int missing = forecaster.minutes_missing(horizon);
  if (missing == 0) return std::nullopt;
  Exhaustion exhaustion;
  exhaustion.minutes_missing = missing;
  exhaustion.reason =
      fmt::format("too little history: {} more minutes are needed to look {} minutes ahead", missing, horizon);
  return exhaustion;
}

Exhaustion with_crossings(std::vector<Crossing> crossings) {
  rise(crossings);
  Exhaustion exhaustion;
  exhaustion.outlook = Exhaustion::Outlook::Foreseen;
  exhaustion.probability = std::clamp(crossings.back().probability, 0.0, 1.0);
  // Below, it does not run out: when it would is noise.
  const auto middle =
      exhaustion.probability >= kUnlikely ? minute_of(crossings, exhaustion.probability / 2) : std::nullopt;
  if (middle) {
    exhaustion.first_crossing = std::max(static_cast<int>(std::lround(*middle)), 1);
  }
  if (const auto likely = minute_of(crossings, 0.5))
    exhaustion.minutes_to_exhaustion = std::max(std::lround(*likely), 1L);
  return exhaustion;
}

std::optional<std::int64_t> walk(const Forecaster& forecaster, const RemainingBudget& budget) {
  const std::int64_t end = std::min(budget.minutes_to_renewal.value_or(kFarthest), kFarthest);
  double left = budget.left;
  for (std::int64_t minute = 0; minute < end; minute += kWalkStep) {
    const std::int64_t length = std::min(kWalkStep, end - minute);
    const double rate = forecaster.expected_level(minute + kWalkStep) - budget.refill;
    const double step = rate * static_cast<double>(length);
    if (step >= left && rate > 0) return minute + static_cast<std::int64_t>(std::ceil(left / rate));
    left -= step;
    if (budget.refill > 0) left = std::min(left, std::max(budget.whole, budget.left));
  }
  return std::nullopt;
}

}  // namespace

Exhaustion forecast_exhaustion(const Forecaster& forecaster, const RefillingLimit& limit, int horizon) {
  horizon = std::clamp(horizon, kForecastHorizons.front(), kLongestHorizon);
  const double bound = limit.per_minute + std::max(limit.level, 0.0) / kMinutesJudged;
  const double now = forecaster.recent().mean(static_cast<int>(kMinutesJudged));
  if (now >= bound && static_cast<double>(forecaster.recent().minutes()) >= kMinutesJudged) {  // which needs no history
    Exhaustion exhausted;
    exhausted.outlook = Exhaustion::Outlook::Exhausted;
    exhausted.probability = 1;
    exhausted.minutes_to_exhaustion = 0;
    exhausted.first_crossing = 0;
    exhausted.parts.level = now / limit.per_minute;
    exhausted.reason = fmt::format("the last {:.0f} minutes asked for {} of the limit", kMinutesJudged,
                                   percent(exhausted.parts.level));
    return exhausted;
  }
  if (auto early = unknown(forecaster, horizon)) return *std::move(early);
  std::vector<Crossing> crossings;
  for (const int step : steps_to(horizon)) {
    crossings.push_back({static_cast<double>(step), forecaster.probability_above(ForecastTarget::Peak, step, bound)});
  }
  Exhaustion exhaustion = with_crossings(std::move(crossings));
  exhaustion.parts = divided(forecaster.parts(exhaustion.first_crossing.value_or(horizon)), limit.per_minute);
  const std::string when = exhaustion.first_crossing
                               ? fmt::format(", first crossing in about {} min", *exhaustion.first_crossing)
                               : std::string();
  exhaustion.reason =
      fmt::format("P={} within {} min{}: {}", percent(exhaustion.probability), horizon, when, told(exhaustion.parts));
  return exhaustion;
}

Exhaustion forecast_exhaustion(const Forecaster& forecaster, const RemainingBudget& budget, int horizon) {
  horizon = std::clamp(horizon, kForecastHorizons.front(), kLongestHorizon);
  if (budget.left <= 0) {
    Exhaustion exhausted;
    exhausted.outlook = Exhaustion::Outlook::Exhausted;
    exhausted.probability = 1;
    exhausted.minutes_to_exhaustion = 0;
    exhausted.first_crossing = 0;
    exhausted.reason = "nothing of the budget is left";
    return exhausted;
  }
  if (auto early = unknown(forecaster, horizon)) return *std::move(early);
  // What the budget renews before is not asked for; a renewal in less than the shortest horizon is looked at with its
  // rate.
  const auto end = static_cast<int>(std::clamp<std::int64_t>(budget.minutes_to_renewal.value_or(horizon), 1, horizon));
  std::vector<Crossing> crossings;
  for (const int step : steps_to(end)) {
    crossings.push_back({static_cast<double>(step),
                         forecaster.probability_above(ForecastTarget::Mean, step, budget.left / step + budget.refill)});
  }
  Exhaustion exhaustion = with_crossings(std::move(crossings));
  exhaustion.minutes_to_exhaustion = walk(forecaster, budget);
  exhaustion.parts = forecaster.parts(exhaustion.first_crossing.value_or(horizon));
  const double expected = std::max(exhaustion.parts.sum() - budget.refill, 0.0) * end;
  exhaustion.reason = fmt::format("P={} within {} min: {} of what is left is expected to be spent by then",
                                  percent(exhaustion.probability), end, percent(expected / budget.left));
  return exhaustion;
}

}  // namespace tidegate::monitor
