// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "monitor/delivery/message.h"
#include "monitor/delivery/slack_web.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::delivery {

/// What a Slack bot has said in its channel: a message for each incident, which always shows how things stand, and
/// under it a thread with a line for each step.
///
/// An incident begins with a message that has alerts of rules that no open incident covers; these rules are its own
/// while it is open, so that a later alert of them joins it. It is over when none of its alerts fires; the next one
/// begins another. Notes of actions go to the incident of their alert, also after its end.
///
/// One thread. Bounded: kMostIncidents, the oldest give way.
class SlackThreads {
 public:
  /// Tells a message; blocks. What a failure leaves undone is done by the next call, with the same message or another
  /// one: nothing is said twice. Failure: as `post` and slack_failure; a step that is refused for good keeps none of
  /// the others from being done.
  [[nodiscard]] Result<void> tell(const ReceiverOptions& bot, const Message& message, const std::atomic<bool>& stop);

  /// What a later process must know to go on in the same threads; empty: nothing. What was not carried out yet is not in it.
  [[nodiscard]] std::string memory() const;
  /// Takes over what an earlier process left, before the first `tell`. What cannot be read is no memory.
  void restore(std::string_view memory);

  static constexpr std::size_t kMostIncidents = 50;
  static constexpr std::size_t kMostAlerts = 200;  ///< of an incident
  static constexpr std::size_t kMostNotes = 5;     ///< that its message shows; the thread has all
  static constexpr std::size_t kMostSteps = 200;
  static constexpr std::chrono::hours kKeepClosed{24};  ///< for notes that come late

 private:
  struct Incident {
    SlackMessageId first;  ///< `ts` empty: not told yet
    std::set<std::string, std::less<>> rules;
    std::vector<monitor::AlertNotice> alerts;  ///< the last notice of each, in the order in which they began
    std::vector<ActionNote> notes;
    WallTime told{};
    bool is_open = true;
  };
  using IncidentId = std::uint64_t;  ///< older ones are smaller; 0: none
  /// One call to come.
  struct Step {
    IncidentId incident = 0;
    std::optional<Message> reply =
        std::nullopt;  ///< lines for the thread; else the incident's own message is brought up to date
  };

  void take_in(const Message& message);
  void forget_old(WallTime now);
  [[nodiscard]] IncidentId incident_of(const monitor::AlertNotice& notice) const;
  [[nodiscard]] IncidentId incident_of(const ActionNote& note) const;
  static void keep(Incident& incident, const monitor::AlertNotice& notice);
  static void bring_up_to_date(Incident& incident, const Message& message);
  void plan(IncidentId id, std::optional<Message> reply);
  [[nodiscard]] Result<void> carry_out(const Step& step, const ReceiverOptions& bot, const Message& message,
                                       const std::atomic<bool>& stop);
  [[nodiscard]] Result<void> show(Incident& incident, const ReceiverOptions& bot, const Message& message,
                                  const std::atomic<bool>& stop);

  std::string place_;       ///< API and channel that all this is about
  std::string message_id_;  ///< of the message that was taken in last
  std::map<IncidentId, Incident> incidents_;
  IncidentId last_incident_ = 0;
  std::deque<Step> steps_;
  std::optional<Failure> refused_;  ///< the first step of this message that was refused for good
};

}  // namespace tidegate::delivery
