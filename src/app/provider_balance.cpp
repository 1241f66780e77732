// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/provider_balance.h"

#include "app/http_client.h"
#include "base/number.h"
#include "config/url.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace tidegate::app {

namespace json = boost::json;

namespace {

using monitor::Balance;
using upstream::BalanceKind;

/// What one-api and new-api give as the limit of a key that has none.
constexpr double kNoLimit = 100'000'000;

tl::unexpected<Failure> unreadable(std::string_view what) {
  return fail(FailureKind::Protocol, Origin::Upstream, fmt::format("its balance cannot be read: {}", what));
}

const json::value* find(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

/// A number, or a text that is one.
std::optional<double> figure(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->to_number<double>();
  return value->is_string() ? parse_decimal(std::string_view(value->get_string())) : std::nullopt;
}

std::string_view word(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view{};
}

/// The `code` or `type` of an error, if it is a word of its API: anything else may repeat a key, as prose does.
std::string error_name(const json::object& error) {
  for (const std::string_view member : {"code", "type"}) {
    const std::string_view name = word(error, member);
    const bool is_name = !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || c == '_';
    });
    if (is_name) return fmt::format(" ({})", name);
  }
  return {};
}

std::string error_name(std::string_view body) {
  boost::system::error_code error;
  const json::value answer = json::parse(body, error);
  if (error || !answer.is_object()) return {};
  const json::value* of = find(answer.get_object(), "error");
  return of != nullptr && of->is_object() ? error_name(of->get_object()) : std::string();
}

Result<json::object> read_object(std::string_view body) {
  boost::system::error_code error;
  json::value answer = json::parse(body, error);
  if (error || !answer.is_object()) return unreadable("the answer is no JSON object; is 'balance.url' right?");
  if (find(answer.get_object(), "error") != nullptr) return unreadable("the answer is an error" + error_name(body));
  return std::move(answer.get_object());
}

Result<json::object> read_data(std::string_view body) {
  auto answer = read_object(body);
  if (!answer) return fail(answer);
  const json::value* data = find(*answer, "data");
  if (data == nullptr || !data->is_object()) return unreadable("the answer has no 'data'");
  return data->get_object();
}

Result<Balance> one(std::string_view currency, std::optional<double> left, std::string_view member) {
  if (!left) return unreadable(fmt::format("the answer has no figure '{}'", member));
  return Balance{.amounts = {{.currency = std::string(currency), .left = *left}}};
}

}  // namespace

SiteUnits read_site_units(std::string_view status) {
  SiteUnits units;
  const auto data = read_data(status);
  if (!data) return units;
  if (const auto quota = figure(*data, "quota_per_unit"); quota && *quota > 0) units.quota_per_dollar = *quota;
  const std::string_view displayed = word(*data, "quota_display_type");
  const json::value* in_currency = find(*data, "display_in_currency");
  const bool is_quota = displayed.empty() ? in_currency != nullptr && in_currency->is_bool() && !in_currency->get_bool()
                                          : displayed == "TOKENS";
  if (is_quota) units.per_unit = units.quota_per_dollar;
  if (displayed == "CNY") units.currency = displayed;
  return units;
}

Result<Balance> read_billing(std::string_view subscription, std::string_view usage, const SiteUnits& units) {
  const auto limits = read_object(subscription);
  if (!limits) return fail(limits);
  const auto limit = figure(*limits, "hard_limit_usd");
  if (!limit) return unreadable("the answer has no figure 'hard_limit_usd'");
  if (*limit == kNoLimit) return Balance{.amounts = {}, .is_unlimited = true};
  const auto used = read_object(usage);
  if (!used) return fail(used);
  const auto hundredths = figure(*used, "total_usage");
  return one(units.currency, hundredths ? std::optional((*limit - *hundredths / 100) / units.per_unit) : std::nullopt,
             "total_usage");
}

Result<Balance> read_account(std::string_view account, const SiteUnits& units) {
  const auto data = read_data(account);
  if (!data) return fail(data);
  const auto quota = figure(*data, "quota");
  return one("USD", quota ? std::optional(*quota / units.quota_per_dollar) : std::nullopt, "quota");
}

Result<Balance> read_openrouter_credits(std::string_view credits) {
  const auto data = read_data(credits);
  if (!data) return fail(data);
  const auto bought = figure(*data, "total_credits");
  const auto used = figure(*data, "total_usage");
  return one("USD", bought && used ? std::optional(*bought - *used) : std::nullopt,
             bought ? "total_usage" : "total_credits");
}

Result<Balance> read_openrouter_key(std::string_view key) {
  const auto data = read_data(key);
  if (!data) return fail(data);
  if (data->contains("limit") && find(*data, "limit") == nullptr) return Balance{.amounts = {}, .is_unlimited = true};
  return one("USD", figure(*data, "limit_remaining"), "limit_remaining");
}

Result<Balance> read_deepseek(std::string_view body) {
  const auto answer = read_object(body);
  if (!answer) return fail(answer);
  const json::value* infos = find(*answer, "balance_infos");
  if (infos == nullptr || !infos->is_array()) return unreadable("the answer has no 'balance_infos'");
  Balance balance;
  for (const json::value& info : infos->get_array()) {
    if (!info.is_object()) return unreadable("a balance is no object");
    const std::string_view currency = word(info.get_object(), "currency");
    // It becomes a label of metrics.
    const bool is_code = currency.size() == 3 &&
                         std::all_of(currency.begin(), currency.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    const auto left = figure(info.get_object(), "total_balance");
    if (!is_code || !left) return unreadable("a balance has no 'currency' or no figure 'total_balance'");
    balance.amounts.push_back({.currency = std::string(currency), .left = *left});
  }
  if (balance.amounts.empty()) return unreadable("'balance_infos' is empty");
  const json::value* available = find(*answer, "is_available");
  balance.is_usable = available == nullptr || !available->is_bool() || available->get_bool();
  return balance;
}

Result<Balance> read_moonshot(std::string_view body, std::string_view currency) {
  const auto data = read_data(body);
  if (!data) return fail(data);
  auto balance = one(currency, figure(*data, "available_balance"), "available_balance");
  if (balance)
    balance->is_usable = balance->amounts.front().left > 0;  // "less than or equal to 0: cannot call the inference API"
  return balance;
}

Result<Balance> read_siliconflow(std::string_view body, std::string_view currency) {
  const auto answer = read_object(body);
  if (!answer) return fail(answer);
  constexpr double kDone = 20'000;
  if (figure(*answer, "code").value_or(kDone) != kDone) return unreadable("the answer's 'code' is not 20000");
  const auto data = read_data(body);
  if (!data) return fail(data);
  return one(currency, figure(*data, "totalBalance"), "totalBalance");
}

namespace {

enum class With : std::uint8_t { NoKey, Bearer, BareKey };

/// One GET. Failure: as `ask`.
Result<HttpReply> get(const BalanceQuestion& question, std::string_view path, With with) {
  HttpQuestion get{.url = question.base + std::string(path),
                   .fields = {},
                   .bearer = with == With::Bearer ? question.key : Secret(),
                   .timeout = question.timeout,
                   .ca_file = question.ca_file,
                   .proxy = question.proxy,
                   .proxy_credential = question.proxy_credential};
  get.fields.emplace_back("accept", Secret("application/json"));
  if (with == With::BareKey) get.fields.emplace_back("authorization", question.key);
  return ask(get);
}

bool is_refusal(int status) { return status == 401 || status == 403; }

/// The body of a 200. Failure: Denied for a key that is refused, Protocol for any other status.
Result<std::string> body_of(Result<HttpReply> reply, std::string_view path) {
  if (!reply) return fail(reply);
  if (reply->status == 200) return std::move(reply->body);
  const bool refused = is_refusal(reply->status);
  return fail(refused ? FailureKind::Denied : FailureKind::Protocol, refused ? Origin::Operator : Origin::Upstream,
              fmt::format("{} answers {}{}{}", path, reply->status, error_name(reply->body),
                          refused ? ": the key is refused" : ""));
}

Result<std::string> get_body(const BalanceQuestion& question, std::string_view path) {
  return body_of(get(question, path, With::Bearer), path);
}

/// A site that does not answer now may count in yuan: then there is no telling. One that hides its status counts in
/// dollars, as far as is known.
Result<SiteUnits> fetch_units(const BalanceQuestion& question) {
  constexpr std::string_view kPath = "/api/status";
  auto reply = get(question, kPath, With::NoKey);
  if (!reply) return fail(reply);
  if (reply->status == 429 || reply->status >= 500) return fail(body_of(std::move(reply), kPath));
  return read_site_units(reply->status == 200 ? std::string_view(reply->body) : std::string_view());
}

Result<Balance> fetch_account(const BalanceQuestion& question) {
  constexpr std::string_view kPath = "/api/user/self";
  const auto account = body_of(get(question, kPath, With::BareKey), kPath);
  if (!account) return fail(account);
  const auto units = fetch_units(question);
  if (!units) return fail(units);
  return read_account(*account, *units);
}

Result<Balance> fetch_billing(const BalanceQuestion& question) {
  const auto subscription = get_body(question, "/v1/dashboard/billing/subscription");
  if (!subscription) return fail(subscription);
  const auto usage = get_body(question, "/v1/dashboard/billing/usage");
  if (!usage) return fail(usage);
  const auto units = fetch_units(question);
  if (!units) return fail(units);
  return read_billing(*subscription, *usage, *units);
}

Result<Balance> fetch_openrouter(const BalanceQuestion& question) {
  constexpr std::string_view kCredits = "/api/v1/credits";
  auto credits = get(question, kCredits, With::Bearer);
  if (!credits || question.is_account_key || !is_refusal(credits->status)) {
    const auto body = body_of(std::move(credits), kCredits);
    return body ? read_openrouter_credits(*body) : fail(body);
  }
  const auto key = get_body(question, "/api/v1/key");
  return key ? read_openrouter_key(*key) : fail(key);
}

std::string_view currency_at(std::string_view base) {
  const auto url = config::parse_url(base);
  return url && url->host.ends_with(".cn") ? "CNY" : "USD";
}

}  // namespace

BalanceQuestion balance_question(const upstream::ProviderOptions& provider) {
  const upstream::BalanceOptions options = provider.balance.value_or(upstream::BalanceOptions{});
  BalanceQuestion question{.kind = options.kind,
                           .base = options.url,
                           .key = options.key,
                           .is_account_key = !options.key.empty(),
                           .ca_file = provider.ca_file,
                           .proxy = provider.proxy,
                           .proxy_credential = provider.proxy_credential};
  if (question.base.empty()) {
    // The path of `base_url` leads to a dialect (`/anthropic`, `/api`), not to the account.
    question.base = provider.base_url;
    const std::size_t scheme = question.base.find("://");
    if (scheme != std::string::npos)
      question.base.resize(std::min(question.base.find('/', scheme + 3), question.base.size()));
  }
  while (question.base.ends_with('/')) question.base.pop_back();
  if (question.key.empty() && !provider.keys.empty()) question.key = provider.keys.front().secret;
  return question;
}

Result<Balance> fetch_balance(const BalanceQuestion& question) {
  if (question.key.empty()) return fail(FailureKind::Denied, Origin::Operator, "there is no key to ask with");
  const auto read = [&](std::string_view path, auto reader) -> Result<Balance> {
    const auto body = get_body(question, path);
    return body ? reader(*body) : fail(body);
  };
  switch (question.kind) {
    case BalanceKind::OneApi:
    case BalanceKind::NewApi: return question.is_account_key ? fetch_account(question) : fetch_billing(question);
    case BalanceKind::OpenRouter: return fetch_openrouter(question);
    case BalanceKind::DeepSeek: return read("/user/balance", read_deepseek);
    case BalanceKind::Moonshot:
      return read("/v1/users/me/balance",
                  [&](std::string_view body) { return read_moonshot(body, currency_at(question.base)); });
    case BalanceKind::SiliconFlow:
      return read("/v1/user/info",
                  [&](std::string_view body) { return read_siliconflow(body, currency_at(question.base)); });
  }
  return unreadable("nobody knows its kind");
}

}  // namespace tidegate::app
