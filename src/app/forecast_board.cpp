// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/forecast_board.h"

#include "app/demand_limits.h"
#include "app/past_demand.h"

#include <chrono>
#include <utility>

namespace tidegate::app {

using monitor::DemandMinute;
using monitor::MinuteNumber;

namespace {

constexpr MinuteNumber kLongestGap = 180;     // minutes without a look: what is longer is read from the ledger
constexpr MinuteNumber kLongestStepBack = 5;  // of the clock
constexpr std::size_t kMostKept = 1'440;      // minutes that wait for the past

int minutes_of(Nanoseconds time) { return static_cast<int>(std::chrono::floor<std::chrono::minutes>(time).count()); }

}  // namespace

Result<std::unique_ptr<monitor::ForecastBook>> read_forecast_book(store::DemandHistory& history, MinuteNumber until,
                                                                  const monitor::ForecastSettings& settings,
                                                                  const std::set<std::string, std::less<>>& keys) {
  std::unique_ptr<monitor::ForecastBook> book;
  const auto make_book = [&](MinuteNumber first) {
    book = std::make_unique<monitor::ForecastBook>(first, settings.series, settings.most_series);
  };
  const MinuteNumber since = until - minutes_of(settings.history);
  const Result<void> read = for_each_past_minute(history, since, until, [&](MinuteNumber minute, DemandMinute demand) {
    if (book == nullptr) make_book(minute);
    demand.keep_keys(keys);
    book->observe(demand);
  });
  if (!read) return fail(read);
  if (book == nullptr) make_book(until);
  return book;
}

ForecastBoard::ForecastBoard(Limits limits, const monitor::ForecastSettings& settings)
    : limits_(std::move(limits)), settings_(settings) {}

void ForecastBoard::adopt(const monitor::ForecastSettings& settings) {
  const std::lock_guard lock(mutex_);
  monitor::ForecastSettings same = settings;
  same.horizon = settings_.horizon;
  const bool learns_anew = same != settings_;
  settings_ = settings;
  if (learns_anew && minute_) begin_anew(*minute_);
}

int ForecastBoard::horizon() const {
  const std::lock_guard lock(mutex_);
  return minutes_of(settings_.horizon);
}

void ForecastBoard::look(WallTime now, const DemandMinute& waiting, const std::function<DemandMinute()>& take_demand) {
  const MinuteNumber minute = minute_of(now);
  MinuteNumber running = minute;
  {
    const std::lock_guard lock(mutex_);
    if (!minute_) begin_anew(minute);
    running = *minute_;
    if (minute < running - kLongestStepBack || minute > running + kLongestGap) begin_anew(minute);
  }
  if (minute <= running) return;
  DemandMinute demand = take_demand();
  demand.add_waiting(waiting_, waiting);
  waiting_ = waiting;
  if (minute > running + kLongestGap) return;  // begun anew
  demand.keep_keys(limited_keys(limits_()));
  {
    const std::lock_guard lock(mutex_);
    end_minute(running, std::move(demand));
    for (MinuteNumber missed = running + 1; missed < minute; ++missed) end_minute(missed, {});
    minute_ = minute;
  }
  tell();
}

void ForecastBoard::begin_anew(MinuteNumber minute) {
  minute_ = minute;
  book_.reset();
  waiting_for_past_.clear();
  exhaustions_.reset();
  expected_.clear();
}

void ForecastBoard::end_minute(MinuteNumber minute, DemandMinute demand) {
  if (book_ != nullptr) {
    book_->observe(demand);
    return;
  }
  waiting_for_past_.push_back({minute, std::move(demand)});
  if (waiting_for_past_.size() > kMostKept) waiting_for_past_.pop_front();
}

Result<void> ForecastBoard::restore(store::DemandHistory& history) {
  MinuteNumber until = 0;
  monitor::ForecastSettings settings;
  {
    const std::lock_guard lock(mutex_);
    if (book_ != nullptr || !minute_) return {};
    until = waiting_for_past_.empty() ? *minute_ : waiting_for_past_.front().minute;
    settings = settings_;
  }
  auto book = read_forecast_book(history, until, settings, limited_keys(limits_()));
  if (!book) return fail(book);
  {
    const std::lock_guard lock(mutex_);
    // Meanwhile it may have begun anew, or (after a day without the ledger) have let minutes go, or there are other
    // settings: then once more.
    const MinuteNumber first = waiting_for_past_.empty() ? *minute_ : waiting_for_past_.front().minute;
    if (first != (*book)->next() || settings.series != settings_.series || settings.history != settings_.history ||
        settings.most_series != settings_.most_series) {
      return {};
    }
    for (const EndedMinute& ended : waiting_for_past_) (*book)->observe(ended.demand);
    waiting_for_past_.clear();
    book_ = std::move(*book);
  }
  tell();
  return {};
}

void ForecastBoard::tell() {
  const std::vector<monitor::DemandLimit> limits = limits_();
  const std::lock_guard lock(mutex_);
  if (book_ == nullptr) return;
  const int horizon = minutes_of(settings_.horizon);
  exhaustions_ = book_->exhaustions(horizon, limits);
  expected_.clear();
  for (monitor::SeriesForecast& series : book_->forecast(horizon, {})) {
    if (!series.points.empty()) expected_.push_back({std::move(series.of), series.measure, series.points.back()});
  }
}

std::vector<monitor::SeriesForecast> ForecastBoard::forecast(int horizon) const {
  const std::vector<monitor::DemandLimit> limits = limits_();
  const std::lock_guard lock(mutex_);
  return book_ == nullptr ? std::vector<monitor::SeriesForecast>() : book_->forecast(horizon, limits);
}

std::optional<std::vector<monitor::ExhaustionForecast>> ForecastBoard::exhaustions() const {
  const std::lock_guard lock(mutex_);
  return exhaustions_;
}

std::vector<ForecastBoard::Expected> ForecastBoard::expected() const {
  const std::lock_guard lock(mutex_);
  return expected_;
}

}  // namespace tidegate::app
