// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Every recorded exchange of a real client once more, through the gateway, with raw sockets at both ends: the provider
// must see the recorded request and the client the recorded answer, but for the fields that a gateway owns.
#include "capture.h"
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace tidegate {
namespace {

using testing::Capture;
using testing::Fields;
using testing::PlainListener;
using testing::PlainSocket;
using testing::RunningGateway;

// What a gateway owns: who is called, how the body is framed, this hop's connection, and the credential, which it
// replaces.
const std::vector<std::string_view> kOwnedTowardsProvider{
    "host", "connection", "keep-alive", "upgrade", "authorization", "x-api-key", "content-length", "transfer-encoding"};
const std::vector<std::string_view> kOwnedTowardsClient{"connection", "keep-alive", "transfer-encoding",
                                                        "x-tidegate-request-id"};

std::string lines_of(const Fields& fields) {
  std::string lines;
  for (const auto& [name, value] : fields) lines += fmt::format("{}: {}\r\n", name, value);
  return lines;
}

std::string request_text(const Capture& capture) {
  return fmt::format("{} {} HTTP/1.1\r\n{}\r\n{}", capture.method, capture.target, lines_of(capture.request_fields),
                     capture.request_body);
}

/// The recorded body as it goes over the wire; chunks of 1, 2, 3 … bytes, so that nothing ends where an event does.
std::string framed_body(const Capture& capture) {
  if (!capture.is_chunked) return capture.response_body;
  std::string framed;
  std::size_t size = 1;
  for (std::size_t at = 0; at < capture.response_body.size(); at += size++) {
    const std::string_view piece = std::string_view(capture.response_body).substr(at, size);
    framed += fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
  }
  return framed + "0\r\n\r\n";
}

bool is_openai(const Capture& capture) {
  const std::string_view path = capture.path();
  return path.starts_with("/v1/chat/") || path.starts_with("/v1/responses") ||
         (path.starts_with("/v1/models") && !capture.has_request_field("anthropic-version"));
}

bool is_metered(const Capture& capture) {
  return capture.method == "POST" && (capture.path() == "/v1/messages" || capture.path() == "/v1/chat/completions" ||
                                      capture.path() == "/v1/responses");
}

/// Whether the gateway reads something in the answer: usage, a batch's URL, the id of what was made.
bool is_read(const Capture& capture) {
  const bool is_batch = capture.path().starts_with("/v1/messages/batches") && !capture.path().ends_with("/results");
  return is_metered(capture) || is_batch || (capture.method == "POST" && capture.path() == "/v1/files");
}

class Replay : public ::testing::TestWithParam<std::string> {};

TEST_P(Replay, CarriesARecordedExchangeUnchanged) {
  const Capture capture = testing::read_capture(GetParam());
  const PlainListener provider;
  RunningGateway::Choice choice;
  choice.dialect = is_openai(capture) ? llm::Dialect::OpenAi : llm::Dialect::Anthropic;
  RunningGateway gateway(provider.port(), choice);
  const PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(request_text(capture));

  if (capture.status == 426 || capture.path() == "/api/hello") {  // the gateway answers these itself
    EXPECT_THAT(client.read_until("\r\n\r\n"), ::testing::StartsWith(fmt::format("HTTP/1.1 {} ", capture.status)));
    return;
  }
  if (!capture.path().starts_with("/v1/")) {  // a client told a base URL with a path learns what to change
    EXPECT_THAT(client.read_until("base URL"), ::testing::StartsWith("HTTP/1.1 404 "));
    return;
  }

  const PlainSocket upstream = provider.accept();
  const std::string head = upstream.read_until("\r\n\r\n");
  EXPECT_EQ(upstream.read_exactly(capture.request_body.size()), capture.request_body);
  EXPECT_THAT(head, ::testing::StartsWith(fmt::format("{} {} HTTP/1.1\r\n", capture.method, capture.target)));
  const Fields seen = testing::fields_of(head);
  std::vector<std::string_view> owned = kOwnedTowardsProvider;
  if (is_read(capture)) {
    owned.push_back("accept-encoding");
    EXPECT_EQ(testing::value_of(seen, "accept-encoding"), "identity");
  }
  EXPECT_EQ(testing::without(seen, owned), testing::without(capture.request_fields, owned));
  EXPECT_EQ(testing::value_of(seen, "host"), fmt::format("127.0.0.1:{}", provider.port()));
  EXPECT_EQ(testing::value_of(seen, "x-api-key"), "pool-key");
  EXPECT_EQ(testing::value_of(seen, "authorization"), "");
  if (!capture.request_body.empty()) {
    EXPECT_EQ(testing::value_of(seen, "content-length"), std::to_string(capture.request_body.size()));
  }

  const std::string framing = capture.is_chunked ? "transfer-encoding: chunked\r\n" : "";
  const std::string body = framed_body(capture);
  upstream.send(fmt::format("HTTP/1.1 {} OK\r\n{}{}\r\n{}", capture.status,
                            lines_of(testing::without(capture.response_fields, {"connection", "transfer-encoding"})),
                            framing, body));
  const std::string answer = client.read_until("\r\n\r\n");
  EXPECT_THAT(answer, ::testing::StartsWith(fmt::format("HTTP/1.1 {} OK\r\n", capture.status)));
  EXPECT_EQ(testing::without(testing::fields_of(answer), kOwnedTowardsClient),
            testing::without(capture.response_fields, kOwnedTowardsClient));
  EXPECT_EQ(client.read_exactly(body.size()), body);

  const auto outcomes = gateway.recorded().wait_for(1);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].state, store::AttemptState::Completed);
  if (is_metered(capture) && capture.response_body.find("\"usage\"") != std::string::npos) {
    EXPECT_GT(outcomes[0].answer.usage.tokens.output, 0);
  }
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Recorded, Replay, ::testing::ValuesIn(testing::capture_names()), test_name);

}  // namespace
}  // namespace tidegate
