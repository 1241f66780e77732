// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::operations {

enum class ActionKind : std::uint8_t {
  Command,      ///< a program, without a shell
  Webhook,      ///< whoever can raise the limits
  TenantLimit,  ///< a tenant's limits per minute, times a factor
};
[[nodiscard]] constexpr std::string_view to_string(ActionKind kind) {
  switch (kind) {
    case ActionKind::Command: return "command";
    case ActionKind::Webhook: return "webhook";
    case ActionKind::TenantLimit: return "tenant_limit";
  }
  return {};
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
  Nanoseconds timeout = Seconds(30);
  Nanoseconds expected = std::chrono::minutes(5);   ///< until it helps; said to people
  Nanoseconds cooldown = std::chrono::minutes(10);  ///< between two runs
  std::size_t max_per_day = 10;                     ///< runs, in UTC
  bool dry_run = false;                             ///< say what would be done, and do nothing

  friend bool operator==(const ActionOptions&, const ActionOptions&) = default;
};

}  // namespace tidegate::operations
