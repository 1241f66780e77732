// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/head.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace tidegate::net::http1 {

void PrintTo(ParseState state, std::ostream* out) {
  *out << (state == ParseState::Complete ? "Complete" : state == ParseState::Incomplete ? "Incomplete" : "Rejected");
}

namespace {

using std::string_literals::operator""s;

constexpr std::string_view kPost =
    "POST /v1/messages?beta=true HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "x-api-key: sk-ant-test-000\r\n"
    "Content-Type:application/json\r\n"
    "X-Odd: \t a\tb  \r\n"
    "Empty:\r\n"
    "Content-Length: 17\r\n"
    "\r\n";

TEST(RequestHead, GivesWhatStoodOnTheWire) {
  RequestHeadParser parser;
  ASSERT_EQ(parser.parse(std::string(kPost) + "{\"model\":\"claude\""), ParseState::Complete);
  const std::string bytes = std::string(kPost) + "{";
  ASSERT_EQ(parser.parse(bytes), ParseState::Complete);
  const RequestHead& head = parser.head();
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/v1/messages?beta=true");
  EXPECT_EQ(head.path(), "/v1/messages");
  EXPECT_EQ(head.query(), "beta=true");
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.host, "127.0.0.1:8080");
  EXPECT_EQ(head.content_length, 17U);
  EXPECT_FALSE(head.chunked);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expect_continue);
  EXPECT_FALSE(head.upgrade);
  EXPECT_EQ(head.size, kPost.size());
  ASSERT_EQ(head.fields.size(), 6U);
  EXPECT_EQ(head.fields[2], (HeaderField{"Content-Type", "application/json"}));
  EXPECT_EQ(head.fields[3], (HeaderField{"X-Odd", "a\tb"}));
  EXPECT_EQ(head.fields[4], (HeaderField{"Empty", ""}));
  EXPECT_EQ(head.find(FieldClass::XApiKey), "sk-ant-test-000");
  EXPECT_FALSE(head.find(FieldClass::Authorization));
  EXPECT_EQ(head.field_lines, kPost.substr(38, kPost.size() - 40));
  EXPECT_EQ(head.field_lines.data(), bytes.data() + 38) << "views point into the bytes of the last call";
}

struct Refused {
  std::string head;
  int status;
};

TEST(RequestHead, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::string line = "POST /v1/messages HTTP/1.1\r\n";
  const std::string host = line + "Host: a\r\n";
  const std::vector<Refused> cases = {
      // framing
      {host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
      {host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
      {host + "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", 400},
      {host + "Content-Length: 5, 5\r\n\r\n", 400},
      {host + "Content-Length: 5,\r\n\r\n", 400},
      {host + "Content-Length: +5\r\n\r\n", 400},
      {host + "Content-Length: -5\r\n\r\n", 400},
      {host + "Content-Length: 0x5\r\n\r\n", 400},
      {host + "Content-Length: 5 5\r\n\r\n", 400},
      {host + "Content-Length:\r\n\r\n", 400},
      {host + "Content-Length: 9223372036854775808\r\n\r\n", 400},
      {host + "Content-Length: 18446744073709551621\r\n\r\n", 400},
      {host + "Content-Length: 99999999999999999999999999\r\n\r\n", 400},
      {host + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {host + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501},
      {host + "Transfer-Encoding: identity\r\n\r\n", 501},
      {host + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {host + "Transfer-Encoding: chunked;q=1\r\n\r\n", 400},
      {host + "Transfer-Encoding: \"chunked\"\r\n\r\n", 400},
      {host + "Transfer-Encoding:\r\n\r\n", 400},
      {host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400},
      {host + "Transfer-Encoding: \x0b"
              "chunked\r\n\r\n",
       400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      // lines
      {line + "Host: a\n\r\n", 400},
      {line + "Host: a\n\n", 400},
      {"POST / HTTP/1.1\nHost: a\n\n", 400},
      {line + "Host: a\rX: b\r\n\r\n", 400},
      {line + "Host: a\r\r\n\r\n", 400},
      {host + "X: a\r\n b\r\n\r\n", 400},
      {host + "X: a\r\n\tb\r\n\r\n", 400},
      {line + " Host: a\r\n\r\n", 400},
      {host + "\rX: a\r\n\r\n", 400},
      // names and values
      {host + "X : a\r\n\r\n", 400},
      {host + "X\t: a\r\n\r\n", 400},
      {host + ": a\r\n\r\n", 400},
      {host + "X\r\n\r\n", 400},
      {host + "X(y): a\r\n\r\n", 400},
      {host + "X\xc3\xa4: a\r\n\r\n", 400},
      {host + "X\0y: a\r\n\r\n"s, 400},
      {host + "X: a\0b\r\n\r\n"s, 400},
      {host + "X: a\x01\r\n\r\n", 400},
      {host + "X: a\x7f"
              "aaaaaaaaaa\r\n\r\n",
       400},
      {host + "X: aaaaaaaaaaaaaaaaa\t\tbbb\x1f\r\n\r\n", 400},
      {host + "Connection: close; now\r\n\r\n", 400},
      {host + "Connection: keep alive\r\n\r\n", 400},
      {host + "Expect: 200-ok\r\n\r\n", 417},
      // host
      {line + "\r\n", 400},
      {host + "Host: a\r\n\r\n", 400},
      {host + "hOST: b\r\n\r\n", 400},
      {line + "Host: a b\r\n\r\n", 400},
      {line + "Host: a, b\r\n\r\n", 400},
      {line + "Host: u@a\r\n\r\n", 400},
      {line + "Host: a/b\r\n\r\n", 400},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      // request line
      {"GET / HTTP/2.0\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"GET / HTTP/1.2\r\n\r\n", 505},
      {"GET / HTTP/0.9\r\n\r\n", 505},
      {"GET / HTTP/11\r\n\r\n", 505},
      {"GET / HTTP/1.10\r\n\r\n", 400},
      {"GET / HTTP/1.x\r\n\r\n", 400},
      {"GET / http/1.1\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET / H\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\n\r\n", 400},
      {"GET /  HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\n\r\n", 400},
      {" GET / HTTP/1.1\r\n\r\n", 400},
      {"GET\t/ HTTP/1.1\r\n\r\n", 400},
      {"GET /a b HTTP/1.1\r\n\r\n", 400},
      {"GET /a#b HTTP/1.1\r\n\r\n", 400},
      {"GET /\xc3\xa4 HTTP/1.1\r\n\r\n", 400},
      {"GET /\x7f HTTP/1.1\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\n\r\n", 400},
      {"GET v1/messages HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http:///v1 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"CONNECT a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"\x16\x03\x01\x02", 400},
  };
  for (const Refused& it : cases) {
    RequestHeadParser parser;
    EXPECT_EQ(parser.parse(it.head), ParseState::Rejected) << it.head;
    EXPECT_EQ(parser.rejection().status, it.status) << it.head << "\n" << parser.rejection().reason;
    EXPECT_FALSE(parser.rejection().reason.empty()) << it.head;
  }
}

TEST(RequestHead, AcceptsWhatIsUnusualButPlain) {
  for (const std::string& head : std::vector<std::string>{
           "GET / HTTP/1.1\r\nHost:\r\n\r\n",
           "GET / HTTP/1.0\r\n\r\n",
           "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
           "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
           "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
           "m!#$%&'*+-.^_`|~ /{}|\\\"<>^` HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\xff\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000000000007\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nConnection: , keep-alive ,\t, te,\r\n\r\n",
       }) {
    RequestHeadParser parser;
    EXPECT_EQ(parser.parse(head), ParseState::Complete) << head << parser.rejection().reason;
    EXPECT_EQ(parser.head().size, head.size());
  }
}

TEST(RequestHead, SaysWhichLineIsWrong) {
  RequestHeadParser parser;
  ASSERT_EQ(parser.parse("GET / HTTP/1.1\r\nHost: a\r\nBad Name: b\r\n\r\n"), ParseState::Rejected);
  EXPECT_EQ(parser.rejection(), (Rejection{400, "a blank before the colon of a field", 3}));
}

TEST(RequestHead, ReadsTheTargetInEveryForm) {
  struct Case {
    std::string target, host, path, query;
  };
  for (const Case& it : std::vector<Case>{
           {"/", "field", "/", ""},
           {"/a?b?c", "field", "/a", "b?c"},
           {"/?", "field", "/", ""},
           {"//a/b", "field", "//a/b", ""},
           {"/http://a", "field", "/http://a", ""},
           {"http://a:80/b?c", "a:80", "/b", "c"},
           {"HTTPS://a", "a", "/", ""},
           {"http://a?c/d", "a", "/", "c/d"},
       }) {
    RequestHeadParser parser;
    const std::string bytes = "GET " + it.target + " HTTP/1.1\r\nHost: field\r\n\r\n";
    ASSERT_EQ(parser.parse(bytes), ParseState::Complete) << it.target;
    EXPECT_EQ(parser.head().host, it.host) << it.target;
    EXPECT_EQ(parser.head().path(), it.path) << it.target;
    EXPECT_EQ(parser.head().query(), it.query) << it.target;
  }
}

TEST(RequestHead, ReadsConnectionExpectAndUpgrade) {
  struct Case {
    std::string version, fields;
    bool keep_alive, expect_continue, upgrade;
  };
  for (const Case& it : std::vector<Case>{
           {"1.1", "", true, false, false},
           {"1.0", "", false, false, false},
           {"1.0", "Connection: Keep-Alive\r\n", true, false, false},
           {"1.0", "Connection: keep-alive, close\r\n", false, false, false},
           {"1.0", "Proxy-Connection: keep-alive\r\n", false, false, false},
           {"1.1", "Connection: close\r\n", false, false, false},
           {"1.1", "Connection: x\r\nConnection: y, CLOSE\r\n", false, false, false},
           {"1.1", "Proxy-Connection: close\r\n", false, false, false},
           {"1.1", "Expect: 100-Continue\r\n", true, true, false},
           {"1.0", "Expect: 100-continue\r\n", false, false, false},
           {"1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n", true, false, true},
           {"1.1", "Upgrade: websocket\r\n", true, false, false},
           {"1.1", "Connection: upgrade\r\n", true, false, false},
           {"1.0", "Connection: upgrade\r\nUpgrade: websocket\r\n", false, false, false},
       }) {
    RequestHeadParser parser;
    const std::string bytes = "GET / HTTP/" + it.version + "\r\nHost: a\r\n" + it.fields + "\r\n";
    ASSERT_EQ(parser.parse(bytes), ParseState::Complete) << bytes;
    EXPECT_EQ(parser.head().keep_alive, it.keep_alive) << bytes;
    EXPECT_EQ(parser.head().expect_continue, it.expect_continue) << bytes;
    EXPECT_EQ(parser.head().upgrade, it.upgrade) << bytes;
  }
}

TEST(RequestHead, MarksWhatIsMeantForThisHopOnly) {
  RequestHeadParser parser;
  const std::string bytes =
      "GET / HTTP/1.1\r\nHost: a\r\nX-Mine: 1\r\nX-Keep: 2\r\nConnection: x-mine\r\nTE: trailers\r\n"
      "Proxy-Authorization: b\r\nKeep-Alive: timeout=5\r\n\r\n";
  ASSERT_EQ(parser.parse(bytes), ParseState::Complete);
  const std::vector<bool> expected = {false, true, false, true, true, true, true};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(parser.head().tags[i].hop_by_hop, expected[i]) << parser.head().fields[i].name;
  }
}

TEST(RequestHead, LosesNothingItNeedsToAConnectionOption) {
  RequestHeadParser parser;
  const std::string bytes =
      "POST / HTTP/1.1\r\nConnection: content-length, host, x-api-key, x-mine\r\nHost: a\r\nContent-Length: 5\r\n"
      "x-api-key: k\r\nx-mine: 1\r\n\r\n";
  ASSERT_EQ(parser.parse(bytes), ParseState::Complete);
  const std::vector<bool> expected = {true, false, false, false, true};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(parser.head().tags[i].hop_by_hop, expected[i]) << parser.head().fields[i].name;
  }
}

TEST(RequestHead, RefusesWhatIsTooLarge) {
  const HeadLimits limits{.max_bytes = 200, .max_fields = 3, .max_target = 20};
  struct Case {
    std::string head;
    int status;  ///< 0 = accepted
  };
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  const auto padded_to = [&](std::size_t size) {
    return start + "X: " + std::string(size - start.size() - 3 - 4, 'x') + "\r\n\r\n";
  };
  for (const Case& it : std::vector<Case>{
           {padded_to(200), 0},
           {padded_to(201), 431},
           {padded_to(5000), 431},
           {start + "A: 1\r\nB: 2\r\n\r\n", 0},
           {start + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", 431},
           {"GET /" + std::string(19, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 0},
           {"GET /" + std::string(20, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
           {"GET /" + std::string(500, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
       }) {
    RequestHeadParser whole(limits);
    EXPECT_EQ(whole.parse(it.head), it.status == 0 ? ParseState::Complete : ParseState::Rejected) << it.head;
    if (it.status != 0) {
      EXPECT_EQ(whole.rejection().status, it.status) << it.head;
    }
    RequestHeadParser slow(limits);
    ParseState state = ParseState::Incomplete;
    for (std::size_t n = 1; n <= it.head.size() && state == ParseState::Incomplete; ++n) {
      state = slow.parse(std::string_view(it.head).substr(0, n));
    }
    EXPECT_EQ(state, it.status == 0 ? ParseState::Complete : ParseState::Rejected) << it.head;
    if (it.status != 0) {
      EXPECT_EQ(slow.rejection().status, it.status) << it.head;
    }
  }
}

TEST(ResumeGate, LetsOnlyBytesThroughThatCanChangeTheAnswer) {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  while (head.size() < 60'000)
    head += "X-Filler: " + std::string(static_cast<std::size_t>(head.size() % 97), 'x') + "\r\n";
  head += "\r\n";
  ResumeGate gate;
  std::size_t parsed_bytes = 0;
  for (std::size_t size = 1; size <= head.size(); ++size) {
    if (!gate.worth_parsing(std::string_view(head).substr(0, size))) continue;
    parsed_bytes += size;
    gate.wait(size);
  }
  EXPECT_LE(parsed_bytes, head.size() + 100) << "byte by byte: the first byte, the request line, the end";
  EXPECT_GE(parsed_bytes, head.size());
}

TEST(RequestHead, SeesAtOnceThatTheRequestLineOrALineEndIsWrong) {
  for (const std::string& head :
       std::vector<std::string>{"BAD LINE\r\nHost: a\r\nX: y", "GET / HTTP/1.1\r\nA: b\nC: d"}) {
    RequestHeadParser parser;
    ParseState state = ParseState::Incomplete;
    for (std::size_t size = 1; size <= head.size() && state == ParseState::Incomplete; ++size) {
      state = parser.parse(std::string_view(head).substr(0, size));
    }
    EXPECT_EQ(state, ParseState::Rejected) << head;
  }
}

TEST(RequestHead, StartsAfreshAfterReset) {
  RequestHeadParser parser;
  ASSERT_EQ(parser.parse("BAD\r\n"), ParseState::Rejected);
  EXPECT_EQ(parser.parse(kPost), ParseState::Rejected) << "a refused message stays refused";
  parser.reset();
  EXPECT_EQ(parser.parse("GET /a"), ParseState::Incomplete);
  EXPECT_EQ(parser.parse("GET /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ParseState::Complete);
  parser.reset();
  ASSERT_EQ(parser.parse("GET /b HTTP/1.1\r\nHost: a\r\n\r\n"), ParseState::Complete);
  EXPECT_EQ(parser.head().fields.size(), 1U);
  EXPECT_FALSE(parser.head().chunked);
  EXPECT_FALSE(parser.head().expect_continue);
  EXPECT_FALSE(parser.head().has(FieldClass::TransferEncoding));
}

TEST(RequestHead, AllocatesNothingOnceWarm) {
  RequestHeadParser parser;
  ASSERT_EQ(parser.parse(kPost), ParseState::Complete);
  const auto* const fields = parser.head().fields.data();
  const std::size_t capacity = parser.head().fields.capacity();
  for (int i = 0; i < 3; ++i) {
    parser.reset();
    ASSERT_EQ(parser.parse(kPost), ParseState::Complete);
    EXPECT_EQ(parser.head().fields.data(), fields);
    EXPECT_EQ(parser.head().fields.capacity(), capacity);
  }
}

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/event-stream\r\n"
    "Transfer-Encoding: chunked\r\n"
    "anthropic-ratelimit-requests-remaining: 3999\r\n"
    "Request-Id: req_1\r\n"
    "\r\n";

TEST(ResponseHead, GivesWhatStoodOnTheWire) {
  ResponseHeadParser parser;
  ASSERT_EQ(parser.parse(kAnswer), ParseState::Complete);
  const ResponseHead& head = parser.head();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.reason, "OK");
  EXPECT_TRUE(head.chunked);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.size, kAnswer.size());
  EXPECT_EQ(head.find(FieldClass::RequestId), "req_1");
  EXPECT_EQ(head.find(FieldClass::AnthropicRateLimit), "3999");
}

TEST(ResponseHead, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const std::string& head : std::vector<std::string>{
           ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
           ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
           ok + "Content-Length: 5, 5\r\n\r\n",
           ok + "Content-Length: 5,\r\n\r\n",
           ok + "Content-Length: \r\n\r\n",
           ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
           ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"s,
           ok + "X: a\r\n b\r\n\r\n",
           ok + "X : a\r\n\r\n",
           ok + "X: a\n\r\n",
           ok + "Connection: a b\r\n\r\n",
           "HTTP/1.1 200\r\n\r\n"s,
           "HTTP/1.1  200 OK\r\n\r\n"s,
           "HTTP/1.1 099 OK\r\n\r\n"s,
           "HTTP/1.1 20 OK\r\n\r\n"s,
           "HTTP/1.1 2000 OK\r\n\r\n"s,
           "HTTP/1.1 200 O\0K\r\n\r\n"s,
           "HTTP/1.1 200 OK\n\n"s,
           "HTTP/2 200 OK\r\n\r\n"s,
           "\r\nHTTP/1.1 200 OK\r\n\r\n"s,
           "ICY 200 OK\r\n\r\n"s,
       }) {
    ResponseHeadParser parser;
    EXPECT_EQ(parser.parse(head), ParseState::Rejected) << head;
    EXPECT_EQ(parser.rejection().status, 502) << head;
  }
}

TEST(ResponseHead, AcceptsWhatProvidersDoSend) {
  struct Case {
    std::string head;
    int status;
    std::optional<std::uint64_t> length;
  };
  for (const Case& it : std::vector<Case>{
           {"HTTP/1.1 200 \r\n\r\n", 200, std::nullopt},
           {"HTTP/1.1 529 Site is overloaded\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 529, 5},
           {"HTTP/1.0 200 D\xe9j\xe0 vu\t!\r\n\r\n", 200, std::nullopt},
           {"HTTP/1.1 999 \r\n\r\n", 999, std::nullopt},
       }) {
    ResponseHeadParser parser;
    ASSERT_EQ(parser.parse(it.head), ParseState::Complete) << it.head << parser.rejection().reason;
    EXPECT_EQ(parser.head().status, it.status);
    EXPECT_EQ(parser.head().content_length, it.length);
  }
}

TEST(BodyFraming, FollowsRfc9112Section6_3) {
  using Kind = BodyFraming::Kind;
  struct Case {
    std::string head, method;
    BodyFraming framing;
  };
  for (const Case& it : std::vector<Case>{
           {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", {Kind::Length, 5}},
           {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", {Kind::None, 0}},
           {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", {Kind::None, 0}},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", {Kind::None, 0}},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "POST", {Kind::Chunked, 0}},
           {"HTTP/1.1 200 OK\r\n\r\n", "POST", {Kind::UntilClose, 0}},
           {"HTTP/1.1 204 No Content\r\n\r\n", "POST", {Kind::None, 0}},
           {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", {Kind::None, 0}},
           {"HTTP/1.1 100 Continue\r\n\r\n", "POST", {Kind::None, 0}},
       }) {
    ResponseHeadParser parser;
    ASSERT_EQ(parser.parse(it.head), ParseState::Complete) << it.head;
    EXPECT_EQ(body_framing(parser.head(), it.method), it.framing) << it.method << " " << it.head;
  }
  RequestHeadParser parser;
  ASSERT_EQ(parser.parse("POST / HTTP/1.1\r\nHost: a\r\n\r\n"), ParseState::Complete);
  EXPECT_EQ(body_framing(parser.head()), BodyFraming{}) << "a request without a length has no body";
}

}  // namespace
}  // namespace tidegate::net::http1
