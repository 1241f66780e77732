// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/billed_view.h"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

std::int64_t unix_seconds(WallTime at) { return std::chrono::floor<Seconds>(at).time_since_epoch().count(); }

/// To a millionth: what is left is a difference of doubles.
json::value amount(const std::optional<double>& value) {
  return value ? json::value(std::round(*value * 1e6) / 1e6) : json::value(nullptr);
}

json::value view(const monitor::BilledReport& report) {
  json::array spans;
  for (const monitor::BilledSpan& span : report.spans) {
    spans.push_back(
        json::array{unix_seconds(span.since), unix_seconds(span.until), amount(span.billed), amount(span.ours)});
  }
  return json::object{{"provider", report.provider},
                      {"currency", report.currency},
                      {"covered_seconds", std::chrono::duration_cast<Seconds>(report.covered).count()},
                      {"billed", amount(report.billed)},
                      {"ours", amount(report.ours)},
                      {"top_ups", report.top_ups},
                      {"spans", std::move(spans)}};
}

std::map<std::string, monitor::CostByMinute> by_provider(std::span<const store::CostRow> rows) {
  std::map<std::string, monitor::CostByMinute> costs;
  for (const store::CostRow& row : rows) {
    const std::string& minute = row.labels[1];  // 2026-11-26T12:34Z
    const auto begin = parse_rfc3339(minute.substr(0, minute.size() - 1) + ":00Z");
    if (begin)
      costs[row.labels[0]][std::chrono::floor<std::chrono::minutes>(*begin).time_since_epoch().count()] +=
          row.cost.as_dollars();
  }
  return costs;
}

}  // namespace

store::EntryFilter costs_beside(std::span<const monitor::BalanceCourse> courses, WallTime begin) {
  WallTime first = begin;
  for (const monitor::BalanceCourse& course : courses) {
    const auto after = std::find_if(course.readings.begin(), course.readings.end(),
                                    [&](const auto& reading) { return reading.at > begin; });
    if (after != course.readings.begin() && after != course.readings.end())
      first = std::min(first, std::prev(after)->at);
  }
  store::EntryFilter filter;
  filter.since = std::chrono::floor<std::chrono::minutes>(first);
  return filter;
}

json::value view_billed(std::span<const monitor::BalanceCourse> courses, std::span<const store::CostRow> costs,
                        WallTime begin) {
  const auto ours = by_provider(costs);
  const monitor::CostByMinute nothing;
  json::array providers;
  for (const monitor::BalanceCourse& course : courses) {
    const auto found = ours.find(course.provider);
    providers.push_back(view(monitor::compare_billed(course, found == ours.end() ? nothing : found->second, begin)));
  }
  return json::object{{"providers", std::move(providers)}};
}

}  // namespace tidegate::admin
