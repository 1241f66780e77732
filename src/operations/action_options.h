// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "base/time.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::operations {

enum class ActionKind : std::uint8_t {
  Command,      ///< a program, without a shell
  Webhook,      ///< whoever can raise the limits
  TenantLimit,  ///< a tenant's limits per minute, times a factor
  PauseBatch,   ///< requests of batch priority wait
  ShiftShare,   ///< a share of a provider's requests goes to the next target of its route
  EnableKey,    ///< a spare key of a provider comes into rotation
};
[[nodiscard]] constexpr std::string_view to_string(ActionKind kind) {
  switch (kind) {
    case ActionKind::Command: return "command";
    case ActionKind::Webhook: return "webhook";
    case ActionKind::TenantLimit: return "tenant_limit";
    case ActionKind::PauseBatch: return "pause_batch";
    case ActionKind::ShiftShare: return "shift_share";
    case ActionKind::EnableKey: return "enable_key";
  }
  return {};
}

/// The rule that messages about an action have which somebody asked for.
inline constexpr std::string_view kByHandRule = "by_hand";

/// Who widens a limit outside should not be asked twice within a forecast's horizon: against the wider limit the alert is over at once,
/// and it would be back as soon as the limit is. What is moved here costs nothing to move again.
[[nodiscard]] constexpr Nanoseconds usual_keep(ActionKind kind) {
  return std::chrono::minutes(kind == ActionKind::Command || kind == ActionKind::Webhook ? 30 : 5);
}

/// What is done when an alert fires, and taken back when it is over.
struct ActionOptions {
  std::string name;
  ActionKind kind = ActionKind::Command;
  std::vector<std::string> rules = {};    ///< globs of the rules that it acts on
  std::vector<std::string> command = {};  ///< program and arguments
  std::vector<std::string> undo = {};     ///< run when the alert is over; empty: nothing is
  std::string url = {};
  std::string secret_name = {};
  Secret secret = {};        ///< the webhook is signed with it
  std::string tier = {};     ///< proposed to the webhook
  std::string tenant = {};
  double factor = 1;         ///< of the tenant's limits
  std::string provider = {}; ///< PauseBatch: whose requests, empty: all; ShiftShare: whose share; EnableKey: whose key
  double share = 0;          ///< of its requests, in (0, 1]
  std::string key = {};      ///< its name, as `keys` of the provider has it
  Nanoseconds timeout = Seconds(30);
  std::size_t attempts = 4;                         ///< in all, until it works
  Nanoseconds expected = std::chrono::minutes(5);   ///< until it helps; said to people
  Nanoseconds cooldown = std::chrono::minutes(10);  ///< between two runs
  std::size_t max_per_day = 10;                     ///< runs, in UTC
  std::optional<Nanoseconds> keep = {};             ///< in place at least so long, once it worked; absent: usual_keep
  bool dry_run = false;                             ///< say what would be done, and do nothing

  friend bool operator==(const ActionOptions&, const ActionOptions&) = default;
};

}  // namespace tidegate::operations
