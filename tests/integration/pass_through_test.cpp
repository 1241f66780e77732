// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// One request at a time through a worker, with both far ends written by hand: what goes in comes out byte for byte, and
// what breaks is seen to break.
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tidegate {
namespace {

using testing::PlainListener;
using testing::PlainSocket;
using testing::read_message;
using testing::RunningGateway;

// Keys in an odd order, blanks and an unknown field: a body that any re-serialising would change.
const std::string kBody =
    R"({ "stream":false,"model" : "claude-haiku-4-5", "zz_unknown":[1, 2.50],"max_tokens":256,"messages":[]})";
const std::string kAnswer =
    R"({"id":"msg_1","type":"message","model":"claude-haiku-4-5","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":3}})";

std::string request(std::string_view target, std::string_view body, std::string_view extra = "") {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: gw.local\r\nX-Api-Key: client-key\r\nAnthropic-Version: 2026-10-21\r\n{}"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      target, extra, body.size(), body);
}

std::string answer(std::string_view body, std::string_view extra = "") {
  return fmt::format(
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_up1\r\n{}content-length: {}\r\n\r\n{}",
      extra, body.size(), body);
}

std::string chunk(std::string_view text) { return fmt::format("{:x}\r\n{}\r\n", text.size(), text); }

/// Reads a request as the provider sees it: head and body of the length it states.
std::pair<std::string, std::string> read_request(const PlainSocket& socket) {
  std::string head = socket.read_until("\r\n\r\n");
  const std::size_t at = head.find("content-length: ");
  const std::size_t length = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  return {head, socket.read_exactly(length)};
}

TEST(PassThrough, CarriesBodiesByteForByteBothWays) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages?beta=true", kBody, "X-Custom-Thing: Kept As Is\r\n"));

  const PlainSocket upstream = provider.accept();
  const auto [head, body] = read_request(upstream);
  EXPECT_EQ(body, kBody);
  EXPECT_TRUE(head.starts_with("POST /v1/messages?beta=true HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("X-Custom-Thing: Kept As Is\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Anthropic-Version: 2026-10-21\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("x-api-key: pool-key\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("client-key"), std::string::npos) << head;
  EXPECT_EQ(head.find("gw.local"), std::string::npos) << head;

  upstream.send(answer(kAnswer, "anthropic-ratelimit-requests-remaining: 41\r\n"));
  const std::string got_head = client.read_until("\r\n\r\n");
  EXPECT_NE(got_head.find("anthropic-ratelimit-requests-remaining: 41\r\n"), std::string::npos) << got_head;
  EXPECT_NE(got_head.find("request-id: req_up1\r\n"), std::string::npos) << got_head;
  EXPECT_EQ(client.read_exactly(kAnswer.size()), kAnswer);

  const auto outcomes = gateway.recorded().wait_for(1);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].state, store::AttemptState::Completed);
  EXPECT_EQ(outcomes[0].answer.usage.tokens.input, 12);
  EXPECT_EQ(outcomes[0].answer.usage.tokens.output, 3);
  EXPECT_EQ(outcomes[0].view.model, "claude-haiku-4-5");
  EXPECT_EQ(outcomes[0].upstream_request_id, "req_up1");
  EXPECT_EQ(gateway.recorded().events(), (std::vector<std::string>{"begin", "answered", "charge", "finish"}));
}

TEST(PassThrough, KeepsBothConnectionsAliveForTheNextRequest) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  PlainSocket upstream;
  for (int i = 0; i < 3; ++i) {
    client.send(request("/v1/messages", kBody));
    if (!upstream.valid()) upstream = provider.accept();
    EXPECT_EQ(read_request(upstream).second, kBody);
    upstream.send(answer(kAnswer));
    (void)client.read_until("\r\n\r\n");
    EXPECT_EQ(client.read_exactly(kAnswer.size()), kAnswer);
  }
  EXPECT_EQ(gateway.recorded().wait_for(3).size(), 3U);
}

TEST(PassThrough, StreamsEventsAsTheyCome) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", R"({"model":"claude-haiku-4-5","stream":true,"max_tokens":9,"messages":[]})"));
  const PlainSocket upstream = provider.accept();
  (void)read_request(upstream);
  const std::string start = chunk(
      "event: message_start\ndata: "
      "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\",\"model\":\"claude-haiku-4-5\",\"usage\":{"
      "\"input_tokens\":7,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n");
  upstream.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + start);
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find("transfer-encoding: chunked"), std::string::npos) << head;
  // The first event is here although the provider has sent nothing more: nothing is held back.
  EXPECT_EQ(client.read_exactly(start.size()), start);
  const std::string ping = chunk("event: ping\ndata: {\"type\":\"ping\"}\n\n");
  upstream.send(ping);
  EXPECT_EQ(client.read_exactly(ping.size()), ping);
  const std::string end =
      chunk(
          "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{"
          "\"output_tokens\":42}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") +
      "0\r\n\r\n";
  upstream.send(end);
  EXPECT_EQ(client.read_exactly(end.size()), end);
  const auto outcomes = gateway.recorded().wait_for(1);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].state, store::AttemptState::Completed);
  EXPECT_EQ(outcomes[0].answer.usage.tokens.input, 7);
  EXPECT_EQ(outcomes[0].answer.usage.tokens.cache_read, 5);
  EXPECT_EQ(outcomes[0].answer.usage.tokens.output, 42);
}

TEST(PassThrough, NeverEndsATruncatedStreamCleanly) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", R"({"model":"claude-haiku-4-5","stream":true,"messages":[]})"));
  PlainSocket upstream = provider.accept();
  (void)read_request(upstream);
  upstream.send(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
      "1c\r\nevent: ping\ndata: {\"type\":\"p\r\n");
  (void)client.read_until("\"p\r\n");
  upstream.close();
  const std::string rest = client.read_all();
  EXPECT_EQ(rest.find("0\r\n\r\n"), std::string::npos) << "the last chunk says that the answer was whole";
  const auto outcomes = gateway.recorded().wait_for(1);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].state, store::AttemptState::Truncated);
  EXPECT_EQ(outcomes[0].error, llm::UpstreamErrorKind::Truncated);
}

TEST(PassThrough, BreaksAStreamOffThatEndsInGoodOrderButWithoutItsLastEvent) {
  const std::string ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
  struct Row {
    std::string before, end;
    bool is_told;  ///< by an error event; otherwise the connection breaks
  };
  const std::string chunk = fmt::format("{:x}\r\n{}\r\n", ping.size(), ping);
  const std::string head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
  const std::string chunked = head + "transfer-encoding: chunked\r\n\r\n";
  const Row rows[] = {
      {chunked + chunk, "0\r\n\r\n", true},        // the last chunk comes alone
      {chunked, chunk + "0\r\n\r\n", true},        // together with the last event
      {chunked + chunk + "0", "\r\n\r\n", false},  // one byte of it has been passed on already
      {chunked + chunk, "000\r\n\r\n", false},     // unusual, but the end
      {chunked, "4\r\ndata\r\n0\r\n\r\n", false},  // in the middle of an event
      {head + fmt::format("content-length: {}\r\n\r\n", ping.size()), ping, false},
  };
  for (const Row& row : rows) {
    const PlainListener provider;
    RunningGateway gateway(provider.port());
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(request("/v1/messages", R"({"model":"claude-haiku-4-5","stream":true,"messages":[]})"));
    const PlainSocket upstream = provider.accept();
    (void)read_request(upstream);
    upstream.send(row.before);
    std::string seen;
    if (row.before != chunked && row.before.ends_with("\r\n0")) seen = client.read_until("\r\n0");
    upstream.send(row.end);
    seen += client.read_all();
    EXPECT_EQ(seen.find("event: error\ndata: ") != std::string::npos, row.is_told) << row.before << row.end << "\n"
                                                                                   << seen;
    EXPECT_FALSE(seen.ends_with("0\r\n\r\n")) << seen;
    EXPECT_EQ(gateway.recorded().wait_for(1).at(0).state, store::AttemptState::Truncated);
  }
}

TEST(PassThrough, LetsAnErrorEventBeTheEndOfAStream) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(
      request("/v1/messages", R"({"model":"claude-haiku-4-5","stream":true,"messages":[]})", "Connection: close\r\n"));
  const PlainSocket upstream = provider.accept();
  (void)read_request(upstream);
  const std::string event =
      "event: error\ndata: "
      "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
  const std::string body = fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", event.size(), event);
  upstream.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + body);
  (void)client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_all(), body);
}

TEST(PassThrough, EndsACloseDelimitedStreamThatBreaksOffWithAnErrorEvent) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", R"({"model":"claude-haiku-4-5","stream":true,"messages":[]})"));
  PlainSocket upstream = provider.accept();
  (void)read_request(upstream);
  upstream.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: ping\ndata: {\"type\":\"ping\"}\n\n");
  (void)client.read_until("ping\"}\n\n");
  upstream.close();
  const std::string rest = client.read_all();
  EXPECT_NE(rest.find("event: error\ndata: {\"type\":\"error\""), std::string::npos) << rest;
  EXPECT_EQ(rest.find("0\r\n\r\n"), std::string::npos) << rest;
  EXPECT_EQ(gateway.recorded().wait_for(1).at(0).state, store::AttemptState::Truncated);
}

TEST(PassThrough, ReplaysOnceOnAStaleConnection) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", kBody));
  PlainSocket upstream = provider.accept();
  (void)read_request(upstream);
  upstream.send(answer(kAnswer));
  (void)client.read_until("\r\n\r\n");
  (void)client.read_exactly(kAnswer.size());
  (void)gateway.recorded().wait_for(1);

  client.send(request("/v1/messages", kBody));
  EXPECT_EQ(read_request(upstream).second, kBody);
  upstream.reset();  // as a provider whose idle timeout has just passed
  const PlainSocket fresh = provider.accept();
  EXPECT_EQ(read_request(fresh).second, kBody);
  fresh.send(answer(kAnswer));
  (void)client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_exactly(kAnswer.size()), kAnswer);
  EXPECT_TRUE(gateway.recorded().wait_for(2).at(1).replayed);
}

TEST(PassThrough, CancelsTheProviderAsSoonAsTheClientLeaves) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", kBody));
  const PlainSocket upstream = provider.accept();
  (void)read_request(upstream);
  client.close();
  EXPECT_EQ(upstream.read_all(), "");  // ends at once, long before any deadline
  EXPECT_EQ(gateway.recorded().wait_for(1).at(0).state, store::AttemptState::ClientGone);
}

TEST(PassThrough, AnswersInTheDialectWhenNoProviderCanBeReached) {
  std::uint16_t nobody = 0;
  {
    const PlainListener gone;
    nobody = gone.port();
  }
  RunningGateway gateway(nobody);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", kBody, "Connection: close\r\n"));
  const std::string all = client.read_all();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 502 ")) << all;
  EXPECT_NE(all.find("\"type\":\"error\""), std::string::npos) << all;
  EXPECT_NE(all.find("\"request_id\":\"req_tg"), std::string::npos) << all;
  EXPECT_EQ(gateway.recorded().wait_for(1).at(0).error, llm::UpstreamErrorKind::Connect);
}

TEST(PassThrough, RelaysAnErrorUnmodifiedAndClassifiesIt) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", kBody));
  const PlainSocket upstream = provider.accept();
  (void)read_request(upstream);
  const std::string body =
      R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"},"request_id":"req_up2"})";
  upstream.send(
      fmt::format("HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: 7\r\n"
                  "x-should-retry: true\r\ncontent-length: {}\r\n\r\n{}",
                  body.size(), body));
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << head;
  EXPECT_NE(head.find("retry-after: 7\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("x-should-retry: true\r\n"), std::string::npos) << head;
  EXPECT_EQ(client.read_exactly(body.size()), body);
  EXPECT_EQ(gateway.recorded().wait_for(1).at(0).error, llm::UpstreamErrorKind::RateLimit);
}

TEST(PassThrough, RefusesAWebSocketWith426AtOnce) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(
      "GET /v1/responses HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 426 "));
}

TEST(PassThrough, RewritesTheResultsUrlOfABatchAndNothingElse) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send("GET /v1/messages/batches/b1 HTTP/1.1\r\nHost: gw.local:8080\r\nanthropic-version: 2023-06-01\r\n\r\n");
  const PlainSocket upstream = provider.accept();
  (void)upstream.read_until("\r\n\r\n");
  upstream.send(
      answer(R"({"id":"b1", "results_url": "https://api.anthropic.com/v1/messages/batches/b1/results","x":1 })"));
  const std::string expected =
      R"({"id":"b1", "results_url": "http://gw.local:8080/v1/messages/batches/b1/results","x":1 })";
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find(fmt::format("content-length: {}\r\n", expected.size())), std::string::npos) << head;
  EXPECT_EQ(client.read_exactly(expected.size()), expected);
}

/// Asks through `client` and answers as the provider; gives the credential that the provider saw.
std::string ask(const PlainListener& provider, std::uint16_t gateway, std::string_view text,
                std::string_view answered) {
  const PlainSocket client = PlainSocket::connect(gateway);
  client.send(text);
  const PlainSocket upstream = provider.accept();
  const auto [head, body] = read_request(upstream);
  upstream.send(answered);
  (void)client.read_until("\r\n\r\n");
  const std::size_t length = answered.size() - answered.find("\r\n\r\n") - 4;
  (void)client.read_exactly(length);
  const std::size_t at = head.find("x-api-key: ");
  return head.substr(at + 11, head.find("\r\n", at) - at - 11);
}

TEST(PassThrough, ContinuesAResponseWithTheKeyThatMadeIt) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.dialect = llm::Dialect::OpenAi;
  choice.keys = {"key-1", "key-2", "key-3"};
  RunningGateway gateway(provider.port(), choice);
  const std::string made = answer(
      R"({"id":"resp_7","object":"response","status":"completed","model":"gpt-5.1","output":[],"usage":{"input_tokens":1,"output_tokens":1}})",
      "connection: close\r\n");
  const std::string maker =
      ask(provider, gateway.port(), request("/v1/responses", R"({"model":"gpt-5.1","input":"a"})"), made);
  const std::string other = answer("{}", "connection: close\r\n");
  std::set<std::string> others;
  for (int turn = 0; turn < 4; ++turn) {
    const std::string next =
        request("/v1/responses", R"({"model":"gpt-5.1","input":"b","previous_response_id":"resp_7"})");
    EXPECT_EQ(ask(provider, gateway.port(), next, other), maker) << "continued in turn " << turn;
    const std::string read = "GET /v1/responses/resp_7 HTTP/1.1\r\nHost: gw.local\r\n\r\n";
    EXPECT_EQ(ask(provider, gateway.port(), read, other), maker) << "read in turn " << turn;
    const std::string unrelated =
        ask(provider, gateway.port(), request("/v1/responses", R"({"model":"gpt-5.1","input":"c"})"), other);
    EXPECT_NE(unrelated, maker) << "others go where there is most room";
    others.insert(unrelated);
  }
  EXPECT_EQ(others.size(), 2U) << "and take turns there";
}

TEST(PassThrough, FindsABatchAndAFileWithTheKeyThatMadeThem) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.keys = {"key-1", "key-2"};
  RunningGateway gateway(provider.port(), choice);
  const auto made = [](std::string_view id) {
    return answer(fmt::format(R"({{"type":"x","id":"{}"}})", id), "connection: close\r\n");
  };
  const std::string batch =
      ask(provider, gateway.port(), request("/v1/messages/batches", R"({"requests":[]})"), made("msgbatch_1"));
  // Files are no batches: both begin with the first key. So a file goes before the one that is looked for.
  (void)ask(provider, gateway.port(), request("/v1/files", "bytes"), made("file_0"));
  const std::string file = ask(provider, gateway.port(), request("/v1/files", "bytes"), made("file_1"));
  EXPECT_NE(batch, file);
  for (int turn = 0; turn < 3; ++turn) {
    const auto get = [&](std::string_view path) {
      return ask(provider, gateway.port(),
                 fmt::format("GET {} HTTP/1.1\r\nHost: gw.local\r\nanthropic-version: 2023-06-01\r\n\r\n", path),
                 made("z"));
    };
    EXPECT_EQ(get("/v1/messages/batches/msgbatch_1/results"), batch);
    EXPECT_EQ(get("/v1/files/file_1"), file);
  }
}

TEST(PassThrough, RefusesWhatCouldBeReadTwoWays) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  for (const char* fields :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length : 3\r\n", "X-A: b\r\n folded\r\n", "Transfer-Encoding: gzip, chunked\r\n"}) {
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw\r\n{}\r\nabc", fields));
    const std::string all = client.read_all();
    EXPECT_TRUE(all.starts_with("HTTP/1.1 400 ") || all.starts_with("HTTP/1.1 501 ")) << fields << all;
  }
}

TEST(PassThrough, StreamsAnUploadWithoutKeepingIt) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.options.body_memory = 1024;  // far less than what is uploaded
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  const std::string file(300'000, 'x');
  std::thread sending([&] { client.send(request("/v1/files", file)); });
  const PlainSocket upstream = provider.accept();
  const std::string head = upstream.read_until("\r\n\r\n");
  EXPECT_NE(head.find("content-length: 300000\r\n"), std::string::npos) << head;
  EXPECT_EQ(upstream.read_exactly(file.size()), file);
  sending.join();
  upstream.send(answer("{}"));
  (void)client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_exactly(2), "{}");
}

/// A client that looks for an answer only when it has sent everything, as Python's and most others do.
std::string send_all_then_read(const PlainSocket& client, std::string_view head, std::size_t body) {
  client.send(head);
  client.send(std::string(body, 'x'));
  return client.read_all();
}

TEST(PassThrough, LetsAClientThatIsStillSendingReadItsRefusal) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.limits.max_body_bytes = 8UL * 1024 * 1024;
  choice.options.body_memory = 1024 * 1024;
  choice.options.body_wait = Nanoseconds(0);
  RunningGateway gateway(provider.port(), choice);
  struct Row {
    std::string_view path, fields;
    std::size_t body;
    std::string_view status;
  };
  const Row rows[] = {{"/v1/messages", "", 40UL * 1024 * 1024, "413 "},
                      {"/v1/messages", "", 8UL * 1024 * 1024, "429 "},
                      {"/anthropic/v1/messages", "", 8UL * 1024 * 1024, "404 "},
                      {"/v1/messages", "Content-Length : 3\r\n", 8UL * 1024 * 1024, "400 "}};
  std::size_t count = 0;
  for (const Row& row : rows) {
    const PlainSocket client = PlainSocket::connect(gateway.port());
    const std::string all = send_all_then_read(
        client, fmt::format("POST {} HTTP/1.1\r\nHost: gw\r\n{}Content-Length: {}\r\n\r\n", row.path, row.fields, row.body), row.body);
    EXPECT_TRUE(all.starts_with(fmt::format("HTTP/1.1 {}", row.status))) << row.status << all;
    EXPECT_NE(all.find("connection: close\r\n"), std::string::npos) << all;
    EXPECT_NE(all.find("\"error\""), std::string::npos) << all;
    EXPECT_FALSE(client.was_reset()) << row.status;
    EXPECT_EQ(gateway.recorded().wait_for(++count).size(), count);
  }
}

TEST(PassThrough, DoesNotListenForeverToAClientThatItRefused) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send("POST /v1/messages HTTP/1.1\r\nHost: gw\r\nContent-Length: 1000000000000\r\n\r\n");
  constexpr std::size_t kPiece = 1024 * 1024;
  const std::string piece(kPiece, 'x');
  std::size_t sent = 0;
  while (sent < 1024 * kPiece) {
    const ssize_t bytes = ::send(client.descriptor(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (bytes <= 0) break;
    sent += static_cast<std::size_t>(bytes);
  }
  EXPECT_GT(sent, 32 * kPiece);
  EXPECT_LT(sent, 256 * kPiece);  // some is in the sockets' buffers
}

TEST(PassThrough, BreaksOffWhoIsStillSendingAfterItsRefusalWhenTheTimeToStopIsOver) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send("POST /v1/messages HTTP/1.1\r\nHost: gw\r\nContent-Length: 1000000000000\r\n\r\n");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 413 "));  // up to the end that it says; it goes on reading
  EXPECT_EQ(gateway.worker().open_connections(), 1U);
  gateway.worker().begin_drain(Nanoseconds(0));
  gateway.join();
  EXPECT_EQ(gateway.worker().open_connections(), 0U);
}

TEST(PassThrough, TakesMemoryForABodyAsItComes) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.limits.max_body_bytes = 1024 * 1024;
  choice.options.body_memory = 4UL * 1024 * 1024;
  choice.options.body_wait = Nanoseconds(0);
  RunningGateway gateway(provider.port(), choice);
  std::vector<PlainSocket> slow;
  for (int i = 0; i < 16; ++i) {
    slow.push_back(PlainSocket::connect(gateway.port()));
    slow.back().send("POST /v1/messages HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 1048576\r\n\r\n");
    EXPECT_EQ(slow.back().read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    slow.back().send("{");
  }
  const std::string body = kBody + std::string(200'000, ' ');
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", body));
  const PlainSocket upstream = provider.accept();
  EXPECT_EQ(read_request(upstream).second, body);
  upstream.send(answer(kAnswer));
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST(PassThrough, PromisesToReadABodyOnlyWhenThereIsMemoryForIt) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.options.body_memory = 10;
  choice.options.body_wait = Nanoseconds(0);
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send("POST /v1/messages HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 429 "));
}

TEST(PassThrough, RefusesABodyThatNeverPausesButHardlyComes) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.limits.body_timeout = Milliseconds(500);
  RunningGateway gateway(provider.port(), choice);
  for (const char* framing : {"Content-Length: 1000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nfffff\r\n"}) {
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nHost: gw\r\n{}", framing));
    pollfd answered{.fd = client.descriptor(), .events = POLLIN, .revents = 0};
    int bytes = 0;
    while (bytes < 400 && ::poll(&answered, 1, 25) == 0) {  // 10 s, were it not refused
      client.send("x");
      ++bytes;
    }
    EXPECT_LT(bytes, 400);
    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 408 ")) << framing;
  }
}

TEST(PassThrough, AnswersAMalformedHeadInTheFormOfItsPath) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  struct Row {
    std::string_view line;
    bool is_anthropic;
  };
  for (const Row& row : {Row{"POST /v1/chat/completions?a=b HTTP/1.1", false}, Row{"\r\nPOST /v1/responses HTTP/1.1", false},
                         Row{"POST /v1/messages HTTP/1.1", true}, Row{"GET /v1/models HTTP/1.1", true}, Row{"POST", true}}) {
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(fmt::format("{}\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", row.line));
    const std::string text = read_message(client);
    EXPECT_TRUE(text.starts_with("HTTP/1.1 400 ")) << text;
    EXPECT_EQ(text.find(R"({"type":"error")") != std::string::npos, row.is_anthropic) << row.line << text;
  }
}

TEST(PassThrough, LimitsTheConnectionsOfAllWorkersTogether) {
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.workers = 2;
  choice.limits.max_connections = 1;
  RunningGateway gateway(provider.port(), choice);
  std::vector<PlainSocket> clients;
  std::vector<pollfd> answered;
  for (int i = 0; i < 16; ++i) {  // which the kernel deals out to both workers
    clients.push_back(PlainSocket::connect(gateway.port()));
    clients.back().send("GET /api/hello HTTP/1.1\r\nHost: gw\r\n\r\n");
    answered.push_back({.fd = clients.back().descriptor(), .events = POLLIN, .revents = 0});
  }
  while (!clients.empty()) {
    ASSERT_GT(::poll(answered.data(), answered.size(), 10'000), 0) << "nobody is served, and " << clients.size() << " wait";
    EXPECT_EQ(gateway.open_connections(), 1U);
    std::size_t served = 0;
    while (answered[served].revents == 0) ++served;
    EXPECT_TRUE(read_message(clients[served]).starts_with("HTTP/1.1 200 "));
    clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(served));
    answered.erase(answered.begin() + static_cast<std::ptrdiff_t>(served));
  }
}

TEST(PassThrough, DrainsARunningAnswerBeforeItStops) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request("/v1/messages", kBody));
  const PlainSocket upstream = provider.accept();
  (void)read_request(upstream);
  gateway.worker().begin_drain(Seconds(10));
  upstream.send(answer(kAnswer));
  const std::string all = client.read_all();
  EXPECT_NE(all.find(kAnswer), std::string::npos) << all;
  gateway.join();
  EXPECT_EQ(gateway.recorded().wait_for(1).at(0).state, store::AttemptState::Completed);
}

TEST(PassThrough, BreaksOffAndRecordsWhatIsUnderWayWhenItsTimeToStopIsOver) {
  const PlainListener provider;
  RunningGateway gateway(provider.port());
  const PlainSocket streaming = PlainSocket::connect(gateway.port());
  streaming.send(request("/v1/messages", R"({"model":"claude-sonnet-4-5","max_tokens":64,"stream":true,"messages":[]})"));
  const PlainSocket first = provider.accept();
  (void)read_request(first);
  first.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
  first.send(chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-sonnet-4-5\","
                   "\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n"));
  (void)streaming.read_until("message_start");
  const PlainSocket silent = PlainSocket::connect(gateway.port());
  silent.send(request("/v1/messages", kBody));
  const PlainSocket second = provider.accept();
  (void)read_request(second);  // and no answer
  gateway.worker().begin_drain(Nanoseconds(0));
  gateway.join();
  // The ends are not those of whole answers, for the client and for the provider.
  EXPECT_EQ(streaming.read_all().find("0\r\n\r\n"), std::string::npos);
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(first.read_all(), "");
  EXPECT_EQ(second.read_all(), "");
  std::vector<gateway::Outcome> outcomes = gateway.recorded().wait_for(2);
  ASSERT_EQ(outcomes.size(), 2U);
  if (!outcomes[0].view.stream) std::swap(outcomes[0], outcomes[1]);
  for (const gateway::Outcome& outcome : outcomes) EXPECT_EQ(outcome.state, store::AttemptState::Interrupted);
  EXPECT_EQ(outcomes[0].answer.usage.tokens.input, 5);
  const std::vector<std::string> events = gateway.recorded().events();
  EXPECT_EQ(std::count(events.begin(), events.end(), "charge"), 2);
}

}  // namespace
}  // namespace tidegate
