// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/window_row.h"

#include <algorithm>

namespace tidegate::monitor {

namespace {

/// The slice as of `number`, emptied if it still holds an older one. Zeroed slices need no mark: they count nothing
/// whatever their number is.
template <typename Slice>
Slice& fresh(Slice& slice, SliceNumber number) {
  if (slice.number != number) {
    slice = Slice{};
    slice.number = number;
  }
  return slice;
}

bool is_within(SliceNumber number, SliceNumber current) { return current - number < kSlicesPerWindow; }

}  // namespace

WindowCounts& WindowCounts::operator+=(const WindowCounts& other) {
  requests += other.requests;
  errors += other.errors;
  input_tokens += other.input_tokens;
  output_tokens += other.output_tokens;
  cache_read_tokens += other.cache_read_tokens;
  cache_write_tokens += other.cache_write_tokens;
  nanodollars += other.nanodollars;
  return *this;
}

void WindowRow::record(const WindowCounts& counts, std::string_view error_kind,
                       const std::vector<SliceNumber>& current) {
  bool is_turn = false;
  for (std::size_t window = 0; window < current.size(); ++window) is_turn |= gathered_at_[window] != current[window];
  if (is_turn) {
    put(gathered_, gathered_at_, current);
    gathered_ = {};
    gathered_at_ = current;
  }
  gathered_ += counts;
  if (!error_kind.empty()) count_error(error_kind, current);
}

/// Adds to the slices `at`, as far as they are still within their windows at `current`.
void WindowRow::put(const WindowCounts& counts, const std::vector<SliceNumber>& at,
                    const std::vector<SliceNumber>& current) {
  if (counts.requests == 0) return;
  for (std::size_t window = 0; window < at.size(); ++window) {
    if (is_within(at[window], current[window])) fresh(slices_[index(window, at[window])], at[window]).counts += counts;
  }
}

void WindowRow::count_error(std::string_view kind, const std::vector<SliceNumber>& current) {
  Kind& row = find_kind(kind);
  for (std::size_t window = 0; window < current.size(); ++window) {
    fresh(row.slices[index(window, current[window])], current[window]).count += 1;
  }
}

WindowRow::Kind& WindowRow::find_kind(std::string_view name) {
  const auto find = [&](std::string_view wanted) {
    return std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& kind) { return kind.name == wanted; });
  };
  if (const auto found = find(name); found != kinds_.end()) return *found;
  if (kinds_.size() + 1 >= kMaxKinds) {
    name = "other";
    if (const auto found = find(name); found != kinds_.end()) return *found;
  }
  return kinds_.emplace_back(Kind{std::string(name), std::vector<KindSlice>(slices_.size())});
}

void WindowRow::merge(const WindowRow& row, const std::vector<SliceNumber>& current) {
  // A place in the ring belongs to one slice number of the window, so that what is within it on both sides is the same
  // slice.
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    const Slice& from = row.slices_[i];
    if (from.counts.requests == 0 || !is_within(from.number, current[i / kSlicesPerWindow])) continue;
    fresh(slices_[i], from.number).counts += from.counts;
  }
  put(row.gathered_, row.gathered_at_, current);
  for (const Kind& kind : row.kinds_) {
    Kind& into = find_kind(kind.name);
    for (std::size_t i = 0; i < kind.slices.size(); ++i) {
      const KindSlice& from = kind.slices[i];
      if (from.count == 0 || !is_within(from.number, current[i / kSlicesPerWindow])) continue;
      fresh(into.slices[i], from.number).count += from.count;
    }
  }
}

WindowTotals WindowRow::totals(std::size_t window, SliceNumber current, std::uint32_t slices) const {
  // 64 bits here: a slice's 32 bits hold a second of requests, not necessarily an hour of them.
  WindowTotals totals;
  const auto add = [&totals](const WindowCounts& counts) {
    totals.requests += counts.requests;
    totals.errors += counts.errors;
    totals.input_tokens += counts.input_tokens;
    totals.output_tokens += counts.output_tokens;
    totals.cache_read_tokens += counts.cache_read_tokens;
    totals.cache_write_tokens += counts.cache_write_tokens;
    totals.cost += Money::nanodollars(counts.nanodollars);
  };
  for (std::uint32_t age = 0; age < slices; ++age) {
    const SliceNumber number = current - age;
    const Slice& slice = slices_[index(window, number)];
    if (slice.number == number) add(slice.counts);
  }
  if (current - gathered_at_[window] < slices) add(gathered_);
  for (const Kind& kind : kinds_) {
    std::int64_t count = 0;
    for (std::uint32_t age = 0; age < slices; ++age) {
      const KindSlice& slice = kind.slices[index(window, current - age)];
      if (slice.number == current - age) count += slice.count;
    }
    if (count > 0) totals.errors_by_kind.emplace_back(kind.name, count);
  }
  std::stable_sort(totals.errors_by_kind.begin(), totals.errors_by_kind.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return totals;
}

}  // namespace tidegate::monitor
