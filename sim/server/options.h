// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "sim/model/latency.h"
#include "sim/model/limits.h"
#include "sim/model/subscription.h"
#include "sim/model/tier_desk.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::sim {

/// Something that goes wrong on purpose, as `name` or `name=value`; sim/README.md lists the names.
struct Fault {
  std::string name;
  std::string value;

  friend bool operator==(const Fault&, const Fault&) = default;
};

struct FaultRule {
  Fault fault;
  double probability = 1.0;  ///< per model call
};

/// In force from `from` after the start (or after it was set) for `length`.
struct ScheduledFault {
  Nanoseconds from{};
  Nanoseconds length{};
  Fault fault;
};

/// Who a key belongs to.
struct KeyRule {
  std::string key;
  std::string organisation;
  std::string workspace;  ///< empty: the default workspace
};

enum class ToolUse : std::uint8_t {
  Never,
  Asked,   ///< tool_choice demands it, or the last user text names a tool (or a word of its name)
  Always,  ///< whenever there are tools and no tool result yet
};

/// Which requests fall into the `code_generation` class.
enum class CodeGenerationRule : std::uint8_t {
  Header,  ///< only those with `x-sim-class: code_generation`
  Tools,   ///< also those that carry a tool which edits files or runs commands
};

struct Options {
  std::string listen = "127.0.0.1:0";  ///< address:port; port 0 takes a free one
  std::string tls_certificate;         ///< PEM files; both or none
  std::string tls_key;
  int threads = 1;
  std::uint64_t seed = 1;
  double speed = 1.0;             ///< limits × speed, latencies ÷ speed
  double pace = 1.0;              ///< of the server's clock, which runs so many times faster: latencies ÷ pace
  std::optional<WallTime> pace_since;  ///< when it began to; absent: at the start
  bool instant = false;           ///< no latency at all
  bool plain = false;             ///< nothing is compressed, whatever a client accepts
  bool flush_each_event = false;  ///< with `instant`: one write per event instead of one per answer

  OrganisationLimits limits;  ///< of every organisation without its own; `preset_limits("scale")` by default
  std::map<std::string, OrganisationLimits, std::less<>> organisations;
  std::optional<SubscriptionLimits> subscription;  ///< of every organisation, instead of the API's headers; limits stand beside it
  TierTerms tiers;             ///< what the upgrade interface grants; without tiers nothing
  std::string upgrade_secret;  ///< its callers sign with it; empty: they need not
  std::string default_organisation = "org-sim";
  std::vector<KeyRule> keys;  ///< empty: every key is accepted, `…@org[:workspace]` says whose it is
  std::string admin_key;      ///< empty: any `sk-ant-admin…`
  bool any_model = false;     ///< also ids that do not look like a model

  LatencySettings latency;
  std::optional<std::int64_t> output_tokens;  ///< instead of a drawn length; `instant` without it: 12
  double input_estimate_error = 0.03;  ///< sigma of the estimate that admission charges; `begin_answer` corrects it
  std::string text = "Hello from the simulator.";
  int tokens_per_event = 3;
  ToolUse tools = ToolUse::Asked;
  CodeGenerationRule code_generation = CodeGenerationRule::Header;

  std::vector<FaultRule> faults;
  std::vector<ScheduledFault> schedule;

  Nanoseconds batch_duration = std::chrono::seconds(2);  ///< until a batch has ended; ÷ speed, 0 if instant
  std::size_t charges_kept = 200'000;                    ///< of `GET /sim/stats`; the oldest go first

  Options();
};

/// `529`, `stall_mid_stream=5`. Failure: InvalidInput if the name is not known, or its value not of its kind.
[[nodiscard]] Result<Fault> parse_fault(std::string_view text);
/// `529:0.05`: a fault and its probability (1 if left out).
[[nodiscard]] Result<FaultRule> parse_fault_rule(std::string_view text);
/// Several rules with commas.
[[nodiscard]] Result<std::vector<FaultRule>> parse_fault_rules(std::string_view text);
/// `30s+60s:529`: from, length, fault; several with commas.
[[nodiscard]] Result<std::vector<ScheduledFault>> parse_schedule(std::string_view text);
/// `50/20000/-`: requests, input and output tokens a minute, `-` for what is not limited. Failure: InvalidInput.
[[nodiscard]] Result<GroupLimits> parse_rates(std::string_view text);
/// `20000/4000`: input and output tokens a minute, likewise.
[[nodiscard]] Result<GroupLimits> parse_token_rates(std::string_view text);
/// `sk-ant-x=org-a` or `sk-ant-x=org-a:workspace`.
[[nodiscard]] Result<KeyRule> parse_key_rule(std::string_view text);

}  // namespace tidegate::sim
