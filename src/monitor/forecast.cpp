// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast.h"

#include <algorithm>
#include <cmath>

namespace tidegate::monitor {

namespace {

constexpr int kLeastSettled = 60;  ///< forecasts of a horizon that must have met their minute
constexpr int kSmoothing = 31;     ///< minutes around one that teach the usual day
/// Of the series' size: what a day may differ from the usual and still be a lesson in full.
constexpr double kLargestSurprise = 0.2;
constexpr double kFadeHalfLife = 240;  ///< minutes

}  // namespace

Forecaster::Forecaster(MinuteNumber first, const ForecastOptions& options)
    : options_(options),
      next_(first),
      usual_(options.utc_offset, options.season),
      holt_winters_(options.method == ForecastMethod::HoltWinters ? std::make_unique<HoltWinters>() : nullptr) {
  states_.resize(kLongestHorizon);
  for (auto& models : targets_) {
    models.reserve(kForecastHorizons.size());
    for (const int horizon : kForecastHorizons) models.emplace_back(horizon);
  }
}

int Forecaster::minutes_missing(int horizon) const {
  const std::int64_t needed = kLeastSettled + std::clamp(horizon, kForecastHorizons.front(), kLongestHorizon);
  return static_cast<int>(std::max<std::int64_t>(needed - recent_.minutes(), 0));
}

void Forecaster::observe(double demand) {
  recent_.add(std::isfinite(demand) && demand > 0 ? demand : 0);
  const MinuteNumber now = next_++;
  if (recent_.minutes() >= kSmoothing) {
    usual_.learn(now - kSmoothing / 2, recent_.mean(kSmoothing), kLargestSurprise * recent_.state().size);
  }
  if (holt_winters_ != nullptr) holt_winters_->add(recent_.at(0));
  look_ahead();
  for (const ForecastTarget target : kForecastTargets) {
    const RecentDemand::Outcomes outcomes = recent_.outcomes(target);
    std::vector<ForecastModel>& models = targets_[static_cast<std::size_t>(target)];
    for (std::size_t h = 0; h < models.size(); ++h) {
      const int horizon = kForecastHorizons[h];
      const ForecastState& then =
          states_[static_cast<std::size_t>((now - horizon + kLongestHorizon) % kLongestHorizon)];
      models[h].advance(outcomes[h], then, state_, expect(target, h), usual_then(target, horizon));
    }
  }
  states_[static_cast<std::size_t>(now % kLongestHorizon)] = state_;
}

void Forecaster::look_ahead() {
  const MinuteNumber now = next_ - 1;
  for (std::size_t i = 0; i < usual_ahead_.size(); ++i)
    usual_ahead_[i] = usual_.at(now + static_cast<int>(i) * kUsualStep);
  state_ = recent_.state();
  state_.usual = usual_ahead_[0];
  switch (options_.method) {
    case ForecastMethod::Linear30: line_ = line_through(recent_, 30); break;
    case ForecastMethod::Linear60: line_ = line_through(recent_, 60); break;
    case ForecastMethod::Linear120: line_ = line_through(recent_, 120); break;
    case ForecastMethod::Usual:
    case ForecastMethod::Last:
    case ForecastMethod::HoltWinters: break;
  }
}

double Forecaster::usual_then(ForecastTarget target, int horizon) const {
  for (int k = 0; k <= horizon; k += kUsualStep) {
    if (usual_ahead_[static_cast<std::size_t>(k / kUsualStep)] < 0) return -1;
  }
  // Of the peak too: on the way to it the usual day rises and falls much less than demand itself does, and what it is
  // at the horizon told more of the peak than its own highest minute did.
  if (target != ForecastTarget::Mean) return usual_ahead_[static_cast<std::size_t>(horizon / kUsualStep)];
  return along([this](int minute) { return usual_ahead_[static_cast<std::size_t>(minute / kUsualStep)]; }, target,
               horizon);
}

double Forecaster::expect(ForecastTarget target, std::size_t h) const {
  const int horizon = kForecastHorizons[h];
  switch (options_.method) {
    case ForecastMethod::Usual: return std::max(model(target, h).parts(state_, usual_then(target, horizon)).sum(), 0.0);
    case ForecastMethod::Last: return state_.level;
    case ForecastMethod::Linear30:
    case ForecastMethod::Linear60:
    case ForecastMethod::Linear120: return along(line_, target, horizon);
    case ForecastMethod::HoltWinters: return along(*holt_winters_, target, horizon);
  }
  return state_.level;
}

ForecastPoint Forecaster::point(ForecastTarget target, std::size_t h) const {
  return model(target, h).point(state_, expect(target, h));
}

Forecaster::Place Forecaster::place_of(int horizon) {
  std::size_t after = 0;
  while (after + 1 < kForecastHorizons.size() && kForecastHorizons[after] < horizon) ++after;
  if (after == 0 || kForecastHorizons[after] <= horizon) return {after, after, 0};
  const int low = kForecastHorizons[after - 1];
  return {after - 1, after, static_cast<double>(horizon - low) / (kForecastHorizons[after] - low)};
}

template <typename Ask>
double Forecaster::between(int horizon, const Ask& ask) const {
  const Place place = place_of(horizon);
  const double before = ask(place.before);
  return place.weight == 0 ? before : before + place.weight * (ask(place.after) - before);
}

double Forecaster::quantile(ForecastTarget target, int horizon, double share) const {
  return between(horizon, [&](std::size_t h) { return model(target, h).quantile(point(target, h), share); });
}

double Forecaster::probability_above(ForecastTarget target, int horizon, double bound) const {
  return between(horizon, [&](std::size_t h) { return model(target, h).probability_above(point(target, h), bound); });
}

ForecastBand Forecaster::band(ForecastTarget target, int horizon) const {
  return {.expected = between(horizon, [&](std::size_t h) { return expect(target, h); }),
          .low = quantile(target, horizon, 0.1),
          .median = quantile(target, horizon, 0.5),
          .high = quantile(target, horizon, 0.9)};
}

ForecastParts Forecaster::parts(int horizon) const {
  ForecastParts parts;
  parts.level = state_.level;
  if (options_.method != ForecastMethod::Usual) {
    parts.momentum = between(horizon, [&](std::size_t h) { return expect(ForecastTarget::Level, h); }) - parts.level;
    return parts;
  }
  const auto part = [&](double ForecastParts::*which) {
    return between(horizon, [&](std::size_t h) {
      return model(ForecastTarget::Level, h).parts(state_, usual_then(ForecastTarget::Level, kForecastHorizons[h])).*
             which;
    });
  };
  parts.momentum = part(&ForecastParts::momentum);
  parts.usual_change = part(&ForecastParts::usual_change);
  parts.pull = part(&ForecastParts::pull);
  parts.unrest = part(&ForecastParts::unrest);
  return parts;
}

double Forecaster::expected_level(std::int64_t minutes_ahead) const {
  const auto within =
      static_cast<int>(std::clamp<std::int64_t>(minutes_ahead, kForecastHorizons.front(), kLongestHorizon));
  const double expected = between(within, [&](std::size_t h) { return expect(ForecastTarget::Level, h); });
  if (minutes_ahead <= kLongestHorizon) return expected;
  const double usual_at_horizon = usual_ahead_.back();
  const double usual = usual_.at(next_ - 1 + minutes_ahead);
  if (usual_at_horizon < 0 || usual < 0) return expected;
  const double faded = std::exp2(-static_cast<double>(minutes_ahead - kLongestHorizon) / kFadeHalfLife);
  return std::max(usual + (expected - usual_at_horizon) * faded, 0.0);
}

}  // namespace tidegate::monitor
