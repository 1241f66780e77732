// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/tenant_limits.h"

#include "llm/anthropic/limit_headers.h"
#include "llm/openai/limit_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

namespace tidegate::gateway {

namespace {

using quota::BudgetPeriod;
using quota::BudgetStop;
using quota::OwnedBudget;
using quota::RateLevel;
using quota::TenantLimit;
using quota::TenantRefusal;

// Clients do not come back by themselves after more than a minute (facts/clients.md 4.8).
constexpr Nanoseconds kLongestRetryAfter = Seconds(60);

std::string_view owner_name(bool of_key) { return of_key ? "key" : "tenant"; }

std::string_view per_period(BudgetPeriod period) {
  switch (period) {
    case BudgetPeriod::Hour: return "per hour";
    case BudgetPeriod::Day: return "per day";
    case BudgetPeriod::Month: return "per month";
    case BudgetPeriod::Life: return "in all";
  }
  return "";
}

/// `5.00 USD per day`.
std::string limit_text(const quota::Budget& budget) {
  return fmt::format("{} {}", amount_text(budget.unit, budget.limit), per_period(budget.period));
}

std::string when_fresh(const quota::BudgetLevel& level) {
  if (!level.resets_at) return "It does not come back; ask the gateway's operator for another key or a larger budget.";
  return fmt::format("It begins anew at {}.", to_rfc3339(*level.resets_at));
}

std::string message_of(const TenantRefusal& refusal, WallTime now) {
  const std::string_view owner = owner_name(refusal.of_key);
  if (!refusal.stop) {
    std::string text = fmt::format("This {}'s limit of {} {} per minute is reached.", owner, refusal.per_minute,
                                   refusal.limit == TenantLimit::Requests ? "requests" : "tokens");
    // A large answer may have taken the tokens of several minutes.
    if (refusal.retry_after > kLongestRetryAfter && refusal.per_minute > 0) {
      text += fmt::format(" The next request passes at {}.",
                          to_rfc3339(std::chrono::ceil<Seconds>(now + refusal.retry_after)));
    }
    return text;
  }
  const BudgetStop& stop = *refusal.stop;
  const quota::Budget& budget = stop.level.budget;
  const std::string needed = amount_text(budget.unit, stop.needed);
  const std::string spent = amount_text(budget.unit, stop.level.spent);
  if (stop.is_too_large()) {
    return fmt::format("This request may take {}, more than this {}'s whole budget of {}. A smaller prompt or max_tokens fits.",
                       needed, owner, limit_text(budget));
  }
  if (stop.is_spent()) {
    return fmt::format("This {}'s budget of {} is spent: {} are gone and this request may take {}. {}", owner,
                       limit_text(budget), spent, needed, when_fresh(stop.level));
  }
  return fmt::format(
      "This {}'s budget of {} is set aside for requests in flight: {} are spent, {} set aside, and this request may take "
      "{}. What they do not take comes back; try again.",
      owner, limit_text(budget), spent, amount_text(budget.unit, stop.level.reserved), needed);
}

/// `key 5.00/day: 4.20 USD spent, fresh at 2026-11-26T00:00:00Z`.
std::string warning_of(const OwnedBudget& owned) {
  std::string text = fmt::format("{} {}: {} spent", owner_name(owned.of_key), to_text(owned.level.budget),
                                 amount_text(owned.level.budget.unit, owned.level.spent));
  if (owned.level.resets_at) text += fmt::format(", fresh at {}", to_rfc3339(*owned.level.resets_at));
  return text;
}

void add_reading(std::vector<llm::LimitReading>& readings, llm::LimitDimension dimension,
                 const std::optional<RateLevel>& level) {
  if (level) readings.push_back({dimension, level->limit, level->remaining, level->full_after});
}

std::vector<llm::LimitHeader> headers_of(const quota::TenantBook::Admission& admission, llm::Dialect dialect, WallTime now) {
  std::vector<llm::LimitReading> readings;
  add_reading(readings, llm::LimitDimension::Requests, admission.rates.requests);
  add_reading(readings, llm::LimitDimension::Tokens, admission.rates.tokens);
  std::vector<llm::LimitHeader> headers = dialect == llm::Dialect::Anthropic
                                              ? llm::anthropic::write_rate_limits(readings, now)
                                              : llm::openai::write_rate_limits(readings);
  for (const OwnedBudget& owned : admission.warnings) headers.push_back({"x-tidegate-budget-warning", warning_of(owned)});
  return headers;
}

}  // namespace

bool costs_unseen(std::string_view method, std::string_view path) {
  if (method != "POST") return false;
  while (path.ends_with('/')) path.remove_suffix(1);
  constexpr std::array kWhole{std::string_view("/v1/messages/batches"), std::string_view("/v1/batches"),
                              std::string_view("/v1/completions"), std::string_view("/v1/complete")};
  constexpr std::array kBelow{std::string_view("/v1/images/"), std::string_view("/v1/audio/")};
  return std::find(kWhole.begin(), kWhole.end(), path) != kWhole.end() ||
         std::any_of(kBelow.begin(), kBelow.end(), [&](std::string_view folder) { return path.starts_with(folder); });
}

OwnAnswer answer_of(const TenantRefusal& refusal, llm::Dialect dialect, WallTime now) {
  OwnAnswer answer;
  answer.status = 429;
  answer.reason = refusal.stop ? "budget" : "tenant_limit";
  answer.message = message_of(refusal, now);
  answer.retry_after = std::clamp<Nanoseconds>(refusal.retry_after, Milliseconds(1), kLongestRetryAfter);
  answer.should_retry = !refusal.is_final();
  // As Anthropic's own gateway (facts/anthropic-api.md 5.3) and OpenAI say that money has run out.
  if (refusal.is_final()) answer.type = dialect == llm::Dialect::Anthropic ? "billing_error" : "insufficient_quota";
  return answer;
}

std::optional<OwnAnswer> TenantLimits::admit(quota::TenantBook& book, const Outcome& outcome, std::string_view path,
                                             const Amount& worst_case, Now now) {
  admission_ = book.admit(outcome.caller.tenant, outcome.caller.key, worst_case, now);
  if (admission_.is_limited) headers_ = headers_of(admission_, outcome.match.dialect, now.wall);
  std::optional<OwnAnswer> answer;
  if (admission_.refusal) {
    answer = answer_of(*admission_.refusal, outcome.match.dialect, now.wall);
  } else if (admission_.has_hard_budget && costs_unseen(outcome.method, path)) {
    answer = OwnAnswer{.status = 403,
                       .reason = "not_metered",
                       .message = "What this path costs is not seen here, so a key or tenant with a hard budget may not use it.",
                       .should_retry = false};
  }
  if (answer) answer->headers = headers_;
  return answer;
}

void TenantLimits::settle(const Outcome& outcome, Now now) {
  const llm::TokenCounts tokens = llm::billed_tokens(outcome.answer.usage);
  admission_.ticket.settle({outcome.cost, tokens.total_input() + tokens.output}, tokens.output, now);
}

void TenantLimits::withdraw(llm::Dialect dialect, Now now) {
  const quota::RateLevels left = admission_.ticket.withdraw(now);
  if (!left.requests && !left.tokens) return;
  admission_.rates = left;
  headers_ = headers_of(admission_, dialect, now.wall);
}

void TenantLimits::write_headers(net::http1::HeadWriter& writer) const {
  for (const llm::LimitHeader& header : headers_) writer.field(header.name, header.value);
}

}  // namespace tidegate::gateway
