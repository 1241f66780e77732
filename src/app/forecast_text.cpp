// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/forecast_text.h"

#include "app/json_text.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace tidegate::app {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::size_t kSparkWidth = 20;
constexpr std::array<std::int64_t, 3> kColumns{5, 15, 30};  // minutes
constexpr double kWorthTelling = 0.01;

double decimal(const json::value& value, std::string_view name) { return value.at(name).to_number<double>(); }

/// `1.2k`, `0.034`: three digits tell a forecast.
std::string figure(double value) {
  const double size = std::abs(value);
  if (size >= 9'999.5) return compact(static_cast<std::int64_t>(std::llround(value)));
  if (size >= 99.95 || value == std::round(value)) return fmt::format("{:.0f}", value);
  if (size >= 9.995) return fmt::format("{:.1f}", value);
  return fmt::format("{:.2g}", value);
}

struct Cell {
  std::string text;
  std::size_t width;  ///< in columns of the terminal
};

Cell plain(std::string text) {
  const std::size_t width = text.size();
  return {std::move(text), width};
}

std::string aligned(const std::vector<std::vector<Cell>>& lines, std::size_t left) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].width);
  }
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (i > 0) text += "  ";
      const std::string pad(widths[i] - line[i].width, ' ');
      text += i < left ? line[i].text + pad : pad + line[i].text;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  return out;
}

/// `12 [10–15]`; empty where the horizon does not reach so far.
Cell band(const json::array& points, std::int64_t minutes) {
  for (const json::value& point : points) {
    if (point.at("minutes").to_number<std::int64_t>() != minutes) continue;
    std::string text = fmt::format("{} [{}–{}]", figure(decimal(point, "p50")), figure(decimal(point, "p10")),
                                   figure(decimal(point, "p90")));
    const std::size_t width = text.size() - 2;  // the dash has three bytes
    return {std::move(text), width};
  }
  return plain("");
}

/// The limit that is most likely to run out.
const json::value* likeliest(const json::array& limits) {
  const auto found = std::max_element(limits.begin(), limits.end(), [](const json::value& a, const json::value& b) {
    return decimal(a, "probability") < decimal(b, "probability");
  });
  return found == limits.end() ? nullptr : &*found;
}

std::string time_text(const json::value& limit) {
  const auto minutes = number(limit, "minutes_to_exhaustion");
  if (!minutes) return "-";
  if (*minutes == 0) return "now";
  if (*minutes < 120) return fmt::format("{} min", *minutes);
  if (*minutes < 48 * 60) return fmt::format("{} h", (*minutes + 30) / 60);
  return fmt::format("{} d", (*minutes + 720) / 1'440);
}

std::string probability_text(double probability) {
  if (probability > 0 && probability < kWorthTelling) return "<1 %";
  return fmt::format("{:.0f} %", 100 * probability);
}

std::string name_of(const json::value& series) {
  const std::string name = text(series, "name");
  return name.empty() ? "all" : printable(name);
}

std::vector<double> values_of(const json::array& values) {
  std::vector<double> numbers;
  for (const json::value& value : values) numbers.push_back(value.to_number<double>());
  return numbers;
}

std::vector<Cell> line_of(const json::value& series) {
  const std::vector<double> recent = values_of(series.at("recent").as_array());
  const std::string spark = sparkline(recent, kSparkWidth);
  std::vector<Cell> line{plain(text(series, "scope")),
                         plain(name_of(series)),
                         plain(text(series, "measure")),
                         {spark, spark.size() / kBlocks[0].size()},
                         plain(figure(decimal(series, "now")))};
  const json::array& points = series.at("points").as_array();
  for (const std::int64_t minutes : kColumns) line.push_back(band(points, minutes));
  const json::value* limit = likeliest(series.at("exhaustion").as_array());
  const bool is_known = series.at("has_enough_history").as_bool();
  if (!is_known) line[5] = plain("too little history");
  if (limit == nullptr) return line;
  line.push_back(plain(figure(decimal(*limit, "capacity"))));
  line.push_back(plain(figure(decimal(*limit, "remaining"))));
  const bool tells = is_known || decimal(*limit, "probability") > 0;
  line.push_back(plain(tells ? time_text(*limit) : ""));
  line.push_back(plain(tells ? probability_text(decimal(*limit, "probability")) : ""));
  return line;
}

bool is_wanted(const json::value& series, std::string_view member, std::span<const std::string> wanted) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), text(series, member)) != wanted.end();
}

}  // namespace

std::string sparkline(std::span<const double> values, std::size_t width) {
  const std::size_t blocks = std::min(width, values.size());
  std::vector<double> means;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t from = i * values.size() / blocks;
    const std::size_t to = (i + 1) * values.size() / blocks;
    double sum = 0;
    for (std::size_t at = from; at < to; ++at) sum += values[at];
    means.push_back(sum / static_cast<double>(to - from));
  }
  const double most = means.empty() ? 0 : *std::max_element(means.begin(), means.end());
  std::string text;
  for (const double mean : means) {
    const double height = most > 0 ? std::max(mean, 0.0) / most * (kBlocks.size() - 1) : 0;
    text += kBlocks[static_cast<std::size_t>(std::lround(height))];
  }
  return text;
}

std::string forecast_text(const json::value& forecast, std::span<const std::string> scopes,
                          std::span<const std::string> measures) {
  const auto horizon = forecast.at("horizon_minutes").to_number<std::int64_t>();
  std::vector<std::vector<Cell>> lines{{plain("scope"), plain("name"), plain("per minute"), plain("last hour"),
                                        plain("now"), plain("in 5 min"), plain(horizon >= 15 ? "in 15 min" : ""),
                                        plain(horizon >= 30 ? "in 30 min" : ""), plain("limit"), plain("left"),
                                        plain("runs out in"), plain(fmt::format("P({} min)", horizon))}};
  std::string sentences;
  for (const json::value& series : forecast.at("series").as_array()) {
    if (!is_wanted(series, "scope", scopes) || !is_wanted(series, "measure", measures)) continue;
    for (const json::value& limit : series.at("exhaustion").as_array()) {
      if (decimal(limit, "probability") < kWorthTelling) continue;
      sentences += fmt::format("{} {}: {}\n", name_of(series), text(limit, "limit"), printable(text(limit, "reason")));
    }
    const json::array& recent = series.at("recent").as_array();
    const bool is_idle = std::all_of(recent.begin(), recent.end(),
                                     [](const json::value& value) { return value.to_number<double>() == 0; });
    if (!is_idle) lines.push_back(line_of(series));
  }
  if (lines.size() == 1) return "Nothing was asked for in the last hour.\n" + sentences;
  return aligned(lines, 4) + (sentences.empty() ? "" : "\n" + sentences);
}

}  // namespace tidegate::app
