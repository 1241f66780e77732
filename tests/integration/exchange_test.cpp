// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What a provider may do to a connection: answer before it has everything, say more than it was asked, never come to an end.
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>

namespace tidegate {
namespace {

using testing::PlainListener;
using testing::PlainSocket;
using testing::RunningGateway;

constexpr std::string_view kBody = R"({"model":"claude-haiku-4-5","max_tokens":256,"messages":[]})";
constexpr std::string_view kAnswer =
    R"({"id":"msg_1","type":"message","model":"claude-haiku-4-5","content":[],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":3}})";
constexpr std::size_t kMoreThanSocketsHold = 16 * 1024 * 1024;

std::string head(std::string_view target, std::size_t length) {
  return fmt::format("POST {} HTTP/1.1\r\nhost: gw.local\r\nanthropic-version: 2023-06-01\r\ncontent-length: {}\r\n\r\n", target, length);
}

std::string request(std::string_view target, std::string_view body) { return head(target, body.size()) + std::string(body); }

std::string answer(int status, std::string_view body) {
  return fmt::format("HTTP/1.1 {} S\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}", status, body.size(), body);
}

std::string chunk(std::string_view text) { return fmt::format("{:x}\r\n{}\r\n", text.size(), text); }

/// Asks for a stream. Gives the provider's end, which has answered with the head of one.
PlainSocket begin_stream(const PlainSocket& client, const PlainListener& provider) {
  client.send(request("/v1/messages", R"({"model":"claude-haiku-4-5","max_tokens":9,"stream":true,"messages":[]})"));
  PlainSocket upstream = provider.accept();
  (void)read_message(upstream);
  upstream.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
  return upstream;
}

TEST(Exchange, EndsACallThatGoesOnLongerThanItsWholeMayTake) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.deadlines.total = Milliseconds(300);
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  const PlainSocket upstream = begin_stream(client, provider);
  (void)client.read_until("\r\n\r\n");
  // It is never silent, so no other deadline than that of the whole passes.
  const std::string ping = chunk("event: ping\ndata: {\"type\":\"ping\"}\n\n");
  std::string heard;
  do {
    upstream.send(ping);
    heard = client.read_exactly(ping.size());
  } while (heard == ping);
  EXPECT_EQ(heard.find("\r\n0\r\n\r\n"), std::string::npos) << "it ended as if it were whole: " << heard;
  EXPECT_EQ(upstream.read_all(), "");
  const gateway::Outcome outcome = gateway.recorded().wait_for(1).at(0);
  EXPECT_EQ(outcome.state, store::AttemptState::Truncated);
  EXPECT_EQ(outcome.error, llm::UpstreamErrorKind::Timeout);
}

TEST(Exchange, HandsOnTheRefusalOfAProviderThatReadsNoMoreOfAnUpload) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(head("/v1/files", kMoreThanSocketsHold));
  std::thread sending([&] { client.send(std::string(kMoreThanSocketsHold, 'x')); });
  const PlainSocket upstream = provider.accept();
  (void)upstream.read_until("\r\n\r\n");
  upstream.send(answer(401, R"({"type":"error","error":{"type":"authentication_error","message":"no"}})"));
  const std::string heard = client.read_until("\r\n\r\n");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 401 ")) << heard;
  EXPECT_EQ(upstream.read_all().find("HTTP"), std::string::npos) << "its connection carried another request";
  sending.join();
}

TEST(Exchange, HandsOnTheRefusalOfAProviderThatLeavesInTheMiddleOfAnUpload) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(head("/v1/files", kMoreThanSocketsHold));
  std::thread sending([&] { client.send(std::string(kMoreThanSocketsHold, 'x')); });
  {
    const PlainSocket upstream = provider.accept();
    (void)upstream.read_until("\r\n\r\n");
    upstream.send(answer(413, R"({"type":"error","error":{"type":"request_too_large","message":"no"}})"));
    (void)client.read_until("HTTP/1.1 413");
  }
  const gateway::Outcome outcome = gateway.recorded().wait_for(1).at(0);
  EXPECT_EQ(outcome.status, 413);
  sending.join();
}

TEST(Exchange, HandsOnTheRefusalOfAProviderThatReadsNoMoreOfAMessage) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  std::string body(kBody);
  body.insert(body.size() - 1, kMoreThanSocketsHold, ' ');
  std::thread sending([&] { client.send(request("/v1/messages", body)); });
  const PlainSocket upstream = provider.accept();
  (void)upstream.read_until("\r\n\r\n");
  upstream.send(answer(400, R"({"type":"error","error":{"type":"invalid_request_error","message":"no"}})"));
  const std::string heard = client.read_until("\r\n\r\n");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
  sending.join();
}

TEST(Exchange, RefusesAnUploadThatIsLargerThanItsLimit) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.limits.max_upload_bytes = 1000;
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket stated = PlainSocket::connect(gateway.port());
  stated.send(head("/v1/files", 1001));
  EXPECT_TRUE(stated.read_until("limits.max_upload").starts_with("HTTP/1.1 413 "));

  // Whose length nobody tells beforehand is broken off when there is too much.
  const PlainSocket chunked = PlainSocket::connect(gateway.port());
  chunked.send("POST /v1/files HTTP/1.1\r\nhost: gw\r\nanthropic-version: 2023-06-01\r\ntransfer-encoding: chunked\r\n\r\n");
  const PlainSocket upstream = provider.accept();
  (void)upstream.read_until("\r\n\r\n");
  chunked.send(chunk(std::string(600, 'x')));
  (void)upstream.read_exactly(600);
  chunked.send(chunk(std::string(600, 'x')));
  EXPECT_TRUE(chunked.read_until("limits.max_upload").starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(upstream.read_all().find("\r\n0\r\n\r\n"), std::string::npos) << "the provider took it for whole";
}

TEST(Exchange, UsesNoConnectionAgainThatSaidMoreThanItsAnswer) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", kBody));
  const PlainSocket first = provider.accept();
  (void)read_message(first);
  first.send(answer(200, kAnswer) + answer(200, R"({"id":"of somebody else"})"));
  EXPECT_TRUE(read_message(client).ends_with(kAnswer));
  client.send(request("/v1/messages", kBody));
  const PlainSocket second = provider.accept();
  ASSERT_TRUE(second.valid());
  (void)read_message(second);
  second.send(answer(200, kAnswer));
  EXPECT_TRUE(read_message(client).ends_with(kAnswer));
}

TEST(Exchange, RecordsTheErrorThatAStreamTellsOfAsItsOwn) {
  for (const bool ends_in_good_order : {true, false}) {
    const PlainListener provider;
    RunningGateway gateway(provider.port());
    const PlainSocket client = PlainSocket::connect(gateway.port());
    PlainSocket upstream = begin_stream(client, provider);
    upstream.send(chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"usage\":{\"input_tokens\":5}}}\n\n") +
                  chunk("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"));
    if (ends_in_good_order) upstream.send("0\r\n\r\n");
    upstream.close();
    const gateway::Outcome outcome = gateway.recorded().wait_for(1).at(0);
    EXPECT_EQ(outcome.state, store::AttemptState::Truncated);
    EXPECT_EQ(outcome.error, llm::UpstreamErrorKind::MidStream);
  }
}

TEST(Exchange, TakesAChangeOfProtocolForAnError) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", kBody));
  const PlainSocket upstream = provider.accept();
  (void)read_message(upstream);
  upstream.send("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n");
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(upstream.read_all(), "");
}

TEST(Exchange, SendsWhatMakesABatchOnAConnectionThatCannotBeStale) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", kBody));
  const PlainSocket first = provider.accept();
  (void)read_message(first);
  first.send(answer(200, kAnswer));
  (void)read_message(client);
  // The kept connection is there; a provider that had read the batch and then reset it would have made it for good.
  client.send(request("/v1/messages/batches", R"({"requests":[]})"));
  const PlainSocket second = provider.accept();
  ASSERT_TRUE(second.valid());
  EXPECT_NE(read_message(second).find("/v1/messages/batches"), std::string::npos);
  second.send(answer(200, "{}"));
  EXPECT_TRUE(read_message(client).ends_with("{}"));
}

}  // namespace
}  // namespace tidegate
