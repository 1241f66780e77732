// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/alert_settings.h"

#include "base/ascii.h"
#include "base/glob.h"
#include "config/nearest.h"
#include "config/secrets.h"
#include "config/setting_parts.h"
#include "config/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

namespace tidegate::config {

namespace {

using delivery::ReceiverKind;
using delivery::ReceiverOptions;
using monitor::AlertOptions;
using monitor::AlertRuleOptions;
using monitor::AlertSeverity;
using operations::ActionKind;
using operations::ActionOptions;
using std::chrono::hours;
using std::chrono::minutes;

std::optional<std::string> why_not_a_label(const std::string& text) {
  const bool good = !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (good) return std::nullopt;
  return "is not a name; use at most 64 of a-z, 0-9, '-' and '_', because it becomes a label of metrics";
}

std::optional<std::string> why_not_a_target(const std::string& text) {
  const auto url = parse_url(text);
  constexpr std::array kSchemes{"http", "https", "smtp", "smtps"};
  const bool known = url && std::any_of(kSchemes.begin(), kSchemes.end(), [&](const char* scheme) { return url->scheme == scheme; });
  if (!known) return "is not a URL; write it as https://host/path, or for e-mail smtp://host:port";
  if (!url->user.empty()) return "holds credentials; put them where 'secret' and 'user' say";
  return std::nullopt;
}

Type<AlertSeverity> severity() {
  return word<AlertSeverity>({{"info", AlertSeverity::Info}, {"warning", AlertSeverity::Warning}, {"critical", AlertSeverity::Critical}});
}

Type<AlertRuleOptions> rule() {
  using R = AlertRuleOptions;
  return record<R>({field<R>("name", TIDEGATE_AT(name), text("name"), "which of the shipped rules (docs/alerts.md)").required(),
                    field<R>("enabled", TIDEGATE_AT(enabled), optional(yes_or_no()), "false: it is not looked at"),
                    field<R>("threshold", TIDEGATE_AT(threshold), optional(figure(0, 1e12)), "in the rule's unit: a share, tokens, a probability"),
                    field<R>("clear", TIDEGATE_AT(clear), optional(figure(0, 1e12)), "a firing alert is over only beyond this"),
                    field<R>("share", TIDEGATE_AT(share), optional(figure(0, 1)), "of tokens_remaining_low: also below this share of the limit"),
                    field<R>("every", TIDEGATE_AT(every), optional(duration(Seconds(1), hours(1))), "how often it is looked at"),
                    field<R>("for", TIDEGATE_AT(hold), optional(duration(Nanoseconds(0), hours(24))), "how long it must be bad before it fires"),
                    field<R>("silence", TIDEGATE_AT(silence), optional(duration(Nanoseconds(0), hours(24 * 7))),
                             "the same alert is told at most once in so long, and again after it; 0s: each time, without reminders"),
                    field<R>("severity", TIDEGATE_AT(severity), optional(severity()), "alarms of the gateway bring their own"),
                    field<R>("runbook", TIDEGATE_AT(runbook), text("URL"), "what to do about it")});
}

Type<ReceiverOptions> receiver() {
  using R = ReceiverOptions;
  return record<R>(
      {field<R>("name", TIDEGATE_AT(name), checked_text("name", why_not_a_label), "what metrics and dead letters call it").required(),
       field<R>("kind", TIDEGATE_AT(kind),
                word<ReceiverKind>({{"slack", ReceiverKind::Slack},
                                    {"webhook", ReceiverKind::Webhook},
                                    {"pagerduty", ReceiverKind::PagerDuty},
                                    {"email", ReceiverKind::Email},
                                    {"alertmanager", ReceiverKind::Alertmanager}}),
                "how it wants to be told")
           .required(),
       field<R>("url", TIDEGATE_AT(url), checked_text("URL", why_not_a_target),
                "where; of alertmanager without /api/v2/alerts; `smtp://host:port` for e-mail; of a Slack bot another API than https://slack.com/api"),
       field<R>("webhook", kItself, secret_in(&R::address_name, &R::address, "a webhook's URL"),
                "a URL that is a secret itself: Slack's incoming webhook"),
       field<R>("secret", kItself, secret_in(&R::secret_name, &R::secret, "a secret"),
                "signing key of a webhook, routing key of PagerDuty, token of a Slack bot, password of the SMTP server"),
       field<R>("channel", TIDEGATE_AT(channel), text("id"), "where a Slack bot writes, as C012AB3CD: a message for each incident, with a thread"),
       field<R>("user", TIDEGATE_AT(user), text("name"), "of the SMTP server"),
       field<R>("sendmail", TIDEGATE_AT(sendmail), text("path"), "a program instead of an SMTP server, as /usr/sbin/sendmail"),
       field<R>("from", TIDEGATE_AT(from), text("address"), "sender of e-mail"),
       field<R>("to", TIDEGATE_AT(to), list_of(text("address"), 50), "who gets the e-mail"),
       field<R>("min_severity", TIDEGATE_AT(min_severity), severity(), "what is less severe is not told"),
       field<R>("rules", TIDEGATE_AT(rules), list_of(text("pattern"), 100), "rules that are told; without it, all"),
       field<R>("timeout", TIDEGATE_AT(timeout), duration(Milliseconds(100), minutes(1)), "for one attempt"),
       field<R>("ca_file", TIDEGATE_AT(ca_file), text("path"), "PEM file of the authorities that its certificate is verified with; without it, the system's")});
}

Type<ActionOptions> action() {
  using A = ActionOptions;
  return record<A>(
      {field<A>("name", TIDEGATE_AT(name), checked_text("name", why_not_a_label), "what messages call it").required(),
       field<A>("kind", TIDEGATE_AT(kind),
                word<ActionKind>({{"command", ActionKind::Command},
                                  {"webhook", ActionKind::Webhook},
                                  {"tenant_limit", ActionKind::TenantLimit},
                                  {"pause_batch", ActionKind::PauseBatch},
                                  {"shift_share", ActionKind::ShiftShare},
                                  {"enable_key", ActionKind::EnableKey}}),
                "what is done")
           .required(),
       field<A>("rules", TIDEGATE_AT(rules), list_of(text("pattern"), 100), "when one of these rules fires").required(),
       field<A>("command", TIDEGATE_AT(command), list_of(text("argument"), 100), "program and arguments, without a shell; the facts are in TIDEGATE_… variables"),
       field<A>("undo", TIDEGATE_AT(undo), list_of(text("argument"), 100), "program and arguments when the alert is over; without it, nothing is run"),
       field<A>("url", TIDEGATE_AT(url), checked_text("URL", why_not_a_target), "of the webhook"),
       field<A>("secret", kItself, secret_in(&A::secret_name, &A::secret, "a secret"), "the webhook's payload is signed with it"),
       field<A>("tier", TIDEGATE_AT(tier), text("tier"), "proposed to the webhook"),
       field<A>("tenant", TIDEGATE_AT(tenant), text("name"), "whose limits per minute change"),
       field<A>("factor", TIDEGATE_AT(factor), figure(0.01, 100), "of its limits; they return when the alert is over"),
       field<A>("provider", TIDEGATE_AT(provider), text("name"), "of pause_batch: whose batch requests wait, without it all; of shift_share and enable_key"),
       field<A>("share", TIDEGATE_AT(share), figure(0, 1), "of shift_share: part of the provider's requests that asks the further targets of its routes first"),
       field<A>("key", TIDEGATE_AT(key), text("name"), "of enable_key: a key of the provider with `spare: true`, by its variable or file"),
       field<A>("timeout", TIDEGATE_AT(timeout), duration(Milliseconds(100), minutes(10)), "of one attempt; then it is ended and has failed"),
       field<A>("attempts", TIDEGATE_AT(attempts), count<std::size_t>(1, 20), "in all, with growing pauses (5 s to 5 min), until it works; all of them are the same incident"),
       field<A>("expected", TIDEGATE_AT(expected), duration(Nanoseconds(0), hours(24)), "until it helps; messages say so, and say when it did not"),
       field<A>("cooldown", TIDEGATE_AT(cooldown), duration(Nanoseconds(0), hours(24)), "between two runs"),
       field<A>("keep", TIDEGATE_AT(keep), optional(duration(Nanoseconds(0), hours(24 * 7))),
                "in place at least so long before it is taken back; without it, 30m of command and webhook, 5m of the others"),
       field<A>("max_per_day", TIDEGATE_AT(max_per_day), count<std::size_t>(1, 10'000), "runs, in UTC"),
       field<A>("dry_run", TIDEGATE_AT(dry_run), yes_or_no(), "say what would be done, and do nothing")});
}

Type<admin::SlackOptions> slack_command() {
  using S = admin::SlackOptions;
  return record<S>({field<S>("signing_secret", kItself, secret_in(&S::signing_secret_name, &S::signing_secret, "a signing secret"),
                             "of the Slack app; without it there is no such command"),
                    field<S>("users", TIDEGATE_AT(users), list_of(text("id"), 1'000), "ids of those who may use it, as U012AB3CD")});
}

// ---- checks

/// A pattern that fits no rule would keep silent for ever.
void check_rule_patterns(const std::vector<std::string>& patterns, const std::vector<std::string>& known, const std::string& path,
                         Reading& reading) {
  for (const std::string& pattern : patterns) {
    const auto fits = [&](const std::string& rule) { return matches_glob(pattern, rule); };
    if (std::any_of(known.begin(), known.end(), fits)) continue;
    const auto near = nearest(pattern, known);
    reading.refuse_at(path + ".rules", fmt::format("{} fits no rule{}", shown(pattern), near ? fmt::format("; did you mean '{}'?", *near) : ""));
  }
}

void check_scheme(const std::string& address, std::string_view wanted, const std::string& path, Reading& reading) {
  const auto url = parse_url(address);
  if (url && url->scheme != wanted && url->scheme != fmt::format("{}s", wanted))
    reading.refuse_at(path + ".url", fmt::format("is {}://, and {}:// or {}s:// is wanted here", url->scheme, wanted, wanted));
}

void check_receiver(const ReceiverOptions& receiver, const std::string& path, Reading& reading) {
  const auto refuse = [&](std::string_view message) { reading.refuse_at(path, message); };
  switch (receiver.kind) {
    case ReceiverKind::Slack:
      if (receiver.address_name.empty() && receiver.secret_name.empty())
        refuse("Slack wants 'webhook: {env: SLACK_WEBHOOK_URL}', or a bot's token as 'secret' with a 'channel'");
      if (receiver.address_name.empty() && !receiver.secret_name.empty() && receiver.channel.empty())
        refuse("a Slack bot wants a 'channel', as C012AB3CD");
      if (!receiver.address_name.empty() && !receiver.secret_name.empty())
        refuse("Slack is told by 'webhook' or by a bot with 'secret' and 'channel', not by both");
      if (const auto url = parse_url(receiver.url); !receiver.secret_name.empty() && url && url->scheme != "https" && !is_loopback(url->host))
        refuse("the bot's token would go over an open line; use https in 'url', or leave 'url' out for Slack's own API");
      break;
    case ReceiverKind::Webhook:
      if (receiver.url.empty() && receiver.address_name.empty()) refuse("has no 'url'");
      break;
    case ReceiverKind::Alertmanager:
      if (receiver.url.empty()) refuse("has no 'url', as http://127.0.0.1:9093");
      break;
    case ReceiverKind::PagerDuty:
      if (receiver.secret_name.empty()) refuse("PagerDuty wants the integration's routing key as 'secret'");
      break;
    case ReceiverKind::Email:
      if (receiver.url.empty() == receiver.sendmail.empty()) refuse("e-mail wants 'url: smtp://host:port' or 'sendmail', and not both");
      if (receiver.from.empty() || receiver.to.empty()) refuse("e-mail wants 'from' and 'to'");
      break;
  }
  check_scheme(receiver.url, receiver.kind == ReceiverKind::Email ? "smtp" : "http", path, reading);
  if (!receiver.address.empty() && why_not_a_target(std::string(receiver.address.reveal())))
    reading.refuse_at(path + ".webhook", "what it holds is not a URL");
  if (receiver.ca_file.empty()) return;
  if (const auto file = reading.try_file(receiver.ca_file); !file) reading.refuse_at(path + ".ca_file", file.error().detail);
}

/// Whether some request that asks this provider first may ask another one after it.
bool has_further_target(const Options& options, const upstream::ProviderOptions& provider) {
  const auto leads_on = [&](const routing::RouteRule& route) {
    std::vector<ProviderId> targets = route.overflow;
    if (!route.provider.empty()) targets.push_back(route.provider);
    for (const routing::TargetRule& target : route.targets) targets.push_back(target.provider);
    const auto own = std::count(targets.begin(), targets.end(), provider.id);
    return own > 0 && static_cast<std::size_t>(own) < targets.size();
  };
  return std::any_of(options.gateway.routes.begin(), options.gateway.routes.end(), leads_on) ||
         std::any_of(options.providers.begin(), options.providers.end(),
                     [&](const upstream::ProviderOptions& other) { return other.id != provider.id && other.dialect == provider.dialect; });
}

/// What an action moves in a provider must be there.
void check_provider_of(const ActionOptions& action, const Options& options, const std::string& path, Reading& reading) {
  const auto provider = std::find_if(options.providers.begin(), options.providers.end(),
                                     [&](const upstream::ProviderOptions& one) { return one.id.text() == action.provider; });
  if (provider == options.providers.end()) return reading.refuse_at(path + ".provider", fmt::format("no provider is named {}", shown(action.provider)));
  if (action.kind == ActionKind::ShiftShare && !has_further_target(options, *provider))
    reading.refuse_at(path, fmt::format("no route leads on from provider '{}'; give one an 'overflow'", action.provider));
  if (action.kind != ActionKind::EnableKey) return;
  const auto key = std::find_if(provider->keys.begin(), provider->keys.end(), [&](const upstream::ProviderKey& one) { return one.name == action.key; });
  if (key == provider->keys.end()) reading.refuse_at(path + ".key", fmt::format("provider '{}' has no key named {}", action.provider, shown(action.key)));
  else if (!key->is_spare) reading.refuse_at(path + ".key", fmt::format("{} is in rotation anyway; write 'spare: true' with it to keep it back", shown(action.key)));
}

void check_action(const ActionOptions& action, const Options& options, const std::string& path, Reading& reading) {
  const auto refuse = [&](std::string_view message) { reading.refuse_at(path, message); };
  if (action.rules.empty()) refuse("acts on no rule; name some, as in 'rules: [exhaustion_forecast]'");
  switch (action.kind) {
    case ActionKind::Command:
      if (action.command.empty() || action.command.front().empty()) refuse("has no 'command'");
      break;
    case ActionKind::Webhook:
      if (action.url.empty()) refuse("has no 'url'");
      check_scheme(action.url, "http", path, reading);
      break;
    case ActionKind::TenantLimit:
      if (action.tenant.empty()) refuse("has no 'tenant'");
      if (action.factor == 1) refuse("changes nothing with a 'factor' of 1");
      break;
    case ActionKind::PauseBatch:
      if (!action.provider.empty()) check_provider_of(action, options, path, reading);
      break;
    case ActionKind::ShiftShare:
      if (action.share <= 0) refuse("moves nothing without a 'share', as 0.3");
      if (action.provider.empty()) refuse("has no 'provider' that requests are moved away from");
      else check_provider_of(action, options, path, reading);
      break;
    case ActionKind::EnableKey:
      if (action.provider.empty() || action.key.empty()) refuse("wants a 'provider' and the name of one of its keys as 'key'");
      else check_provider_of(action, options, path, reading);
      break;
  }
}

template <typename Item>
void check_names(const std::vector<Item>& items, std::string_view list, Reading& reading) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].name.empty() || names.insert(items[i].name).second) continue;
    reading.refuse_at(fmt::format("{}[{}].name", list, i), fmt::format("{} is there twice; give each its own", shown(items[i].name)));
  }
}

}  // namespace

Type<Options> alert_settings() {
  return record<Options>(
      {field<Options>("enabled", TIDEGATE_AT(alerts.enabled), yes_or_no(), "false: no rule is looked at"),
       field<Options>("daily_budget", TIDEGATE_AT(alerts.daily_budget), dollars(),
                      "of everything together, a day in UTC, for daily_cost_high; 0: only tenants' own budgets count"),
       field<Options>("grouping", TIDEGATE_AT(alerts.grouping), duration(Nanoseconds(0), minutes(10)),
                      "alerts that begin within it are one message; further messages to the same receiver come at most once in six times that"),
       field<Options>("runbooks", TIDEGATE_AT(alerts.runbooks), text("URL"), "put before the name of a rule's runbook"),
       field<Options>("rules", TIDEGATE_AT(alerts.rules), list_of(rule(), 100), "what is to be otherwise than shipped"),
       field<Options>("receivers", TIDEGATE_AT(receivers), list_of(receiver(), 50), "who is told; without any, SLACK_WEBHOOK_URL if the environment has it"),
       field<Options>("actions", TIDEGATE_AT(actions), list_of(action(), 50), "what is done when a rule fires, and taken back afterwards"),
       field<Options>("slack_command", TIDEGATE_AT(slack), slack_command(), "`/tidegate` in Slack, at `/slack/command` of the admin listener")});
}

void check_alerts(const Options& options, Reading& reading) {
  for (std::size_t i = 0; i < options.alerts.rules.size(); ++i) {
    if (options.alerts.rules[i].name.empty()) continue;  // reported as missing
    if (const auto good = monitor::check_alert_rule(options.alerts.rules[i]); !good)
      reading.refuse_at(fmt::format("alerts.rules[{}]", i), good.error().detail);
  }
  check_names(options.alerts.rules, "alerts.rules", reading);
  check_names(options.receivers, "alerts.receivers", reading);
  check_names(options.actions, "alerts.actions", reading);
  std::vector<std::string> rules = monitor::alert_rule_names();
  for (std::size_t i = 0; i < options.actions.size(); ++i) {
    const std::string path = fmt::format("alerts.actions[{}]", i);
    check_action(options.actions[i], options, path, reading);
    check_rule_patterns(options.actions[i].rules, rules, path, reading);
  }
  rules.emplace_back(operations::kByHandRule);  // what is told of actions that somebody asked for
  for (std::size_t i = 0; i < options.receivers.size(); ++i) {
    const std::string path = fmt::format("alerts.receivers[{}]", i);
    check_receiver(options.receivers[i], path, reading);
    check_rule_patterns(options.receivers[i].rules, rules, path, reading);
  }
  if (!options.slack.signing_secret_name.empty() && options.slack.users.empty())
    reading.warn_at("alerts.slack_command", "names no 'users', so that nobody may use it");
}

}  // namespace tidegate::config
