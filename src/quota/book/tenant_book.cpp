// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/tenant_book.h"

#include "quota/learned_share.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace tidegate::quota {

struct TenantBook::Account {
  Account(const TenantAccount& from, Now now) : tenant(from.tenant), key(from.key), known_since(now.wall), spending(now.wall) {
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

  const std::string tenant, key;
  const WallTime known_since;
  bool life_asked = false;  ///< what was spent ever is known, or was asked for
  Allowance allowance;
  Spending spending;
  RateMeter requests, tokens;
  LearnedShare share;
  double usual_output = 500;  ///< tokens; smoothed
  double usual_seconds = 5;   ///< from admission to settlement; smoothed
  std::int64_t in_flight = 0;
};

namespace {

void smooth(double& usual, double sample) { usual += (sample - usual) * 0.1; }

std::optional<RateLevel> rate_level(const RateMeter& meter, SteadyTime now) {
  if (!meter.limit()) return std::nullopt;
  return RateLevel{*meter.limit(), meter.remaining(now), meter.full_after(now)};
}

void keep_tighter(std::optional<RateLevel>& level, const std::optional<RateLevel>& other) {
  if (other && (!level || other->remaining < level->remaining)) level = other;
}

/// What the caller should be told of two refusals: what is final, else what lasts longer.
bool is_worse(const TenantRefusal& one, const TenantRefusal& other) {
  return std::tuple(one.is_final(), one.retry_after) > std::tuple(other.is_final(), other.retry_after);
}

void keep_worse(std::optional<TenantRefusal>& refusal, TenantRefusal other) {
  if (!refusal || is_worse(other, *refusal)) refusal = std::move(other);
}

}  // namespace

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
    const bool is_new = account == nullptr;
    const bool has_past = !from.created_at || *from.created_at < *began_;
    if (is_new) {
      account = std::make_shared<Account>(from, now);
    } else if (account->allowance != from.allowance) {
      account->change(from.allowance, now.steady);
    }
    const bool asks_for_life = has_past && !account->life_asked && account->allowance.has_life_budget();
    account->life_asked = account->life_asked || asks_for_life;
    if (!(is_new && has_past) && !asks_for_life) continue;
    missing.push_back({.tenant = from.tenant,
                       .key = from.key,
                       .since = from.created_at.value_or(WallTime::min()),
                       .until = account->known_since,
                       .windows = is_new,
                       .life = asks_for_life});
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
    const bool is_missing = period == BudgetPeriod::Life ? missing.life : missing.windows;
    if (is_missing) spending.restore(period, budget_window(period, now), spent[static_cast<std::size_t>(period)]);
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
  const Spend worst{worst_case.money, worst_case.input_tokens + worst_case.output_tokens};
  const std::lock_guard lock(mutex_);
  Ticket ticket;
  std::size_t count = 0;
  if (const auto found = tenants_.find(tenant); found != tenants_.end()) ticket.parts_[count++].account = found->second;
  if (const auto found = keys_.find(key); found != keys_.end()) ticket.parts_[count++].account = found->second;
  const std::span parts(ticket.parts_.data(), count);

  for (Ticket::Part& part : parts) {
    Account& account = *part.account;
    const Allowance& allowance = account.allowance;
    account.spending.advance(now.wall);
    admission.is_limited = admission.is_limited || allowance.limits();
    admission.has_hard_budget = admission.has_hard_budget || allowance.has_hard_budget();
    // The key comes second: its own wishes stand.
    if (allowance.priority) admission.priority = *allowance.priority;
    if (allowance.weight) admission.weight = *allowance.weight;
    if (allowance.max_wait) admission.max_wait = allowance.max_wait;
    for (const Budget& budget : allowance.budgets) {
      BudgetLevel level = account.spending.level(budget, now.wall);
      if (level.is_beyond_warning()) admission.warnings.push_back({account.is_key(), std::move(level)});
    }
    if (worst_case.requests <= 0) continue;
    part.rated_tokens = account.rated_tokens(worst_case);
    if (const Nanoseconds wait = account.requests.wait(1, now.steady); wait > Nanoseconds(0)) {
      keep_worse(admission.refusal, {TenantLimit::Requests, account.is_key(), wait, *account.requests.limit()});
    }
    if (const Nanoseconds wait = account.tokens.wait(part.rated_tokens, now.steady); wait > Nanoseconds(0)) {
      keep_worse(admission.refusal, {TenantLimit::Tokens, account.is_key(), wait, *account.tokens.limit()});
    }
    const Spend need = account.need(worst);
    for (const Budget& budget : allowance.budgets) {
      std::optional<BudgetStop> stop = account.spending.refusal(budget, need);
      if (!stop) continue;
      Nanoseconds wait(static_cast<std::int64_t>(account.usual_seconds * 1e9));
      if (stop->is_spent()) {
        wait = stop->level.resets_at && !stop->is_too_large() ? *stop->level.resets_at - now.wall : Nanoseconds::max();
      }
      keep_worse(admission.refusal, {TenantLimit::Budget, account.is_key(), wait, 0, std::move(stop)});
    }
  }
  if (worst_case.requests > 0 && !admission.refusal) {
    for (Ticket::Part& part : parts) {
      Account& account = *part.account;
      part.reservation = account.spending.reserve(account.need(worst));
      account.requests.take(1, now.steady);
      account.tokens.take(part.rated_tokens, now.steady);
      ++account.in_flight;
    }
    ticket.book_ = count > 0 ? this : nullptr;
    ticket.worst_case_ = worst;
    ticket.admitted_at_ = now.steady;
    admission.ticket = std::move(ticket);
  }
  for (const Ticket::Part& part : admission.ticket.book_ != nullptr ? admission.ticket.parts_ : ticket.parts_) {
    if (part.account == nullptr) continue;
    keep_tighter(admission.requests, rate_level(part.account->requests, now.steady));
    keep_tighter(admission.tokens, rate_level(part.account->tokens, now.steady));
  }
  return admission;
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

void TenantBook::Ticket::release() {
  if (book_ == nullptr) return;
  const std::lock_guard lock(book_->mutex_);
  for (Part& part : parts_) {
    if (part.account == nullptr) continue;
    part.account->spending.release(part.reservation);
    part.account->tokens.take(-part.rated_tokens, admitted_at_);
    --part.account->in_flight;
    part.account.reset();
  }
  book_ = nullptr;
}

}  // namespace tidegate::quota
