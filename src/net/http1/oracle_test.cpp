// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/oracle.h"

#include "net/http1/body.h"
#include "net/http1/head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace tidegate::net::http1 {
namespace {

using std::string_literals::operator""s;

/// The files of one folder of the corpus, by name.
std::vector<std::string> corpus(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(TIDEGATE_SOURCE_DIR "/tests/corpus/" + folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> files;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  EXPECT_GE(files.size(), 10U) << folder;
  return files;
}

/// What breaks parsers when it stands in the wrong place.
const std::vector<std::string> kSplinters = {
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    "\0"s,
    ",",
    ";",
    "=",
    "\"",
    "\\",
    "\x7f",
    "\x80",
    "0",
    "5",
    "\r\n\r\n",
    "\r\n ",
    "Content-Length: 5\r\n",
    "Content-Length: 05\r\n",
    "Transfer-Encoding: chunked\r\n",
    "transfer-encoding: CHUNKED\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive, te\r\n",
    "Host: b\r\n",
    "Proxy-Connection: close\r\n",
    "Expect: 100-continue\r\n",
    "Upgrade: h2c\r\n",
    "HTTP/1.0",
    "HTTP/1.1",
    "http://a",
    "*",
    "5\r\nhello\r\n",
    "0\r\n",
    ";a=b",
    ";a=\"b\"",
    "ffffffffffffffff",
    "X: y\r\n",
};

/// One to three random changes: a byte replaced, a stretch cut out or repeated, a splinter put in, the end cut off.
std::string mutate(std::string text, std::mt19937_64& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random() % bound); };
  for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
    // Mostly in the first bytes, where a head is.
    const std::size_t at = below(std::min<std::size_t>(text.size(), below(4) == 0 ? 4096 : 400));
    const std::size_t length = std::min(1 + below(40), text.size() - at);
    switch (below(6)) {
      case 0:
        if (!text.empty()) text[at] = static_cast<char>(random());
        break;
      case 1: text.erase(at, length); break;
      case 2: text.insert(at, text.substr(at, length)); break;
      case 3: text.resize(at); break;
      case 4: {
        const std::size_t line = text.find('\n', at);
        text.insert(line == std::string::npos ? at : line + 1, kSplinters[below(kSplinters.size())]);
        break;
      }
      default: text.insert(at, kSplinters[below(kSplinters.size())]);
    }
  }
  return text;
}

using Disagreement = std::string (*)(std::string_view);

void expect_agreement(const std::string& folder, Disagreement disagreement, int mutations_per_file) {
  std::mt19937_64 random(20261124);
  for (const std::string& file : corpus(folder)) {
    EXPECT_EQ(disagreement(file), "") << file;
    for (int i = 0; i < mutations_per_file; ++i) {
      const std::string mutated = mutate(file, random);
      ASSERT_EQ(disagreement(mutated), "") << mutated;
    }
  }
}

TEST(Oracle, AgreesAboutRequestHeads) { expect_agreement("http_request", oracle::request_disagreement, 200); }

TEST(Oracle, AgreesAboutResponseHeads) { expect_agreement("http_response", oracle::response_disagreement, 200); }

TEST(Oracle, AgreesAboutChunkedBodies) { expect_agreement("http_chunked", oracle::chunked_disagreement, 300); }

/// All that a parser says of bytes.
template <typename Parser>
std::string reading(Parser& parser, std::string_view bytes) {
  const ParseState state = parser.parse(bytes);
  if (state == ParseState::Incomplete) return "incomplete";
  if (state == ParseState::Rejected) return std::to_string(parser.rejection().line) + std::string(parser.rejection().reason);
  const auto& head = parser.head();
  std::string said = std::to_string(head.size) + (head.chunked ? " chunked" : "") + (head.keep_alive ? " keep-alive" : "");
  if (head.content_length) said += " " + std::to_string(*head.content_length);
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    said.append("\n").append(head.fields[i].name).append("=").append(head.fields[i].value);
    said += " " + std::to_string(static_cast<int>(head.tags[i].field_class)) + (head.tags[i].hop_by_hop ? " hop" : "");
    said += head.repeats(head.tags[i].field_class) ? " repeated" : "";
  }
  return said;
}

template <typename Parser>
void expect_no_memory(const std::string& folder) {
  std::mt19937_64 random(20261126);
  for (const std::string& file : corpus(folder)) {
    Parser used;
    (void)used.parse(file);
    for (int i = 0; i < 200; ++i) {
      const std::string mutated = mutate(file, random);
      Parser fresh;
      used.reset();
      ASSERT_EQ(reading(used, mutated), reading(fresh, mutated)) << mutated;
    }
  }
}

// A parser compares the lines of a head with those of the one before, which it has read (KnownLines).
TEST(Corpus, IsReadTheSameWhateverWasReadBefore) {
  expect_no_memory<RequestHeadParser>("http_request");
  expect_no_memory<ResponseHeadParser>("http_response");
}

TEST(Corpus, HoldsRequestsOfRealClientsThatAreRead) {
  int complete = 0;
  for (const std::string& file : corpus("http_request")) {
    RequestHeadParser parser;
    complete += parser.parse(file) == ParseState::Complete ? 1 : 0;
  }
  EXPECT_EQ(complete, 24) << "22 recorded ones and two made by hand; the rest are attacks";
}

/// Reads head and body in the two pieces that a split gives; a line that says all about the outcome.
template <typename Parser, typename Framing>
std::string outcome(std::string_view file, std::size_t split, Framing framing) {
  Parser parser;
  ParseState state = parser.parse(file.substr(0, split));
  if (state == ParseState::Incomplete) state = parser.parse(file);
  if (state != ParseState::Complete) return "not complete";
  std::string said;
  for (const HeaderField& field : parser.head().fields) said.append(field.name).append("=").append(field.value);
  const std::size_t head = parser.head().size;
  BodyFollower body(framing(parser.head()));
  const auto keep = [&](std::string_view span) { said.append(span); };
  const std::size_t cut = std::max(split, head);
  const Followed first = body.feed(file.substr(head, cut - head), keep);
  const Followed second = body.feed(file.substr(cut), keep);
  return said + "/" + std::to_string(first.consumed + second.consumed) + "/" +
         std::to_string(static_cast<int>(body.state()));
}

TEST(Corpus, GivesTheSameAtEverySplitPoint) {
  const auto request_framing = [](const RequestHead& head) { return body_framing(head); };
  const auto response_framing = [](const ResponseHead& head) { return body_framing(head, "POST"); };
  for (const std::string& file : corpus("http_request")) {
    const std::string whole = outcome<RequestHeadParser>(file, file.size(), request_framing);
    for (std::size_t split = 0; split < file.size(); ++split) {
      ASSERT_EQ(outcome<RequestHeadParser>(file, split, request_framing), whole) << split << " of " << file;
    }
  }
  for (const std::string& file : corpus("http_response")) {
    const std::string whole = outcome<ResponseHeadParser>(file, file.size(), response_framing);
    for (std::size_t split = 0; split < file.size(); ++split) {
      ASSERT_EQ(outcome<ResponseHeadParser>(file, split, response_framing), whole) << split << " of " << file;
    }
  }
}

}  // namespace
}  // namespace tidegate::net::http1
