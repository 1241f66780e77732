// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::sim {

/// When output tokens are charged.
enum class OutputAccounting : std::uint8_t {
  AsProduced,      ///< "evaluated in real time as output tokens are produced" (facts 1.1)
  ReserveMaximum,  ///< max_tokens at the start, what was not produced comes back at the end (OpenAI style, 2025 docs)
};

/// Refuses sharp ramps. The rule is invented (only the message is known): in a wall-clock minute at most
/// `growth` × the mean minute of the last five, but never below `floor_share` of the limit.
struct RampLimit {
  double floor_share = 0.3;
  double growth = 2.0;
};

/// Limits of one model group. What is absent is unlimited and has no header.
struct GroupLimits {
  std::optional<double> requests;       ///< per minute
  std::optional<double> input_tokens;   ///< per minute; cache reads are free unless the model counts them
  std::optional<double> output_tokens;  ///< per minute
  std::optional<double> tokens;         ///< per minute, input and output together: the `tokens-*` family
  std::optional<int> concurrent;        ///< requests in flight
  Nanoseconds burst_window = std::chrono::seconds(60);  ///< depth of the buckets
  OutputAccounting accounting = OutputAccounting::AsProduced;
  std::optional<RampLimit> ramp;

  /// Rates multiplied; concurrency and burst window stay.
  [[nodiscard]] GroupLimits scaled(double factor) const;
  /// As if time went faster: rates multiplied, burst window divided, so that buckets are as deep as before.
  [[nodiscard]] GroupLimits sped_up(double speed) const;
};

/// Limits for every model group: those named, and one for the rest.
struct GroupLimitTable {
  GroupLimits standard;
  std::map<std::string, GroupLimits, std::less<>> groups;

  [[nodiscard]] const GroupLimits& of(std::string_view group) const;
  void speed_up(double speed);
};

struct WorkspaceLimits {
  GroupLimitTable table;
  std::optional<Money> spend_limit;  ///< the customer's own; answered with 400
};

/// Endpoints with a limit of requests of their own, beside those of model groups: `batches`, `count_tokens`, `files`.
[[nodiscard]] bool is_endpoint_group(std::string_view group);

/// Of message batches (facts 1.2).
struct BatchLimits {
  std::size_t queued;     ///< requests in batches that have not ended, of an organisation
  std::size_t per_batch;  ///< requests

  friend bool operator==(const BatchLimits&, const BatchLimits&) = default;
};

struct OrganisationLimits {
  GroupLimitTable table;
  std::map<std::string, WorkspaceLimits, std::less<>> workspaces;
  std::optional<GroupLimits> fast;      ///< per group, for `speed: "fast"`; absent: same figures as the group
  std::optional<GroupLimits> priority;  ///< capacity of Priority Tier; absent: none was bought
  std::optional<BatchLimits> batches;   ///< absent: of any size
  double code_generation_share = 0.7;   ///< what the `code_generation` class may use of its group's figures
  std::optional<Money> tier_spend_cap;      ///< monthly, 429 without retry-after
  std::optional<Money> contract_spend_cap;  ///< monthly, 429 without retry-after
  std::optional<Money> spend_limit;         ///< monthly, the customer's own; answered with 400
};

/// Numbers that an option may have, both ends included.
struct NumberRange {
  double least, most;

  /// False for NaN.
  [[nodiscard]] bool holds(double number) const { return number >= least && number <= most; }
};

/// With the least a request waits for most of a day; with zero it would wait for ever.
inline constexpr NumberRange kPerMinute{0.001, 1e12};
inline constexpr NumberRange kConcurrent{1, 1e6};
inline constexpr NumberRange kBurstSeconds{0.001, 3600};

/// Figures that take the place of a preset's; what is absent stays. From the command line or `POST /sim/limits`.
struct LimitFigures {
  std::optional<double> requests, input_tokens, output_tokens, tokens;  ///< of every model group; kPerMinute
  std::optional<double> burst_seconds;                                  ///< kBurstSeconds
  std::optional<int> concurrent;                                        ///< kConcurrent
  std::optional<bool> has_ramp, reserves_output;
  std::optional<GroupLimits> fast, priority;  ///< OrganisationLimits'

  void apply_to(OrganisationLimits& limits) const;
};

/// Named limits: `tier1`, `tier2`, `tier3`, `tier2_before`, `tier3_before`, `tier4`, `storm_a`, `storm_b`, `storm_c`,
/// `start`, `build`, `scale`, `unlimited`. Failure: NotFound, naming them all.
[[nodiscard]] Result<OrganisationLimits> preset_limits(std::string_view name);
[[nodiscard]] const std::vector<std::string_view>& preset_names();

}  // namespace tidegate::sim
