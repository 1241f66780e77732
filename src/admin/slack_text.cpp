// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/slack_text.h"

#include "base/money.h"
#include "monitor/figure_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <vector>

namespace tidegate::admin {

namespace {

constexpr std::size_t kMostLines = 10;  // of one list

/// A name in fixed width, which its own characters cannot end.
std::string code(std::string_view name) {
  std::string text = slack_escaped(name);
  std::replace(text.begin(), text.end(), '`', '\'');
  return "`" + text + "`";
}

std::string more(std::size_t count) {
  return count > kMostLines ? fmt::format("… and {} more\n", count - kMostLines) : std::string();
}

/// Share that is left of the scarcest limit; absent where nothing is known.
std::optional<double> least_left(const quota::PoolLevel& pool) {
  std::optional<double> least;
  for (const quota::LimitLevel& level : pool.limits) {
    if (!level.limit || *level.limit <= 0 || !level.remaining_now) continue;
    const double share = *level.remaining_now / static_cast<double>(*level.limit);
    least = std::min(least.value_or(share), share);
  }
  return least;
}

std::string line_of(const quota::PoolLevel& pool) {
  std::vector<std::string> figures;
  for (const quota::LimitLevel& level : pool.limits) {
    if (!level.limit || *level.limit <= 0 || !level.remaining_now) continue;
    figures.push_back(fmt::format("{} of {} {} ({})", monitor::grouped(std::llround(*level.remaining_now)),
                                  monitor::grouped(*level.limit), to_string(level.dimension),
                                  monitor::percent_text(*level.remaining_now / static_cast<double>(*level.limit))));
  }
  return fmt::format("{} {}: {}\n", code(pool.pool), slack_escaped(pool.model_group), fmt::join(figures, ", "));
}

std::string line_of(const monitor::Alert& alert, WallTime now) {
  std::string line = fmt::format("*{}* {}: {} {}", to_string(alert.severity), to_string(alert.state),
                                 slack_escaped(alert.summary.empty() ? alert.rule : alert.summary), code(alert.id));
  if (alert.acknowledged_by) line += fmt::format(", taken on by {}", slack_escaped(*alert.acknowledged_by));
  if (alert.is_silenced(now)) line += fmt::format(", silenced until {}", to_rfc3339(*alert.silenced_until));
  return line + "\n";
}

}  // namespace

std::string slack_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string slack_status(const Status& status, std::span<const quota::PoolLevel> pools, const AlertsState& alerts,
                         std::span<const monitor::Alarm> alarms) {
  std::string text = fmt::format("*Tidegate {}*, {} connections\n*Left per minute*\n", slack_escaped(status.version),
                                 status.open_connections);
  std::vector<std::pair<double, const quota::PoolLevel*>> known;
  for (const quota::PoolLevel& pool : pools) {
    if (const auto least = least_left(pool)) known.emplace_back(*least, &pool);
  }
  std::stable_sort(known.begin(), known.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (known.empty()) text += "No provider has told its limits yet.\n";
  for (std::size_t i = 0; i < std::min(known.size(), kMostLines); ++i) text += line_of(*known[i].second);
  text += more(known.size());

  std::vector<const monitor::Alert*> open;
  for (const monitor::Alert& alert : alerts.alerts) {
    if (alert.state == monitor::AlertState::Firing || alert.state == monitor::AlertState::Pending)
      open.push_back(&alert);
  }
  text += open.empty() ? "*No alert*\n" : "*Alerts*\n";
  for (std::size_t i = 0; i < std::min(open.size(), kMostLines); ++i) text += line_of(*open[i], status.now);
  text += more(open.size());

  text += alarms.empty() ? "*No alarm of the gateway*\n" : "*Alarms of the gateway*\n";
  for (const monitor::Alarm& alarm : alarms.first(std::min(alarms.size(), kMostLines))) {
    text += fmt::format("*{}* {}: {}\n", to_string(alarm.severity), slack_escaped(alarm.kind),
                        slack_escaped(alarm.message));
  }
  return text + more(alarms.size());
}

std::string slack_cost(std::span<const store::CostRow> rows, WallTime today) {
  Money total;
  std::int64_t requests = 0;
  std::int64_t unknown = 0;
  for (const store::CostRow& row : rows) {
    total += row.cost;
    requests += row.requests;
    unknown += row.price_unknown;
  }
  std::string text = fmt::format("*${}* on {} (UTC), {} requests\n", to_text(total), to_rfc3339(today).substr(0, 10),
                                 monitor::grouped(requests));
  for (const store::CostRow& row : rows.first(std::min(rows.size(), kMostLines))) {
    text += fmt::format("{} ${}, {} requests, {} tokens out\n",
                        code(row.labels.empty() ? std::string_view() : row.labels.front()), to_text(row.cost),
                        monitor::grouped(row.requests), monitor::grouped(row.tokens.output));
  }
  text += more(rows.size());
  if (unknown > 0)
    text += fmt::format("{} attempts are of models without a price, and charged at the configured one.\n",
                        monitor::grouped(unknown));
  return text;
}

std::string slack_forecast(std::span<const monitor::SeriesForecast> series, int horizon) {
  std::vector<const monitor::LimitForecast*> likely;
  bool is_known = false;
  for (const monitor::SeriesForecast& one : series) {
    is_known = is_known || one.has_enough_history;
    for (const monitor::LimitForecast& limit : one.limits) {
      if (one.has_enough_history && limit.exhaustion.probability >= 0.01) likely.push_back(&limit);
    }
  }
  if (!is_known) return "There is too little history for a forecast yet.";
  if (likely.empty()) return fmt::format("Nothing is likely to run out within {} min.", horizon);
  std::stable_sort(likely.begin(), likely.end(),
                   [](const auto* a, const auto* b) { return a->exhaustion.probability > b->exhaustion.probability; });
  std::string text = fmt::format("*May run out within {} min*\n", horizon);
  for (std::size_t i = 0; i < std::min(likely.size(), kMostLines); ++i) {
    const auto& [limit, exhaustion] = *likely[i];
    text += fmt::format("{}: {} {}", monitor::percent_text(exhaustion.probability), to_string(limit.of.scope),
                        limit.of.name.empty() ? "" : code(limit.of.name) + " ");
    text += slack_escaped(limit.limit);
    if (exhaustion.first_crossing) text += fmt::format(", in about {} min", *exhaustion.first_crossing);
    text += fmt::format(". {}\n", slack_escaped(exhaustion.reason));
  }
  return text + more(likely.size());
}

}  // namespace tidegate::admin
