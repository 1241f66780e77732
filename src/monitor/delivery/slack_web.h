// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "monitor/delivery/receiver_options.h"

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::delivery {

/// Which message of which channel.
struct SlackMessageId {
  std::string channel;  ///< its id, also where the channel was given by name
  std::string ts;       ///< Slack's id of a message within its channel, `1503435956.000247`
};

/// Slack's no: it comes with status 200.
struct SlackRefusal {
  std::string error;  ///< Slack's word for it, `channel_not_found`; empty: none was given
  std::optional<Milliseconds> retry_after = std::nullopt;  ///< as its answer said
};

/// What Slack says to one call: where the message is now, or a refusal.
struct SlackAnswer {
  SlackMessageId message;
  std::optional<SlackRefusal> refusal = std::nullopt;
};

/// Calls `chat.postMessage` or `chat.update` with a bot's token (docs.slack.dev/reference/methods, read 2026-11-26);
/// blocks. Failure: as `post`.
[[nodiscard]] Result<SlackAnswer> call_slack(const ReceiverOptions& bot, std::string_view method, std::string body,
                                             const std::atomic<bool>& stop);

/// A refusal in words that say what the operator can do. Retry::Later where Slack itself has a bad moment, with what it
/// asks for.
[[nodiscard]] Failure slack_failure(const ReceiverOptions& bot, const SlackRefusal& refusal);

}  // namespace tidegate::delivery
