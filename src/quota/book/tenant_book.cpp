// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/tenant_book.h"

#include "quota/learned_share.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace tidegate::quota {

namespace {

Spend spend_of(const Amount& amount) { return {amount.money, amount.input_tokens + amount.output_tokens}; }

void smooth(double& usual, double sample) { usual += (sample - usual) * 0.1; }

std::optional<RateLevel> rate_level(const RateMeter& meter, SteadyTime now) {
  if (!meter.limit()) return std::nullopt;
  return RateLevel{*meter.limit(), meter.remaining(now), meter.full_after(now)};
}

void keep_tighter(std::optional<RateLevel>& level, const std::optional<RateLevel>& other) {
  if (other && (!level || other->remaining < level->remaining)) level = other;
}

/// Of two refusals the caller is told the final one, else the one that lasts longer.
void keep_worse(std::optional<TenantRefusal>& refusal, std::optional<TenantRefusal> other) {
  const auto weight = [](const TenantRefusal& one) { return std::tuple(one.is_final(), one.retry_after); };
  if (other && (!refusal || weight(*other) > weight(*refusal))) refusal = std::move(other);
}

}  // namespace

struct TenantBook::Account {
  Account(const TenantAccount& from, Now now)
      : tenant(from.tenant), key(from.key), known_since(now.wall), spending(now.wall) {
    change(from.allowance, now.steady);
  }

  void change(const Allowance& to, SteadyTime now) {
    allowance = to;
    requests.set_limit(to.requests_per_minute, now);
    tokens.set_limit(to.tokens_per_minute, now);
  }

  [[nodiscard]] bool is_key() const { return !key.empty(); }

  [[nodiscard]] Spend need(const Spend& worst_case) const {
    const bool learns = allowance.reserve.value_or(ReserveMode::WorstCase) == ReserveMode::Learned;
    return learns ? share.expect(worst_case) : worst_case;
  }
  /// What the meter of tokens is charged in advance. Limits per minute are about what is really used, as the
  /// providers' are: `max_tokens` plays no part.
  [[nodiscard]] double rated_tokens(const Amount& worst_case) const {
    return static_cast<double>(worst_case.input_tokens) +
           std::min(static_cast<double>(worst_case.output_tokens), usual_output);
  }

  [[nodiscard]] std::optional<TenantRefusal> refusal(const Amount& worst_case, Now now) const;
  [[nodiscard]] std::optional<TenantRefusal> rate_refusal(TenantLimit limit, const RateMeter& meter, double amount,
                                                          SteadyTime now) const;
  [[nodiscard]] std::optional<TenantRefusal> budget_refusal(const Budget& budget, const Spend& needed, WallTime now) const;
  /// What an admission says of this account's allowance. An account that comes later has its wishes before.
  void describe(Admission& admission, WallTime now) const;
  void add_rates(RateLevels& rates, SteadyTime now) const {
    keep_tighter(rates.requests, rate_level(requests, now));
    keep_tighter(rates.tokens, rate_level(tokens, now));
  }

  const std::string tenant, key;
  const WallTime known_since;
  std::array<bool, kBudgetPeriods> past_asked{};  ///< what was spent before is known, or somebody was asked to say it
  Allowance allowance;
  Spending spending;
  RateMeter requests, tokens;
  LearnedShare share;
  double usual_output = 500;  ///< tokens; smoothed
  double usual_seconds = 5;   ///< from admission to settlement; smoothed
  std::int64_t in_flight = 0;
};

std::optional<TenantRefusal> TenantBook::Account::rate_refusal(TenantLimit limit, const RateMeter& meter,
                                                               double amount, SteadyTime now) const {
  const Nanoseconds wait = meter.wait(amount, now);
  if (wait <= Nanoseconds(0)) return std::nullopt;
  return TenantRefusal{.limit = limit, .of_key = is_key(), .retry_after = wait, .per_minute = *meter.limit()};
}

std::optional<TenantRefusal> TenantBook::Account::budget_refusal(const Budget& budget, const Spend& needed,
                                                                 WallTime now) const {
  std::optional<BudgetStop> stop = spending.refusal(budget, needed);
  if (!stop) return std::nullopt;
  TenantRefusal refusal{.limit = TenantLimit::Budget, .of_key = is_key()};
  if (!stop->is_spent()) {
    refusal.retry_after = Nanoseconds(static_cast<std::int64_t>(usual_seconds * 1e9));
  } else if (stop->is_too_large() || !stop->level.resets_at) {
    refusal.retry_after = Nanoseconds::max();
  } else {
    refusal.retry_after = *stop->level.resets_at - now;
  }
  refusal.stop = std::move(stop);
  return refusal;
}

std::optional<TenantRefusal> TenantBook::Account::refusal(const Amount& worst_case, Now now) const {
  std::optional<TenantRefusal> refusal;
  keep_worse(refusal, rate_refusal(TenantLimit::Requests, requests, 1, now.steady));
  keep_worse(refusal, rate_refusal(TenantLimit::Tokens, tokens, rated_tokens(worst_case), now.steady));
  const Spend needed = need(spend_of(worst_case));
  for (const Budget& budget : allowance.budgets) keep_worse(refusal, budget_refusal(budget, needed, now.wall));
  return refusal;
}

void TenantBook::Account::describe(Admission& admission, WallTime now) const {
  admission.is_limited = admission.is_limited || allowance.limits();
  admission.has_hard_budget = admission.has_hard_budget || allowance.has_hard_budget();
  if (allowance.priority) admission.priority = *allowance.priority;
  if (allowance.weight) admission.weight = *allowance.weight;
  if (allowance.max_wait) admission.max_wait = allowance.max_wait;
  for (const Budget& budget : allowance.budgets) {
    BudgetLevel level = spending.level(budget, now);
    if (level.is_beyond_warning()) admission.warnings.push_back({is_key(), std::move(level)});
  }
}

// --- accounts --------------------------------------------------------------------------------------------------------

TenantBook::~TenantBook() = default;

std::vector<MissingPast> TenantBook::adopt(std::span<const TenantAccount> accounts, Now now) {
  if (!began_) began_ = now.wall;
  std::vector<MissingPast> missing;
  std::unordered_set<std::string_view> tenants, keys;
  for (const TenantAccount& from : accounts) {
    const bool is_key = !from.key.empty();
    const std::string& id = is_key ? from.key : from.tenant;
    (is_key ? keys : tenants).insert(id);
    // Locked for each account alone: there may be thousands, and requests go on.
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Account>& account = (is_key ? keys_ : tenants_)[id];
    if (account == nullptr) {
      account = std::make_shared<Account>(from, now);
    } else if (account->allowance != from.allowance) {
      account->change(from.allowance, now.steady);
    }
    const bool has_past = !from.created_at || *from.created_at < *began_;
    MissingPast past{from.tenant, from.key, from.created_at.value_or(WallTime::min()), account->known_since};
    bool is_missing = false;
    for (const Budget& budget : account->allowance.budgets) {
      const auto period = static_cast<std::size_t>(budget.period);
      past.periods[period] = past.periods[period] || !account->past_asked[period];
      account->past_asked[period] = true;
      is_missing = is_missing || past.periods[period];
    }
    if (has_past && is_missing) missing.push_back(std::move(past));
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(tenants_, [&](const auto& one) { return !tenants.contains(one.first); });
  std::erase_if(keys_, [&](const auto& one) { return !keys.contains(one.first); });
  size_.store(tenants_.size() + keys_.size(), std::memory_order_relaxed);
  return missing;
}

void TenantBook::restore(const MissingPast& missing, const std::array<Spend, kBudgetPeriods>& spent, WallTime now) {
  const std::lock_guard lock(mutex_);
  const Accounts& accounts = missing.key.empty() ? tenants_ : keys_;
  const auto found = accounts.find(missing.key.empty() ? missing.tenant : missing.key);
  if (found == accounts.end()) return;
  Spending& spending = found->second->spending;
  spending.advance(now);
  for (const BudgetPeriod period : kAllBudgetPeriods) {
    const auto index = static_cast<std::size_t>(period);
    if (missing.periods[index]) spending.restore(period, budget_window(period, now), spent[index]);
  }
}

std::vector<AccountLevel> TenantBook::levels(Which which, Now now) const {
  std::vector<AccountLevel> levels;
  const auto add = [&](const Account& account) {
    AccountLevel level;
    for (const Budget& budget : account.allowance.budgets) {
      BudgetLevel one = account.spending.level(budget, now.wall);
      if (which != Which::BeyondWarning || one.is_beyond_warning()) level.budgets.push_back(std::move(one));
    }
    if (which == Which::BeyondWarning && level.budgets.empty()) return;
    level.tenant = account.tenant;
    level.key = account.key;
    level.requests = rate_level(account.requests, now.steady);
    level.tokens = rate_level(account.tokens, now.steady);
    level.in_flight = account.in_flight;
    levels.push_back(std::move(level));
  };
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, account] : tenants_) add(*account);
    if (which != Which::Tenants) {
      for (const auto& [id, account] : keys_) add(*account);
    }
  }
  std::sort(levels.begin(), levels.end(), [](const AccountLevel& a, const AccountLevel& b) {
    return std::tie(a.tenant, a.key) < std::tie(b.tenant, b.key);
  });
  return levels;
}

// --- a request -------------------------------------------------------------------------------------------------------

TenantBook::Admission TenantBook::admit(std::string_view tenant, std::string_view key, const Amount& worst_case,
                                        Now now) {
  Admission admission;
  if (is_empty()) return admission;
  const bool counts = worst_case.requests > 0;
  const std::lock_guard lock(mutex_);
  Ticket ticket;
  // The key comes second: its own wishes stand.
  std::size_t count = 0;
  if (const auto found = tenants_.find(tenant); found != tenants_.end()) ticket.parts_[count++].account = found->second;
  if (const auto found = keys_.find(key); found != keys_.end()) ticket.parts_[count++].account = found->second;
  const std::span parts(ticket.parts_.data(), count);
  for (const Ticket::Part& part : parts) {
    part.account->spending.advance(now.wall);
    part.account->describe(admission, now.wall);
    if (counts) keep_worse(admission.refusal, part.account->refusal(worst_case, now));
  }
  const bool passes = counts && count > 0 && !admission.refusal;
  if (passes) ticket.take(*this, worst_case, now);
  for (const Ticket::Part& part : parts) {
    part.account->add_rates(admission.rates, now.steady);
  }
  if (passes) admission.ticket = std::move(ticket);
  return admission;
}

void TenantBook::Ticket::take(TenantBook& book, const Amount& worst_case, Now now) {
  book_ = &book;
  worst_case_ = spend_of(worst_case);
  admitted_at_ = now.steady;
  for (Part& part : parts_) {
    if (part.account == nullptr) continue;
    Account& account = *part.account;
    part.reservation = account.spending.reserve(account.need(worst_case_));
    part.rated_tokens = account.rated_tokens(worst_case);
    account.requests.take(1, now.steady);
    account.tokens.take(part.rated_tokens, now.steady);
    ++account.in_flight;
  }
}

TenantBook::Ticket::Ticket(Ticket&& other) noexcept { *this = std::move(other); }

TenantBook::Ticket& TenantBook::Ticket::operator=(Ticket&& other) noexcept {
  if (this == &other) return *this;
  release();
  book_ = std::exchange(other.book_, nullptr);
  parts_ = std::move(other.parts_);
  worst_case_ = other.worst_case_;
  admitted_at_ = other.admitted_at_;
  settled_ = other.settled_;
  return *this;
}

void TenantBook::Ticket::settle(const Spend& actual, std::int64_t output_tokens, Now now) {
  if (book_ == nullptr) return;
  const std::lock_guard lock(book_->mutex_);
  for (Part& part : parts_) {
    if (part.account == nullptr) continue;
    Account& account = *part.account;
    account.spending.settle(part.reservation, actual);
    account.tokens.take(static_cast<double>(actual.tokens) - part.rated_tokens, now.steady);
    part.rated_tokens = 0;
    // What failed says nothing of what answers take.
    if (actual.tokens > 0 && !settled_) {
      account.share.learn(worst_case_, actual);
      smooth(account.usual_output, static_cast<double>(output_tokens));
      smooth(account.usual_seconds, std::chrono::duration<double>(now.steady - admitted_at_).count());
    }
  }
  settled_ = settled_ || actual.tokens > 0;
}

std::shared_ptr<TenantBook::Account> TenantBook::Ticket::let_go(Part& part) {
  Account& account = *part.account;
  account.spending.release(part.reservation);
  account.tokens.take(-part.rated_tokens, admitted_at_);
  --account.in_flight;
  return std::move(part.account);
}

RateLevels TenantBook::Ticket::withdraw(Now now) {
  RateLevels rates;
  if (book_ == nullptr) return rates;
  const std::lock_guard lock(book_->mutex_);
  for (Part& part : parts_) {
    if (part.account == nullptr) continue;
    const std::shared_ptr<Account> account = let_go(part);
    account->requests.take(-1, now.steady);
    account->add_rates(rates, now.steady);
  }
  book_ = nullptr;
  return rates;
}

void TenantBook::Ticket::release() {
  if (book_ == nullptr) return;
  const std::lock_guard lock(book_->mutex_);
  for (Part& part : parts_) {
    if (part.account != nullptr) (void)let_go(part);
  }
  book_ = nullptr;
}

}  // namespace tidegate::quota
