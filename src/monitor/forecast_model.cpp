// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_model.h"

#include <algorithm>
#include <cmath>

namespace tidegate::monitor {

namespace {

constexpr double kForgetting = 0.9999;   // a minute counts half after five days
constexpr double kLargestLesson = 0.15;  // of the series' size: what an hour of bursts may teach is bounded
constexpr double kLargestSpreadLesson = 0.4;
constexpr double kTypicalErrorHalfLife = 60;  // minutes
constexpr double kFirstTypicalError = 0.05;   // of the series' size
constexpr double kLeastSpread = 0.005;        // likewise: a series that never moved may still move
constexpr double kLeastOfTypicalError = 0.3;

// A third and three times: far enough for a morning, near enough that an idle night does not multiply noise.
constexpr double kLeastRatio = 0.3;
constexpr double kMostRatio = 3;
constexpr double kRatioFloor = 0.02;  // of the series' size
constexpr double kOffset = 0.1;

enum Regressor : std::size_t { UsualChange, UsualRatio, Pull, Fast, Slope, Volatility, Offset };

}  // namespace

ForecastModel::ForecastModel(int horizon)
    : course_({0.7, 0, 0.2, 0, 0, 0, 0}, kForgetting),
      spread_({0.1, 0.05, 0.1, 0.3, 0.3, 0}, kForgetting),
      horizon_(static_cast<std::size_t>(horizon)) {
  waiting_.reserve(horizon_);
}

ForecastModel::Course::Vector ForecastModel::regressors(const ForecastState& state, double usual_then) {
  Course::Vector x{};
  x[Fast] = (state.fast - state.level) / state.size;
  x[Slope] = (state.level - state.before) / state.size;
  x[Volatility] = state.volatility / state.size;
  x[Offset] = kOffset;
  if (state.usual < 0 || usual_then < 0) return x;
  const double floor = kRatioFloor * state.size;
  const double ratio = std::clamp((usual_then + floor) / (state.usual + floor), kLeastRatio, kMostRatio);
  x[UsualChange] = (usual_then - state.usual) / state.size;
  x[UsualRatio] = (ratio - 1) * state.level / state.size;
  x[Pull] = (state.usual - state.level) / state.size;
  return x;
}

ForecastParts ForecastModel::parts(const ForecastState& state, double usual_then) const {
  const Course::Vector x = regressors(state, usual_then);
  const Course::Vector& weight = course_.weights();
  const auto part = [&](Regressor which) { return weight[which] * x[which] * state.size; };
  return {.level = state.level,
          .momentum = part(Fast) + part(Slope),
          .usual_change = part(UsualChange) + part(UsualRatio),
          .pull = part(Pull),
          .unrest = part(Volatility) + part(Offset)};
}

ForecastModel::Spread::Vector ForecastModel::causes(const ForecastState& state, double expected, double typical_error) {
  const double height = std::max(expected, 0.0) / state.size;
  return {0.1,
          0.3 * height,
          0.3 * std::sqrt(height),  // requests come singly: a sum of n of them varies by the root of n
          typical_error / state.size,
          state.volatility / state.size,
          std::max(state.fast - state.level, 0.0) / state.size};
}

double ForecastModel::spread(const ForecastState& state, const Spread::Vector& causes, double typical_error) const {
  return std::max(
      {spread_.predict(causes) * state.size, kLeastOfTypicalError * typical_error, kLeastSpread * state.size});
}

double ForecastModel::typical_error(const ForecastState& state) const {
  return typical_error_ < 0 ? kFirstTypicalError * state.size : typical_error_;
}

ForecastPoint ForecastModel::point(const ForecastState& state, double expected) const {
  const double typical = typical_error(state);
  return {expected, spread(state, causes(state, expected, typical), typical)};
}

double ForecastModel::quantile(const ForecastPoint& point, double share) const {
  return std::max(point.expected + errors_.quantile(share) * point.spread, 0.0);
}

double ForecastModel::probability_above(const ForecastPoint& point, double bound) const {
  return errors_.share_above((bound - point.expected) / point.spread);
}

void ForecastModel::settle(const Remembered& forecast, const ForecastState& state, double outcome) {
  static const double gain = 1 - std::exp2(-1 / kTypicalErrorHalfLife);
  const auto expected = static_cast<double>(forecast.expected);
  const auto typical = static_cast<double>(forecast.typical_error);
  const double error = outcome - expected;
  const double size = std::abs(error) / state.size;
  errors_.add(error / static_cast<double>(forecast.spread));
  const Spread::Vector z = causes(state, expected, typical);
  spread_.learn(z, std::min(size, kLargestSpreadLesson) - spread_.predict(z));
  typical_error_ = typical_error_ < 0 ? std::abs(error) : typical_error_ + gain * (std::abs(error) - typical_error_);

  const Course::Vector x = regressors(state, static_cast<double>(forecast.usual_then));
  const double missed = (outcome - state.level) / state.size - course_.predict(x);
  course_.learn(x, std::clamp(missed, -kLargestLesson, kLargestLesson));
}

void ForecastModel::advance(double outcome, const ForecastState& state_then, const ForecastState& state,
                            double expected, double usual_then) {
  const bool is_full = waiting_.size() == horizon_;
  if (is_full) settle(waiting_[next_], state_then, outcome);
  const ForecastPoint forecast = point(state, expected);
  const double typical = typical_error(state);
  const Remembered remembered{static_cast<float>(forecast.expected), static_cast<float>(forecast.spread),
                              static_cast<float>(usual_then), static_cast<float>(typical)};
  if (is_full) {
    waiting_[next_] = remembered;
  } else {
    waiting_.push_back(remembered);
  }
  next_ = (next_ + 1) % horizon_;
}

}  // namespace tidegate::monitor
