// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/savings_book.h"

namespace tidegate::caching {

namespace {

constexpr std::size_t kLongestName = 120;
constexpr std::string_view kOther = "other";

/// `part` of `whole`, as a part of `of`.
std::int64_t scaled_to(std::int64_t part, std::int64_t whole, std::int64_t of) {
  if (whole <= 0) return 0;
  return static_cast<std::int64_t>(static_cast<double>(part) / static_cast<double>(whole) * static_cast<double>(of));
}

}  // namespace

Savings& Savings::operator+=(const Savings& other) {
  requests += other.requests;
  marked += other.marked;
  tokens_read += other.tokens_read;
  tokens_written_5m += other.tokens_written_5m;
  tokens_written_1h += other.tokens_written_1h;
  saved += other.saved;
  quota_tokens += other.quota_tokens;
  return *this;
}

Savings savings_of(const Advice& advice, const llm::TokenCounts& counted, const InputPrices& prices,
                   bool reads_count_against_limit) {
  Savings savings;
  savings.requests = 1;
  if (!advice.marks_anything()) return savings;
  savings.marked = 1;
  if (advice.is_dry_run) {
    const std::int64_t total = counted.total_input();
    savings.tokens_read = scaled_to(advice.plan.read, advice.tokens, total);
    savings.tokens_written_5m = scaled_to(advice.plan.written_5m, advice.tokens, total);
    savings.tokens_written_1h = scaled_to(advice.plan.written_1h, advice.tokens, total);
  } else {
    savings.tokens_read = counted.cache_read;
    savings.tokens_written_5m = counted.cache_write_5m;
    savings.tokens_written_1h = counted.cache_write_1h;
  }
  const std::int64_t cached = savings.tokens_read + savings.tokens_written_5m + savings.tokens_written_1h;
  savings.saved = prices.input.times(cached) - prices.cache_read.times(savings.tokens_read) -
                  prices.cache_write_5m.times(savings.tokens_written_5m) -
                  prices.cache_write_1h.times(savings.tokens_written_1h);
  savings.quota_tokens = reads_count_against_limit ? 0 : savings.tokens_read;
  return savings;
}

void SavingsBook::add(std::string_view model, std::string_view tenant, bool is_dry_run, const Savings& savings) {
  Pair pair{std::string(model.substr(0, kLongestName)), std::string(tenant.substr(0, kLongestName)), is_dry_run};
  if (lines_.size() >= max_lines_ && !lines_.contains(pair))
    pair = {std::string(kOther), std::string(kOther), is_dry_run};
  lines_[pair] += savings;
}

std::vector<SavingsBook::Line> SavingsBook::snapshot() const {
  std::vector<Line> lines;
  lines.reserve(lines_.size());
  for (const auto& [pair, savings] : lines_) lines.push_back({pair.model, pair.tenant, pair.is_dry_run, savings});
  return lines;
}

}  // namespace tidegate::caching
