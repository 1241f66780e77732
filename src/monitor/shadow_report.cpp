// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_report.h"

#include "monitor/shadow_verdict.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <unordered_map>

namespace tidegate::monitor {

namespace {

constexpr std::size_t kMostErrorKinds = 8;

double milliseconds(Nanoseconds duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

/// Values of those pairs in which both sides have one.
struct Column {
  std::vector<std::uint32_t> pairs;
  std::vector<double> official;
  std::vector<double> shadow;

  [[nodiscard]] std::vector<double> combined(double (*combine)(double official, double shadow)) const {
    std::vector<double> all;
    for (std::size_t i = 0; i < official.size(); ++i) all.push_back(combine(official[i], shadow[i]));
    return all;
  }
};

/// `figure(side)` gives an optional figure. Only pairs in which both answered well: an error is fast.
template <typename Figure>
Column column(std::span<const ShadowSample> samples, Figure figure) {
  Column values;
  for (std::uint32_t i = 0; i < samples.size(); ++i) {
    const ShadowSample& sample = samples[i];
    if (!sample.official.ok || !sample.shadow.ok) continue;
    const std::optional<double> official = figure(sample.official);
    const std::optional<double> shadow = figure(sample.shadow);
    if (!official || !shadow) continue;
    values.pairs.push_back(i);
    values.official.push_back(*official);
    values.shadow.push_back(*shadow);
  }
  return values;
}

std::optional<double> first_token(const ShadowSide& side) {
  if (!side.time_to_first_token) return std::nullopt;
  return milliseconds(*side.time_to_first_token);
}
std::optional<double> total(const ShadowSide& side) { return milliseconds(side.total_time); }
std::optional<double> speed(const ShadowSide& side) { return side.tokens_per_second(); }
std::optional<double> cost(const ShadowSide& side) { return side.cost.as_dollars(); }

/// In characters where both have any, else in tokens: providers count tokens each in their own way.
Column lengths(std::span<const ShadowSample> samples) {
  Column values;
  for (std::uint32_t i = 0; i < samples.size(); ++i) {
    const ShadowSide& official = samples[i].official;
    const ShadowSide& shadow = samples[i].shadow;
    if (!official.ok || !shadow.ok) continue;
    const bool in_characters = official.output_characters > 0 && shadow.output_characters > 0;
    const std::int64_t a = in_characters ? official.output_characters : official.output_tokens;
    const std::int64_t b = in_characters ? shadow.output_characters : shadow.output_tokens;
    if (a <= 0 || b <= 0) continue;
    values.pairs.push_back(i);
    values.official.push_back(static_cast<double>(a));
    values.shadow.push_back(static_cast<double>(b));
  }
  return values;
}

/// Numbers conversations in their order; a request by itself is one. Gives how many there are.
std::int64_t number_groups(std::span<const ShadowSample> samples, std::vector<std::uint32_t>& groups) {
  std::unordered_map<std::uint64_t, std::uint32_t> known;
  std::uint32_t next = 0;
  for (const ShadowSample& sample : samples) {
    if (sample.conversation == 0) {
      groups.push_back(next++);
      continue;
    }
    const auto [at, is_new] = known.try_emplace(sample.conversation, next);
    if (is_new) ++next;
    groups.push_back(at->second);
  }
  return next;
}

SideFigures figures_of(std::span<const ShadowSample> samples, ShadowSide ShadowSample::*which) {
  SideFigures figures;
  std::map<std::string, std::int64_t> errors;
  std::int64_t ok = 0, with_tools = 0, valid = 0;
  for (const ShadowSample& sample : samples) {
    const ShadowSide& side = sample.*which;
    figures.cost += side.cost;
    if (!side.ok) {
      ++errors[side.error_kind.empty() ? "unknown" : side.error_kind];
      continue;
    }
    ++ok;
    if (side.tool_calls == 0) continue;
    ++with_tools;
    if (side.tool_calls_valid) ++valid;
  }
  figures.success = wilson(ok, static_cast<std::int64_t>(samples.size()));
  figures.valid_tool_calls = wilson(valid, with_tools);
  figures.errors.assign(errors.begin(), errors.end());
  std::stable_sort(figures.errors.begin(), figures.errors.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (figures.errors.size() > kMostErrorKinds) {
    std::int64_t rest = 0;
    for (std::size_t i = kMostErrorKinds - 1; i < figures.errors.size(); ++i) rest += figures.errors[i].second;
    figures.errors.resize(kMostErrorKinds - 1);
    figures.errors.emplace_back("other", rest);
  }
  return figures;
}

/// What can be counted without drawing.
void count_agreements(std::span<const ShadowSample> samples, ShadowReport& report) {
  std::int64_t only_official = 0, only_shadow = 0, with_reason = 0, same_reason = 0, with_tools = 0, same_tools = 0;
  for (const ShadowSample& sample : samples) {
    const ShadowSide& official = sample.official;
    const ShadowSide& shadow = sample.shadow;
    if (official.ok && !shadow.ok) ++only_official;
    if (!official.ok && shadow.ok) ++only_shadow;
    if (!official.ok || !shadow.ok) continue;
    ++report.both_ok;
    if (!official.stop_reason.empty() && !shadow.stop_reason.empty()) {
      ++with_reason;
      if (official.stop_reason == shadow.stop_reason) ++same_reason;
    }
    if (official.tool_calls > 0) {
      ++with_tools;
      if (shadow.tool_calls > 0) ++same_tools;
    }
  }
  report.success_difference = paired_share_difference(only_official, only_shadow, report.pairs);
  report.same_stop_reason = wilson(same_reason, with_reason);
  report.same_tool_use = wilson(same_tools, with_tools);
}

double difference(double official, double shadow) { return shadow - official; }
double ratio(double official, double shadow) { return shadow / official; }

/// Requests of a conversation fail together, so that counting each alone would promise too much: the wider of both intervals.
void widen(Estimate& estimate, const std::optional<Estimate>& other) {
  if (!other) return;
  estimate.low = std::min(estimate.low, other->low);
  estimate.high = std::max(estimate.high, other->high);
}

void draw(std::span<const ShadowSample> samples, std::uint64_t seed, std::vector<std::uint32_t> groups, ShadowReport& report) {
  Bootstrap bootstrap(std::move(groups));
  const auto add_median = [&](const Column& values, double (*combine)(double, double)) {
    return bootstrap.add_median(values.pairs, values.combined(combine));
  };
  const Column first_tokens = column(samples, first_token);
  const Column totals = column(samples, total);
  const Column speeds = column(samples, speed);
  const Column costs = column(samples, cost);
  const std::size_t at_first_token = add_median(first_tokens, difference);
  const std::size_t at_total = add_median(totals, difference);
  const std::size_t at_speed = add_median(speeds, difference);
  const std::size_t at_length = add_median(lengths(samples), ratio);
  const std::size_t at_cost = bootstrap.add_ratio(costs.pairs, costs.shadow, costs.official);

  std::vector<std::uint32_t> all;
  std::vector<double> gained;
  for (std::uint32_t i = 0; i < samples.size(); ++i) {
    all.push_back(i);
    gained.push_back((samples[i].shadow.ok ? 1.0 : 0.0) - (samples[i].official.ok ? 1.0 : 0.0));
  }
  const std::size_t at_success = bootstrap.add_ratio(all, gained, std::vector<double>(all.size(), 1.0));

  const std::vector<std::optional<Estimate>> found = bootstrap.run(seed);
  const auto figure = [&](const Column& values, std::size_t at) -> std::optional<PairedFigure> {
    if (!found[at]) return std::nullopt;
    return PairedFigure{.official = *median(values.official), .shadow = *median(values.shadow), .difference = *found[at]};
  };
  report.time_to_first_token = figure(first_tokens, at_first_token);
  report.total_time = figure(totals, at_total);
  report.tokens_per_second = figure(speeds, at_speed);
  report.length_ratio = found[at_length];
  report.cost_ratio = found[at_cost];
  if (report.success_difference) widen(*report.success_difference, found[at_success]);
}

}  // namespace

std::string_view to_string(ShadowVerdict::Kind kind) {
  switch (kind) {
    case ShadowVerdict::Kind::TooFew: return "too_few";
    case ShadowVerdict::Kind::Usable: return "usable";
    case ShadowVerdict::Kind::NotUsable: return "not_usable";
  }
  return {};
}

ShadowReport compare(std::span<const ShadowSample> samples, std::uint64_t seed) {
  ShadowReport report;
  report.pairs = static_cast<std::int64_t>(samples.size());
  if (!samples.empty()) {
    report.official_provider = samples[0].official_provider;
    report.shadow_provider = samples[0].shadow_provider;
    const bool one_model = std::all_of(samples.begin(), samples.end(), [&](const auto& one) { return one.model == samples[0].model; });
    if (one_model) report.model = samples[0].model;
    report.official = figures_of(samples, &ShadowSample::official);
    report.shadow = figures_of(samples, &ShadowSample::shadow);
    std::vector<std::uint32_t> groups;
    report.conversations = number_groups(samples, groups);
    count_agreements(samples, report);
    draw(samples, seed, std::move(groups), report);
  }
  report.verdict = judge(report);
  return report;
}

}  // namespace tidegate::monitor
