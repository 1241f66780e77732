// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/instance.h"
#include "admin/message.h"
#include "admin/slack_follow_ups.h"
#include "admin/slack_options.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::admin {

/// Proves that requests come from Slack (docs.slack.dev/authentication/verifying-requests-from-slack, read 2026-11-26),
/// each of them once. One thread.
class SlackVerifier {
 public:
  static constexpr Seconds kWindow{300};  ///< how far the timestamp may be from our clock, either way

  /// Failure: Denied, with why; which signature would have been right is never told.
  [[nodiscard]] Result<void> verify(const Secret& secret, std::string_view signature, std::string_view timestamp,
                                    std::string_view body, Now now);

 private:
  std::map<std::string, SteadyTime, std::less<>>
      seen_;  ///< proven signatures, as long as their timestamp could yet be taken
};

/// `v0=` and 64 hexadecimal digits, as Slack signs a raw body.
[[nodiscard]] std::string slack_signature(const Secret& secret, std::string_view timestamp, std::string_view body);

/// What somebody typed behind `/tidegate`.
struct SlackCommand {
  std::string user;                ///< its id, `U012AB3CD`
  std::string verb;                ///< the first word in lower case, empty if there is none
  std::vector<std::string> words;  ///< further ones
  std::string response_url;        ///< where an answer goes that comes late
};
/// Reads the form that Slack sends. Failure: InvalidInput for a broken escape.
[[nodiscard]] Result<SlackCommand> read_slack_command(std::string_view body);

/// The slash command over what runs. `check` on one thread, `answer` on one, which may be another; `answer` may take
/// long (disk).
class SlackDesk {
 public:
  explicit SlackDesk(Instance& instance, SlackFollowUps::Origins origins = SlackFollowUps::slack())
      : instance_(instance), follow_ups_(std::move(origins)) {}

  /// What refuses a request: 404 without a signing secret, 401 without proof, words for somebody who is not on the
  /// list. Nothing = go on.
  [[nodiscard]] std::optional<Answer> check(const Request& request);
  /// Does what a checked request says.
  [[nodiscard]] Answer answer(const Request& request);
  /// For somebody whom `answer` keeps waiting for longer than Slack waits.
  [[nodiscard]] static Answer late();
  /// Brings what `answer` gave after that to the asker. Any thread; does not wait.
  void follow_up(const Request& request, const Answer& answer);

  /// Slack gives up after three seconds.
  static constexpr Milliseconds kPatience{2'500};

 private:
  [[nodiscard]] std::string text_of(const SlackCommand& command);
  [[nodiscard]] std::string cost();
  [[nodiscard]] std::string forecast();

  Instance& instance_;
  SlackVerifier verifier_;
  SlackFollowUps follow_ups_;
  std::optional<std::pair<SteadyTime, std::string>>
      cost_;  ///< kept for a minute, so that who was told to ask again is answered
};

}  // namespace tidegate::admin
