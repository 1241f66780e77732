// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/balance_board.h"

#include "metrics/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidegate::app {

namespace {

using monitor::Balance;
using monitor::BalanceState;
using monitor::ProviderBalance;
using upstream::ProviderOptions;

constexpr const char* kLow = "balance_low";
constexpr const char* kUnknown = "balance_unknown";

std::string amounts_text(const Balance& balance) {
  std::string text;
  for (const Balance::Amount& amount : balance.amounts)
    text += fmt::format("{}{:.2f} {}", text.empty() ? "" : " and ", amount.left, amount.currency);
  return text;
}

template <typename Predicate>
bool all_amounts(const Balance& balance, Predicate is_so) {
  return !balance.is_unlimited && std::all_of(balance.amounts.begin(), balance.amounts.end(),
                                              [&](const Balance::Amount& amount) { return is_so(amount.left); });
}

/// Requests are refused there already.
bool is_empty(const Balance& balance) {
  return !balance.is_usable || all_amounts(balance, [](double left) { return left <= 0; });
}

bool is_low(const Balance& balance, double warn_below) {
  return is_empty(balance) || all_amounts(balance, [&](double left) { return left < warn_below; });
}

}  // namespace

void BalanceBoard::look(const std::vector<ProviderOptions>& providers, Now now) {
  forget_others(providers, now.wall);
  for (const ProviderOptions& provider : providers) {
    if (stopping_) return;
    if (!provider.balance) continue;
    const BalanceQuestion question = balance_question(provider);
    if (is_due(provider, question, now.steady)) take(provider.id.text(), fetch_(question), now);
  }
}

void BalanceBoard::forget_others(const std::vector<ProviderOptions>& providers, WallTime now) {
  std::vector<std::string> gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, row] : rows_) {
      const bool is_watched =
          std::any_of(providers.begin(), providers.end(),
                      [&, &name = name](const ProviderOptions& one) { return one.balance && one.id.text() == name; });
      if (!is_watched) gone.push_back(name);
    }
    for (const std::string& name : gone) rows_.erase(name);
  }
  for (const std::string& name : gone) {
    alarms_.clear(kLow, name, now);
    alarms_.clear(kUnknown, name, now);
  }
}

bool BalanceBoard::is_due(const ProviderOptions& provider, const BalanceQuestion& question, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = rows_.try_emplace(provider.id.text());
  Row& row = found->second;
  if (!is_new && row.options == *provider.balance && row.base == question.base) return now >= row.due;
  row.options = *provider.balance;
  row.base = question.base;
  row.failures = 0;
  row.known.provider = provider.id.text();
  row.known.warn_below = row.options.warn_below;
  row.courses.clear();
  // Where keys were named the account is the same; whose key it is nobody is told.
  row.account = fmt::format("{} {} {}", to_string(row.options.kind), question.base, row.options.key_name);
  take_earlier(row);
  return true;
}

void BalanceBoard::take_earlier(Row& row) const {
  std::map<std::string, std::deque<monitor::BalanceReading>> courses;
  for (const store::StoredBalance& one : earlier_) {
    if (one.provider != row.known.provider || one.account != row.account) continue;
    const auto since = row.courses.find(one.currency);
    if (since != row.courses.end() && one.at >= since->second.front().at) continue;
    courses[one.currency].push_back({.at = one.at, .left = one.left});
  }
  for (auto& [currency, readings] : courses) {
    std::deque<monitor::BalanceReading>& course = row.courses[currency];
    course.insert(course.begin(), readings.begin(), readings.end());
    while (course.size() > kMostReadings) course.pop_front();
  }
}

void BalanceBoard::restore(std::vector<store::StoredBalance> readings) {
  const std::lock_guard lock(mutex_);
  earlier_ = std::move(readings);
  for (auto& [name, row] : rows_) take_earlier(row);
}

std::vector<store::StoredBalance> BalanceBoard::take_new() {
  const std::lock_guard lock(mutex_);
  return std::exchange(new_, {});
}

void BalanceBoard::record(Row& row, WallTime now) {
  for (const Balance::Amount& amount : row.known.balance.amounts) {
    std::deque<monitor::BalanceReading>& course = row.courses[amount.currency];
    course.push_back({.at = now, .left = amount.left});
    if (new_.size() < store::BalanceStore::kMostReadings) {
      new_.push_back({.at = now,
                      .provider = row.known.provider,
                      .account = row.account,
                      .currency = amount.currency,
                      .left = amount.left});
    }
    while (course.size() > kMostReadings || course.front().at < now - kKept) course.pop_front();
  }
  std::erase_if(row.courses, [&](const auto& course) { return course.second.back().at < now - kKept; });
}

void BalanceBoard::take(const std::string& provider, const Result<Balance>& reading, Now now) {
  ProviderBalance known;
  {
    const std::lock_guard lock(mutex_);
    Row& row = rows_.at(provider);
    if (reading) {
      row.failures = 0;
      row.known.state = is_low(*reading, row.options.warn_below) ? BalanceState::Low : BalanceState::Good;
      row.known.balance = *reading;
      row.known.read_at = now.wall;
      row.known.trouble.clear();
      record(row, now.wall);
    } else {
      ++row.failures;
      if (row.failures >= kFailuresUntilUnknown) row.known.state = BalanceState::Unknown;
      row.known.trouble = reading.error().detail;
    }
    row.due = now.steady + (reading ? row.options.every : std::min<Nanoseconds>(row.options.every, kRetryAfter));
    known = row.known;
  }
  tell(known, now.wall);
}

void BalanceBoard::tell(const ProviderBalance& known, WallTime now) {
  if (known.state == BalanceState::Unknown) {
    // An alarm that it is low stays: nothing says otherwise.
    alarms_.raise({.kind = kUnknown,
                   .subject = known.provider,
                   .severity = Severity::Warning,
                   .message = fmt::format(
                       "{}; {}, and nobody would notice that it is empty", known.trouble,
                       known.read_at ? fmt::format("what is left was last read at {}", to_rfc3339(*known.read_at))
                                     : "what is left is not known"),
                   .since = now});
    return;
  }
  if (!known.trouble.empty()) return;  // once or twice is no news
  alarms_.clear(kUnknown, known.provider, now);
  if (known.state != BalanceState::Low) {
    alarms_.clear(kLow, known.provider, now);
    return;
  }
  const bool empty = is_empty(known.balance);
  std::string message = amounts_text(known.balance);
  message =
      message.empty() ? "nothing is left" : message + (known.balance.amounts.size() == 1 ? " is left" : " are left");
  message += empty ? ": requests are refused there; top it up"
                   : fmt::format(", less than {:.2f}: top it up, before requests that go over to it are refused",
                                 known.warn_below);
  alarms_.raise({.kind = kLow,
                 .subject = known.provider,
                 .severity = empty ? Severity::Critical : Severity::Warning,
                 .message = std::move(message),
                 .since = now});
}

std::vector<ProviderBalance> BalanceBoard::list() const {
  std::vector<ProviderBalance> balances;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, row] : rows_) balances.push_back(row.known);
  return balances;
}

std::vector<monitor::BalanceCourse> BalanceBoard::courses() const {
  std::vector<monitor::BalanceCourse> courses;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, row] : rows_) {
    for (const auto& [currency, readings] : row.courses) {
      courses.push_back({.provider = name, .currency = currency, .readings = {readings.begin(), readings.end()}});
    }
  }
  return courses;
}

void add_balance_figures(metrics::SampleSink& sink, const std::vector<ProviderBalance>& balances) {
  for (const ProviderBalance& known : balances) {
    if (known.state != BalanceState::Good && known.state != BalanceState::Low) continue;
    for (const Balance::Amount& amount : known.balance.amounts)
      sink.add(metrics::definition(metrics::Metric::ProviderBalance), {known.provider, amount.currency}, amount.left);
  }
}

}  // namespace tidegate::app
