// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/options.h"

#include "base/ascii.h"
#include "base/number.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace tidegate::sim {

namespace {

// sim/README.md says what each does.
constexpr std::array<std::string_view, 36> kFaults{"rate",
                                                   "ramp",
                                                   "concurrency",
                                                   "tier_cap",
                                                   "contract_cap",
                                                   "own_limit",
                                                   "workspace_limit",
                                                   "billing",
                                                   "400",
                                                   "401",
                                                   "402",
                                                   "403",
                                                   "404",
                                                   "413",
                                                   "429",
                                                   "500",
                                                   "502",
                                                   "503",
                                                   "504",
                                                   "529",
                                                   "reset_before_head",
                                                   "close_before_head",
                                                   "reset_after_head",
                                                   "reset_mid_stream",
                                                   "cut",
                                                   "truncate",
                                                   "short_body",
                                                   "error_event",
                                                   "drip",
                                                   "split",
                                                   "stall_before_head",
                                                   "stall_mid_stream",
                                                   "garbage_head",
                                                   "garbage_body",
                                                   "close_delimited",
                                                   "no_rate_headers"};

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
  if (std::find(kFaults.begin(), kFaults.end(), fault.name) == kFaults.end()) {
    return invalid(fmt::format("no fault '{}'; there are {}", fault.name, fmt::join(kFaults, ", ")));
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
