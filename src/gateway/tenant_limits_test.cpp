// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/tenant_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::gateway {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

/// Every request may cost a dollar: 1000 tokens of input and `max_tokens` of output.
class TenantLimitsTest : public ::testing::Test {
 protected:
  TenantLimitsTest() {
    clock_.set_wall(parse_rfc3339("2026-05-01T12:59:30Z").value());
    outcome_.caller.tenant = "t";
    outcome_.caller.key = "k";
    outcome_.method = "POST";
    outcome_.match = {llm::Dialect::Anthropic, llm::Endpoint::Messages};
  }
  void allow(const quota::Allowance& of_key) {
    const std::vector<quota::TenantAccount> accounts{{"t", "", {}}, {"t", "k", of_key}};
    (void)book_.adopt(accounts, clock_.now());
  }
  void allow(const char* budget) {
    quota::Allowance allowance;
    put(allowance, quota::parse_budget(budget).value());
    allow(allowance);
  }
  std::optional<OwnAnswer> admit(TenantLimits& limits, std::string_view path = "/v1/messages") {
    const Amount worst_case{1, 1'000, outcome_.view.max_tokens.value_or(0), Money::dollars(1)};
    return limits.admit(book_, outcome_, path, outcome_.metered() ? worst_case : Amount{}, clock_.now());
  }
  /// Admits and settles at `dollars`.
  void spend(std::int64_t dollars) {
    TenantLimits limits;
    ASSERT_FALSE(admit(limits));
    outcome_.cost = Money::dollars(dollars);
    limits.settle(outcome_, clock_.now());
  }
  static std::string written(const TenantLimits& limits) {
    std::string head;
    net::http1::HeadWriter writer(head);
    writer.status_line(200);
    limits.write_headers(writer);
    EXPECT_TRUE(writer.finish());
    return head;
  }

  ManualClock clock_;
  quota::TenantBook book_;
  Outcome outcome_;
};

TEST_F(TenantLimitsTest, LeaveTheHeadAloneOfWhomNobodyLimits) {
  allow(quota::Allowance{});
  TenantLimits known;
  EXPECT_FALSE(admit(known));
  EXPECT_FALSE(known.hides(net::http1::FieldClass::AnthropicRateLimit));
  EXPECT_EQ(written(known), "HTTP/1.1 200 OK\r\n\r\n");
}

TEST_F(TenantLimitsTest, PutTheCallersOwnLimitsInPlaceOfTheProviders) {
  quota::Allowance limits;
  limits.requests_per_minute = 60;
  limits.tokens_per_minute = 10'000;
  allow(limits);
  outcome_.view.max_tokens = 200;
  TenantLimits anthropic;
  ASSERT_FALSE(admit(anthropic));
  EXPECT_TRUE(anthropic.hides(net::http1::FieldClass::AnthropicRateLimit));
  EXPECT_TRUE(anthropic.hides(net::http1::FieldClass::XRateLimit));
  EXPECT_FALSE(anthropic.hides(net::http1::FieldClass::RetryAfter));
  EXPECT_EQ(written(anthropic),
            "HTTP/1.1 200 OK\r\n"
            "anthropic-ratelimit-requests-limit: 60\r\nanthropic-ratelimit-requests-remaining: 59\r\n"
            "anthropic-ratelimit-requests-reset: 2026-05-01T12:59:31Z\r\n"
            "anthropic-ratelimit-tokens-limit: 10000\r\nanthropic-ratelimit-tokens-remaining: 8800\r\n"
            "anthropic-ratelimit-tokens-reset: 2026-05-01T12:59:38Z\r\n\r\n");
  outcome_.match = {llm::Dialect::OpenAi, llm::Endpoint::ChatCompletions};
  TenantLimits openai;
  ASSERT_FALSE(admit(openai));
  EXPECT_EQ(written(openai),
            "HTTP/1.1 200 OK\r\n"
            "x-ratelimit-limit-requests: 60\r\nx-ratelimit-remaining-requests: 58\r\nx-ratelimit-reset-requests: 2s\r\n"
            "x-ratelimit-limit-tokens: 10000\r\nx-ratelimit-remaining-tokens: 7600\r\nx-ratelimit-reset-tokens: "
            "14.4s\r\n\r\n");
}

TEST_F(TenantLimitsTest, RefuseAboveALimitPerMinuteAndSayToTheMillisecondWhenToComeBack) {
  quota::Allowance limits;
  limits.requests_per_minute = 40;
  allow(limits);
  for (int i = 0; i < 40; ++i) {
    TenantLimits passes;
    ASSERT_FALSE(admit(passes));
  }
  TenantLimits stopped;
  const auto answer = admit(stopped);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->retry_after, Milliseconds(1'500));
  const std::string text = write_own_answer(*answer, llm::Dialect::Anthropic, "req_1", false);
  EXPECT_THAT(text, HasSubstr("retry-after: 2\r\nretry-after-ms: 1500\r\n"));
  EXPECT_THAT(text, HasSubstr("anthropic-ratelimit-requests-remaining: 0\r\n"));
  EXPECT_THAT(text, HasSubstr(R"("type":"rate_limit_error")"));
  EXPECT_THAT(text, HasSubstr("This key's limit of 40 requests per minute is reached."));
  EXPECT_THAT(text, testing::Not(HasSubstr("x-should-retry")));
}

TEST_F(TenantLimitsTest, NameTheInstantWhenALargeAnswerTookTheTokensOfMinutes) {
  quota::Allowance limits;
  limits.tokens_per_minute = 1'000;
  allow(limits);
  TenantLimits large;
  ASSERT_FALSE(admit(large));
  outcome_.answer.usage.tokens.output = 3'000;
  large.settle(outcome_, clock_.now());
  TenantLimits next;
  const auto answer = admit(next);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->retry_after, Seconds(60));
  EXPECT_TRUE(answer->should_retry);
  EXPECT_THAT(answer->message, HasSubstr("The next request passes at 2026-05-01T13:02:30Z.")) << "3000 tokens at 1000 a minute";
}

TEST_F(TenantLimitsTest, TellAClientNotToComeBackOnceAHardBudgetIsSpentAndWhenItBeginsAnew) {
  allow("5/day");
  spend(5);
  TenantLimits stopped;
  const auto answer = admit(stopped);
  ASSERT_TRUE(answer);
  const std::string text = write_own_answer(*answer, llm::Dialect::Anthropic, "req_1", false);
  EXPECT_THAT(text, HasSubstr("HTTP/1.1 429 "));
  EXPECT_THAT(text, HasSubstr("retry-after: 60\r\nretry-after-ms: 60000\r\nx-should-retry: false\r\n"));
  EXPECT_THAT(text, HasSubstr(R"("type":"billing_error")"));
  EXPECT_THAT(text, HasSubstr("budget of 5.00 USD per day is spent: 5.00 USD are gone and this request may take 1.00 USD. "
                              "It begins anew at 2026-05-02T00:00:00Z."));
  EXPECT_THAT(text, HasSubstr("x-tidegate-budget-warning: key 5.00/day: 5.00 USD spent, fresh at 2026-05-02T00:00:00Z\r\n"));
  const std::string openai = write_own_answer(answer_of({.limit = quota::TenantLimit::Budget,
                                                         .stop = quota::BudgetStop{{.budget = {}, .spent = 1}, 1}},
                                                        llm::Dialect::OpenAi, clock_.now().wall),
                                              llm::Dialect::OpenAi, "req_1", false);
  EXPECT_THAT(openai, HasSubstr(R"("type":"insufficient_quota","param":null,"code":"insufficient_quota")"));
}

TEST_F(TenantLimitsTest, NameTheTrueInstantAlsoWhenItIsNear) {
  allow("5/hour");
  spend(5);
  TenantLimits stopped;
  const auto answer = admit(stopped);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->retry_after, Seconds(30)) << "it is half a minute to one";
  EXPECT_THAT(answer->message, HasSubstr("2026-05-01T13:00:00Z"));
}

TEST_F(TenantLimitsTest, SayWhichRefusalsNoWaitingHelps) {
  allow("0.50/day");
  TenantLimits too_large;
  auto answer = admit(too_large);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->should_retry);
  EXPECT_THAT(answer->message, HasSubstr("more than this key's whole budget of 0.50 USD per day"));
  allow("1");
  spend(1);
  TenantLimits spent;
  answer = admit(spent);
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->message, HasSubstr("It does not come back"));
}

TEST_F(TenantLimitsTest, AskToComeBackSoonWhileABudgetIsOnlySetAside) {
  allow("1.50");
  TenantLimits in_flight;
  ASSERT_FALSE(admit(in_flight));
  TenantLimits stopped;
  const auto answer = admit(stopped);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->should_retry);
  EXPECT_EQ(answer->retry_after, Seconds(5));
  EXPECT_THAT(answer->message, HasSubstr("set aside for requests in flight: 0.00 USD are spent, 1.00 USD set aside"));
}

TEST_F(TenantLimitsTest, WarnInTheHeadBeyondTheSoftShare) {
  allow("10/day:soft");
  spend(9);
  TenantLimits warned;
  EXPECT_FALSE(admit(warned));
  EXPECT_THAT(written(warned), HasSubstr("x-tidegate-budget-warning: key 10.00/day:soft: 9.00 USD spent"));
}

TEST_F(TenantLimitsTest, GiveBackWhatARequestThatNeverCameToAnAnswerHadSetAside) {
  allow("1");
  { TenantLimits lost; ASSERT_FALSE(admit(lost)); }
  TenantLimits next;
  EXPECT_FALSE(admit(next));
}

TEST_F(TenantLimitsTest, NeitherCountNorRefuseWhatIsFree) {
  quota::Allowance limits;
  limits.requests_per_minute = 1;
  put(limits, quota::parse_budget("0").value());
  allow(limits);
  outcome_.match.endpoint = llm::Endpoint::CountTokens;
  for (int i = 0; i < 3; ++i) {
    TenantLimits free;
    EXPECT_FALSE(admit(free, "/v1/messages/count_tokens"));
    EXPECT_THAT(written(free), HasSubstr("anthropic-ratelimit-requests-remaining: 1\r\n"));
  }
}

TEST_F(TenantLimitsTest, KeepHardBudgetsFromWhatCostsUnseen) {
  allow("5");
  outcome_.match.endpoint = llm::Endpoint::MessageBatches;
  TenantLimits batch;
  const auto answer = admit(batch, "/v1/messages/batches");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 403);
  EXPECT_FALSE(answer->should_retry);
  TenantLimits cancel;
  EXPECT_FALSE(admit(cancel, "/v1/messages/batches/msgbatch_1/cancel"));
  allow("5:soft");
  TenantLimits soft;
  EXPECT_FALSE(admit(soft, "/v1/messages/batches"));
  EXPECT_TRUE(costs_unseen("POST", "/v1/batches/"));
  EXPECT_TRUE(costs_unseen("POST", "/v1/images/generations"));
  EXPECT_FALSE(costs_unseen("GET", "/v1/batches"));
  EXPECT_FALSE(costs_unseen("POST", "/v1/messages"));
}

}  // namespace
}  // namespace tidegate::gateway
