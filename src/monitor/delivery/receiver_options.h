// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "base/time.h"
#include "monitor/alert_options.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::delivery {

/// How a receiver wants to be told.
enum class ReceiverKind : std::uint8_t {
  Slack,         ///< an incoming webhook, or a bot's token and a channel
  Webhook,       ///< JSON, signed if there is a secret
  PagerDuty,     ///< Events API v2
  Email,         ///< by an SMTP server or a sendmail program
  Alertmanager,  ///< API v2
};
[[nodiscard]] constexpr std::string_view to_string(ReceiverKind kind) {
  switch (kind) {
    case ReceiverKind::Slack: return "slack";
    case ReceiverKind::Webhook: return "webhook";
    case ReceiverKind::PagerDuty: return "pagerduty";
    case ReceiverKind::Email: return "email";
    case ReceiverKind::Alertmanager: return "alertmanager";
  }
  return {};
}

/// Somebody who is told of alerts.
struct ReceiverOptions {
  std::string name;
  ReceiverKind kind = ReceiverKind::Webhook;
  std::string url = {};           ///< of webhook, alertmanager, of another PagerDuty or Slack API; `smtp://host:port` for e-mail
  std::string address_name = {};  ///< where `address` came from
  Secret address = {};            ///< a URL that is a secret itself: Slack's incoming webhook
  std::string secret_name = {};
  Secret secret = {};             ///< the signing key, PagerDuty's routing key, the bot's token, the SMTP password
  std::string channel = {};       ///< of a Slack bot
  std::string user = {};          ///< of the SMTP server
  std::string sendmail = {};      ///< a program instead of an SMTP server
  std::string from = {};
  std::vector<std::string> to = {};
  monitor::AlertSeverity min_severity = monitor::AlertSeverity::Info;
  std::vector<std::string> rules = {};  ///< globs; empty: all
  Nanoseconds timeout = Seconds(10);
  std::string ca_file = {};  ///< PEM; empty: the system's authorities

  friend bool operator==(const ReceiverOptions&, const ReceiverOptions&) = default;
};

/// A bot with a token and a channel, not an incoming webhook.
[[nodiscard]] inline bool is_slack_bot(const ReceiverOptions& receiver) { return receiver.kind == ReceiverKind::Slack && receiver.address.empty(); }

}  // namespace tidegate::delivery
