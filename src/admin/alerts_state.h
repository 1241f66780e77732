// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "monitor/alert_book.h"
#include "monitor/limit_history.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::admin {

/// What is being done about an alert.
struct AlertAction {
  std::string name;
  std::string state;
  std::string detail;
};

/// A configured action, and how it stands.
struct ActionStatus {
  std::string name;
  std::string kind;   ///< as the configuration writes it
  std::string state;  ///< docs/openapi.yaml has the words
  std::string detail;
  std::string alert_id;  ///< that it acts, acted or would act on; empty: none yet
  std::string incident;  ///< that is in place; empty: none
  std::string by;        ///< who asked for that; empty: the alert
  std::optional<WallTime> began_at;
  std::uint64_t runs_today = 0;  ///< in UTC
  std::uint64_t max_per_day = 0;
  bool dry_run = false;
};

/// A message that could not be delivered.
struct DeadLetter {
  WallTime at{};
  std::string receiver;
  std::string headline;
  std::string error;
};

/// Alerts, their past, the rules, and what became of telling them.
struct AlertsState {
  std::vector<monitor::Alert> alerts;
  std::map<std::string, std::vector<AlertAction>> actions;  ///< by the alert's id
  std::vector<monitor::AlertChange> history;   ///< newest first
  std::vector<monitor::LimitChange> limit_changes;  ///< oldest first
  std::vector<monitor::AlertRule> rules;
  std::vector<DeadLetter> dead_letters;
};

}  // namespace tidegate::admin
