// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What a pool made goes back to that pool, whichever of its keys is there: a provider written by hand, rooms and ties real.
#include "gzipped.h"
#include "plain_socket.h"
#include "running_gateway.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::gzipped;
using testing::PlainListener;
using testing::PlainSocket;
using testing::read_message;
using testing::RunningGateway;

class Ties : public ::testing::Test {
 protected:
  Ties() {
    choice.options.admission.max_wait = Seconds(30);
    choice.keys = {"key-1", "key-2", "key-3"};
  }

  static std::string post(std::string_view path, std::string_view body) {
    return fmt::format("POST {} HTTP/1.1\r\nHost: gw.local\r\nAnthropic-Version: 2023-06-01\r\nContent-Length: {}\r\n\r\n{}", path, body.size(), body);
  }
  /// A turn whose beginning is no other's, so that nothing but the signature tells where it belongs.
  std::string turn(std::string_view signature, bool stream = false) {
    return post("/v1/messages",
                fmt::format(R"({{"model":"claude-haiku-4-5","max_tokens":9,"stream":{},"system":"turn {}","messages":[{{"role":"user","content":"q"}},)"
                            R"({{"role":"assistant","content":[{{"type":"thinking","thinking":"t","signature":"{}"}}]}},{{"role":"user","content":"go on"}}]}})",
                            stream, ++turns_, signature));
  }
  std::string first_turn(bool stream = false) {
    return post("/v1/messages", fmt::format(R"({{"model":"claude-haiku-4-5","max_tokens":9,"stream":{},"system":"turn {}","messages":[]}})", stream, ++turns_));
  }
  static std::string thinking(std::string_view signature) {
    return fmt::format(R"({{"id":"msg_1","type":"message","model":"claude-haiku-4-5","content":[{{"type":"thinking","thinking":"t","signature":"{}"}}],)"
                       R"("stop_reason":"end_turn","usage":{{"input_tokens":12,"output_tokens":3}}}})",
                       signature);
  }
  static std::string thinking_stream(std::string_view signature) {
    return "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n"
           "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"" +
           std::string(signature) +
           "\"}}\n\n"
           "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n"
           "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  }

  /// What comes to the provider is answered in its key's organisation's name. Gives the key.
  std::string serve(std::string_view status, std::string_view body, std::string_view type = "application/json") {
    const PlainSocket asked = provider.accept();
    const std::string request = read_message(asked);
    const std::size_t at = request.find("x-api-key: ") + 11;
    std::string key = request.substr(at, request.find('\r', at) - at);
    asked.send(fmt::format("HTTP/1.1 {}\r\ncontent-type: {}\r\nconnection: close\r\nanthropic-organization-id: {}\r\ncontent-length: {}\r\n\r\n{}", status, type,
                           kOrganisations.at(key), body.size(), body));
    return key;
  }
  /// One request and its answer. Gives the key that it was sent with.
  std::string exchange(RunningGateway& gateway, const std::string& request, std::string_view body, std::string_view type = "application/json") {
    PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(request);
    std::string key = serve("200 OK", body, type);
    EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 200 "));
    return key;
  }
  /// Makes the organisations of all keys known.
  void learn(RunningGateway& gateway) {
    std::map<std::string, int> seen;
    for (int i = 0; i < 12; ++i) ++seen[exchange(gateway, first_turn(), thinking(""))];
    ASSERT_EQ(seen.size(), 3U);
  }

  const std::map<std::string, std::string> kOrganisations{{"key-1", "org-1"}, {"key-2", "org-1"}, {"key-3", "org-2"}};
  PlainListener provider;
  RunningGateway::Choice choice;

 private:
  int turns_ = 0;
};

TEST_F(Ties, ASignatureGoesToTheOrganisationThatSigned) {
  RunningGateway gateway(provider.port(), choice);
  learn(gateway);
  for (int conversation = 0; conversation < 6; ++conversation) {
    const bool streams = conversation % 2 == 1;
    const std::string type = streams ? "text/event-stream" : "application/json";
    const auto signature_of = [&](int turn) { return fmt::format("Sig/{}+{}==", conversation, turn); };
    const auto answer_of = [&](int turn) { return streams ? thinking_stream(signature_of(turn)) : thinking(signature_of(turn)); };
    const std::string organisation = kOrganisations.at(exchange(gateway, first_turn(streams), answer_of(0), type));
    for (int i = 1; i <= 4; ++i) {
      EXPECT_EQ(kOrganisations.at(exchange(gateway, turn(signature_of(i - 1), streams), answer_of(i), type)), organisation)
          << "conversation " << conversation << ", turn " << i;
    }
  }
}

TEST_F(Ties, ALostKeyOfTwoLosesNoRequest) {
  RunningGateway gateway(provider.port(), choice);
  learn(gateway);
  std::string key;
  while (key != "key-1") key = exchange(gateway, first_turn(), thinking("sig"));

  PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(turn("sig"));
  const std::string first = serve("401 Unauthorized", R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})");
  const std::string second = serve("200 OK", thinking("next"));
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 200 "));
  EXPECT_NE(first, second);
  EXPECT_EQ(kOrganisations.at(first), "org-1");
  EXPECT_EQ(kOrganisations.at(second), "org-1");
  EXPECT_EQ(exchange(gateway, turn("next"), thinking("")), second) << "the other one of the organisation has left rotation";
}

TEST_F(Ties, AnOrganisationWithoutAKeyLeftSaysSoAndNobodyElseIsAsked) {
  RunningGateway gateway(provider.port(), choice);
  learn(gateway);
  std::string key;
  while (key != "key-3") key = exchange(gateway, first_turn(), thinking("sig"));
  {
    PlainSocket client = PlainSocket::connect(gateway.port());
    client.send(turn("sig"));
    const std::string refusal = R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})";
    EXPECT_EQ(serve("401 Unauthorized", refusal), "key-3");
    EXPECT_THAT(read_message(client), ::testing::AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr(refusal))) << "the provider's own word";
  }
  PlainSocket client = PlainSocket::connect(gateway.port());
  client.send(turn("sig"));
  EXPECT_THAT(read_message(client), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(kOrganisations.at(exchange(gateway, turn("unknown"), thinking(""))), "org-1") << "nobody knows who signed that";
}

TEST_F(Ties, WhatWasMadeGoesBackToItsOrganisation) {
  for (const auto& [dialect, paths] : std::map<llm::Dialect, std::vector<std::string>>{
           {llm::Dialect::Anthropic, {"/v1/files", "/v1/messages/batches"}},
           {llm::Dialect::OpenAi, {"/v1/conversations", "/v1/containers", "/v1/vector_stores"}},
       }) {
    choice.dialect = dialect;
    RunningGateway gateway(provider.port(), choice);
    const std::string version = dialect == llm::Dialect::Anthropic ? "Anthropic-Version: 2023-06-01\r\n" : "";
    for (const std::string& path : paths) {
      const std::string make = fmt::format("POST {} HTTP/1.1\r\nHost: gw.local\r\n{}Content-Length: 2\r\n\r\n{{}}", path, version);
      const std::string get = fmt::format("GET {}/thing_1 HTTP/1.1\r\nHost: gw.local\r\n{}\r\n", path, version);
      const std::string organisation = kOrganisations.at(exchange(gateway, make, R"({"id":"thing_1"})"));
      for (int i = 0; i < 4; ++i) EXPECT_EQ(kOrganisations.at(exchange(gateway, get, "{}")), organisation) << path;
    }
  }
}

TEST_F(Ties, WhatWasMadeIsKnownAlsoByAnAnswerThatIsCompressed) {
  RunningGateway gateway(provider.port(), choice);
  for (const std::string path : {"/v1/files", "/v1/messages/batches"}) {
    for (int number = 0; number < 4; ++number) {
      const std::string made = gzipped(fmt::format(R"({{"id":"thing_{}"}})", number));
      const std::string organisation = kOrganisations.at(exchange(gateway, post(path, "{}"), made, "application/json\r\ncontent-encoding: gzip"));
      const std::string get = fmt::format("GET {}/thing_{} HTTP/1.1\r\nHost: gw.local\r\nAnthropic-Version: 2023-06-01\r\n\r\n", path, number);
      for (int i = 0; i < 3; ++i) EXPECT_EQ(kOrganisations.at(exchange(gateway, get, "{}")), organisation) << path;
    }
  }
}

}  // namespace
}  // namespace tidegate
