// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// The small notations that settings are written in.
#include "config/byte_size.h"
#include "config/nearest.h"
#include "config/reading.h"
#include "config/url.h"
#include "config/yaml.h"

#include <gtest/gtest.h>

namespace tidegate::config {
namespace {

TEST(ByteSize, ReadsWholeNumbersWithUnits) {
  EXPECT_EQ(parse_byte_size("0B").value(), 0U);
  EXPECT_EQ(parse_byte_size("100B").value(), 100U);
  EXPECT_EQ(parse_byte_size("64KiB").value(), 65'536U);
  EXPECT_EQ(parse_byte_size("1 kB").value(), 1'000U);
  EXPECT_EQ(parse_byte_size("32MB").value(), 32'000'000U);
  EXPECT_EQ(parse_byte_size("1TiB").value(), std::size_t{1} << 40);
  for (const char* bad : {"", "B", "100", "1.5MiB", "-1B", "1 mib", "99999999999TiB", "1MiB ", "0x10B"}) {
    EXPECT_FALSE(parse_byte_size(bad)) << bad;
  }
}

TEST(ByteSize, PrintsWhatItReadsBack) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1'500}, std::size_t{1'500'000'000}, std::size_t{32} << 20}) {
    EXPECT_EQ(parse_byte_size(byte_size_text(bytes)).value(), bytes) << byte_size_text(bytes);
  }
  EXPECT_EQ(byte_size_text(std::size_t{32} << 20), "32MiB");
  EXPECT_EQ(byte_size_text(1'000'000), "1MB");
}

TEST(Address, NeedsAnAddressAndAPort) {
  EXPECT_EQ(parse_address("localhost:80")->host, "127.0.0.1");
  EXPECT_EQ(parse_address("[::1]:0")->host, "::1");
  EXPECT_EQ(parse_address("0.0.0.0:65535")->port, 65'535);
  for (const char* bad : {"", ":80", "127.0.0.1", "::1:80", "example.com:80", "127.0.0.1:65536", "[127.0.0.1:80"}) {
    EXPECT_FALSE(parse_address(bad)) << bad;
  }
  EXPECT_EQ(address_text("::1", 80), "[::1]:80");
}

TEST(Address, OfLoopbackIsReachedByNobodyElse) {
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "localhost"}) EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "127.example.com"}) EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(Url, IsTakenApart) {
  const auto url = parse_url("HTTPS://user:pass@Example.COM:8443/a/b?c#d");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->user, "user:pass");
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->port, 8'443);
  EXPECT_EQ(url->path, "/a/b");
  EXPECT_TRUE(url->has_query && url->has_fragment);
  EXPECT_EQ(parse_url("http://[::1]/")->host, "::1");
  EXPECT_EQ(parse_url("https://a")->port, 443);
  for (const char* bad :
       {"a", "://a", "http://", "http://a:0", "http://a:99999", "http://a b", "http://[::1", "http://[x]"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

TEST(Nearest, FindsTypingMistakesAndNothingElse) {
  const std::vector<std::string> known{"listen", "limits", "ledger", "log"};
  EXPECT_EQ(nearest("listne", known), "listen");
  EXPECT_EQ(nearest("Limit", known), "limits");
  EXPECT_EQ(nearest("lgo", known), "log");
  EXPECT_EQ(nearest("colour", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'l'), known), std::nullopt);
  EXPECT_EQ(edit_distance("abcd", "acbd"), 1U);
}

TEST(Shown, HidesWhatMayBeASecretAndWhatATerminalWouldObey) {
  EXPECT_EQ(shown("blue"), "'blue'");
  EXPECT_EQ(shown("a\x1b[31mb"), "'a?[31mb'");
  EXPECT_EQ(shown(std::string(59, 'x') + " é y"), "'" + std::string(59, 'x') + " …'");
  for (const char* secret :
       {"sk-ant-1", "SK-1", "Bearer abc", "0123456789abcdefghijklmnop", "http://u:p@h", "https://h/?k=1"}) {
    EXPECT_TRUE(may_be_secret(secret)) << secret;
  }
  for (const char* harmless :
       {"", "https://api.anthropic.com", "/var/lib/tidegate/0123456789/ledger.db", "claude-opus-5"}) {
    EXPECT_FALSE(may_be_secret(harmless)) << harmless;
  }
}

TEST(Yaml, PrintsWhatItReadsBack) {
  Node node = Node::map();
  Node list = Node::list();
  Node inner = Node::map();
  inner.with("a b", Node::quoted_text("x: #y")).with("c", Node::quoted_text("")).with("d", Node::plain("1"));
  list.items = {inner, Node::quoted_text("-"), Node::quoted_text("true"), Node::quoted_text("\ttab \"q\" \\ é")};
  node.with("list", list).with("empty", Node::list()).with("none", Node::map());
  std::vector<Problem> problems;
  const auto back = parse_yaml({.name = "printed", .text = to_yaml(node)}, problems);
  ASSERT_TRUE(back) << to_text(problems);
  EXPECT_EQ(to_json(*back->find("list")), R"([
  {
    "a b": "x: #y",
    "c": "",
    "d": 1
  },
  "-",
  "true",
  "\ttab \"q\" \\ é"
]
)");
}

TEST(Yaml, IsRefusedWhenItIsTooDeepOrTooLong) {
  std::vector<Problem> problems;
  EXPECT_FALSE(parse_yaml({.name = "deep", .text = std::string(100, '[') + std::string(100, ']')}, problems));
  EXPECT_FALSE(parse_yaml({.name = "long", .text = std::string(kMaxYamlBytes + 1, ' ')}, problems));
  EXPECT_EQ(to_text(problems),
            "deep:1:33: cannot be read as YAML: nested deeper than 32 levels; no setting needs so many\n"
            "long: 1048577 bytes; more than 1 MiB is not read\n");
}

}  // namespace
}  // namespace tidegate::config
