// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Answers that come in another form than was asked for, or not at all: what the client sees of them, and what is recorded.
#include "gzipped.h"
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tidegate {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using store::AttemptState;
using testing::gzipped;
using testing::PlainListener;
using testing::PlainSocket;
using testing::read_message;
using testing::RunningGateway;

const std::string kAnswer =
    R"({"id":"msg_1","model":"claude-haiku-4-5","content":[{"type":"text","text":"hello"}],"usage":{"input_tokens":12,"output_tokens":3}})";
constexpr std::string_view kBeginning =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-haiku-4-5\",\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n";
constexpr std::string_view kEnd =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":42}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

std::string post(std::string_view path, bool streams = false) {
  const std::string body = fmt::format(R"({{"model":"claude-haiku-4-5","max_tokens":900,"stream":{},"messages":[]}})", streams);
  return fmt::format("POST {} HTTP/1.1\r\nhost: gw\r\nanthropic-version: 2023-06-01\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{}", path, body.size(), body);
}
std::string with_length(std::string_view body, std::string_view fields) {
  return fmt::format("HTTP/1.1 200 OK\r\n{}content-length: {}\r\n\r\n{}", fields, body.size(), body);
}
std::string in_chunks(std::string_view body, std::string_view fields) {
  return fmt::format("HTTP/1.1 200 OK\r\n{}transfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n", fields, body.size(), body);
}

class UnreadAnswer : public ::testing::Test {
 protected:
  /// What the client gets up to the end of its connection, and what is recorded of it.
  struct Seen {
    std::string text;
    bool was_reset = false;
    gateway::Outcome outcome;
  };
  /// The provider's connection ends behind `answer`.
  Seen ask(const std::string& request, std::string_view answer) {
    const PlainSocket client = PlainSocket::connect(gateway_.port());
    client.send(request);
    PlainSocket upstream = provider_.accept();
    (void)read_message(upstream);
    upstream.send(answer);
    upstream.close();
    Seen seen;
    seen.text = client.read_all();
    seen.was_reset = client.was_reset();
    seen.outcome = gateway_.recorded().wait_for(++asked_).back();
    return seen;
  }

  PlainListener provider_;
  RunningGateway gateway_{provider_.port()};
  std::size_t asked_ = 0;
};

TEST_F(UnreadAnswer, ThatIsCompressedIsChargedByTheEstimate) {
  const std::string json = with_length(gzipped(kAnswer), "content-type: application/json\r\ncontent-encoding: gzip\r\n");
  const std::string stream = in_chunks(gzipped(std::string(kBeginning) + std::string(kEnd)), "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n");
  for (const std::string& answer : {json, stream}) {
    const Seen seen = ask(post("/v1/messages", answer == stream), answer);
    EXPECT_EQ(seen.outcome.state, AttemptState::Completed);
    EXPECT_TRUE(seen.outcome.unread);
    EXPECT_TRUE(seen.outcome.answer.usage.estimated);
    EXPECT_EQ(seen.outcome.answer.usage.tokens.output, 900);
    EXPECT_THAT(seen.text, HasSubstr("content-encoding: gzip\r\n")) << "it goes on as it came";
  }
}

TEST_F(UnreadAnswer, WithoutUsageIsChargedByTheEstimateAndAnErrorInItsPlaceIsNot) {
  const Seen seen = ask(post("/v1/messages"), with_length(R"({"id":"msg_1","content":[]})", "content-type: application/json\r\n"));
  EXPECT_TRUE(seen.outcome.unread);
  EXPECT_EQ(seen.outcome.answer.usage.tokens.output, 900);
  const Seen error = ask(post("/v1/messages"), with_length(R"({"error":{"message":"no such model here"}})", "content-type: application/json\r\n"));
  EXPECT_FALSE(error.outcome.unread);
  EXPECT_FALSE(error.outcome.answer.usage.seen);
}

TEST_F(UnreadAnswer, AStreamUnderAnotherNameIsReadAllTheSameAndNeverEndsInTheMiddle) {
  for (const char* type : {"content-type: text/plain\r\n", "content-type: application/octet-stream\r\n", ""}) {
    const Seen whole = ask(post("/v1/messages", true), in_chunks(std::string(kBeginning) + std::string(kEnd), type));
    EXPECT_EQ(whole.outcome.state, AttemptState::Completed) << type;
    EXPECT_EQ(whole.outcome.answer.usage.tokens.output, 42) << type;
    EXPECT_FALSE(whole.outcome.unread);
    const Seen cut = ask(post("/v1/messages", true), in_chunks(kBeginning, type));
    EXPECT_EQ(cut.outcome.state, AttemptState::Truncated) << type;
    EXPECT_THAT(cut.text, Not(EndsWith("0\r\n\r\n"))) << type;
    EXPECT_THAT(cut.text, HasSubstr("event: error\n")) << type;
  }
}

TEST_F(UnreadAnswer, ADocumentThatEndsWithItsConnectionBeforeItClosesIsBrokenOff) {
  const std::string head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
  const Seen whole = ask(post("/v1/messages"), head + kAnswer);
  EXPECT_EQ(whole.outcome.state, AttemptState::Completed);
  EXPECT_EQ(whole.outcome.answer.usage.tokens.output, 3);
  const Seen cut = ask(post("/v1/messages"), head + kAnswer.substr(0, kAnswer.size() / 2));
  EXPECT_EQ(cut.outcome.state, AttemptState::Truncated);
  EXPECT_EQ(cut.outcome.error, llm::UpstreamErrorKind::Truncated);
  EXPECT_TRUE(cut.was_reset);
  EXPECT_THAT(cut.text, Not(EndsWith("0\r\n\r\n")));
  EXPECT_TRUE(cut.outcome.answer.usage.estimated);
  EXPECT_FALSE(cut.outcome.unread) << "that is not how the provider answers, it is one that broke off";
}

TEST_F(UnreadAnswer, ARedirectIsPassedOnAndRecordedAsAFailure) {
  const Seen seen = ask(post("/v1/messages"),
                        "HTTP/1.1 307 Temporary Redirect\r\nlocation: https://elsewhere.example/v1/messages\r\ncontent-type: application/json\r\n"
                        "content-length: 22\r\n\r\n{\"error\":\"look there\"}");
  EXPECT_THAT(seen.text, StartsWith("HTTP/1.1 307 "));
  EXPECT_THAT(seen.text, HasSubstr("location: https://elsewhere.example/v1/messages\r\n"));
  EXPECT_EQ(seen.outcome.state, AttemptState::Failed);
  EXPECT_EQ(seen.outcome.error, llm::UpstreamErrorKind::Protocol);
  EXPECT_FALSE(seen.outcome.answer.usage.seen);
}

TEST_F(UnreadAnswer, ThatNeverCameIsToldByWhetherTheRequestWasSent) {
  struct Row {
    const char *path, *said;
    bool may_be_sent_again;
  };
  for (const auto& [path, said, may_be_sent_again] : {
           Row{"/v1/messages", "It may charge for it all the same. The request may be sent again.", true},
           Row{"/v1/messages/count_tokens", "closed the connection before it answered. The request may be sent again.", true},
           Row{"/v1/messages/batches", "look whether that is there before you send the request again.", false},
       }) {
    const Seen seen = ask(post(path), "");
    EXPECT_THAT(seen.text, StartsWith("HTTP/1.1 502 ")) << path;
    EXPECT_THAT(seen.text, HasSubstr("was sent the request")) << path;
    EXPECT_THAT(seen.text, HasSubstr(said)) << path;
    EXPECT_THAT(seen.text, Not(HasSubstr("could not be reached"))) << path;
    EXPECT_EQ(seen.text.find("x-should-retry: false\r\n") == std::string::npos, may_be_sent_again) << path;
  }
  provider_.close();
  const PlainSocket client = PlainSocket::connect(gateway_.port());
  client.send(post("/v1/messages/batches"));
  const std::string refused = read_message(client);
  EXPECT_THAT(refused, HasSubstr("could not be reached"));
  EXPECT_THAT(refused, HasSubstr("The request may be sent again."));
  EXPECT_THAT(refused, Not(HasSubstr("was sent the request")));
}

}  // namespace
}  // namespace tidegate
