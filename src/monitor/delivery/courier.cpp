// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/courier.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tidegate::delivery {

namespace {

/// Pauses before the second attempt, the third …; after the last one the message is given up.
constexpr std::array<Seconds, 6> kBackOff{Seconds(2), Seconds(10), Seconds(30), Seconds(120), Seconds(300), Seconds(600)};
constexpr Seconds kRefreshEvery(60);

}  // namespace

void Courier::adopt(std::vector<ReceiverOptions> receivers, Nanoseconds grouping, std::string instance) {
  const std::lock_guard lock(mutex_);
  std::vector<Lane> lanes;
  for (ReceiverOptions& receiver : receivers) {
    const auto known = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.receiver.name == receiver.name; });
    Lane& lane = lanes.emplace_back(known == lanes_.end() ? Lane{} : std::move(*known));  // what waits stays
    lane.receiver = std::move(receiver);
  }
  lanes_ = std::move(lanes);
  grouping_ = grouping;
  instance_ = std::move(instance);
}

void Courier::start() {
  thread_ = std::thread([this] { run(); });
}

void Courier::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Courier::post(std::vector<monitor::AlertNotice> notices, std::vector<monitor::Alert> firing, Now now) {
  {
    const std::lock_guard lock(mutex_);
    firing_ = std::move(firing);
    for (Lane& lane : lanes_) {
      for (const monitor::AlertNotice& notice : notices) {
        if (!wants(lane.receiver, notice.alert.rule, std::max(notice.alert.severity, notice.worst_told))) continue;
        if (lane.waiting.size() >= kMostNotices) lane.waiting.erase(lane.waiting.begin());
        lane.waiting.push_back(notice);
        begin_group(lane, now);
      }
    }
  }
  if (!notices.empty()) wake_.notify_one();
}

void Courier::note(ActionNote note, Now now) {
  {
    const std::lock_guard lock(mutex_);
    for (Lane& lane : lanes_) {
      if (lane.receiver.kind == ReceiverKind::Alertmanager || !wants(lane.receiver, note.rule, note.severity)) continue;
      if (lane.notes.size() >= kMostNotices) lane.notes.erase(lane.notes.begin());
      lane.notes.push_back(note);
      begin_group(lane, now);
    }
  }
  wake_.notify_one();
}

void Courier::begin_group(Lane& lane, Now now) const {
  if (lane.group_due) return;
  lane.group_due = now.steady + grouping_;
  if (lane.last_sent) lane.group_due = std::max(*lane.group_due, *lane.last_sent + 6 * grouping_);
}

Message Courier::make(const Lane& lane, Now now) {
  Message message{.id = fmt::format("tg-{}-{}", unix_nanoseconds(now.wall), ++last_id_), .instance = instance_, .at = now.wall, .notices = lane.waiting, .notes = lane.notes, .firing = {}};
  for (const monitor::Alert& alert : firing_) {
    if (wants(lane.receiver, alert.rule, alert.severity)) message.firing.push_back(alert);
  }
  return message;
}

std::optional<std::pair<ReceiverOptions, Message>> Courier::next(Now now, Nanoseconds& pause) {
  const std::lock_guard lock(mutex_);
  for (Lane& lane : lanes_) {
    if (!lane.message && lane.group_due && now.steady >= *lane.group_due) {
      lane.message = make(lane, now);
      lane.waiting.clear();
      lane.notes.clear();
      lane.group_due.reset();
      lane.attempts = 0;
      lane.due = now.steady;
    }
    if (lane.message && now.steady >= lane.due) {
      lane.message->sent_at = now.wall;  // a receiver that lets no old signature pass takes the last attempt as well
      return std::pair(lane.receiver, *lane.message);
    }
    if (lane.message) pause = std::min(pause, lane.due - now.steady);
    if (!lane.message && lane.group_due) pause = std::min(pause, *lane.group_due - now.steady);
    const bool wants_refresh = lane.receiver.kind == ReceiverKind::Alertmanager && !lane.message && lane.waiting.empty() && !firing_.empty();
    if (wants_refresh && now.steady - lane.refreshed >= kRefreshEvery) {
      lane.refreshed = now.steady;
      Message message = make(lane, now);
      if (!message.firing.empty()) return std::pair(lane.receiver, std::move(message));
    }
  }
  return std::nullopt;
}

void Courier::finished(const std::string& receiver, const Message& message, const Result<void>& result, Now now) {
  const std::lock_guard lock(mutex_);
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& one) { return one.receiver.name == receiver; });
  if (lane == lanes_.end() || !lane->message || lane->message->id != message.id) {  // a refresh: the next one comes in a minute
    ++counts_[{receiver, result ? "sent" : "failed"}];
    return;
  }
  if (result) {
    ++counts_[{receiver, "sent"}];
    lane->message.reset();
    lane->last_sent = lane->refreshed = now.steady;
    if (lane->group_due) lane->group_due = std::max(*lane->group_due, now.steady + 6 * grouping_);  // it came while this was tried again
    return;
  }
  const auto attempt = static_cast<std::size_t>(lane->attempts++);
  if (result.error().retry != Retry::Never && attempt < kBackOff.size()) {
    ++counts_[{receiver, "failed"}];
    const Nanoseconds asked = result.error().retry_after ? Nanoseconds(*result.error().retry_after) : Nanoseconds(0);
    lane->due = now.steady + std::max<Nanoseconds>(kBackOff[attempt], asked);
    return;
  }
  ++counts_[{receiver, "dead"}];
  dead_.push_front({.at = now.wall, .receiver = receiver, .headline = headline(message), .error = result.error().detail});
  if (dead_.size() > kMostDead) dead_.pop_back();
  lane->message.reset();
}

std::optional<Nanoseconds> Courier::deliver_next() {
  Nanoseconds pause = Seconds(1);
  const auto job = next(clock_.now(), pause);
  if (!job) return pause;
  const auto& [receiver, message] = *job;
  const Result<void> result = is_slack_bot(receiver) ? tell_slack(receiver, message) : deliver(receiver, message, stopping_);
  finished(receiver.name, message, result, clock_.now());
  return std::nullopt;
}

Result<void> Courier::tell_slack(const ReceiverOptions& bot, const Message& message) {
  const auto [known, is_new] = slack_.try_emplace(bot.name);
  if (is_new) {
    const std::lock_guard lock(mutex_);
    if (const auto left = threads_.find(bot.name); left != threads_.end()) known->second.restore(left->second);
  }
  Result<void> told = known->second.tell(bot, message, stopping_);
  std::string memory = known->second.memory();
  const std::lock_guard lock(mutex_);
  if (memory.empty()) {
    threads_.erase(bot.name);
  } else {
    threads_.insert_or_assign(bot.name, std::move(memory));
  }
  return told;
}

std::map<std::string, std::string> Courier::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

void Courier::restore_threads(std::map<std::string, std::string> threads) {
  const std::lock_guard lock(mutex_);
  threads_.merge(threads);
}

void Courier::run() {
  while (!stopping_) {
    const auto pause = deliver_next();
    if (!pause) continue;
    std::unique_lock lock(mutex_);
    if (!stopping_) wake_.wait_for(lock, std::max(*pause, Nanoseconds(Milliseconds(1))));
  }
}

bool Courier::is_idle() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.waiting.empty() && !lane.message; });
}

std::vector<DeadMessage> Courier::dead() const {
  const std::lock_guard lock(mutex_);
  return {dead_.begin(), dead_.end()};
}

DeliveryCounts Courier::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace tidegate::delivery
