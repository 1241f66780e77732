// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What real clients need of a gateway, point by point: tests/integration/README.md says which test shows which point,
// and what each client does without it.
#include "capture.h"
#include "gzipped.h"
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tidegate {
namespace {

using ::testing::EndsWith;
using testing::fields_of;
using testing::gzipped;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PlainListener;
using testing::PlainSocket;
using testing::RunningGateway;
using ::testing::StartsWith;
using testing::value_of;

const std::string kBody = R"({"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
const std::string kStreamedBody = R"({"model":"claude-haiku-4-5","max_tokens":9,"stream":true,"messages":[]})";
const std::string kAnswer =
    R"({"id":"msg_1","model":"claude-haiku-4-5","content":[],"usage":{"input_tokens":12,"output_tokens":3}})";
constexpr std::string_view kVersion = "anthropic-version: 2023-06-01\r\n";
constexpr std::string_view kEventStream =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
constexpr std::string_view kMessageStart =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-haiku-4-5\",\"usage\":"
    "{\"input_tokens\":7,\"output_tokens\":1}}}\n\n";
constexpr std::string_view kMessageEnd =
    "event: message_delta\ndata: "
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":42}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

std::string post(std::string_view target, std::string_view body, std::string_view fields = kVersion) {
  return fmt::format("POST {} HTTP/1.1\r\nhost: gw\r\n{}content-length: {}\r\n\r\n{}", target, fields, body.size(),
                     body);
}
std::string get(std::string_view target, std::string_view fields = kVersion) {
  return fmt::format("GET {} HTTP/1.1\r\nhost: gw\r\n{}\r\n", target, fields);
}
std::string answer(std::string_view body, std::string_view fields = "", std::string_view status = "200 OK") {
  return fmt::format("HTTP/1.1 {}\r\ncontent-type: application/json\r\n{}content-length: {}\r\n\r\n{}", status, fields,
                     body.size(), body);
}
std::string chunk(std::string_view text) { return fmt::format("{:x}\r\n{}\r\n", text.size(), text); }

/// A request as the provider sees it.
struct Seen {
  std::string head, body;
  [[nodiscard]] std::string field(std::string_view name) const { return value_of(fields_of(head), name); }
};
Seen read_request(const PlainSocket& socket) {
  Seen seen{socket.read_until("\r\n\r\n"), {}};
  const std::string length = seen.field("content-length");
  if (!length.empty()) seen.body = socket.read_exactly(std::stoul(length));
  return seen;
}

/// An answer of known length as the client sees it.
Seen read_answer(const PlainSocket& socket) { return read_request(socket); }

/// The body of an answer whose wire form is as long as `expected`.
std::string read_body(const PlainSocket& socket, std::string_view expected) {
  (void)socket.read_until("\r\n\r\n");
  return socket.read_exactly(expected.size());
}

/// A gateway and its provider.
class ClientContract : public ::testing::Test {
 protected:
  explicit ClientContract(RunningGateway::Choice choice = {}) : gateway_(provider_.port(), std::move(choice)) {}

  /// Sends a request and gives the provider's side of it.
  PlainSocket ask(const PlainSocket& client, std::string_view request, Seen* seen = nullptr) {
    client.send(request);
    PlainSocket upstream = provider_.accept();
    Seen got = read_request(upstream);
    if (seen != nullptr) *seen = std::move(got);
    return upstream;
  }
  PlainSocket connect() { return PlainSocket::connect(gateway_.port()); }

  PlainListener provider_;
  RunningGateway gateway_;
};

class OpenAiContract : public ClientContract {
 protected:
  static RunningGateway::Choice openai() {
    RunningGateway::Choice choice;
    choice.dialect = llm::Dialect::OpenAi;
    return choice;
  }
  OpenAiContract() : ClientContract(openai()) {}
};

// 1
TEST_F(ClientContract, TakesTheKeyFromEitherHeaderOrBothAndPutsItsOwnInPlace) {
  for (const char* fields : {"authorization: Bearer client-a\r\n", "x-api-key: client-b\r\n",
                             "Authorization: Bearer client-a\r\nX-Api-Key: client-b\r\n", ""}) {
    const PlainSocket client = connect();
    Seen seen;
    const PlainSocket upstream =
        ask(client, post("/v1/messages", kBody, std::string(kVersion) + fields + "connection: close\r\n"), &seen);
    EXPECT_EQ(seen.field("x-api-key"), "pool-key") << fields;
    EXPECT_EQ(seen.field("authorization"), "") << fields;
    EXPECT_THAT(seen.head, Not(HasSubstr("client-")));
    upstream.send(answer(kAnswer, "connection: close\r\n"));
    EXPECT_EQ(read_answer(client).body, kAnswer);
  }
}

/// Knows one key, and one for some models only.
class OneKey final : public gateway::KeyCheck {
 public:
  Result<gateway::Caller> check(std::string_view credential, WallTime) override {
    if (credential != "tg_ours" && credential != "tg_haiku") return fail(FailureKind::Denied, Origin::Client, "no such key");
    gateway::Caller caller;
    caller.tenant = "tides";
    if (credential == "tg_haiku") caller.models = {"claude-haiku-*"};
    return caller;
  }
};

class VirtualContract : public ClientContract {
 protected:
  static RunningGateway::Choice with_one_key() {
    static OneKey keys;  // outlives every gateway
    RunningGateway::Choice choice;
    choice.options.auth = gateway::AuthMode::Virtual;
    choice.key_check = &keys;
    return choice;
  }
  VirtualContract() : ClientContract(with_one_key()) {}
};

// 1
TEST_F(VirtualContract, FindsItsOwnKeyInWhicheverHeaderItIs) {
  for (const char* fields : {"authorization: Bearer tg_ours\r\n", "x-api-key: tg_ours\r\n",
                             "authorization: Bearer another\r\nx-api-key: tg_ours\r\n",
                             "authorization: Bearer tg_ours\r\nx-api-key: another\r\n"}) {
    const PlainSocket client = connect();
    const PlainSocket upstream =
        ask(client, post("/v1/messages", kBody, fmt::format("{}{}connection: close\r\n", kVersion, fields)));
    upstream.send(answer(kAnswer, "connection: close\r\n"));
    EXPECT_EQ(read_answer(client).body, kAnswer) << fields;
  }
  for (const char* fields : {"", "x-api-key: another\r\n", "authorization: Bearer another\r\nx-api-key: a-third\r\n"}) {
    const PlainSocket client = connect();
    client.send(post("/v1/messages", kBody, std::string(kVersion) + fields));
    EXPECT_THAT(read_answer(client).head, StartsWith("HTTP/1.1 401 ")) << fields;
  }
}

TEST_F(VirtualContract, RefusesAStrangerBeforeItReadsItsBody) {
  for (const char* fields : {"x-api-key: nonsense\r\ncontent-length: 33554432\r\n\r\n{",
                             "x-api-key: nonsense\r\nexpect: 100-continue\r\ncontent-length: 33554432\r\n\r\n",
                             "transfer-encoding: chunked\r\n\r\n2\r\n{"}) {
    const PlainSocket client = connect();
    client.send(fmt::format("POST /v1/messages HTTP/1.1\r\nhost: gw\r\n{}", fields));
    EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 401 ")) << fields;
  }
}

TEST_F(VirtualContract, KeepsAKeyToItsModelsHoweverTheRequestIsWritten) {
  const std::string fields = std::string(kVersion) + "x-api-key: tg_haiku\r\nconnection: close\r\n";
  struct Case {
    std::string path, body, extra;
  };
  const std::string opus = R"({"model":"claude-opus-5","messages":[]})";
  // However it comes: with its head, or in many pieces after it.
  for (const Case& c : {Case{"/v1/messages", opus, ""}, Case{"/v1/messages", opus + std::string(100'000, ' '), ""}, Case{"/v1/messages", opus + "x", ""},
                        Case{"/v1/messages", R"({"model":"claude-opus-5","model":"claude-haiku-4-5"})", ""},
                        Case{"/v1/messages", R"({"model":["claude-opus-5"]})", ""}, Case{"/v1/messages", R"({"model":"claude-opus-5","x":NaN})", ""},
                        Case{"/v1/messages", "\x1f\x8b\x08", "content-encoding: gzip\r\n"},
                        Case{"/v1/messages", R"({"model":"claude-haiku-4-5","fallbacks":[{"model":"claude-opus-5"}]})", ""},
                        Case{"/v1/messages/batches", R"({"requests":[{"params":)" + opus + "}]}", ""}, Case{"/v1/complete", opus, ""}}) {
    const PlainSocket client = connect();
    client.send(post(c.path, c.body, fields + c.extra));
    const Seen got = read_answer(client);
    EXPECT_THAT(got.head, StartsWith("HTTP/1.1 403 ")) << c.body;
    EXPECT_THAT(got.body, HasSubstr(R"("type":"permission_error")")) << c.body;
  }
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, post("/v1/messages", R"({"model":"claude-haiku-4-5","messages":[]})", fields));
  upstream.send(answer(kAnswer, "connection: close\r\n"));
  EXPECT_THAT(read_answer(client).head, StartsWith("HTTP/1.1 200 "));
}

TEST_F(ClientContract, RefusesAnEndpointInDisguiseAndPassesUnknownPathsOn) {
  for (const char* path : {"/v1/%6dessages", "/v1/./messages", "/v1//messages", "/v1/messages;x", "/v1/files/../messages"}) {
    const PlainSocket client = connect();
    client.send(post(path, kBody, std::string(kVersion) + "connection: close\r\n"));
    EXPECT_THAT(read_answer(client).head, StartsWith("HTTP/1.1 400 ")) << path;
  }
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, post("/v1/unheard//of;x", kBody, std::string(kVersion) + "connection: close\r\n"));
  upstream.send(answer("{}", "connection: close\r\n"));
  EXPECT_THAT(read_answer(client).head, StartsWith("HTTP/1.1 200 "));
}

TEST_F(ClientContract, RefusesATraceWhichWouldShowTheKey) {
  const PlainSocket client = connect();
  client.send("TRACE /v1/messages HTTP/1.1\r\nhost: gw\r\nconnection: close\r\n\r\n");
  const Seen got = read_answer(client);
  EXPECT_THAT(got.head, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(got.field("allow"), HasSubstr("POST"));
}

// 13
TEST_F(ClientContract, AsksTheOnlyDialectsProviderForWhatBothHave) {
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, "GET /v1/models HTTP/1.1\r\nhost: gw\r\nconnection: close\r\n\r\n");
  upstream.send(answer("{}", "connection: close\r\n"));
  EXPECT_THAT(read_answer(client).head, StartsWith("HTTP/1.1 200 "));
}

class RelayContract : public ClientContract {
 protected:
  static RunningGateway::Choice below_a_path() {
    RunningGateway::Choice choice;
    choice.base_path = "/relay/anthropic";
    return choice;
  }
  RelayContract() : ClientContract(below_a_path()) {}
};

// 2
TEST_F(RelayContract, RoutesByThePathAloneAndPassesTheQueryOn) {
  for (const char* target : {"/v1/messages?beta=true", "/v1/messages?x=%2Fv1%2Fresponses&y", "/v1/unheard/of?a=1"}) {
    const PlainSocket client = connect();
    Seen seen;
    const PlainSocket upstream =
        ask(client, post(target, kBody, std::string(kVersion) + "connection: close\r\n"), &seen);
    EXPECT_THAT(seen.head, StartsWith(fmt::format("POST /relay/anthropic{} HTTP/1.1\r\n", target)));
    upstream.send(answer(kAnswer, "connection: close\r\n"));
    EXPECT_EQ(read_answer(client).body, kAnswer);
  }
  const PlainSocket client = connect();
  Seen seen;
  const PlainSocket upstream = ask(client, get("/v1/models?limit=1000"), &seen);
  EXPECT_THAT(seen.head, StartsWith("GET /relay/anthropic/v1/models?limit=1000 HTTP/1.1\r\n"));
}

// 3
TEST_F(ClientContract, PassesVersionsBetasAndUnknownFieldsVerbatim) {
  for (const char* version : {"2023-06-01", "2026-10-21", "2031-01-01-preview"}) {
    const std::string fields = fmt::format(
        "Anthropic-Version: {}\r\nanthropic-beta: a-2026-01-01,b\r\nanthropic-beta: c\r\nX-Claude-Code-Session-Id: s "
        "1\r\nx-Odd_Name!: ü\r\n",
        version);
    const PlainSocket client = connect();
    Seen seen;
    const PlainSocket upstream = ask(client, post("/v1/messages", kBody, fields + "connection: close\r\n"), &seen);
    EXPECT_THAT(seen.head, HasSubstr(fields));
    upstream.send(answer(kAnswer, "connection: close\r\n"));
    EXPECT_EQ(read_answer(client).body, kAnswer);
  }
}

// 4
TEST_F(ClientContract, ForwardsBodiesOf32MiBUnmodified) {
  // As Claude Code writes them: a message of role system, 128,000 tokens, fields nobody knows; then as large as the API
  // takes.
  std::string body =
      R"({ "model":"claude-opus-5-5","max_tokens":128000,"stream" : false,"context_management":{"edits":[]},"zz":1.0e0,"messages":[)"
      R"({"role":"system","content":"s","output_config":{}},{"role":"user","content":"\u00e9)";
  const std::string end = R"("}] })";
  body.append(32UL * 1024 * 1024 - body.size() - end.size(), 'x').append(end);
  const PlainSocket client = connect();
  std::thread sending([&] { client.send(post("/v1/messages?beta=true", body)); });
  const PlainSocket upstream = provider_.accept();
  const Seen seen = read_request(upstream);
  sending.join();
  EXPECT_TRUE(seen.body == body);
  upstream.send(answer(kAnswer));
  EXPECT_EQ(read_answer(client).body, kAnswer);
  const PlainSocket second = connect();
  second.send("POST /v1/messages HTTP/1.1\r\nhost: gw\r\ncontent-length: 33554433\r\n\r\n");
  EXPECT_THAT(second.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
}

// 5
TEST_F(ClientContract, StreamsEveryByteAtOnceAndReadsEventsAcrossAnyBoundary) {
  std::string events =
      fmt::format("{}: a comment\n\nevent: ping\ndata: {{\"type\":\"ping\"}}\n\nevent: brand_new\ndata: [1]\n\n{}",
                  kMessageStart, kMessageEnd);
  for (std::size_t at = 0; (at = events.find('\n', at)) != std::string::npos; at += 2) events.replace(at, 1, "\r\n");
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, post("/v1/messages", kStreamedBody));
  upstream.send(kEventStream);
  (void)client.read_until("\r\n\r\n");
  for (std::size_t at = 0, size = 1; at < events.size(); at += size, size = size % 7 + 1) {
    const std::string piece = chunk(std::string_view(events).substr(at, size));
    upstream.send(piece);
    // Here before the provider sends more: nothing is held back.
    ASSERT_EQ(client.read_exactly(piece.size()), piece);
  }
  upstream.send("0\r\n\r\n");
  EXPECT_EQ(client.read_exactly(5), "0\r\n\r\n");
  const auto outcomes = gateway_.recorded().wait_for(1);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].answer.usage.tokens.input, 7);
  EXPECT_EQ(outcomes[0].answer.usage.tokens.output, 42);
}

// 6
TEST_F(OpenAiContract, NeverEndsATruncatedStreamCleanly) {
  const std::string body = R"({"model":"gpt-5.1","stream":true,"messages":[],"input":"hi"})";
  const std::string event = "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n";
  std::size_t count = 0;
  for (const char* path : {"/v1/chat/completions", "/v1/responses"}) {
    for (const std::string& end : {std::string("0\r\n\r\n"), std::string("5\r\ndata:"), std::string()}) {
      const PlainSocket client = connect();
      PlainSocket upstream = ask(client, post(path, body, ""));
      upstream.send(std::string(kEventStream) + chunk(event) + end);
      (void)client.read_until("half");
      upstream.close();
      const std::string rest = client.read_all();
      // Where the framing allows it the client is told; where not, its connection breaks. Both raise an error in every
      // client.
      EXPECT_THAT(rest, Not(EndsWith("0\r\n\r\n"))) << path << end;
      EXPECT_EQ(rest.find("error") != std::string::npos, end == "0\r\n\r\n") << path << end;
      EXPECT_EQ(gateway_.recorded().wait_for(++count).back().state, store::AttemptState::Truncated);
    }
  }
}

// 7
TEST_F(ClientContract, AsksForPlainAnswersWhereItReadsThemAndForTheClientsEncodingsElsewhere) {
  const std::string encodings = "accept-encoding: gzip, deflate, br, zstd\r\n";
  struct Row {
    std::string request, expected;
    bool is_fresh = false;  ///< on a connection of its own
  };
  const Row rows[] = {
      {post("/v1/messages", kBody, std::string(kVersion) + encodings), "identity"},
      {post("/v1/messages", kBody, kVersion), "identity"},
      {post("/v1/messages/count_tokens", kBody, std::string(kVersion) + encodings), "gzip, deflate, br, zstd"},
      {get("/v1/models", std::string(kVersion) + encodings), "gzip, deflate, br, zstd"},
      {get("/v1/models", kVersion), ""},
      // Where a URL or an id in it is read.
      {get("/v1/messages/batches/b1", std::string(kVersion) + encodings), "identity"},
      {get("/v1/messages/batches/b1/results", std::string(kVersion) + encodings), "gzip, deflate, br, zstd"},
      {get("/v1/files", std::string(kVersion) + encodings), "gzip, deflate, br, zstd"},
      {post("/v1/messages/batches", kBody, std::string(kVersion) + encodings), "identity", true},
  };
  const PlainSocket client = connect();
  PlainSocket upstream;
  for (const Row& row : rows) {
    client.send(row.request);
    if (!upstream.valid() || row.is_fresh) upstream = provider_.accept();
    EXPECT_EQ(read_request(upstream).field("accept-encoding"), row.expected) << row.request;
    upstream.send(answer(kAnswer));
    const Seen got = read_answer(client);
    EXPECT_EQ(got.body, kAnswer);
    EXPECT_EQ(got.field("content-encoding"), "");
  }
}

// 8
TEST_F(ClientContract, RelaysStatusErrorAndRetryFieldsUnchanged) {
  const std::string error =
      R"({"type": "error", "error":{"type":"rate_limit_error","message":"slow"},"request_id":"req_9"})";
  const std::string fields =
      "retry-after: 4711\r\nretry-after-ms: 12\r\nx-should-retry: false\r\nrequest-id: req_9\r\n"
      "anthropic-ratelimit-requests-remaining: 0\r\nanthropic-ratelimit-unified-status: "
      "rejected\r\nx-ratelimit-reset-tokens: 6m0s\r\n";
  for (const char* status : {"400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "413 Too Large",
                             "429 Too Many Requests", "500 Oops", "529 Overloaded"}) {
    RunningGateway gateway(provider_.port());  // each its own: after a 429 a pool takes no more for as long as was said
    const PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(post("/v1/messages", kBody));
    const PlainSocket upstream = provider_.accept();
    (void)read_request(upstream);
    upstream.send(answer(error, fields, status));
    const Seen got = read_answer(client);
    EXPECT_THAT(got.head, StartsWith(fmt::format("HTTP/1.1 {}\r\n", status)));
    EXPECT_THAT(got.head, HasSubstr(fields));
    EXPECT_EQ(got.body, error);
  }
}

class CrampedContract : public ClientContract {
 protected:
  static RunningGateway::Choice cramped() {
    RunningGateway::Choice choice;
    choice.options.body_memory = 10;
    choice.options.body_wait = Nanoseconds(0);
    return choice;
  }
  CrampedContract() : ClientContract(cramped()) {}
};

// 8, 9
TEST_F(CrampedContract, AnswersItsOwnOverloadWith429AndAShortRetryAfter) {
  const PlainSocket client = connect();
  const std::string body(100'000, ' ');  // larger than what is read together with a head
  client.send(post("/v1/messages", body));
  const Seen got = read_answer(client);
  EXPECT_THAT(got.head, StartsWith("HTTP/1.1 429 "));
  const int seconds = std::stoi(got.field("retry-after"));
  EXPECT_GE(seconds, 1);
  EXPECT_LE(seconds, 60);
  EXPECT_THAT(got.field("request-id"), StartsWith("req_tg"));
  EXPECT_THAT(got.body, HasSubstr(R"("type":"rate_limit_error")"));
}

// 9
TEST_F(ClientContract, DoesNotRetryWhatTheClientRetriesItself) {
  PlainSocket upstream;
  const PlainSocket client = connect();
  for (int request = 0; request < 3; ++request) {  // as many as the client sends, not one more
    client.send(post("/v1/messages", kBody));
    if (!upstream.valid()) upstream = provider_.accept();
    (void)read_request(upstream);
    upstream.send(answer(R"({"type":"error"})", "", "529 Overloaded"));
    EXPECT_THAT(read_answer(client).head, StartsWith("HTTP/1.1 529 "));
  }
  EXPECT_EQ(gateway_.recorded().wait_for(3).size(), 3U);
}

// 10
TEST_F(ClientContract, SendsNothingWhileTheProviderIsSilent) {
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, post("/v1/messages", kStreamedBody));
  // Another exchange begins and ends meanwhile, so that whatever the gateway had to say would have been said.
  const PlainSocket other = connect();
  const PlainSocket other_upstream = ask(other, post("/v1/messages", kBody));
  other_upstream.send(answer(kAnswer));
  EXPECT_EQ(read_answer(other).body, kAnswer);
  upstream.send(answer(R"({"type":"error"})", "retry-after: 3\r\n", "429 Too Many Requests"));
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 429 "));  // the status was still open
}

// 11
TEST_F(ClientContract, KeepsConnectionsAliveAndClosesThemWhenAsked) {
  const PlainSocket client = connect();
  PlainSocket upstream;
  for (int request = 0; request < 5; ++request) {
    client.send(post("/v1/messages", kBody));
    if (!upstream.valid()) upstream = provider_.accept();
    (void)read_request(upstream);
    upstream.send(answer(kAnswer));
    EXPECT_EQ(read_answer(client).body, kAnswer);
  }
  client.send(post("/v1/messages", kBody, std::string(kVersion) + "Connection: close\r\n"));
  EXPECT_THAT(read_request(upstream).head, Not(HasSubstr("close")));  // this hop's wish, not the next one's
  upstream.send(answer(kAnswer));
  const std::string last = client.read_all();  // up to the end of the connection
  EXPECT_THAT(last, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(last, EndsWith(kAnswer));
}

// 11
TEST_F(ClientContract, CountsTokensBesideRunningMessagesOnManyConnections) {
  constexpr std::size_t at_once = 26;  // what /context of Claude Code fires
  const PlainSocket busy = connect();
  const PlainSocket message = ask(busy, post("/v1/messages", kStreamedBody));
  std::vector<PlainSocket> clients, upstreams;
  for (std::size_t i = 0; i < at_once; ++i) {
    clients.push_back(connect());
    clients.back().send(post("/v1/messages/count_tokens?beta=true", kBody));
  }
  for (std::size_t i = 0; i < at_once; ++i) {  // all are with the provider before any is answered
    upstreams.push_back(provider_.accept());
    ASSERT_TRUE(upstreams.back().valid());
    EXPECT_EQ(read_request(upstreams.back()).body, kBody);
  }
  for (const PlainSocket& upstream : upstreams) upstream.send(answer(R"({"input_tokens":4})"));
  for (const PlainSocket& client : clients) EXPECT_EQ(read_answer(client).body, R"({"input_tokens":4})");
}

// 12
TEST_F(OpenAiContract, AnswersAWebSocketOnResponsesWith426AtOnce) {
  const PlainSocket client = connect();
  client.send(
      "GET /v1/responses HTTP/1.1\r\nhost: gw\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: "
      "13\r\n"
      "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nauthorization: Bearer k\r\n\r\n");
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 426 "));
  EXPECT_EQ(gateway_.recorded().wait_for(1).at(0).provider, "");  // nobody was asked
}

// 13
TEST_F(ClientContract, AnswersTheProbeAndListsModelsInAnthropicsForm) {
  const PlainSocket client = connect();
  client.send("HEAD /api/hello HTTP/1.1\r\nhost: gw\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  const PlainSocket upstream = ask(client, get("/v1/models?limit=1000"));
  upstream.send(answer(R"({"data":[{"id":"claude-haiku-4-5","type":"model"}]})"));
  EXPECT_EQ(read_answer(client).body, R"({"data":[{"id":"claude-haiku-4-5","type":"model"}]})");
}
TEST_F(OpenAiContract, ListsModelsInOpenAisFormWithoutAnthropicsVersion) {
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, get("/v1/models", "authorization: Bearer k\r\n"));
  upstream.send(answer(R"({"object":"list","data":[]})"));
  EXPECT_EQ(read_answer(client).body, R"({"object":"list","data":[]})");
  client.send(get("/v1/models"));  // Anthropic's form, which this provider does not speak
  EXPECT_THAT(read_answer(client).body, HasSubstr(R"("type":"error")"));
}

// 14
TEST_F(ClientContract, CancelsTheProviderWhenTheClientLeavesAndCountsTheResendAnew) {
  PlainSocket client = connect();
  const PlainSocket upstream = ask(client, post("/v1/messages", kStreamedBody));
  upstream.send(
      std::string(kEventStream) + chunk(kMessageStart) +
      chunk("event: content_block_delta\ndata: "
            "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"twelve bytes\"}}\n\n"));
  (void)client.read_until("twelve bytes");
  client.close();
  EXPECT_EQ(upstream.read_all(), "");  // ended at once
  const PlainSocket again = connect();
  const PlainSocket second = ask(again, post("/v1/messages", kStreamedBody));
  const std::string whole = chunk(kMessageStart) + chunk(kMessageEnd) + "0\r\n\r\n";
  second.send(std::string(kEventStream) + whole);
  EXPECT_EQ(read_body(again, whole), whole);
  const auto outcomes = gateway_.recorded().wait_for(2);
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].state, store::AttemptState::ClientGone);
  EXPECT_TRUE(outcomes[0].answer.usage.estimated);
  EXPECT_EQ(outcomes[0].answer.usage.tokens.input, 7);  // charged, like the whole one
  EXPECT_EQ(outcomes[0].answer.usage.tokens.output, 3);
  EXPECT_EQ(outcomes[1].answer.usage.tokens.output, 42);
}

// 15
TEST_F(ClientContract, TakesTheLastOfCumulativeUsage) {
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, post("/v1/messages", kStreamedBody));
  const std::string growing =
      "event: message_delta\ndata: "
      "{\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"input_tokens\":90,\"output_tokens\":30}}\n\n";
  const std::string whole = chunk(kMessageStart) + chunk(growing) + chunk(kMessageEnd) + "0\r\n\r\n";
  upstream.send(std::string(kEventStream) + whole);
  EXPECT_EQ(read_body(client, whole), whole);
  const auto outcomes = gateway_.recorded().wait_for(1);
  EXPECT_EQ(outcomes.at(0).answer.usage.tokens.input, 90);  // server tools let it grow
  EXPECT_EQ(outcomes.at(0).answer.usage.tokens.output, 42);
}
TEST_F(OpenAiContract, LeavesIncludeUsageToTheClientAndEstimatesWithoutIt) {
  const std::string text = "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"sixteen bytes ..\"}}]}\n\n";
  const std::string usage =
      "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5}}\n\n";
  const std::string done = "data: [DONE]\n\n";
  const std::string without = R"({"model":"gpt-4.1-mini","stream":true,"messages":[]})";
  const std::string with =
      R"({"model":"gpt-4.1-mini","stream":true,"stream_options":{"include_usage":true},"messages":[]})";
  std::size_t count = 0;
  for (const auto& [body, events] : {std::pair(without, chunk(text) + chunk(done) + "0\r\n\r\n"),
                                     std::pair(with, chunk(text) + chunk(usage) + chunk(done) + "0\r\n\r\n")}) {
    const PlainSocket client = connect();
    Seen seen;
    const PlainSocket upstream = ask(client, post("/v1/chat/completions", body, ""), &seen);
    EXPECT_EQ(seen.body, body);
    upstream.send(
        fmt::format("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ntransfer-encoding: "
                    "chunked\r\n\r\n{}",
                    events));
    EXPECT_EQ(read_body(client, events), events);
    const auto outcome = gateway_.recorded().wait_for(++count).back();
    EXPECT_EQ(outcome.answer.usage.estimated, body == without);
    EXPECT_EQ(outcome.answer.usage.tokens.output, body == without ? 4 : 5);
  }
}

// 16
TEST_F(ClientContract, RewritesEveryResultsUrlToItsOwnOrigin) {
  const std::string theirs =
      R"({"data":[{"id":"a","results_url":"https://api.anthropic.com/v1/messages/batches/a/results"},)"
      R"({"id":"b", "results_url" : null}],"results_url":"https://api.anthropic.com/v1/messages/batches/c/results"})";
  const std::string ours =
      R"({"data":[{"id":"a","results_url":"http://gw/v1/messages/batches/a/results"},)"
      R"({"id":"b", "results_url" : null}],"results_url":"http://gw/v1/messages/batches/c/results"})";
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, get("/v1/messages/batches?limit=2"));
  upstream.send(answer(theirs));
  EXPECT_EQ(read_answer(client).body, ours);
  // The results themselves are JSON lines, and theirs to write.
  client.send(get("/v1/messages/batches/a/results"));
  (void)read_request(upstream);
  const std::string line = R"({"custom_id":"a","result":{"results_url":"https://api.anthropic.com/x"}})"
                           "\n";
  upstream.send(fmt::format("HTTP/1.1 200 OK\r\ncontent-type: application/x-jsonl\r\ncontent-length: {}\r\n\r\n{}",
                            line.size(), line));
  EXPECT_EQ(read_answer(client).body, line);
}

TEST_F(ClientContract, RewritesTheResultsUrlOfAnAnswerThatIsCompressedAllTheSame) {
  const std::string theirs = R"({"id":"b1","results_url":"https://api.anthropic.com/v1/messages/batches/b1/results"})";
  const PlainSocket client = connect();
  PlainSocket upstream = ask(client, get("/v1/messages/batches/b1", std::string(kVersion) + "accept-encoding: gzip\r\n"));
  upstream.send(answer(gzipped(theirs), "content-encoding: gzip\r\n", "201 Created"));
  const Seen got = read_answer(client);
  EXPECT_THAT(got.head, StartsWith("HTTP/1.1 201 "));
  EXPECT_EQ(got.body, R"({"id":"b1","results_url":"http://gw/v1/messages/batches/b1/results"})");
  EXPECT_EQ(got.field("content-encoding"), "");
  // What cannot be undone here is not passed on: it would take the client's key to the provider's host.
  client.send(get("/v1/messages/batches/b1"));
  (void)read_request(upstream);
  upstream.send(answer("compressed", "content-encoding: br\r\n"));
  const Seen refused = read_answer(client);
  EXPECT_THAT(refused.head, StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(refused.body, HasSubstr("its answer is compressed (br)"));
}

TEST_F(ClientContract, GivesAClientWithoutHostAnAddressWithoutOrigin) {
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, "GET /v1/messages/batches/b1 HTTP/1.0\r\nanthropic-version: 2023-06-01\r\n\r\n");
  upstream.send(answer(R"({"results_url":"https://api.anthropic.com/v1/messages/batches/b1/results"})"));
  EXPECT_THAT(client.read_all(), EndsWith("\r\n\r\n" R"({"results_url":"/v1/messages/batches/b1/results"})"));
}

TEST_F(RelayContract, LeavesTheRelaysOwnPathOutOfAResultsUrl) {
  const PlainSocket client = connect();
  const PlainSocket upstream = ask(client, get("/v1/messages/batches/b1"));
  upstream.send(answer(R"({"results_url":"https://relay.example/relay/anthropic/v1/messages/batches/b1/results"})"));
  EXPECT_EQ(read_answer(client).body, R"({"results_url":"http://gw/v1/messages/batches/b1/results"})");
}

/// A certificate for 127.0.0.1, made by the openssl program.
class Certificate {
 public:
  Certificate() {
    std::string pattern = std::filesystem::temp_directory_path() / "tidegate-certificate-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    const std::string command = fmt::format(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout {0}/key.pem -out {0}/certificate.pem -subj /CN=127.0.0.1 "
        "-days 2 >/dev/null 2>&1",
        folder_);
    if (std::system(command.c_str()) != 0) ADD_FAILURE() << command;
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  ~Certificate() { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::shared_ptr<const net::TlsServerContext> context() const {
    return net::TlsServerContext::make(folder_ + "/certificate.pem", folder_ + "/key.pem", SystemClock().now().wall)
        .value();
  }

 private:
  std::string folder_;
};

// 17
TEST(TlsContract, OffersOnlyTheProtocolItSpeaks) {
  const Certificate certificate;
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.tls = certificate.context();
  RunningGateway gateway(provider.port(), choice);
  constexpr std::string_view h2_first("\x02h2\x08http/1.1", 12);
  constexpr std::string_view h2_only("\x02h2", 3);
  for (const std::string_view offered : {h2_first, h2_only, std::string_view()}) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
    const PlainSocket socket = PlainSocket::connect(gateway.port());
    SSL_set_fd(tls.get(), socket.descriptor());
    if (!offered.empty()) {
      SSL_set_alpn_protos(tls.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                          static_cast<unsigned>(offered.size()));
    }
    const bool is_connected = SSL_connect(tls.get()) == 1;
    const unsigned char* chosen = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(tls.get(), &chosen, &length);
    const std::string_view protocol(reinterpret_cast<const char*>(chosen), length);
    if (offered == h2_first) {  // Codex would speak h2 if it were offered
      EXPECT_TRUE(is_connected);
      EXPECT_EQ(protocol, "http/1.1");
    } else {
      EXPECT_EQ(protocol, "");
    }
    if (!is_connected) continue;
    constexpr std::string_view probe = "GET /api/hello HTTP/1.1\r\nhost: gw\r\nconnection: close\r\n\r\n";
    SSL_write(tls.get(), probe.data(), static_cast<int>(probe.size()));
    char bytes[15] = {};
    EXPECT_EQ(SSL_read(tls.get(), bytes, 12), 12);
    EXPECT_EQ(std::string_view(bytes), "HTTP/1.1 200");
  }
}

TEST(TlsContract, LetsAClientThatIsStillSendingReadItsRefusalToAnOrderlyEnd) {
  const Certificate certificate;
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.tls = certificate.context();
  choice.limits.max_body_bytes = 1024;
  RunningGateway gateway(provider.port(), choice);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
  const PlainSocket socket = PlainSocket::connect(gateway.port());
  SSL_set_fd(tls.get(), socket.descriptor());
  ASSERT_EQ(SSL_connect(tls.get()), 1);
  const std::string text = post("/v1/messages", std::string(8UL * 1024 * 1024, 'x'));
  EXPECT_EQ(SSL_write(tls.get(), text.data(), static_cast<int>(text.size())), static_cast<int>(text.size()));
  std::string all;
  char bytes[4096];
  int count = 0;
  while ((count = SSL_read(tls.get(), bytes, sizeof bytes)) > 0) all.append(bytes, static_cast<std::size_t>(count));
  EXPECT_THAT(all, StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(SSL_get_error(tls.get(), count), SSL_ERROR_ZERO_RETURN);
}

}  // namespace
}  // namespace tidegate
