// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/provider_balance.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tidegate::app {
namespace {

using monitor::Balance;
using testing::HasSubstr;
using testing::Not;
using upstream::BalanceKind;
using upstream::ProviderOptions;

Balance amount(std::string currency, double left) {
  return {.amounts = {{.currency = std::move(currency), .left = left}}};
}

constexpr std::string_view kSubscription =
    R"({"object":"billing_subscription","has_payment_method":true,"soft_limit_usd":20.5,"hard_limit_usd":20.5,"system_hard_limit_usd":20.5,"access_until":0})";
constexpr std::string_view kUsage = R"({"object":"list","total_usage":825})";

// ---- what answers mean

TEST(ProviderBalance, OfARelaysKeyIsItsLimitLessItsUse) {
  EXPECT_EQ(read_billing(kSubscription, kUsage, {}).value(), amount("USD", 12.25));
  EXPECT_EQ(read_billing(kSubscription, R"({"total_usage":3000})", {}).value(), amount("USD", -9.5));
}

TEST(ProviderBalance, OfARelaysKeyWithoutLimitIsNoFigure) {
  const auto balance = read_billing(R"({"hard_limit_usd":100000000})", kUsage, {});
  EXPECT_TRUE(balance.value().is_unlimited);
  EXPECT_TRUE(balance->amounts.empty());
}

TEST(ProviderBalance, IsInWhatTheRelaysSiteDisplays) {
  const SiteUnits dollars = read_site_units(R"({"data":{"quota_per_unit":500000,"display_in_currency":true}})");
  EXPECT_EQ(dollars, SiteUnits{});
  const SiteUnits yuan =
      read_site_units(R"({"data":{"quota_per_unit":500000,"display_in_currency":true,"quota_display_type":"CNY"}})");
  EXPECT_EQ(read_billing(kSubscription, kUsage, yuan).value(), amount("CNY", 12.25));
  // Both tell units of quota: the former one-api's way, the latter new-api's.
  for (const char* status :
       {R"({"data":{"quota_per_unit":200000,"display_in_currency":false}})",
        R"({"data":{"quota_per_unit":200000,"display_in_currency":false,"quota_display_type":"TOKENS"}})"}) {
    const auto balance =
        read_billing(R"({"hard_limit_usd":3000000})", R"({"total_usage":50000000})", read_site_units(status));
    EXPECT_EQ(balance.value(), amount("USD", 12.5)) << status;
  }
  EXPECT_EQ(read_site_units("<html>"), SiteUnits{});
  EXPECT_EQ(read_site_units(R"({"data":{"quota_per_unit":0,"quota_display_type":"CUSTOM"}})"), SiteUnits{});
}

TEST(ProviderBalance, OfARelaysAccountIsItsQuota) {
  EXPECT_EQ(
      read_account(R"({"success":true,"message":null,"data":{"id":1,"quota":25000000,"used_quota":10027091}})", {})
          .value(),
      amount("USD", 50));
}

TEST(ProviderBalance, OfOpenRouterIsCreditsLessUseOrWhatTheKeyMaySpend) {
  EXPECT_EQ(read_openrouter_credits(R"({"data":{"total_credits":100.5,"total_usage":25.75}})").value(),
            amount("USD", 74.75));
  EXPECT_EQ(read_openrouter_key(R"({"data":{"label":"x","limit":100,"usage":25.5,"limit_remaining":74.5}})").value(),
            amount("USD", 74.5));
  EXPECT_TRUE(
      read_openrouter_key(R"({"data":{"limit":null,"usage":25.5,"limit_remaining":null}})").value().is_unlimited);
}

TEST(ProviderBalance, OfDeepSeekIsOnePerCurrency) {
  const auto balance = read_deepseek(R"({"is_available":false,"balance_infos":[
      {"currency":"CNY","total_balance":"110.00","granted_balance":"10.00","topped_up_balance":"100.00"},
      {"currency":"USD","total_balance":"-0.25","granted_balance":"0.00","topped_up_balance":"-0.25"}]})");
  EXPECT_EQ(balance.value(),
            (Balance{.amounts = {{"CNY", 110}, {"USD", -0.25}}, .is_unlimited = false, .is_usable = false}));
}

TEST(ProviderBalance, OfMoonshotAndSiliconFlowIsInTheCurrencyOfTheirPlace) {
  EXPECT_EQ(
      read_moonshot(
          R"({"code":0,"data":{"available_balance":49.5,"voucher_balance":46.5,"cash_balance":3},"scode":"0x0","status":true})",
          "CNY")
          .value(),
      amount("CNY", 49.5));
  EXPECT_FALSE(read_moonshot(R"({"code":0,"data":{"available_balance":0}})", "USD").value().is_usable);
  EXPECT_EQ(
      read_siliconflow(
          R"({"code":20000,"message":"OK","status":true,"data":{"balance":"0.88","chargeBalance":"88.00","totalBalance":"88.875"}})",
          "USD")
          .value(),
      amount("USD", 88.875));
}

TEST(ProviderBalance, OfAnotherShapeIsRefusedInWords) {
  const std::vector<std::pair<Result<Balance>, std::string>> cases{
      {read_billing("<html>", kUsage, {}), "no JSON object; is 'balance.url' right?"},
      {read_billing("[]", kUsage, {}), "no JSON object"},
      {read_billing(R"({"hard_limit_usd":"much"})", kUsage, {}), "no figure 'hard_limit_usd'"},
      {read_billing(kSubscription, "{}", {}), "no figure 'total_usage'"},
      {read_billing(kSubscription, R"({"error":{"type":"new_api_error"}})", {}),
       "the answer is an error (new_api_error)"},
      {read_account(R"({"success":false,"message":"no"})", {}), "no 'data'"},
      {read_account(R"({"data":{}})", {}), "no figure 'quota'"},
      {read_openrouter_credits(R"({"data":{"total_usage":1}})"), "no figure 'total_credits'"},
      {read_openrouter_key(R"({"data":{}})"), "no figure 'limit_remaining'"},
      {read_deepseek(R"({"is_available":true})"), "no 'balance_infos'"},
      {read_deepseek(R"({"balance_infos":[]})"), "'balance_infos' is empty"},
      {read_deepseek(R"({"balance_infos":[1]})"), "a balance is no object"},
      {read_deepseek(R"({"balance_infos":[{"currency":"yuan","total_balance":"1"}]})"), "no 'currency'"},
      {read_deepseek(R"({"balance_infos":[{"currency":"CNY","total_balance":"nan"}]})"), "no figure 'total_balance'"},
      {read_moonshot(R"({"code":5,"data":{}})", "USD"), "no figure 'available_balance'"},
      {read_siliconflow(R"({"code":30001,"data":{"totalBalance":"1"}})", "USD"), "'code' is not 20000"},
  };
  for (const auto& [balance, words] : cases) {
    ASSERT_FALSE(balance) << words;
    EXPECT_EQ(balance.error().kind, FailureKind::Protocol);
    EXPECT_THAT(balance.error().detail, HasSubstr(words));
  }
}

// ---- whom to ask

ProviderOptions provider(BalanceKind kind, std::string base_url) {
  ProviderOptions provider;
  provider.base_url = std::move(base_url);
  provider.keys = {{.name = "A", .secret = Secret("sk-a"), .organisation = {}, .workspace = {}},
                   {.name = "B", .secret = Secret("sk-b"), .organisation = {}, .workspace = {}}};
  provider.balance.emplace().kind = kind;
  return provider;
}

TEST(BalanceQuestion, GoesToTheOriginOfTheProviderWithItsFirstKey) {
  const BalanceQuestion question =
      balance_question(provider(BalanceKind::DeepSeek, "https://api.deepseek.com:8443/anthropic/"));
  EXPECT_EQ(question.base, "https://api.deepseek.com:8443");
  EXPECT_EQ(question.key.reveal(), "sk-a");
  EXPECT_FALSE(question.is_account_key);
  EXPECT_EQ(balance_question(provider(BalanceKind::OneApi, "http://127.0.0.1:3001")).base, "http://127.0.0.1:3001");
}

TEST(BalanceQuestion, GoesWhereItsOwnSettingsSay) {
  ProviderOptions relay = provider(BalanceKind::NewApi, "https://relay.example");
  relay.balance->url = "https://console.example/relay/";
  relay.balance->key = Secret("token");
  relay.proxy = "http://proxy.example:3128";
  relay.ca_file = "ca.pem";
  const BalanceQuestion question = balance_question(relay);
  EXPECT_EQ(question.base, "https://console.example/relay");
  EXPECT_EQ(question.key.reveal(), "token");
  EXPECT_TRUE(question.is_account_key);
  EXPECT_EQ(question.proxy, "http://proxy.example:3128");
  EXPECT_EQ(question.ca_file, "ca.pem");
}

TEST(BalanceQuestion, NeedsAKey) {
  ProviderOptions relay = provider(BalanceKind::NewApi, "http://127.0.0.1:1");
  relay.keys.clear();
  const auto balance = fetch_balance(balance_question(relay));
  ASSERT_FALSE(balance);
  EXPECT_THAT(balance.error().detail, HasSubstr("no key"));
}

// ---- asking

/// A site on a free port of loopback: answers each path as told, 404 else, one connection after another.
class Site {
 public:
  struct Answer {
    int status = 200;
    std::string body;
  };

  explicit Site(std::map<std::string, Answer> answers)
      : answers_(std::move(answers)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 8);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
    thread_ = std::thread([this] {
      for (int client = ::accept(listener_, nullptr, nullptr); client >= 0;
           client = ::accept(listener_, nullptr, nullptr))
        serve(client);
    });
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site() { (void)requests(); }

  [[nodiscard]] const std::string& url() const { return url_; }
  /// The heads that came; ends the site.
  [[nodiscard]] const std::vector<std::string>& requests() {
    if (thread_.joinable()) {
      ::shutdown(listener_, SHUT_RDWR);
      thread_.join();
      ::close(listener_);
    }
    return requests_;
  }

 private:
  void serve(int client) {
    std::string head;
    std::array<char, 4096> piece{};
    while (head.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = ::recv(client, piece.data(), piece.size(), 0);
      if (count <= 0) break;
      head.append(piece.data(), static_cast<std::size_t>(count));
    }
    const std::string path = head.substr(4, head.find(' ', 4) - 4);
    requests_.push_back(head);
    const auto found = answers_.find(path);
    const Answer answer = found != answers_.end() ? found->second : Answer{404, "not here"};
    const std::string bytes = fmt::format("HTTP/1.1 {} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{}",
                                          answer.status, answer.body.size(), answer.body);
    ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(client, SHUT_WR);
    while (::recv(client, piece.data(), piece.size(), 0) > 0) {
    }
    ::close(client);
  }

  const std::map<std::string, Answer> answers_;
  int listener_;
  std::string url_;
  std::vector<std::string> requests_;  ///< the thread's, until it has ended
  std::thread thread_;
};

const std::string kSubscriptionPath = "/v1/dashboard/billing/subscription";
const std::string kUsagePath = "/v1/dashboard/billing/usage";

TEST(FetchBalance, AsksARelayWithItsKeyAndItsStatusWithout) {
  Site site({{kSubscriptionPath, {200, std::string(kSubscription)}},
             {kUsagePath, {200, std::string(kUsage)}},
             {"/api/status", {200, R"({"data":{"quota_per_unit":500000,"quota_display_type":"CNY"}})"}}});
  const auto balance = fetch_balance(balance_question(provider(BalanceKind::NewApi, site.url() + "/v1x")));
  ASSERT_TRUE(balance) << balance.error().detail;
  EXPECT_EQ(*balance, amount("CNY", 12.25));
  const auto& requests = site.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_THAT(requests[0], HasSubstr("authorization: Bearer sk-a\r\n"));
  EXPECT_THAT(requests[1], HasSubstr("authorization: Bearer sk-a\r\n"));
  EXPECT_THAT(requests[2], Not(HasSubstr("sk-a")));
}

TEST(FetchBalance, TakesDollarsWhereASiteHidesItsStatus) {
  Site site({{kSubscriptionPath, {200, std::string(kSubscription)}}, {kUsagePath, {200, std::string(kUsage)}}});
  EXPECT_EQ(fetch_balance(balance_question(provider(BalanceKind::OneApi, site.url()))).value(), amount("USD", 12.25));
}

TEST(FetchBalance, SaysNothingWhileASiteCannotTellItsUnits) {
  Site site({{kSubscriptionPath, {200, std::string(kSubscription)}},
             {kUsagePath, {200, std::string(kUsage)}},
             {"/api/status", {502, ""}}});
  const auto balance = fetch_balance(balance_question(provider(BalanceKind::OneApi, site.url())));
  ASSERT_FALSE(balance);
  EXPECT_EQ(balance.error().detail, "/api/status answers 502");
}

TEST(FetchBalance, AsksForTheAccountWithATokenOfItsOwn) {
  Site site({{"/api/user/self", {200, R"({"success":true,"data":{"quota":5000000}})"}},
             {"/api/status", {200, R"({"data":{"quota_per_unit":1000000}})"}}});
  ProviderOptions relay = provider(BalanceKind::NewApi, site.url());
  relay.balance->key = Secret("access-token");
  EXPECT_EQ(fetch_balance(balance_question(relay)).value(), amount("USD", 5));
  EXPECT_THAT(site.requests()[0], HasSubstr("authorization: access-token\r\n"));
}

TEST(FetchBalance, AsksOpenRouterForTheKeyWhereTheAccountIsNotTold) {
  Site site({{"/api/v1/credits", {403, R"({"error":{"code":403,"message":"Only management keys"}})"}},
             {"/api/v1/key", {200, R"({"data":{"limit":10,"limit_remaining":4.5}})"}}});
  const ProviderOptions openrouter = provider(BalanceKind::OpenRouter, site.url() + "/api");
  EXPECT_EQ(fetch_balance(balance_question(openrouter)).value(), amount("USD", 4.5));
  EXPECT_THAT(site.requests()[1], HasSubstr("GET /api/v1/key HTTP/1.1\r\n"));

  Site refusing(
      {{"/api/v1/credits", {401, ""}}, {"/api/v1/key", {200, R"({"data":{"limit":10,"limit_remaining":4.5}})"}}});
  ProviderOptions managed = provider(BalanceKind::OpenRouter, refusing.url());
  managed.balance->key = Secret("management-key");
  const auto refused = fetch_balance(balance_question(managed));
  ASSERT_FALSE(refused) << "the key that was to tell the account's does not";
  EXPECT_EQ(refused.error().kind, FailureKind::Denied);
}

TEST(FetchBalance, AsksEachOfTheOthersAtItsPath) {
  Site site(
      {{"/user/balance", {200, R"({"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"1.50"}]})"}},
       {"/v1/users/me/balance", {200, R"({"code":0,"data":{"available_balance":2.5}})"}},
       {"/v1/user/info", {200, R"({"code":20000,"data":{"totalBalance":"3.50"}})"}}});
  EXPECT_EQ(fetch_balance(balance_question(provider(BalanceKind::DeepSeek, site.url() + "/anthropic"))).value(),
            amount("USD", 1.5));
  EXPECT_EQ(fetch_balance(balance_question(provider(BalanceKind::Moonshot, site.url() + "/anthropic"))).value(),
            amount("USD", 2.5));
  EXPECT_EQ(fetch_balance(balance_question(provider(BalanceKind::SiliconFlow, site.url()))).value(),
            amount("USD", 3.5));
}

TEST(FetchBalance, NamesTheErrorButRepeatsNothingThatMayHoldAKey) {
  Site site(
      {{kSubscriptionPath,
        {401, R"({"error":{"message":"Incorrect API key provided: sk-a","type":"sk-a","code":"invalid_api_key"}})"}}});
  const auto balance = fetch_balance(balance_question(provider(BalanceKind::OneApi, site.url())));
  ASSERT_FALSE(balance);
  EXPECT_EQ(balance.error().kind, FailureKind::Denied);
  EXPECT_EQ(balance.error().detail,
            "/v1/dashboard/billing/subscription answers 401 (invalid_api_key): the key is refused");

  Site polite(
      {{kSubscriptionPath, {200, R"({"error":{"message":"no sk-a","type":"sk-a"}})"}}, {kUsagePath, {200, "{}"}}});
  const auto unread = fetch_balance(balance_question(provider(BalanceKind::OneApi, polite.url())));
  ASSERT_FALSE(unread);
  EXPECT_EQ(unread.error().detail, "its balance cannot be read: the answer is an error");

  const auto unreachable = fetch_balance(balance_question(provider(BalanceKind::OneApi, "http://127.0.0.1:1")));
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().kind, FailureKind::Connect);
  EXPECT_THAT(unreachable.error().detail, Not(HasSubstr("sk-a")));
}

}  // namespace
}  // namespace tidegate::app
