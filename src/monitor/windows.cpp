// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/windows.h"

#include <algorithm>
#include <utility>

namespace tidegate::monitor {

namespace {

constexpr std::size_t kLongestValue = 120;

/// The front of `text`, cut between characters.
std::string_view cut(std::string_view text) {
  if (text.size() <= kLongestValue) return text;
  std::size_t length = kLongestValue;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  return text.substr(0, length);
}

std::string_view value_of(const WindowSample& sample, Dimension dimension) {
  switch (dimension) {
    case Dimension::Model: return sample.model;
    case Dimension::Endpoint: return sample.endpoint;
    case Dimension::User: return sample.user;
    case Dimension::Key: return sample.key;
    case Dimension::Tenant: return sample.tenant;
    case Dimension::Session: return sample.session;
    case Dimension::Agent: return sample.agent;
  }
  return {};
}

WindowCounts counts_of(const WindowSample& sample) {
  return WindowCounts{.requests = 1,
                      .errors = sample.error_kind.empty() ? 0u : 1u,
                      .input_tokens = sample.input_tokens,
                      .output_tokens = sample.output_tokens,
                      .cache_read_tokens = sample.cache_read_tokens,
                      .cache_write_tokens = sample.cache_write_tokens,
                      .nanodollars = sample.cost.nanodollars()};
}

}  // namespace

std::string_view to_string(Dimension dimension) {
  switch (dimension) {
    case Dimension::Model: return "model";
    case Dimension::Endpoint: return "endpoint";
    case Dimension::User: return "user";
    case Dimension::Key: return "key";
    case Dimension::Tenant: return "tenant";
    case Dimension::Session: return "session";
    case Dimension::Agent: return "agent";
  }
  return {};
}

Result<Dimension> parse_dimension(std::string_view text) {
  std::string names;
  for (const Dimension dimension : kDimensions) {
    if (text == to_string(dimension)) return dimension;
    names += (names.empty() ? "" : ", ") + std::string(to_string(dimension));
  }
  return fail(FailureKind::InvalidInput, Origin::Client,
              "windows: no dimension '" + std::string(cut(text)) + "'; there are " + names);
}

Result<Windows> Windows::make(const WindowOptions& options) {
  const auto refuse = [](std::string detail) {
    return fail(FailureKind::InvalidInput, Origin::Operator, "windows: " + std::move(detail));
  };
  if (options.lengths.empty()) return refuse("no length is configured; give at least one, such as 60s");
  for (const Nanoseconds length : options.lengths) {
    if (length < Seconds(1)) return refuse("a length of " + to_text(length) + " is too short; the shortest is 1s");
  }
  if (options.max_values == 0) return refuse("max_values is 0; give at least 1");
  return Windows(options);
}

Windows::Windows(const WindowOptions& options) : max_values_(options.max_values), all_(options.lengths.size()) {
  for (const Nanoseconds length : options.lengths) slice_lengths_.push_back(length / kSlicesPerWindow);
  std::sort(slice_lengths_.begin(), slice_lengths_.end());
  current_.resize(slice_lengths_.size());
  move_to(SteadyTime{});
}

void Windows::record(const WindowSample& sample, SteadyTime now) {
  if (now >= turn_) move_to(now);
  newest_ = std::max(newest_, now);
  const WindowCounts counts = counts_of(sample);
  all_.record(counts, sample.error_kind, current_);
  for (const Dimension dimension : kDimensions) {
    WindowRow& row = row_of(values_[static_cast<std::size_t>(dimension)], cut(value_of(sample, dimension)));
    row.record(counts, sample.error_kind, current_);
  }
}

void Windows::move_to(SteadyTime now) {
  turn_ = SteadyTime::max();
  for (std::size_t window = 0; window < current_.size(); ++window) {
    current_[window] = slice_at(window, now);
    turn_ = std::min(turn_, SteadyTime((now.time_since_epoch() / slice_lengths_[window] + 1) * slice_lengths_[window]));
  }
}

SliceNumber Windows::slice_at(std::size_t window, SteadyTime now) const {
  // Cut to 32 bits: an old slice is mistaken for a new one after 2^32 slices, more than a century of the default ones.
  return static_cast<SliceNumber>(now.time_since_epoch() / slice_lengths_[window]);
}

WindowRow& Windows::row_of(Values& values, std::string_view text) {
  // Most values are few and come again at once: a comparison instead of a hash and a search.
  if (!values.by_last_seen.empty() && values.by_last_seen.back().text == text) {
    values.by_last_seen.back().last_seen = newest_;
    return values.by_last_seen.back().row;
  }
  if (const auto found = values.by_text.find(text); found != values.by_text.end()) {
    const auto value = found->second;
    value->last_seen = newest_;
    values.by_last_seen.splice(values.by_last_seen.end(), values.by_last_seen, value);
    return value->row;
  }
  if (values.by_text.size() >= max_values_ && !make_room(values)) return rest_of(values);
  Value& value = values.by_last_seen.emplace_back(Value{std::string(text), newest_, WindowRow(current_.size())});
  values.by_text.emplace(value.text, std::prev(values.by_last_seen.end()));
  return value.row;
}

WindowRow& Windows::rest_of(Values& values) const {
  if (!values.rest) values.rest.emplace(current_.size());
  return *values.rest;
}

bool Windows::make_room(Values& values) {
  const Value& oldest = values.by_last_seen.front();
  if (newest_ - oldest.last_seen < slice_lengths_.front() * kSlicesPerWindow) return false;
  rest_of(values).merge(oldest.row, current_);
  values.by_text.erase(oldest.text);
  values.by_last_seen.pop_front();
  return true;
}

Result<Windows::Span> Windows::span_of(Nanoseconds length, SteadyTime now) const {
  const auto refuse = [](std::string detail) {
    return fail(FailureKind::InvalidInput, Origin::Client, "windows: " + std::move(detail));
  };
  if (length <= Nanoseconds(0)) return refuse("a window of " + to_text(length) + " was asked for; it must be positive");
  for (std::size_t window = 0; window < slice_lengths_.size(); ++window) {
    const Nanoseconds slice = slice_lengths_[window];
    const auto slices = static_cast<std::uint64_t>((length + slice - Nanoseconds(1)) / slice);
    if (slices > kSlicesPerWindow) continue;
    return Span{window, slice_at(window, std::max(now, newest_)), static_cast<std::uint32_t>(slices)};
  }
  return refuse("a window of " + to_text(length) + " was asked for, but the longest that is kept is " +
                to_text(slice_lengths_.back() * kSlicesPerWindow) + "; ask for less, or configure a longer one");
}

Result<WindowTotals> Windows::totals(Nanoseconds length, SteadyTime now) const {
  const Result<Span> span = span_of(length, now);
  if (!span) return fail(span);
  return all_.totals(span->window, span->current, span->slices);
}

Result<std::vector<WindowLine>> Windows::query(Nanoseconds length, Dimension dimension, SteadyTime now) const {
  const Result<Span> span = span_of(length, now);
  if (!span) return fail(span);
  const Values& values = values_[static_cast<std::size_t>(dimension)];
  std::vector<WindowLine> lines;
  for (const Value& value : values.by_last_seen) {
    WindowTotals totals = value.row.totals(span->window, span->current, span->slices);
    if (totals.requests > 0) lines.push_back({value.text, false, std::move(totals)});
  }
  std::sort(lines.begin(), lines.end(), [](const WindowLine& a, const WindowLine& b) {
    return std::pair(-a.totals.requests, std::string_view(a.value)) <
           std::pair(-b.totals.requests, std::string_view(b.value));
  });
  if (!values.rest) return lines;
  WindowTotals rest = values.rest->totals(span->window, span->current, span->slices);
  if (rest.requests > 0) lines.push_back({"other", true, std::move(rest)});
  return lines;
}

}  // namespace tidegate::monitor
