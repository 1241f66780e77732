// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/unread_usage.h"

#include <gtest/gtest.h>

namespace tidegate::gateway {
namespace {

/// Expects 100 tokens of input and 1000 of output of every request.
class Estimator final : public OutcomeSink {
 public:
  Amount estimate(const Outcome&) override { return {1, 100, 1'000, {}}; }
  store::AttemptId begin(const Outcome&) override { return 1; }
  void answered(const Outcome&, const llm::RateLimitReading&) override {}
  Charged charge(const Outcome&) override { return {}; }
  void attempt_over(const Outcome&) override {}
  void key_changed(std::string_view, std::string_view, std::optional<quota::KeyRing::Fault>) override {}
  void provider_changed(std::string_view, bool) override {}
  void finish(const Outcome&) override {}
};

Outcome answered() {
  Outcome outcome;
  outcome.match = {llm::Dialect::Anthropic, llm::Endpoint::Messages};
  outcome.upstream_status = 200;
  outcome.response_bytes = 500;
  return outcome;
}

Outcome estimated(Outcome outcome, const AnswerForm& form = {.endpoint = llm::Endpoint::Messages}) {
  Estimator sink;
  estimate_unread_usage(outcome, form, sink);
  return outcome;
}

TEST(UnreadUsage, IsTheRequestsEstimateMarkedAsSuch) {
  const Outcome outcome = estimated(answered());
  EXPECT_EQ(outcome.answer.usage.tokens.input, 100);
  EXPECT_EQ(outcome.answer.usage.tokens.output, 1'000);
  EXPECT_TRUE(outcome.answer.usage.seen);
  EXPECT_TRUE(outcome.answer.usage.estimated);
  EXPECT_TRUE(outcome.unread);
}

TEST(UnreadUsage, LeavesAloneWhatWasReadOrDidNotComeOrIsNoGoodAnswer) {
  Outcome read = answered();
  read.answer.usage.seen = true;
  read.answer.usage.tokens.output = 7;
  EXPECT_EQ(estimated(read).answer.usage.tokens.output, 7);
  EXPECT_FALSE(estimated(read).unread);
  Outcome refused = answered();
  refused.upstream_status = 429;
  Outcome empty = answered();
  empty.response_bytes = 0;
  Outcome error = answered();
  error.answer.error.kind = llm::UpstreamErrorKind::MidStream;
  Outcome unmetered = answered();
  unmetered.match.endpoint = llm::Endpoint::Models;
  for (const Outcome& outcome : {refused, empty, error, unmetered}) {
    EXPECT_FALSE(estimated(outcome).answer.usage.seen);
    EXPECT_FALSE(estimated(outcome).unread);
  }
}

TEST(UnreadUsage, OfAStreamIsWhatWasSeenOfIt) {
  Outcome outcome = answered();
  outcome.answer.content_started = outcome.answer.finished = true;
  outcome.answer.usage.tokens.output = 12;
  const Outcome chat = estimated(outcome, {.endpoint = llm::Endpoint::ChatCompletions, .is_stream = true});
  EXPECT_EQ(chat.answer.usage.tokens.input, 100);
  EXPECT_EQ(chat.answer.usage.tokens.output, 12);
  EXPECT_FALSE(chat.unread) << "the client did not ask for it";
  EXPECT_TRUE(estimated(outcome, {.endpoint = llm::Endpoint::Messages, .is_stream = true}).unread);
  Outcome left = answered();
  left.state = store::AttemptState::ClientGone;
  EXPECT_EQ(estimated(left, {.endpoint = llm::Endpoint::Messages, .is_stream = true}).answer.usage.tokens.output, 0);
  EXPECT_FALSE(estimated(left, {.endpoint = llm::Endpoint::Messages, .is_stream = true}).unread) << "it might have been told later";
  const Outcome compressed = estimated(left, {.endpoint = llm::Endpoint::Messages, .is_stream = true, .is_encoded = true});
  EXPECT_EQ(compressed.answer.usage.tokens.output, 1'000);
  EXPECT_TRUE(compressed.unread);
}

TEST(UnreadUsage, OfARequestThatTheProviderHasAndWhoseAnswerNobodyHeardIsItsInput) {
  using store::AttemptState;
  const AnswerForm sent{.endpoint = llm::Endpoint::Messages, .was_sent = true};
  Outcome outcome = answered();
  outcome.response_bytes = 0;
  outcome.upstream_status = 0;
  for (const AttemptState state : {AttemptState::ClientGone, AttemptState::Truncated, AttemptState::Interrupted}) {
    outcome.state = state;
    EXPECT_EQ(estimated(outcome, sent).answer.usage.tokens.input, 100);
    EXPECT_EQ(estimated(outcome, sent).answer.usage.tokens.output, 0);
    EXPECT_TRUE(estimated(outcome, sent).answer.usage.estimated);
    EXPECT_FALSE(estimated(outcome, sent).unread);
    EXPECT_FALSE(estimated(outcome).answer.usage.seen) << "it never left";
  }
  outcome.state = AttemptState::Failed;
  EXPECT_FALSE(estimated(outcome, sent).answer.usage.seen) << "a connection that was reset";
  outcome.error = llm::UpstreamErrorKind::Timeout;
  EXPECT_EQ(estimated(outcome, sent).answer.usage.tokens.input, 100);
}

}  // namespace
}  // namespace tidegate::gateway
