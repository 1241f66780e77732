// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "monitor/alert_book.h"
#include "monitor/delivery/receiver_options.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tidegate::delivery {

/// What was done about an alert.
struct ActionNote {
  std::string alert_id;
  std::string rule;
  monitor::AlertSeverity severity = monitor::AlertSeverity::Warning;  ///< of the alert
  std::string action;
  std::string text;  ///< what the action did, without its name: `triggered, expected back in 5m`
  WallTime at{};
};
/// `scale-up triggered, expected back in 5m`
[[nodiscard]] std::string to_text(const ActionNote& note);

/// What one receiver is told at once: a storm is one message.
struct Message {
  std::string id;        ///< the same for each attempt to deliver it
  std::string instance;  ///< which Tidegate speaks: the address of its dashboard, or where it listens
  WallTime at{};
  std::vector<monitor::AlertNotice> notices;
  std::vector<ActionNote> notes;
  std::vector<monitor::Alert> firing;  ///< all that fire at this moment and that the receiver wants to hear of
  std::optional<WallTime> sent_at = {};  ///< when this attempt begins, which is signed; absent: as `at`
};

/// Whether the receiver wants to hear of it.
[[nodiscard]] bool wants(const ReceiverOptions& receiver, std::string_view rule, monitor::AlertSeverity severity);

/// One line: `2 alerts fire: key_lost, provider_down; 1 is over`.
[[nodiscard]] std::string headline(const Message& message);
/// `▁▂▄█`: the values from the smallest to the largest in eight steps; empty below two values.
[[nodiscard]] std::string chart(std::span<const double> values);
/// The whole message as plain text, for e-mail.
[[nodiscard]] std::string plain_text(const Message& message);

// The bodies that the receivers' interfaces want, as JSON.

/// Slack's Block Kit (api.slack.com/reference/block-kit, read 2026-11-26): `text` and `blocks`, within its limits of 50 blocks and
/// 3,000 characters each.
[[nodiscard]] std::string slack_body(const Message& message);
/// Where a bot puts it.
struct SlackPlace {
  std::string channel;
  std::string thread = {};    ///< `ts` of the message that it answers
  std::string update = {};    ///< `ts` of the message that it takes the place of
  bool is_broadcast = false;  ///< an answer in a thread that the channel is shown as well
};
[[nodiscard]] std::string slack_body(const Message& message, const SlackPlace& place);
/// A line for each notice and note, for a thread.
[[nodiscard]] std::string slack_lines(const Message& message, const SlackPlace& place);

/// docs/alerts.md describes it.
[[nodiscard]] std::string webhook_body(const Message& message);

/// Events API v2 (developer.pagerduty.com/docs/events-api-v2, read 2026-11-26). One incident per rule and instance, so that a storm of
/// a thousand subjects rings once: `trigger` while one of them fires, `resolve` when none does. The routing key is put in as given.
[[nodiscard]] std::vector<std::string> pagerduty_bodies(const Message& message, std::string_view routing_key);

/// Alertmanager's API v2 (its openapi.yaml, read 2026-11-26): what fires, for `valid` from now, and what is over.
[[nodiscard]] std::string alertmanager_body(const Message& message, Nanoseconds valid);

}  // namespace tidegate::delivery
