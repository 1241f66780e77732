// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/slack_web.h"

#include "monitor/delivery/http_post.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace tidegate::delivery {

namespace json = boost::json;

namespace {

constexpr std::string_view kApi = "https://slack.com/api";

/// What a refusal is about.
enum class About { Moment, Token, Scope, Channel };
constexpr std::array kRefusals{
    std::pair("ratelimited", About::Moment),         std::pair("rate_limited", About::Moment),
    std::pair("internal_error", About::Moment),      std::pair("fatal_error", About::Moment),
    std::pair("service_unavailable", About::Moment), std::pair("request_timeout", About::Moment),
    std::pair("update_failed", About::Moment),       std::pair("team_added_to_org", About::Moment),
    std::pair("org_login_required", About::Moment),  std::pair("external_channel_migrating", About::Moment),
    std::pair("invalid_auth", About::Token),         std::pair("not_authed", About::Token),
    std::pair("account_inactive", About::Token),     std::pair("token_revoked", About::Token),
    std::pair("token_expired", About::Token),        std::pair("not_allowed_token_type", About::Token),
    std::pair("missing_scope", About::Scope),        std::pair("no_permission", About::Scope),
    std::pair("channel_not_found", About::Channel),  std::pair("not_in_channel", About::Channel),
    std::pair("is_archived", About::Channel),        std::pair("is_inactive", About::Channel),
};

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// Of Slack's words only those are repeated that can be such a word: an answer may come from anybody in between.
std::string code_of(std::string error) {
  const bool is_code = error.size() <= 64 && std::all_of(error.begin(), error.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                       });
  return is_code ? std::move(error) : std::string();
}

}  // namespace

Result<SlackAnswer> call_slack(const ReceiverOptions& bot, std::string_view method, std::string body,
                               const std::atomic<bool>& stop) {
  const auto reply = exchange({.url = Secret(fmt::format("{}/{}", bot.url.empty() ? kApi : bot.url, method)),
                               .body = std::move(body),
                               .fields = {{"authorization", Secret(fmt::format("Bearer {}", bot.secret.reveal()))}},
                               .timeout = bot.timeout,
                               .ca_file = bot.ca_file},
                              stop);
  if (!reply) return fail(reply);
  boost::system::error_code broken;
  const json::value read = json::parse(reply->body, broken);
  const json::object nothing;
  const json::object& answer = !broken && read.is_object() ? read.get_object() : nothing;
  const json::value* ok = answer.if_contains("ok");
  if (ok != nullptr && ok->is_bool() && ok->get_bool())
    return SlackAnswer{.message = {.channel = text_at(answer, "channel"), .ts = text_at(answer, "ts")}};
  return SlackAnswer{
      .message = {},
      .refusal = SlackRefusal{.error = code_of(text_at(answer, "error")), .retry_after = reply->retry_after}};
}

Failure slack_failure(const ReceiverOptions& bot, const SlackRefusal& refusal) {
  Failure failure{.kind = FailureKind::Denied,
                  .origin = Origin::Operator,
                  .retry = Retry::Never,
                  .retry_after = std::nullopt,
                  .detail = {}};
  const std::string& error = refusal.error;
  const auto known =
      std::find_if(kRefusals.begin(), kRefusals.end(), [&](const auto& one) { return one.first == error; });
  if (known == kRefusals.end()) {
    failure.origin = Origin::Upstream;
    failure.detail = fmt::format("Slack refuses: {}", error.empty() ? "no reason given" : error);
    return failure;
  }
  switch (known->second) {
    case About::Moment:
      failure.kind = FailureKind::Protocol;
      failure.origin = Origin::Upstream;
      failure.retry = Retry::Later;
      failure.retry_after = refusal.retry_after;
      failure.detail = fmt::format("Slack cannot take it now ({})", error);
      break;
    case About::Token:
      failure.detail = fmt::format(
          "Slack does not take the token ({}); 'secret' wants the bot token of an app that is installed, xoxb-…",
          error);
      break;
    case About::Scope:
      failure.detail = fmt::format(
          "the bot may not write ({}); give the Slack app the scope chat:write and install it again", error);
      break;
    case About::Channel:
      failure.detail = fmt::format(
          "Slack has no channel {} that the bot may write to ({}); write its id, as C012AB3CD, and invite the bot "
          "there",
          bot.channel, error);
      break;
  }
  return failure;
}

}  // namespace tidegate::delivery
