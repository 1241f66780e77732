// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/balance_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace tidegate::app {
namespace {

using testing::ContainsRegex;

TEST(BalanceText, IsEmptyWhereNobodyIsAsked) { EXPECT_EQ(balances_text(boost::json::parse("[]")), ""); }

TEST(BalanceText, IsALinePerProvider) {
  const std::string out = balances_text(boost::json::parse(R"([
    {"provider":"deepseek","state":"good","warn_below":"5.00","amounts":[{"currency":"CNY","left":"110.00"},{"currency":"USD","left":"7.50"}],
     "is_unlimited":false,"is_usable":true,"read_at":"2026-11-26T10:00:00Z"},
    {"provider":"free","state":"good","warn_below":"5.00","amounts":[],"is_unlimited":true,"is_usable":true,"read_at":"2026-11-26T10:00:00Z"},
    {"provider":"new","state":"pending","warn_below":"5.00"},
    {"provider":"poor","state":"low","warn_below":"5.00","amounts":[{"currency":"USD","left":"0.30"}],"is_unlimited":false,"is_usable":true,
     "read_at":"2026-11-26T10:00:00Z","trouble":"/v1/x answers 502"},
    {"provider":"relay","state":"unknown","warn_below":"20.00","trouble":"/v1/x answers 401: the key is refused"}])"));
  EXPECT_THAT(out, ContainsRegex("deepseek +110.00 CNY, 7.50 USD +5.00  read 2026-11-26T10:00:00Z\n"));
  EXPECT_THAT(out, ContainsRegex("free +no limit +5.00  read "));
  EXPECT_THAT(out, ContainsRegex("new +- +5.00  not read yet\n"));
  EXPECT_THAT(out, ContainsRegex("poor +0.30 USD +5.00  LOW, read 2026-11-26T10:00:00Z; /v1/x answers 502\n"));
  EXPECT_THAT(out, ContainsRegex("relay +- +20.00  NOT KNOWN; /v1/x answers 401: the key is refused\n"));
}

}  // namespace
}  // namespace tidegate::app
