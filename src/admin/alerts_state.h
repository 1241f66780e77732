// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "monitor/alert_book.h"
#include "monitor/limit_history.h"

#include <map>
#include <string>
#include <vector>

namespace tidegate::admin {

/// What is being done about an alert.
struct AlertAction {
  std::string name;
  std::string state;
  std::string detail;
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
  std::map<std::string, AlertAction> actions;  ///< by the alert's id
  std::vector<monitor::AlertChange> history;   ///< newest first
  std::vector<monitor::LimitChange> limit_changes;  ///< oldest first
  std::vector<monitor::AlertRule> rules;
  std::vector<DeadLetter> dead_letters;
};

}  // namespace tidegate::admin
