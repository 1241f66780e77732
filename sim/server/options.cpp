// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/options.h"

#include "base/ascii.h"
#include "base/number.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace tidegate::sim {

namespace {

/// What may stand behind a fault's name.
enum class FaultValue : std::uint8_t { None, RetryAfter, Seconds, Milliseconds, Events, ErrorType };

struct KnownFault {
  std::string_view name;
  FaultValue value;
};

// sim/README.md says what each does.
constexpr std::array kFaults{
    KnownFault{"rate", FaultValue::RetryAfter},
    KnownFault{"ramp", FaultValue::RetryAfter},
    KnownFault{"concurrency", FaultValue::RetryAfter},
    KnownFault{"tier_cap", FaultValue::RetryAfter},
    KnownFault{"contract_cap", FaultValue::RetryAfter},
    KnownFault{"own_limit", FaultValue::RetryAfter},
    KnownFault{"workspace_limit", FaultValue::RetryAfter},
    KnownFault{"billing", FaultValue::RetryAfter},
    KnownFault{"400", FaultValue::RetryAfter},
    KnownFault{"401", FaultValue::RetryAfter},
    KnownFault{"402", FaultValue::RetryAfter},
    KnownFault{"403", FaultValue::RetryAfter},
    KnownFault{"404", FaultValue::RetryAfter},
    KnownFault{"413", FaultValue::RetryAfter},
    KnownFault{"429", FaultValue::RetryAfter},
    KnownFault{"500", FaultValue::RetryAfter},
    KnownFault{"502", FaultValue::None},
    KnownFault{"503", FaultValue::RetryAfter},
    KnownFault{"504", FaultValue::RetryAfter},
    KnownFault{"529", FaultValue::RetryAfter},
    KnownFault{"reset_before_head", FaultValue::None},
    KnownFault{"close_before_head", FaultValue::None},
    KnownFault{"reset_after_head", FaultValue::None},
    KnownFault{"reset_mid_stream", FaultValue::Events},
    KnownFault{"cut", FaultValue::Events},
    KnownFault{"truncate", FaultValue::Events},
    KnownFault{"short_body", FaultValue::None},
    KnownFault{"error_event", FaultValue::ErrorType},
    KnownFault{"drip", FaultValue::Milliseconds},
    KnownFault{"split", FaultValue::None},
    KnownFault{"stall_before_head", FaultValue::Seconds},
    KnownFault{"stall_mid_stream", FaultValue::Seconds},
    KnownFault{"garbage_head", FaultValue::None},
    KnownFault{"garbage_body", FaultValue::None},
    KnownFault{"close_delimited", FaultValue::None},
    KnownFault{"no_rate_headers", FaultValue::None},
};

constexpr std::int64_t kMostOfAValue = 1'000'000;  // seconds, milliseconds, events

bool is_whole(std::string_view text) {
  const auto number = parse_integer(text);
  return number && *number >= 0 && *number <= kMostOfAValue;
}

bool is_seconds(std::string_view text) {
  const auto number = parse_decimal(text);
  return number && NumberRange{0, kMostOfAValue}.holds(*number);
}

/// What is wrong with a value; empty: nothing.
std::string_view complaint_about(FaultValue kind, std::string_view value) {
  switch (kind) {
    case FaultValue::None: return "it takes no value";
    case FaultValue::RetryAfter:
      return is_whole(value) ? "" : "its value is a retry-after in whole seconds, at most 1000000";
    case FaultValue::Seconds: return is_seconds(value) ? "" : "its value is seconds from 0 to 1000000";
    case FaultValue::Milliseconds: return is_whole(value) ? "" : "its value is whole milliseconds from 0 to 1000000";
    case FaultValue::Events: return is_whole(value) ? "" : "its value is a whole number of events, at most 1000000";
    case FaultValue::ErrorType: return "";
  }
  return "";
}

std::optional<double> per_minute(std::string_view text) {
  const auto number = parse_decimal(text);
  return number && kPerMinute.holds(*number) ? number : std::nullopt;
}

/// Figures between slashes into `members`; `-` leaves one out. False: it cannot be read.
bool read_rates(std::string_view text, GroupLimits& limits,
                std::initializer_list<std::optional<double> GroupLimits::*> members) {
  std::size_t left = members.size();
  for (const auto member : members) {
    const std::size_t slash = text.find('/');
    if ((slash == std::string_view::npos) != (--left == 0)) return false;
    const std::string_view part = text.substr(0, slash);
    limits.*member = per_minute(part);
    if (!(limits.*member) && part != "-") return false;
    if (left > 0) text = text.substr(slash + 1);
  }
  return true;
}

tl::unexpected<Failure> invalid(std::string detail) {
  return fail(FailureKind::InvalidInput, Origin::Operator, std::move(detail));
}

}  // namespace

Options::Options() {
  if (auto scale = preset_limits("scale")) limits = *std::move(scale);
}

Result<Fault> parse_fault(std::string_view text) {
  text = trim(text);
  const std::size_t equals = text.find('=');
  Fault fault{std::string(trim(text.substr(0, equals))), {}};
  if (equals != std::string_view::npos) fault.value = std::string(trim(text.substr(equals + 1)));
  const auto* known =
      std::find_if(kFaults.begin(), kFaults.end(), [&](const KnownFault& one) { return one.name == fault.name; });
  if (known == kFaults.end()) {
    std::vector<std::string_view> names;
    for (const KnownFault& one : kFaults) names.push_back(one.name);
    return invalid(fmt::format("no fault '{}'; there are {}", fault.name, fmt::join(names, ", ")));
  }
  if (equals == std::string_view::npos) return fault;
  if (const std::string_view complaint = complaint_about(known->value, fault.value); !complaint.empty()) {
    return invalid(fmt::format("fault '{}': {}", text, complaint));
  }
  return fault;
}

Result<FaultRule> parse_fault_rule(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  double probability = 1.0;
  if (colon != std::string_view::npos) {
    const auto number = parse_decimal(trim(text.substr(colon + 1)));
    if (!number || *number < 0 || *number > 1)
      return invalid(fmt::format("'{}' is not fault:probability with a probability from 0 to 1", text));
    probability = *number;
    text = text.substr(0, colon);
  }
  const auto fault = parse_fault(text);
  if (!fault) return fail(fault);
  return FaultRule{*fault, probability};
}

Result<std::vector<FaultRule>> parse_fault_rules(std::string_view text) {
  std::vector<FaultRule> rules;
  while (!trim(text).empty()) {
    const std::size_t comma = text.find(',');
    auto rule = parse_fault_rule(text.substr(0, comma));
    if (!rule) return fail(rule);
    rules.push_back(*std::move(rule));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return rules;
}

Result<std::vector<ScheduledFault>> parse_schedule(std::string_view text) {
  std::vector<ScheduledFault> schedule;
  while (!trim(text).empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = trim(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const std::size_t plus = item.find('+');
    const std::size_t colon = item.find(':');
    if (plus == std::string_view::npos || colon == std::string_view::npos || colon < plus) {
      return invalid(fmt::format("'{}' is not a schedule like 30s+60s:529 (from, length, fault)", item));
    }
    const auto from = parse_duration(item.substr(0, plus));
    if (!from) return fail(from);
    const auto length = parse_duration(item.substr(plus + 1, colon - plus - 1));
    if (!length) return fail(length);
    const auto fault = parse_fault(item.substr(colon + 1));
    if (!fault) return fail(fault);
    schedule.push_back({*from, *length, *fault});
  }
  return schedule;
}

Result<GroupLimits> parse_rates(std::string_view text) {
  GroupLimits limits;
  if (read_rates(text, limits, {&GroupLimits::requests, &GroupLimits::input_tokens, &GroupLimits::output_tokens}))
    return limits;
  return invalid(
      fmt::format("'{}' is not limits like 50/20000/- (requests, input and output tokens a minute, each from {} to {} "
                  "or '-' for none)",
                  text, kPerMinute.least, kPerMinute.most));
}

Result<GroupLimits> parse_token_rates(std::string_view text) {
  GroupLimits limits;
  if (read_rates(text, limits, {&GroupLimits::input_tokens, &GroupLimits::output_tokens})) return limits;
  return invalid(fmt::format(
      "'{}' is not limits like 20000/4000 (input and output tokens a minute, each from {} to {} or '-' for none)", text,
      kPerMinute.least, kPerMinute.most));
}

Result<KeyRule> parse_key_rule(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return invalid(fmt::format("'{}' is not a key rule like sk-ant-x=org-a or sk-ant-x=org-a:workspace", text));
  }
  const std::string_view owner = text.substr(equals + 1);
  const std::size_t colon = owner.find(':');
  return KeyRule{std::string(text.substr(0, equals)), std::string(owner.substr(0, colon)),
                 colon == std::string_view::npos ? std::string() : std::string(owner.substr(colon + 1))};
}

}  // namespace tidegate::sim
