// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "monitor/balance.h"
#include "upstream/provider_options.h"

#include <string>
#include <string_view>

// How relays and providers tell what is left of the money. Bodies as of 2026-11:
//
//     one-api, new-api, with a key (controller/billing.go of either; errors come as HTTP 200 with `error`):
//       GET /v1/dashboard/billing/subscription   {"object": "billing_subscription", "hard_limit_usd": 20.5, …}
//       GET /v1/dashboard/billing/usage          {"object": "list", "total_usage": 123.4}          in hundredths
//       GET /api/status (open)                   {"data": {"quota_per_unit": 500000, "display_in_currency": true,
//                                                 "quota_display_type": "USD" | "CNY" | "TOKENS" | "CUSTOM"}}
//       Both figures are in what the site displays: dollars, yuan, or units of quota. A key without a limit has
//       100000000.
//     the same, with an access token of the account, sent without `Bearer`:
//       GET /api/user/self                       {"success": true, "data": {"quota": 24997909, …}}    in units of quota
//     OpenRouter: with a management key, then with any key
//       GET /api/v1/credits                      {"data": {"total_credits": 100.5, "total_usage": 25.75}}
//       GET /api/v1/key                          {"data": {"limit": 100 | null, "limit_remaining": 74.5 | null, …}}
//     DeepSeek: GET /user/balance                {"is_available": true, "balance_infos": [{"currency": "CNY",
//                                                 "total_balance": "110.00", …}]}
//     Moonshot: GET /v1/users/me/balance         {"code": 0, "status": true, "data": {"available_balance": 49.58, …}}
//     SiliconFlow: GET /v1/user/info             {"code": 20000, "data": {"totalBalance": "88.88", …}}
//       The last two name no currency: yuan at an address under .cn, else dollars.
namespace tidegate::app {

struct BalanceQuestion {
  upstream::BalanceKind kind = upstream::BalanceKind::OneApi;
  std::string base;  ///< what the kind's paths are put after; does not end with `/`
  Secret key;
  bool is_account_key = false;       ///< the key is not one that requests are sent with
  std::string ca_file;               ///< as of HttpQuestion
  std::string proxy;                 ///< likewise
  Secret proxy_credential;           ///< likewise
  Nanoseconds timeout = Seconds(5);  ///< of each GET, of which there are three at most

  friend bool operator==(const BalanceQuestion&, const BalanceQuestion&) = default;
};

/// For a provider with `balance`; asks with its own key if it names one, else with the first of `provider.keys`, which
/// is none if there is none.
[[nodiscard]] BalanceQuestion balance_question(const upstream::ProviderOptions& provider);

/// Asks. Blocks. Failure: as `ask`; Denied for a key that is refused, Protocol for what cannot be read; in words for
/// the operator, without the key and without what the provider said in prose, which may repeat it.
[[nodiscard]] Result<monitor::Balance> fetch_balance(const BalanceQuestion& question);

// What the answers mean; pure. Failure: Protocol.

/// What a one-api or new-api site counts in.
struct SiteUnits {
  std::string currency = "USD";
  double per_unit = 1;                ///< the billing figures, divided by this, are in `currency`
  double quota_per_dollar = 500'000;  ///< units of quota

  friend bool operator==(const SiteUnits&, const SiteUnits&) = default;
};
/// Never fails: sites that tell nothing display dollars, which is the default.
[[nodiscard]] SiteUnits read_site_units(std::string_view status);
[[nodiscard]] Result<monitor::Balance> read_billing(std::string_view subscription, std::string_view usage,
                                                    const SiteUnits& units);
[[nodiscard]] Result<monitor::Balance> read_account(std::string_view account, const SiteUnits& units);
[[nodiscard]] Result<monitor::Balance> read_openrouter_credits(std::string_view credits);
[[nodiscard]] Result<monitor::Balance> read_openrouter_key(std::string_view key);
[[nodiscard]] Result<monitor::Balance> read_deepseek(std::string_view body);
[[nodiscard]] Result<monitor::Balance> read_moonshot(std::string_view body, std::string_view currency);
[[nodiscard]] Result<monitor::Balance> read_siliconflow(std::string_view body, std::string_view currency);

}  // namespace tidegate::app
