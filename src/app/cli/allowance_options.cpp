// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/allowance_options.h"

#include "base/number.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace tidegate::app {

namespace {

constexpr const char* kNone = "none";

tl::unexpected<Failure> wrong(const char* option, std::string_view given, const char* wanted) {
  return fail(FailureKind::InvalidInput, Origin::Operator,
              fmt::format("{}: '{}' is not {}, nor 'none'", option, given, wanted));
}

/// Puts what `read` makes of the text in place; `none` takes it away, an empty text leaves it.
template <typename Value, typename Read>
Result<void> take(const char* option, const std::string& given, const char* wanted, std::optional<Value>& into,
                  Read read) {
  if (given.empty()) return {};
  if (given == kNone) {
    into.reset();
    return {};
  }
  std::optional<Value> value = read(given);
  if (!value) return wrong(option, given, wanted);
  into = std::move(value);
  return {};
}

std::optional<std::int64_t> at_least(std::int64_t least, std::string_view text) {
  const auto number = parse_integer(text);
  return number && *number >= least ? std::optional<std::int64_t>(*number) : std::nullopt;
}

std::optional<Nanoseconds> duration(std::string_view text) {
  const auto length = parse_duration(text);
  return length && *length >= Nanoseconds(0) ? std::optional(*length) : std::nullopt;
}

}  // namespace

void add_allowance_options(CLI::App& command, AllowanceArguments& arguments) {
  command.add_option("--budget", arguments.budgets,
                     "How much may be spent, any number of times: 2.00 in all, 5.00/day, 500k tokens/hour, "
                     "100/month:soft:warn=90%");
  command.add_option("--requests-per-minute", arguments.requests_per_minute, "Requests that pass per minute");
  command.add_option("--tokens-per-minute", arguments.tokens_per_minute, "Tokens of all kinds per minute");
  command.add_option("--priority", arguments.priority, "interactive or batch: who goes first where requests wait");
  command.add_option("--weight", arguments.weight, "Share of what the provider allows, relative to the others' (1)");
  command.add_option("--reserve", arguments.reserve,
                     "worst_case (a budget is never overspent by more than the estimates' error) or learned (more "
                     "requests at once)");
  command.add_option("--max-wait", arguments.max_wait, "How long a request may wait for the provider's limits, such as 30s");
}

Result<quota::Allowance> changed(quota::Allowance allowance, const AllowanceArguments& arguments) {
  for (const std::string& text : arguments.budgets) {
    if (text == kNone) allowance.budgets.clear();
  }
  for (const std::string& text : arguments.budgets) {
    if (text == kNone) continue;
    const auto budget = quota::parse_budget(text);
    if (!budget) return fail(FailureKind::InvalidInput, Origin::Operator, "--budget: " + budget.error().detail);
    put(allowance, *budget);
  }
  const auto from_0 = [](std::string_view text) { return at_least(0, text); };
  const auto from_1 = [](std::string_view text) { return at_least(1, text); };
  for (Result<void> taken :
       {take("--requests-per-minute", arguments.requests_per_minute, "a number", allowance.requests_per_minute, from_0),
        take("--tokens-per-minute", arguments.tokens_per_minute, "a number", allowance.tokens_per_minute, from_0),
        take("--priority", arguments.priority, "interactive or batch", allowance.priority, quota::priority_named),
        take("--weight", arguments.weight, "a number from 1 on", allowance.weight, from_1),
        take("--reserve", arguments.reserve, "worst_case or learned", allowance.reserve, quota::reserve_mode_named),
        take("--max-wait", arguments.max_wait, "a duration such as 30s", allowance.max_wait, duration)}) {
    if (!taken) return fail(taken);
  }
  return allowance;
}

std::string limits_text(const quota::Allowance& allowance) {
  std::vector<std::string> parts;
  if (allowance.requests_per_minute) parts.push_back(fmt::format("{} requests/min", *allowance.requests_per_minute));
  if (allowance.tokens_per_minute) parts.push_back(fmt::format("{} tokens/min", *allowance.tokens_per_minute));
  if (allowance.priority) parts.emplace_back(to_string(*allowance.priority));
  if (allowance.weight) parts.push_back(fmt::format("weight {}", *allowance.weight));
  if (allowance.reserve) parts.push_back(fmt::format("reserve {}", to_string(*allowance.reserve)));
  if (allowance.max_wait) parts.push_back(fmt::format("waits {}", to_text(*allowance.max_wait)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace tidegate::app
