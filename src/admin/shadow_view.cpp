// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/shadow_view.h"

#include <boost/json.hpp>

#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

/// Four decimals: shares need them, and more would be noise.
double rounded(double figure) { return std::round(figure * 10'000) / 10'000; }

json::value view(const monitor::Estimate& estimate) {
  return json::object{
      {"value", rounded(estimate.value)}, {"low", rounded(estimate.low)}, {"high", rounded(estimate.high)}, {"count", estimate.count}};
}

json::value view(const monitor::PairedFigure& figure) {
  return json::object{{"official", rounded(figure.official)}, {"shadow", rounded(figure.shadow)}, {"difference", view(figure.difference)}};
}

template <typename Figure>
void put(json::object& object, std::string_view name, const std::optional<Figure>& figure) {
  if (figure) object[name] = view(*figure);
}

json::value view(const monitor::SideFigures& side) {
  json::object errors;
  for (const auto& [kind, count] : side.errors) errors[kind] = count;
  json::object out{{"errors", std::move(errors)}, {"cost_usd", to_text(side.cost)}};
  put(out, "success", side.success);
  put(out, "valid_tool_calls", side.valid_tool_calls);
  return out;
}

json::value view(const monitor::ShadowOptions& options) {
  return json::object{{"provider", options.provider.text()},
                      {"share", options.share},
                      {"by", options.by == monitor::ShadowBy::Session ? "session" : "request"},
                      {"max_concurrent", options.max_concurrent},
                      {"max_per_minute", options.max_per_minute},
                      {"budget_usd", to_text(options.budget)},
                      {"min_headroom", options.min_headroom}};
}

}  // namespace

json::value view(const monitor::ShadowReport& report) {
  json::object out{{"official_provider", report.official_provider},
                   {"shadow_provider", report.shadow_provider},
                   {"pairs", report.pairs},
                   {"conversations", report.conversations},
                   {"both_ok", report.both_ok},
                   {"verdict", json::object{{"kind", to_string(report.verdict.kind)}, {"text", report.verdict.text}}},
                   {"official", view(report.official)},
                   {"shadow", view(report.shadow)}};
  if (!report.model.empty()) out["model"] = report.model;
  put(out, "success_difference", report.success_difference);
  put(out, "time_to_first_token_ms", report.time_to_first_token);
  put(out, "total_time_ms", report.total_time);
  put(out, "tokens_per_second", report.tokens_per_second);
  put(out, "length_ratio", report.length_ratio);
  put(out, "cost_ratio", report.cost_ratio);
  put(out, "same_stop_reason", report.same_stop_reason);
  put(out, "same_tool_use", report.same_tool_use);
  return out;
}

json::value view(const ShadowState& state) {
  json::object not_sent;
  for (const monitor::ShadowDecision reason : monitor::kShadowRefusals) not_sent[to_string(reason)] = state.counts.of(reason);
  json::array answered;
  for (const monitor::ShadowCounts::Answered& one : state.counts.answered) {
    answered.push_back(
        json::object{{"provider", one.provider}, {"good", one.good}, {"failed", one.failed}, {"cost_usd", to_text(one.cost)}});
  }
  json::array reports;
  for (const monitor::ShadowReport& report : state.reports) reports.push_back(view(report));
  return json::object{{"is_on", state.options.is_on()},  {"options", view(state.options)},
                      {"running", state.counts.running}, {"sent", state.counts.of(monitor::ShadowDecision::Send)},
                      {"answered", std::move(answered)}, {"not_sent", std::move(not_sent)},
                      {"dropped", state.counts.dropped}, {"spent_today_usd", to_text(state.counts.spent_today)},
                      {"reports", std::move(reports)}};
}

}  // namespace tidegate::admin
