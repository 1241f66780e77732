// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/slack_command.h"

#include "admin/access.h"
#include "admin/slack_text.h"
#include "base/ascii.h"
#include "base/number.h"
#include "monitor/delivery/signature.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>

namespace tidegate::admin {

namespace {

constexpr std::int64_t kMostMinutes = 7 * 24 * 60;
constexpr std::int64_t kUsualMinutes = 60;
constexpr std::chrono::minutes kKeepCost{1};

/// Only whoever typed the command sees it.
Answer said(std::string_view text) {
  return {.body = boost::json::serialize(boost::json::object{{"response_type", "ephemeral"}, {"text", text}})};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_not_of(' '); at != std::string_view::npos;
       at = text.find_first_not_of(' ', at)) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    std::string word(text.substr(at, end - at));
    std::erase(word, '`');  // our own messages show ids between these
    if (!word.empty()) words.push_back(std::move(word));
    at = end;
  }
  return words;
}

std::string who(const SlackCommand& command) { return "Slack " + command.user; }

std::string acknowledge(Instance& instance, const SlackCommand& command) {
  if (command.words.size() != 1) return "Which alert? `/tidegate ack ID`; `/tidegate status` shows ids.";
  const std::string& id = command.words.front();
  if (const auto done = instance.acknowledge_alert(id, who(command)); !done) return slack_escaped(done.error().detail);
  return fmt::format("You took on alert `{}`: nobody is reminded of it.", slack_escaped(id));
}

std::string silence(Instance& instance, const SlackCommand& command) {
  const auto minutes = command.words.size() == 2 ? parse_integer(command.words[1]) : std::optional(kUsualMinutes);
  if (command.words.empty() || command.words.size() > 2 || !minutes || *minutes < 1 || *minutes > kMostMinutes)
    return "Which alert, for how long? `/tidegate silence ID 60`; minutes are a whole number from 1 to 10080 (a week).";
  const std::string& id = command.words.front();
  if (const auto done = instance.silence_alert(id, std::chrono::minutes(*minutes), who(command)); !done)
    return slack_escaped(done.error().detail);
  return fmt::format("Nobody is told of alert `{}` for {} min.", slack_escaped(id), *minutes);
}

std::string scale(Instance& instance, const SlackCommand& command) {
  if (command.words.size() > 1) return "Which action? `/tidegate scale NAME`";
  const auto done =
      instance.run_action(command.words.empty() ? std::string_view() : command.words.front(), who(command));
  return slack_escaped(done ? *done : done.error().detail);
}

}  // namespace

std::string slack_signature(const Secret& secret, std::string_view timestamp, std::string_view body) {
  return "v0=" + delivery::hmac_sha256(secret, fmt::format("v0:{}:{}", timestamp, body));
}

Result<void> SlackVerifier::verify(const Secret& secret, std::string_view signature, std::string_view timestamp,
                                   std::string_view body, Now now) {
  const auto denied = [](std::string_view why) { return fail(FailureKind::Denied, Origin::Client, std::string(why)); };
  if (signature.empty() || timestamp.empty())
    return denied("'x-slack-signature' and 'x-slack-request-timestamp' prove a request; one is missing");
  const auto sent = parse_integer(timestamp);
  if (!sent) return denied("'x-slack-request-timestamp' is no number of seconds");
  const std::int64_t clock = std::chrono::floor<Seconds>(now.wall.time_since_epoch()).count();
  if (*sent < clock - kWindow.count() || *sent > clock + kWindow.count())
    return denied("'x-slack-request-timestamp' is more than five minutes from this machine's clock");
  std::string right = slack_signature(secret, timestamp, body);
  if (!equal_in_constant_time(signature, right))
    return denied("'x-slack-signature' does not fit the body and the signing secret");
  // Only proven ones are kept, so that nobody else can fill this. A timestamp may be ahead by one window and late by
  // another.
  std::erase_if(seen_, [&](const auto& seen) { return now.steady - seen.second > 2 * kWindow; });
  if (!seen_.emplace(std::move(right), now.steady).second) return denied("this request was here before");
  return {};
}

Result<SlackCommand> read_slack_command(std::string_view body) {
  const auto form = Parameters::parse(body);
  if (!form) return fail(FailureKind::InvalidInput, Origin::Client, "the form has a broken % escape");
  SlackCommand command{.user = std::string(form->find("user_id").value_or("")),
                       .verb = {},
                       .words = words_of(form->find("text").value_or("")),
                       .response_url = std::string(form->find("response_url").value_or(""))};
  if (!command.words.empty()) {
    command.verb = lower(command.words.front());
    command.words.erase(command.words.begin());
  }
  return command;
}

std::optional<Answer> SlackDesk::check(const Request& request) {
  const SlackOptions options = instance_.slack_command();
  if (options.signing_secret.empty())
    return error_answer(404, "not_found", "There is nothing at this path: `alerts.slack_command` is not set.");
  const auto proven = verifier_.verify(options.signing_secret, request.slack_signature, request.slack_timestamp,
                                       request.body, instance_.now());
  if (!proven) return error_answer(401, "signature", proven.error().detail);
  const auto command = read_slack_command(request.body);
  if (!command) return error_answer(command.error());
  if (std::find(options.users.begin(), options.users.end(), command->user) != options.users.end()) return std::nullopt;
  // Slack shows words only of a good answer.
  return said(fmt::format("`alerts.slack_command.users` of this Tidegate does not name your Slack user id, {}.",
                          slack_escaped(command->user)));
}

Answer SlackDesk::answer(const Request& request) {
  const auto command = read_slack_command(request.body);
  return command ? said(text_of(*command)) : error_answer(command.error());
}

Answer SlackDesk::late() { return said("This takes longer than Slack waits; the answer follows here."); }

void SlackDesk::follow_up(const Request& request, const Answer& answer) {
  const auto command = read_slack_command(request.body);
  if (command) (void)follow_ups_.send(command->response_url, answer.body);
}

std::string SlackDesk::text_of(const SlackCommand& command) {
  if (command.verb == "status")
    return slack_status(instance_.status(), instance_.limits(), instance_.alerts(), instance_.alarms());
  if (command.verb == "cost") return cost();
  if (command.verb == "forecast") return forecast();
  if (command.verb == "ack") return acknowledge(instance_, command);
  if (command.verb == "silence") return silence(instance_, command);
  if (command.verb == "scale") return scale(instance_, command);
  return "`/tidegate status` what is left, and what is wrong\n"
         "`/tidegate cost` of today, by model\n"
         "`/tidegate forecast` what may run out soon\n"
         "`/tidegate ack ID` you take an alert on: no reminders\n"
         "`/tidegate silence ID 60` nobody is told of an alert for so many minutes\n"
         "`/tidegate scale NAME` run a configured action now";
}

std::string SlackDesk::forecast() {
  const int horizon = instance_.forecast_horizon();
  return slack_forecast(instance_.forecast(horizon), horizon);
}

std::string SlackDesk::cost() {
  const Now now = instance_.now();
  if (cost_ && now.steady - cost_->first < kKeepCost) return cost_->second;
  const WallTime today = std::chrono::floor<std::chrono::days>(now.wall);
  store::EntryFilter filter;
  filter.since = today;
  filter.kind = store::EntryKind::Request;
  const std::vector by{store::Dimension::Model};
  const auto rows = instance_.cost(filter, by);
  if (!rows) return "The ledger does not answer: " + slack_escaped(rows.error().detail);
  cost_.emplace(now.steady, slack_cost(*rows, today));
  return cost_->second;
}

}  // namespace tidegate::admin
