// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "monitor/delivery/message.h"
#include "monitor/delivery/slack_threads.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::delivery {

/// Tells one receiver, once; blocks. A Slack bot begins a thread each time. Failure: as `post`, `run` and `SlackThreads::tell`.
[[nodiscard]] Result<void> deliver(const ReceiverOptions& receiver, const Message& message, const std::atomic<bool>& stop);

/// A message that was given up.
struct DeadMessage {
  WallTime at{};
  std::string receiver;
  std::string headline;
  std::string error;
};

/// How often receivers were told, by receiver and result.
using DeliveryCounts = std::map<std::pair<std::string, std::string>, std::int64_t>;

/// Brings alerts to receivers, on a thread of its own. What begins within `grouping` is one message; a receiver gets further ones at
/// most every six times that. One message at a time per receiver, in order; while it is tried again, what comes meanwhile gathers
/// into the next one. Bounded: kMostNotices and as many notes per receiver wait, older ones give way. What waits is lost with the
/// process. Any thread.
class Courier {
 public:
  explicit Courier(const Clock& clock) : clock_(clock) {}
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;
  ~Courier() { stop(); }

  void adopt(std::vector<ReceiverOptions> receivers, Nanoseconds grouping, std::string instance);
  void start();
  void stop();
  void post(std::vector<monitor::AlertNotice> notices, std::vector<monitor::Alert> firing, Now now);
  /// A line about an alert, for whoever is told of that alert: it goes with the next message, or as one of its own if none is due.
  /// Alertmanager is not told: it takes alerts only.
  void note(ActionNote note, Now now);
  /// Delivers one message that is due; blocks. Nothing: it did; else how long nothing is due, at most a second. The courier's own
  /// thread does this over and over.
  [[nodiscard]] std::optional<Nanoseconds> deliver_next();
  /// What Slack bots have said and the next process must know, by receiver.
  [[nodiscard]] std::map<std::string, std::string> threads() const;
  /// What an earlier process left of that. A bot that has told something already goes on with its own.
  void restore_threads(std::map<std::string, std::string> threads);
  /// Nothing waits and nothing is being tried: what was posted has arrived, or was given up.
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] std::vector<DeadMessage> dead() const;  ///< newest first, at most kMostDead
  [[nodiscard]] DeliveryCounts counts() const;

  static constexpr std::size_t kMostNotices = 500;
  static constexpr std::size_t kMostDead = 100;

 private:
  struct Lane {
    ReceiverOptions receiver;
    std::vector<monitor::AlertNotice> waiting;
    std::vector<ActionNote> notes;        ///< that wait likewise
    std::optional<SteadyTime> group_due;  ///< when what waits becomes a message
    std::optional<SteadyTime> last_sent;
    std::optional<Message> message;  ///< that is being delivered
    int attempts = 0;
    SteadyTime due{};
    SteadyTime refreshed{};  ///< Alertmanager forgets what it is not told again
  };
  void run();
  void begin_group(Lane& lane, Now now) const;
  /// Takes what is due; nothing: how long to wait is in `pause`.
  [[nodiscard]] std::optional<std::pair<ReceiverOptions, Message>> next(Now now, Nanoseconds& pause);
  void finished(const std::string& receiver, const Message& message, const Result<void>& result, Now now);
  [[nodiscard]] Message make(const Lane& lane, Now now);
  [[nodiscard]] Result<void> tell_slack(const ReceiverOptions& bot, const Message& message);

  const Clock& clock_;
  std::map<std::string, SlackThreads> slack_;  ///< by receiver; only of the thread that delivers
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  ///< guards the fields below
  std::condition_variable wake_;
  std::vector<Lane> lanes_;
  std::vector<monitor::Alert> firing_;
  Nanoseconds grouping_ = Seconds(10);
  std::string instance_;
  std::uint64_t last_id_ = 0;
  std::deque<DeadMessage> dead_;
  DeliveryCounts counts_;
  std::map<std::string, std::string> threads_;  ///< by receiver
  std::thread thread_;
};

}  // namespace tidegate::delivery
