// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/forecast_errors.h"
#include "monitor/forecast_recent.h"
#include "monitor/forecast_regression.h"

#include <cstddef>
#include <vector>

namespace tidegate::monitor {

/// What a forecast adds up from, in the series' unit: their sum is what is expected.
struct ForecastParts {
  double level = 0;         ///< mean of the last 15 minutes
  double momentum = 0;      ///< where the last minutes lead
  double usual_change = 0;  ///< how demand usually changes from this time of day to that
  double pull = 0;          ///< back to what is usual
  double unrest = 0;        ///< what bursts add, as restless as it is now

  [[nodiscard]] double sum() const { return level + momentum + usual_change + pull + unrest; }
};

/// A forecast of one target: about `expected`, wrong by about `spread`.
struct ForecastPoint {
  double expected = 0;
  double spread = 0;  ///< above 0
};

/// Learns to forecast one target at one horizon, and how wrong it is. Each forecast is kept until its minute has come,
/// then all that led to it is corrected by what was missed.
///
/// Expected: the level of the last 15 minutes, plus a weighted sum of what seven regressors say (ForecastParts). The
/// spread follows how wrong it was of late, how high the forecast is and how restless the series is, by a second
/// regression on the size of the errors; the errors divided by it make the distribution that quantiles and
/// probabilities are read from.
class ForecastModel {
 public:
  explicit ForecastModel(int horizon);

  /// `usual_then`: usual demand at the target's minutes; not looked at while `state.usual` is not known.
  [[nodiscard]] ForecastParts parts(const ForecastState& state, double usual_then) const;
  /// How far an `expected` that somebody forecast from `state` may be off.
  [[nodiscard]] ForecastPoint point(const ForecastState& state, double expected) const;
  /// Of what was forecast, what lies so high that `share` of the outcomes is below. Not negative.
  [[nodiscard]] double quantile(const ForecastPoint& point, double share) const;
  [[nodiscard]] double probability_above(const ForecastPoint& point, double bound) const;

  /// Once a minute. `outcome` is what the forecast of `horizon` minutes ago, made from `state_then`, was about (neither
  /// is looked at while there is none yet); it is learned from, and the forecast of now is remembered in its place.
  void advance(double outcome, const ForecastState& state_then, const ForecastState& state, double expected,
               double usual_then);

 private:
  static constexpr std::size_t kRegressors = 7;
  static constexpr std::size_t kSpreadCauses = 6;
  using Course = Regression<kRegressors>;
  using Spread = Regression<kSpreadCauses>;
  /// Floats: a thousand series remember two hours of them.
  struct Remembered {
    float expected, spread, usual_then, typical_error;
  };

  [[nodiscard]] static Course::Vector regressors(const ForecastState& state, double usual_then);
  [[nodiscard]] static Spread::Vector causes(const ForecastState& state, double expected, double typical_error);
  [[nodiscard]] double spread(const ForecastState& state, const Spread::Vector& causes, double typical_error) const;
  [[nodiscard]] double typical_error(const ForecastState& state) const;
  void settle(const Remembered& forecast, const ForecastState& state, double outcome);

  Course course_;
  Spread spread_;
  ForecastErrors errors_;
  double typical_error_ = -1;  ///< of late; negative before there was any
  std::size_t next_ = 0;
  std::size_t horizon_;
  std::vector<Remembered> waiting_;  ///< a ring of `horizon` minutes
};

}  // namespace tidegate::monitor
