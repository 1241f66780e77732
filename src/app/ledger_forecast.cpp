// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/ledger_forecast.h"

#include "app/demand_limits.h"
#include "app/forecast_board.h"
#include "app/past_demand.h"
#include "app/report_text.h"
#include "app/stored_limits.h"
#include "quota/book/limit_board.h"
#include "store/sqlite/demand_reader.h"
#include "store/sqlite/sqlite_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <system_error>
#include <utility>

namespace tidegate::app {

using monitor::DemandLimit;
using monitor::DemandMeasure;
using monitor::DemandMinute;
using monitor::DemandName;
using monitor::MinuteNumber;

namespace {

std::vector<DemandLimit> stored_limits(const std::filesystem::path& directory, Now now) {
  const std::filesystem::path file = directory / "ledger.db";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {};
  const auto rows = store::SqliteLimits(file).load();
  if (!rows) return {};  // the demand is worth telling without them
  quota::LimitBoard board;
  board.restore(from_stored(*rows), now);
  return demand_limits(board.levels(now));
}

/// One name's past, from its first minute on.
struct PastSeries {
  MinuteNumber first = 0;
  double requests = 0;
  std::array<std::vector<double>, monitor::kDemandMeasures.size()> by_measure;

  void add(const monitor::Demand& demand) {
    for (const DemandMeasure measure : monitor::kDemandMeasures) {
      const double unserved = measure == DemandMeasure::Requests ? demand.unserved : 0;
      by_measure[static_cast<std::size_t>(measure)].push_back(demand[measure] + unserved);
    }
    requests += by_measure[0].back();
  }
};

/// Names of clients' making: beyond so many, those that come later are left out.
constexpr std::size_t kMostSeries = 500;

bool contains(const std::vector<monitor::ForecastScope>& scopes, monitor::ForecastScope scope) {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

std::vector<const std::pair<const DemandName, PastSeries>*> busiest(const std::map<DemandName, PastSeries>& all,
                                                                    monitor::ForecastScope scope, std::size_t most) {
  std::vector<const std::pair<const DemandName, PastSeries>*> chosen;
  for (const auto& one : all) {
    if (one.first.scope == scope) chosen.push_back(&one);
  }
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const auto* a, const auto* b) { return a->second.requests > b->second.requests; });
  chosen.resize(std::min(chosen.size(), most));
  return chosen;
}

std::string name_text(const SeriesBacktest& one) {
  return fmt::format("{} {}", one.of.name.empty() ? "all" : one_line(one.of.name, ""), to_string(one.measure));
}

std::string figure(double value) { return fmt::format("{:.4g}", value); }

std::string table_of(const SeriesBacktest& one, const monitor::Backtest& result) {
  Grid grid{{"method", "error 5 min", "15 min", "30 min", "pinball", "in 80 %"}};
  for (const monitor::BacktestScore& score : result.scores) {
    grid.push_back({std::string(to_string(score.method)), figure(score.mean_error[0]), figure(score.mean_error[1]),
                    figure(score.mean_error[2]), figure(score.pinball), fmt::format("{:.0f} %", 100 * score.coverage)});
  }
  const monitor::BacktestScore& best = result.best();
  return fmt::format("{}: {} minutes judged, {} a minute in the mean\n{}{} would have served best\n", name_text(one),
                     result.judged, figure(result.mean), aligned_table(grid, 1), to_string(best.method));
}

constexpr double kWorthSetting = 0.99;  // a percent of loss is no reason to change a setting

/// Losses as shares of each series' mean, so that a large series does not decide alone.
std::string verdict_of(const std::vector<SeriesBacktest>& series) {
  std::array<double, monitor::kForecastMethods.size()> losses{};
  std::size_t judged = 0;
  for (const SeriesBacktest& one : series) {
    if (!one.result || one.result->mean <= 0) continue;
    ++judged;
    for (std::size_t i = 0; i < losses.size(); ++i) losses[i] += one.result->scores[i].pinball / one.result->mean;
  }
  if (judged < 2) return {};
  const double usual = losses.front();
  const auto best = std::min_element(losses.begin(), losses.end());
  if (*best >= kWorthSetting * usual) return "\nOf all of these together usual, the default, would have served best.\n";
  return fmt::format(
      "\nOf all of these together {0} would have served best: {1:.0f} % less loss than usual, the default. "
      "`forecast: {{method: {0}}}` takes it.\n",
      to_string(monitor::kForecastMethods[static_cast<std::size_t>(best - losses.begin())]), 100 * (1 - *best / usual));
}

}  // namespace

Result<std::vector<monitor::SeriesForecast>> forecast_from_ledger(const std::filesystem::path& directory, Now now,
                                                                  const monitor::ForecastSettings& settings,
                                                                  const std::vector<DemandLimit>& further) {
  store::DemandReader history(directory);
  const auto book = read_forecast_book(history, minute_of(now.wall), settings, limited_keys(further));
  if (!book) return fail(book);
  const auto horizon = std::chrono::floor<std::chrono::minutes>(settings.horizon).count();
  std::vector<DemandLimit> limits = stored_limits(directory, now);
  limits.insert(limits.end(), further.begin(), further.end());
  return (*book)->forecast(static_cast<int>(horizon), limits);
}

Result<std::vector<SeriesBacktest>> backtest_ledger(store::DemandHistory& history, WallTime now,
                                                    std::chrono::days remembered, const BacktestQuestion& question) {
  std::map<DemandName, PastSeries> past;
  const MinuteNumber until = minute_of(now);
  const MinuteNumber since = until - std::chrono::minutes(remembered).count();
  const Result<void> read =
      for_each_past_minute(history, since, until, [&](MinuteNumber number, const DemandMinute& minute) {
        for (const auto& [name, demand] : minute.by_name()) {
          if (!contains(question.scopes, name.scope) || (past.size() >= kMostSeries && !past.contains(name))) continue;
          past.try_emplace(name, PastSeries{.first = number, .by_measure = {}});
        }
        for (auto& [name, series] : past) {
          const auto found = minute.by_name().find(name);
          series.add(found == minute.by_name().end() ? monitor::Demand() : found->second);
        }
      });
  if (!read) return fail(read);
  std::vector<SeriesBacktest> out;
  for (const monitor::ForecastScope scope : question.scopes) {
    for (const auto* one : busiest(past, scope, question.most)) {
      for (const DemandMeasure measure : question.measures) {
        const std::vector<double>& demand = one->second.by_measure[static_cast<std::size_t>(measure)];
        out.push_back({one->first, measure, monitor::backtest(demand, one->second.first)});
      }
    }
  }
  return out;
}

std::string backtest_text(const std::vector<SeriesBacktest>& series) {
  if (series.empty()) return "Nothing was asked for in this time.\n";
  std::string out;
  for (const SeriesBacktest& one : series) {
    if (!out.empty()) out += '\n';
    out += one.result ? table_of(one, *one.result)
                      : fmt::format("{}: too little history, four hours are needed\n", name_text(one));
  }
  return out + verdict_of(series);
}

std::string backtest_json(const std::vector<SeriesBacktest>& series) {
  std::vector<std::string> items;
  for (const SeriesBacktest& one : series) {
    std::string item = fmt::format(R"({{"scope":"{}","name":{},"measure":"{}")", to_string(one.of.scope),
                                   json_string(one.of.name), to_string(one.measure));
    if (one.result) {
      std::vector<std::string> methods;
      for (const monitor::BacktestScore& score : one.result->scores) {
        methods.push_back(
            fmt::format(R"({{"method":"{}","mean_error_5":{:.6g},"mean_error_15":{:.6g},"mean_error_30":{:.6g},)"
                        R"("pinball":{:.6g},"coverage":{:.4f}}})",
                        to_string(score.method), score.mean_error[0], score.mean_error[1], score.mean_error[2],
                        score.pinball, score.coverage));
      }
      item += fmt::format(R"(,"minutes":{},"mean":{:.6g},"best":"{}","methods":[{}])", one.result->judged,
                          one.result->mean, to_string(one.result->best().method), fmt::join(methods, ","));
    }
    items.push_back(item + "}");
  }
  return fmt::format("[{}]\n", fmt::join(items, ","));
}

}  // namespace tidegate::app
