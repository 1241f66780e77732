// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/forecast_board.h"

#include "app/past_demand.h"

#include <algorithm>
#include <utility>

namespace tidegate::app {

using monitor::DemandMinute;
using monitor::MinuteNumber;

namespace {

constexpr MinuteNumber kLongestGap = 180;     // minutes without a look: what is longer is read from the ledger
constexpr MinuteNumber kLongestStepBack = 5;  // of the clock
constexpr std::size_t kMostKept = 1'440;      // minutes that wait for the past

/// Those who came to wait, less those who no longer do.
void add_waiting(DemandMinute& minute, const std::map<std::string, double>& before,
                 const std::map<std::string, double>& now) {
  const auto add = [&](const std::string& pool, double more) {
    monitor::Demand demand;
    demand.unserved = more;
    if (more != 0) minute.add({.pool = pool, .demand = demand});
  };
  for (const auto& [pool, count] : now) {
    const auto found = before.find(pool);
    add(pool, count - (found == before.end() ? 0 : found->second));
  }
  for (const auto& [pool, count] : before) {
    if (!now.contains(pool)) add(pool, -count);
  }
}

}  // namespace

Result<std::unique_ptr<monitor::ForecastBook>> read_forecast_book(store::DemandHistory& history, MinuteNumber since,
                                                                  MinuteNumber until,
                                                                  const monitor::ForecastOptions& options) {
  std::unique_ptr<monitor::ForecastBook> book;
  const Result<void> read =
      for_each_past_minute(history, since, until, [&](MinuteNumber minute, const DemandMinute& demand) {
        if (book == nullptr) book = std::make_unique<monitor::ForecastBook>(minute, options);
        book->observe(demand);
      });
  if (!read) return fail(read);
  if (book == nullptr) book = std::make_unique<monitor::ForecastBook>(until, options);
  return book;
}

ForecastBoard::ForecastBoard(Limits limits, const monitor::ForecastOptions& options)
    : limits_(std::move(limits)), options_(options) {}

void ForecastBoard::look(WallTime now, const std::map<std::string, double>& waiting,
                         const std::function<DemandMinute()>& take_demand) {
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
  add_waiting(demand, waiting_, waiting);
  waiting_ = waiting;
  if (minute > running + kLongestGap) return;  // begun anew
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
  exhaustions_.clear();
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
  {
    const std::lock_guard lock(mutex_);
    if (book_ != nullptr || !minute_) return {};
    until = waiting_for_past_.empty() ? *minute_ : waiting_for_past_.front().minute;
  }
  const MinuteNumber since = until - std::chrono::minutes(kRemembered).count();
  auto book = read_forecast_book(history, since, until, options_);
  if (!book) return fail(book);
  {
    const std::lock_guard lock(mutex_);
    // Meanwhile it may have begun anew, or (after a day without the ledger) have let minutes go: then once more.
    const MinuteNumber first = waiting_for_past_.empty() ? *minute_ : waiting_for_past_.front().minute;
    if (first != (*book)->next()) return {};
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
  exhaustions_ = book_->exhaustions(kHorizon, limits);
  expected_.clear();
  for (monitor::SeriesForecast& series : book_->forecast(kHorizon, {})) {
    if (!series.points.empty()) expected_.push_back({std::move(series.of), series.measure, series.points.back()});
  }
}

std::vector<monitor::SeriesForecast> ForecastBoard::forecast(int horizon) const {
  const std::vector<monitor::DemandLimit> limits = limits_();
  const std::lock_guard lock(mutex_);
  return book_ == nullptr ? std::vector<monitor::SeriesForecast>() : book_->forecast(horizon, limits);
}

std::vector<monitor::ExhaustionForecast> ForecastBoard::exhaustions() const {
  const std::lock_guard lock(mutex_);
  return exhaustions_;
}

std::vector<ForecastBoard::Expected> ForecastBoard::expected() const {
  const std::lock_guard lock(mutex_);
  return expected_;
}

}  // namespace tidegate::app
