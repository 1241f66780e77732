// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/shadow_text.h"

#include "app/json_text.h"
#include "monitor/figure_text.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <string_view>
#include <vector>

namespace tidegate::app {

namespace json = boost::json;
using monitor::percent_text;

namespace {

double decimal(const json::value& value, std::string_view name) { return value.at(name).to_number<double>(); }

const json::value* find(const json::value& value, std::string_view name) { return value.as_object().if_contains(name); }

std::string line(std::string_view name, std::string_view official, std::string_view shadow, std::string_view difference) {
  std::string text = fmt::format("  {:<20}{:>14}{:>14}  {}", name, official, shadow, difference);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + '\n';
}

/// `183 [153, 221]`
template <typename Text>
std::string interval(const json::value& estimate, Text text) {
  return fmt::format("{} [{}, {}]", text(decimal(estimate, "value")), text(decimal(estimate, "low")), text(decimal(estimate, "high")));
}

std::string with_sign(double figure, int decimals) { return fmt::format("{:+.{}f}", figure, decimals); }

std::string share_of_side(const json::value& side, std::string_view name) {
  const json::value* share = find(side, name);
  return share == nullptr ? "" : percent_text(decimal(*share, "value"));
}

/// A line per figure that both have, in milliseconds or tokens per second.
template <typename Text>
std::string paired_line(const json::value& report, std::string_view member, std::string_view name, int decimals, Text text) {
  const json::value* figure = find(report, member);
  if (figure == nullptr) return {};
  const auto signed_text = [decimals](double value) { return with_sign(value, decimals); };
  return line(name, text(decimal(*figure, "official")), text(decimal(*figure, "shadow")), interval(figure->at("difference"), signed_text));
}

/// A line for what is one figure of both together.
template <typename Text>
std::string joint_line(const json::value& report, std::string_view member, std::string_view name, Text text) {
  const json::value* figure = find(report, member);
  return figure == nullptr ? std::string() : line(name, "", "", interval(*figure, text));
}

std::string errors_of(const json::value& side) {
  std::vector<std::string> kinds;
  for (const auto& [kind, count] : side.at("errors").as_object()) {
    kinds.push_back(fmt::format("{} {}", std::string_view(kind), count.to_number<std::int64_t>()));
  }
  return fmt::format("{}", fmt::join(kinds, ", "));
}

std::string report_text(const json::value& report) {
  const std::string official = text(report, "official_provider");
  const std::string shadow = text(report, "shadow_provider");
  const std::string model = text(report, "model");
  const json::value& one = report.at("official");
  const json::value& other = report.at("shadow");
  const auto tenths = [](double value) { return fmt::format("{:.1f}", value); };
  const auto times = [](double value) { return fmt::format("{:.2f}", value); };

  std::string out =
      fmt::format("{} beside {}, {}\n  {}\n\n", shadow, official, model.empty() ? "all models" : model, text(report.at("verdict"), "text"));
  out += line("", official, shadow, "difference [95 %]");
  if (const json::value* difference = find(report, "success_difference")) {
    const auto points = [](double share) { return with_sign(100 * share, 1); };
    out += line("success", share_of_side(one, "success"), share_of_side(other, "success"), interval(*difference, points) + " points");
  }
  out += paired_line(report, "time_to_first_token_ms", "ms to first token", 0, [](double ms) { return fmt::format("{:.0f}", ms); });
  out += paired_line(report, "total_time_ms", "ms in all", 0, [](double ms) { return fmt::format("{:.0f}", ms); });
  out += paired_line(report, "tokens_per_second", "tokens per second", 1, tenths);
  if (find(one, "valid_tool_calls") != nullptr || find(other, "valid_tool_calls") != nullptr) {
    out += line("tool calls whole", share_of_side(one, "valid_tool_calls"), share_of_side(other, "valid_tool_calls"), "");
  }
  const json::value* cost = find(report, "cost_ratio");
  out += line("cost $", text(one, "cost_usd"), text(other, "cost_usd"), cost == nullptr ? "" : interval(*cost, times) + " times");
  out += joint_line(report, "length_ratio", "times as long", times);
  out += joint_line(report, "same_stop_reason", "same stop reason", percent_text);
  out += joint_line(report, "same_tool_use", "same use of tools", percent_text);
  for (const auto& [name, side] : {std::pair(official, &one), std::pair(shadow, &other)}) {
    if (const std::string errors = errors_of(*side); !errors.empty()) out += fmt::format("  errors of {}: {}\n", name, errors);
  }
  return out;
}

std::string traffic_text(const json::value& shadow) {
  const json::value& options = shadow.at("options");
  if (!shadow.at("is_on").as_bool()) {
    const std::string provider = text(options, "provider");
    return provider.empty() ? "Shadow traffic is off; `shadow: {provider: NAME}` in the configuration switches it on.\n"
                            : "Shadow traffic to " + provider + " is switched off by `shadow.enabled`.\n";
  }
  const bool whole = text(options, "by") == "session";
  std::string out =
      fmt::format("{} of {} go to {} as well; {} sent, {} running, ${} of ${} spent today (UTC)\n", percent_text(decimal(options, "share")),
                  whole ? "conversations" : "requests", text(options, "provider"), number(shadow, "sent").value_or(0),
                  number(shadow, "running").value_or(0), text(shadow, "spent_today_usd"), text(options, "budget_usd"));
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : shadow.at("not_sent").as_object()) {
    if (const auto many = count.to_number<std::int64_t>(); many > 0)
      reasons.push_back(fmt::format("{} {}", std::string_view(reason), many));
  }
  if (!reasons.empty()) out += fmt::format("drawn but not sent, by what stood in the way: {}\n", fmt::join(reasons, ", "));
  if (const auto dropped = number(shadow, "dropped").value_or(0); dropped > 0) {
    out += fmt::format("{} pairs came too fast and are missing below\n", dropped);
  }
  return out;
}

}  // namespace

std::string shadow_text(const json::value& shadow) {
  std::string out = traffic_text(shadow);
  const json::array& reports = shadow.at("reports").as_array();
  if (reports.empty()) out += "\nNo pair has been compared in this time.\n";
  for (const json::value& report : reports) out += '\n' + report_text(report);
  return printable(out);
}

}  // namespace tidegate::app
