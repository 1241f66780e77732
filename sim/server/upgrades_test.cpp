// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/server.h"
#include "sim/server/test_client.h"
#include "sim/server/virtual_clock.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace tidegate::sim {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;

constexpr std::string_view kHi =
    R"({"model":"claude-haiku-4-5","max_tokens":100,"messages":[{"role":"user","content":"hi"}]})";
constexpr std::string_view kTrigger = R"({"event":"trigger","proposed_tier":"double"})";
constexpr std::string_view kReturn = R"({"event":"return"})";

/// Twenty requests a minute, and a tier of twice as many for at least half an hour.
class UpgradesTest : public testing::Test {
 protected:
  explicit UpgradesTest(std::string secret = {}) : server_(options(std::move(secret)), clock_) {}

  static Options options(std::string secret) {
    Options options;
    options.instant = true;
    options.limits = *preset_limits("tier2");
    options.tiers.tiers = {{"double", 2}};
    options.upgrade_secret = std::move(secret);
    return options;
  }
  Received call(std::string_view body, std::string_view key, std::string_view more = {},
                std::string_view target = "/sim/upgrades") {
    const std::string fields = key.empty() ? std::string(more) : fmt::format("idempotency-key: {}\r\n{}", key, more);
    return TestClient(server_.port()).request("POST", target, body, fields);
  }
  std::string standing() { return TestClient(server_.port()).request("GET", "/sim/upgrades", {}, {}).body; }
  /// Of a request by somebody of the organisation.
  std::string limit(std::string_view organisation = "org-sim") {
    return TestClient(server_.port())
        .request("POST", "/v1/messages", kHi,
                 fmt::format("x-api-key: k@{}\r\nanthropic-version: 2023-06-01\r\n", organisation))
        .header("anthropic-ratelimit-requests-limit");
  }

  VirtualClock clock_{*parse_rfc3339("2026-11-23T10:00:00Z")};
  Server server_;
};

TEST_F(UpgradesTest, WidenTheLimitsOfOneOrganisation) {
  EXPECT_EQ(limit(), "20");
  EXPECT_EQ(call(kTrigger, "a").status, 200);
  EXPECT_EQ(limit(), "40");
  EXPECT_EQ(limit("org-b"), "20");
  EXPECT_EQ(call(kTrigger, "b", {}, "/sim/upgrades?organisation=org-b").status, 200);
  EXPECT_EQ(limit("org-b"), "40");
  EXPECT_THAT(standing(), HasSubstr(R"("organisation":"org-b","tier":"double")"));
}

TEST_F(UpgradesTest, MayBeOfOneGroupOfModels) {
  call(kTrigger, "a", {}, "/sim/upgrades?group=sonnet-5");
  EXPECT_EQ(limit(), "20");
  constexpr std::string_view kSonnet =
      R"({"model":"claude-sonnet-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
  EXPECT_EQ(TestClient(server_.port())
                .request("POST", "/v1/messages", kSonnet, "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n")
                .header("anthropic-ratelimit-requests-limit"),
            "40");
}

TEST_F(UpgradesTest, LastUntilTheyAreGivenBackAndTheUseFitsAgain) {
  call(kTrigger, "a");
  clock_.advance(minutes(60));
  EXPECT_EQ(limit(), "40");
  EXPECT_EQ(call(kReturn, "a-return").status, 200);
  EXPECT_EQ(limit(), "20");
  EXPECT_THAT(standing(), HasSubstr(R"("upgrades":[])"));
}

TEST_F(UpgradesTest, AreKeptWhileTheyAreNeeded) {
  call(kTrigger, "a");
  call(kReturn, "a-return");
  // 18 requests a minute: more than four fifths of the own tier's 20.
  for (int minute = 0; minute < 40; ++minute) {
    for (int i = 0; i < 18; ++i) EXPECT_EQ(limit(), "40") << minute;
    clock_.advance(minutes(1));
  }
  clock_.advance(minutes(5));
  EXPECT_EQ(limit(), "20");
}

TEST_F(UpgradesTest, AreKeptForTheirTermEvenIfNobodyNeedsThem) {
  call(kTrigger, "a");
  call(kReturn, "a-return");
  clock_.advance(minutes(29));
  EXPECT_EQ(limit(), "40");
  clock_.advance(minutes(1));
  EXPECT_EQ(limit(), "20");
}

TEST_F(UpgradesTest, CountACallThatComesTwiceOnce) {
  const Received first = call(kTrigger, "a");
  clock_.advance(minutes(20));
  EXPECT_EQ(call(kTrigger, "a").body, first.body);  // the term has not begun anew
  call(kReturn, "a-return");
  clock_.advance(minutes(10));
  EXPECT_EQ(limit(), "20");
}

TEST_F(UpgradesTest, SayWhatIsWrong) {
  EXPECT_THAT(call(kTrigger, "").body, HasSubstr("idempotency-key"));
  EXPECT_THAT(call(R"({"event":"trigger","proposed_tier":"tenfold"})", "a").body, HasSubstr("there are: double"));
  EXPECT_THAT(call(R"({"event":"think"})", "a").body, HasSubstr("'trigger' or 'return'"));
  EXPECT_EQ(call("[]", "a").status, 400);
  EXPECT_EQ(call(kReturn, "a").status, 404);
  EXPECT_EQ(call(kTrigger, "a").status, 200) << "a key of a refused call is not used up";
}

TEST_F(UpgradesTest, AreForgottenByAReset) {
  call(kTrigger, "a");
  TestClient(server_.port()).request("POST", "/sim/reset", "{}", {});
  EXPECT_EQ(limit(), "20");
}

class SignedUpgradesTest : public UpgradesTest {
 protected:
  SignedUpgradesTest() : UpgradesTest("a secret of ours") {}
  // printf '1795428000.{"event":"trigger","proposed_tier":"double"}' | openssl dgst -sha256 -hmac 'a secret of ours'
  static constexpr std::string_view kTime = "1795428000";  // 2026-11-23T10:00:00Z
  static constexpr std::string_view kSignature = "6c206f565f8a046d63df5ac86c6fcb31117d4cd64c24d046dab7e7fbf4ef6d49";
};

TEST_F(SignedUpgradesTest, RefuseWhatIsNotSignedOrOld) {
  const std::string fields =
      fmt::format("x-tidegate-timestamp: {}\r\nx-tidegate-signature: v1={}\r\n", kTime, kSignature);
  EXPECT_EQ(call(kTrigger, "a").status, 401);
  EXPECT_EQ(call(kReturn, "a", fields).status, 401) << "signed for another body";
  EXPECT_EQ(call(kTrigger, "a",
                 fmt::format("x-tidegate-timestamp: 1795428001\r\nx-tidegate-signature: v1={}\r\n", kSignature))
                .status,
            401);
  EXPECT_EQ(call(kTrigger, "a", fields).status, 200);
  clock_.advance(minutes(6));
  EXPECT_THAT(call(kTrigger, "b", fields).body, HasSubstr("five minutes"));
}

}  // namespace
}  // namespace tidegate::sim
