// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/forecast_book.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace tidegate::monitor {

namespace {

constexpr int kRecentMinutes = 60;
constexpr int kPointStep = 5;
constexpr int kIdleMinutes = 120;
constexpr double kUsualRequestHalfLife = 60;  // minutes

Exhaustion exhaustion_of(const Forecaster& forecaster, const DemandLimit& limit, int horizon) {
  if (limit.kind == LimitKind::Rate)
    return forecast_exhaustion(forecaster, RefillingLimit{limit.capacity, limit.remaining}, horizon);
  return forecast_exhaustion(forecaster,
                             RemainingBudget{.left = limit.remaining,
                                             .minutes_to_renewal = limit.minutes_to_renewal,
                                             .refill = limit.refill,
                                             .whole = limit.capacity},
                             horizon);
}

SeriesForecast forecast_of(const Forecaster& forecaster, int horizon) {
  SeriesForecast forecast;
  const RecentDemand& recent = forecaster.recent();
  forecast.has_enough_history = forecaster.minutes_missing(horizon) == 0;
  forecast.now = recent.mean(5);
  const auto known = static_cast<int>(std::min<std::int64_t>(recent.minutes(), kRecentMinutes));
  for (int ago = known - 1; ago >= 0; --ago) forecast.recent.push_back(recent.at(ago));
  if (!forecast.has_enough_history) return forecast;
  for (int minutes = kPointStep; minutes <= horizon; minutes += kPointStep) {
    const ForecastBand band = forecaster.band(ForecastTarget::Level, minutes);
    forecast.points.push_back({minutes, band.low, band.median, band.high});
  }
  return forecast;
}

}  // namespace

std::string_view to_string(LimitKind kind) { return kind == LimitKind::Rate ? "rate" : "budget"; }

ExhaustionForecast to_exhaustion_forecast(const DemandLimit& limit, const Exhaustion& exhaustion) {
  ExhaustionForecast forecast{.scope = limit.of.scope,
                              .name = limit.of.name,
                              .measure = limit.measure,
                              .limit = limit.limit,
                              .probability = exhaustion.probability,
                              .reason = exhaustion.reason};
  if (exhaustion.first_crossing) forecast.first_crossing = std::chrono::minutes(*exhaustion.first_crossing);
  return forecast;
}

ForecastBook::Series::Series(MinuteNumber first, const ForecastOptions& options) {
  by_measure.reserve(kDemandMeasures.size());
  for (std::size_t i = 0; i < kDemandMeasures.size(); ++i) by_measure.emplace_back(first, options);
}

void ForecastBook::Series::observe(const Demand& demand) {
  static const double kept = std::exp2(-1 / kUsualRequestHalfLife);
  for (double& sum : served.served) sum *= kept;
  served += demand;
  const double requests = demand[DemandMeasure::Requests];
  // More than was served cannot be taken back: who waited before and was served now has been counted when he came.
  const double unserved = std::max(demand.unserved, -requests);
  const double usual_requests = std::max(served[DemandMeasure::Requests], 1e-9);
  for (const DemandMeasure measure : kDemandMeasures) {
    const double each = measure == DemandMeasure::Requests ? 1 : served[measure] / usual_requests;
    by_measure[static_cast<std::size_t>(measure)].observe(demand[measure] + unserved * each);
  }
}

bool ForecastBook::Series::is_idle() const {
  const RecentDemand& requests = by_measure[static_cast<std::size_t>(DemandMeasure::Requests)].recent();
  return requests.minutes() >= kIdleMinutes && requests.mean(kIdleMinutes) == 0;
}

ForecastBook::ForecastBook(MinuteNumber first, const ForecastOptions& options, std::size_t most_names)
    : options_(options), most_names_(most_names), next_(first) {
  series_.try_emplace(DemandName{}, first, options);
}

bool ForecastBook::make_room() {
  if (series_.size() < most_names_) return true;
  const auto idle =
      std::find_if(std::next(series_.begin()), series_.end(), [](const auto& one) { return one.second.is_idle(); });
  if (idle == series_.end()) return false;
  series_.erase(idle);
  return true;
}

ForecastBook::Series* ForecastBook::series_of(const DemandName& name) {
  if (const auto found = series_.find(name); found != series_.end()) return &found->second;
  return make_room() ? &series_.try_emplace(name, next_, options_).first->second : nullptr;
}

void ForecastBook::observe(const DemandMinute& minute) {
  for (const auto& [name, demand] : minute.by_name()) (void)series_of(name);
  for (auto& [name, series] : series_) {
    const auto found = minute.by_name().find(name);
    series.observe(found == minute.by_name().end() ? Demand() : found->second);
  }
  ++next_;
}

std::vector<SeriesForecast> ForecastBook::forecast(int horizon, std::span<const DemandLimit> limits) const {
  horizon = std::clamp(horizon, kForecastHorizons.front(), kLongestHorizon);
  std::vector<SeriesForecast> forecasts;
  for (const auto& [name, series] : series_) {
    for (const DemandMeasure measure : kDemandMeasures) {
      const Forecaster& forecaster = series.by_measure[static_cast<std::size_t>(measure)];
      SeriesForecast forecast = forecast_of(forecaster, horizon);
      forecast.of = name;
      forecast.measure = measure;
      for (const DemandLimit& limit : limits) {
        if (limit.of == name && limit.measure == measure)
          forecast.limits.push_back({limit, exhaustion_of(forecaster, limit, horizon)});
      }
      forecasts.push_back(std::move(forecast));
    }
  }
  return forecasts;
}

std::vector<ExhaustionForecast> ForecastBook::exhaustions(int horizon, std::span<const DemandLimit> limits) const {
  std::vector<ExhaustionForecast> forecasts;
  for (const DemandLimit& limit : limits) {
    const auto found = series_.find(limit.of);
    if (found == series_.end()) continue;
    const Forecaster& forecaster = found->second.by_measure[static_cast<std::size_t>(limit.measure)];
    forecasts.push_back(to_exhaustion_forecast(limit, exhaustion_of(forecaster, limit, horizon)));
  }
  return forecasts;
}

}  // namespace tidegate::monitor
