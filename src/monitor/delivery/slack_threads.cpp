// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/slack_threads.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidegate::delivery {

using monitor::Alert;
using monitor::AlertNotice;

namespace {

constexpr std::string_view kPost = "chat.postMessage";
constexpr std::string_view kUpdate = "chat.update";

bool is_over(const AlertNotice& notice) { return notice.kind == AlertNotice::Kind::Resolved; }

const Alert* find(const std::vector<Alert>& alerts, std::string_view id) {
  const auto found = std::find_if(alerts.begin(), alerts.end(), [&](const Alert& alert) { return alert.id == id; });
  return found == alerts.end() ? nullptr : &*found;
}

const AlertNotice* find(const std::vector<AlertNotice>& notices, std::string_view id) {
  const auto found =
      std::find_if(notices.begin(), notices.end(), [&](const AlertNotice& notice) { return notice.alert.id == id; });
  return found == notices.end() ? nullptr : &*found;
}

/// The same message without what it tells.
Message without_news(const Message& message) {
  return {.id = message.id,
          .instance = message.instance,
          .at = message.at,
          .notices = {},
          .notes = {},
          .firing = message.firing};
}

}  // namespace

SlackThreads::IncidentId SlackThreads::incident_of(const AlertNotice& notice) const {
  // An alert that goes on or ends belongs where it began, even if that incident is closed by now (it was silenced).
  for (auto incident = incidents_.rbegin(); incident != incidents_.rend(); ++incident) {
    const AlertNotice* before = find(incident->second.alerts, notice.alert.id);
    if (before != nullptr && (is_over(notice) || !is_over(*before))) return incident->first;
  }
  const auto open = std::find_if(incidents_.begin(), incidents_.end(), [&](const auto& one) {
    return one.second.is_open && one.second.rules.contains(notice.alert.rule);
  });
  return open == incidents_.end() ? 0 : open->first;
}

SlackThreads::IncidentId SlackThreads::incident_of(const ActionNote& note) const {
  const auto by_alert = std::find_if(incidents_.rbegin(), incidents_.rend(), [&](const auto& one) {
    return find(one.second.alerts, note.alert_id) != nullptr;
  });
  if (by_alert != incidents_.rend()) return by_alert->first;
  const auto by_rule = std::find_if(incidents_.rbegin(), incidents_.rend(),
                                    [&](const auto& one) { return one.second.rules.contains(note.rule); });
  return by_rule == incidents_.rend() ? 0 : by_rule->first;
}

void SlackThreads::forget_old(WallTime now) {
  std::erase_if(incidents_,
                [&](const auto& one) { return !one.second.is_open && now - one.second.told > kKeepClosed; });
  while (incidents_.size() >= kMostIncidents) incidents_.erase(incidents_.begin());
}

void SlackThreads::keep(Incident& incident, const AlertNotice& notice) {
  incident.rules.insert(notice.alert.rule);
  auto& alerts = incident.alerts;
  const auto known = std::find_if(alerts.begin(), alerts.end(),
                                  [&](const AlertNotice& one) { return one.alert.id == notice.alert.id; });
  if (known != alerts.end()) {
    *known = notice;
    return;
  }
  if (alerts.size() >= kMostAlerts) {
    const auto over = std::find_if(alerts.begin(), alerts.end(), is_over);
    alerts.erase(over == alerts.end() ? alerts.begin() : over);
  }
  alerts.push_back(notice);
}

void SlackThreads::bring_up_to_date(Incident& incident, const Message& message) {
  incident.is_open = false;
  for (AlertNotice& notice : incident.alerts) {
    if (is_over(notice)) continue;
    const Alert* now = find(message.firing, notice.alert.id);
    if (now == nullptr) continue;  // silenced, or nobody looks at its rule any more
    notice.alert = *now;
    incident.is_open = true;
  }
}

void SlackThreads::plan(IncidentId id, std::optional<Message> reply) {
  const auto is_planned = [&](const Step& step) { return step.incident == id && !step.reply; };
  // What a step shows is looked up when it is carried out: one that waits already will do.
  if (!reply && std::any_of(steps_.begin(), steps_.end(), is_planned)) return;
  if (steps_.size() >= kMostSteps) steps_.pop_front();
  steps_.push_back({.incident = id, .reply = std::move(reply)});
}

void SlackThreads::take_in(const Message& message) {
  forget_old(message.at);
  std::map<IncidentId, Message> replies;
  IncidentId fresh = 0;
  for (const AlertNotice& notice : message.notices) {
    IncidentId id = incident_of(notice);
    if (id == 0) id = fresh != 0 ? fresh : (fresh = ++last_incident_);
    keep(incidents_[id], notice);
    replies.try_emplace(id, without_news(message)).first->second.notices.push_back(notice);
  }
  for (const ActionNote& note : message.notes) {
    const IncidentId id = incident_of(note);
    replies.try_emplace(id, without_news(message)).first->second.notes.push_back(note);
    if (id == 0) continue;
    auto& notes = incidents_[id].notes;
    if (notes.size() >= kMostNotes) notes.erase(notes.begin());
    notes.push_back(note);
  }
  for (auto& [id, incident] : incidents_) bring_up_to_date(incident, message);
  for (auto& [id, reply] : replies) {
    if (id != 0) {
      incidents_[id].told = message.at;
      plan(id, std::nullopt);
    }
    if (id == fresh && id != 0) reply.notices.clear();  // the message itself has just said it
    if (!reply.notices.empty() || !reply.notes.empty()) plan(id, std::move(reply));
  }
}

Result<void> SlackThreads::show(Incident& incident, const ReceiverOptions& bot, const Message& message,
                                const std::atomic<bool>& stop) {
  Message shown = without_news(message);
  shown.notes = incident.notes;
  shown.notices = incident.alerts;
  std::stable_sort(shown.notices.begin(), shown.notices.end(), [](const AlertNotice& a, const AlertNotice& b) {
    return std::pair(is_over(a), -static_cast<int>(a.alert.severity)) <
           std::pair(is_over(b), -static_cast<int>(b.alert.severity));
  });
  if (!incident.first.ts.empty()) {
    const auto answer = call_slack(
        bot, kUpdate, slack_body(shown, {.channel = incident.first.channel, .update = incident.first.ts}), stop);
    if (!answer) return fail(answer);
    if (!answer->refusal) return {};
    const std::string& error = answer->refusal->error;
    // The workspace lets nobody change what was said so long ago: the thread alone goes on.
    if (error == "edit_window_closed" || error == "cant_update_message") return {};
    if (error != "message_not_found") return tl::unexpected(slack_failure(bot, *answer->refusal));
    incident.first = {};  // somebody has deleted it
  }
  auto answer = call_slack(bot, kPost, slack_body(shown, {.channel = bot.channel}), stop);
  if (!answer) return fail(answer);
  if (answer->refusal) return tl::unexpected(slack_failure(bot, *answer->refusal));
  incident.first = std::move(answer->message);
  if (incident.first.channel.empty()) incident.first.channel = bot.channel;
  return {};
}

Result<void> SlackThreads::carry_out(const Step& step, const ReceiverOptions& bot, const Message& message,
                                     const std::atomic<bool>& stop) {
  const auto incident = incidents_.find(step.incident);
  SlackPlace place{.channel = bot.channel};
  if (incident != incidents_.end()) {
    SlackMessageId& first = incident->second.first;
    if (!step.reply) return show(incident->second, bot, message, stop);
    if (first.ts.empty()) return {};  // its own message was refused, and that was said
    place.channel = first.channel;
    place.thread = first.ts;
  } else if (!step.reply || step.incident != 0) {
    return {};  // the incident had to give way
  }
  // Whoever does not follow the thread sees nothing of it: what begins or gets worse is shown in the channel as well.
  const auto& notices = step.reply->notices;
  place.is_broadcast = !place.thread.empty() &&
                       std::any_of(notices.begin(), notices.end(),
                                   [](const AlertNotice& notice) { return notice.kind == AlertNotice::Kind::Firing; });
  const auto answer = call_slack(bot, kPost, slack_lines(*step.reply, place), stop);
  if (!answer) return fail(answer);
  if (answer->refusal) return tl::unexpected(slack_failure(bot, *answer->refusal));
  return {};
}

Result<void> SlackThreads::tell(const ReceiverOptions& bot, const Message& message, const std::atomic<bool>& stop) {
  if (const std::string place = fmt::format("{} {}", bot.url, bot.channel); place != place_) {
    *this = SlackThreads();
    place_ = place;
  }
  if (message.id != message_id_) {
    take_in(message);
    message_id_ = message.id;
    refused_.reset();
  }
  for (; !steps_.empty(); steps_.pop_front()) {
    auto done = carry_out(steps_.front(), bot, message, stop);
    if (done) continue;
    if (done.error().retry != Retry::Never) return done;
    if (!refused_) refused_ = std::move(done.error());
  }
  if (!refused_) return {};
  return tl::unexpected(*std::exchange(refused_, std::nullopt));
}

}  // namespace tidegate::delivery
