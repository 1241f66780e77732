// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/cursor.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <vector>

namespace tidegate::llm::json {
namespace {

TEST(Cursor, ReadsMembersInOrderAndStepsOverTheRest) {
  Cursor cursor(R"( {"a":1,"skipped":{"deep":[1,{"a":"}"}]},"b":"x\ny","c":true,"d":null} )");
  std::vector<std::string> keys;
  std::optional<std::int64_t> a;
  std::string b;
  std::optional<bool> c;
  EXPECT_TRUE(cursor.object([&](std::string_view key) {
    keys.emplace_back(key);
    if (key == "a") a = cursor.integer();
    if (key == "b") b = cursor.text();
    if (key == "c") c = cursor.boolean();
  }));
  EXPECT_TRUE(cursor.at_end());
  EXPECT_EQ(keys, (std::vector<std::string>{"a", "skipped", "b", "c", "d"}));
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, "x\ny");
  EXPECT_EQ(c, true);
}

TEST(Cursor, ReadsAValueOfAnotherKindThanAskedForAsAbsent) {
  Cursor cursor(R"(["text", 12, [1], {"a":1}, null, 1.5, 99999999999999999999, 1e3])");
  std::vector<std::optional<std::int64_t>> numbers;
  EXPECT_TRUE(cursor.array([&] { numbers.push_back(cursor.integer()); }));
  EXPECT_EQ(numbers, (std::vector<std::optional<std::int64_t>>{std::nullopt, 12, std::nullopt, std::nullopt,
                                                               std::nullopt, std::nullopt, std::nullopt, 1000}));
  EXPECT_TRUE(cursor.at_end());
}

TEST(Cursor, DecodesKeysThatAreWrittenWithEscapes) {
  Cursor cursor(R"({"mod\u0065l":"m"})");
  std::string model;
  cursor.object([&](std::string_view key) {
    if (key == "model") model = cursor.text();
  });
  EXPECT_EQ(model, "m");
}

TEST(Cursor, ReadsKeysOfAnyLengthHoweverCloseTheEndIs) {
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string plain(length, 'k');
    for (const std::string_view rest : {":1}", " : 1 }", ":1,\"b\":2}", ":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}"}) {
      const std::string text = "{\"" + plain + "\"" + std::string(rest);
      Cursor cursor(text);
      std::vector<std::string> keys;
      EXPECT_TRUE(cursor.object([&](std::string_view key) { keys.emplace_back(key); })) << text;
      ASSERT_FALSE(keys.empty()) << text;
      EXPECT_EQ(keys[0], plain) << text;
      EXPECT_TRUE(cursor.at_end()) << text;
    }
    const std::string escaped = "{\"" + plain + "\\\"\":1,\"and a member behind it\":2}";
    std::vector<std::string> keys;
    Cursor cursor(escaped);
    EXPECT_TRUE(cursor.object([&](std::string_view key) { keys.emplace_back(key); })) << escaped;
    ASSERT_EQ(keys.size(), 2U) << escaped;
    EXPECT_EQ(keys[0], plain + "\"") << escaped;
  }
}

TEST(Cursor, TellsZeroHoweverItIsWritten) {
  for (const char* const zero : {"0", "-0", "0.0", "0.000", "-0.0e5", "0e9", "0E-1"}) {
    Cursor cursor(zero);
    EXPECT_TRUE(cursor.is_zero()) << zero;
    EXPECT_TRUE(cursor.at_end()) << zero;
  }
  for (const char* const other : {"1", "0.1", "10", "0.05e3", "-1", "\"0\"", "null", "false", "[0]", "{}"}) {
    Cursor cursor(other);
    EXPECT_FALSE(cursor.is_zero()) << other;
    EXPECT_TRUE(cursor.at_end()) << other;
  }
}

TEST(Cursor, GivesTheBytesAValueTakes) {
  const std::string text = R"({ "a" :  "x" , "b":[1, 2] })";
  Cursor cursor(text);
  std::vector<std::string> values;
  cursor.object([&](std::string_view) {
    const std::size_t begin = cursor.begin_of_value();
    cursor.skip();
    values.push_back(text.substr(begin, cursor.end_of_value() - begin));
  });
  EXPECT_EQ(values, (std::vector<std::string>{"\"x\"", "[1, 2]"}));
}

TEST(Cursor, RefusesWhatIsNoJson) {
  for (const std::string text : {"",
                                 " ",
                                 "{",
                                 "[",
                                 "{]",
                                 "[}",
                                 R"({"a"})",
                                 R"({"a":})",
                                 R"({"a":1,})",
                                 "[1,]",
                                 "[,1]",
                                 "[1 2]",
                                 R"({"a":1 "b":2})",
                                 "{a:1}",
                                 R"({"a":"x})",
                                 "truth",
                                 "nul",
                                 "{}x",
                                 "{} {}",
                                 R"("abc)",
                                 "\"a\\",
                                 "+1",
                                 "'a'"}) {
    Cursor cursor(text);
    cursor.peek() == Kind::Array ? cursor.array([] {}) : cursor.object([](std::string_view) {});
    EXPECT_FALSE(cursor.at_end()) << text;
  }
}

TEST(Cursor, RefusesBracketsNestedBeyondALimitInsteadOfRunningOutOfStack) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  Cursor cursor(deep);
  cursor.skip();
  EXPECT_TRUE(cursor.broken());
}

TEST(Cursor, ResolvesEveryEscape) {
  EXPECT_EQ(unescape(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescape(R"(\u0041\u00e9\u20ac\ud83d\ude00)"), "Aé€😀");
  EXPECT_EQ(unescape(R"(\ud83dx\ude00)"), "\uFFFDx\uFFFD");
  EXPECT_EQ(unescape(R"(\u12)"), "\uFFFD12");
}

TEST(Cursor, CutsTextAtTheBorderOfACharacter) {
  EXPECT_EQ(unescape("aé", 2), "a");
  EXPECT_EQ(unescape("aé", 3), "aé");
  EXPECT_EQ(unescape(R"(a\u00e9b)", 3), "aé");
  EXPECT_EQ(unescape(std::string(1000, 'x'), 10), std::string(10, 'x'));
}

TEST(Cursor, NeverHandsOutInvalidUtf8) {
  EXPECT_EQ(to_valid_utf8("a\xFF"
                          "b"),
            "a\uFFFD"
            "b");
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(to_valid_utf8("é€😀"), "é€😀");
}

TEST(Cursor, QuotesTextSoThatItReadsBackTheSame) {
  std::string every;
  for (int c = 0; c < 128; ++c) every.push_back(static_cast<char>(c));
  every += "é€😀";
  std::string quoted;
  append_quoted(quoted, every);
  Cursor cursor(quoted);
  EXPECT_EQ(cursor.text(), every);
  EXPECT_TRUE(cursor.at_end());
}

/// A JSON text of random shape; keys are few, so that duplicates and nesting happen.
std::string random_json(std::mt19937& random, int depth) {
  const std::string blank = random() % 5 == 0 ? " \n" : "";
  switch (depth <= 0 ? random() % 5 : random() % 7) {
    case 0: return blank + std::to_string(static_cast<int>(random() % 2000) - 1000);
    case 1: return "true" + blank;
    case 2: return "null";
    case 3: return R"("a\"b\\)" + std::string(random() % 40, 'y') + "\"";
    case 4: return "\"" + std::string(random() % 20, 'z') + R"(\u00e9")" + blank;
    case 5: {
      std::string out = "[";
      const auto count = random() % 4;
      for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + random_json(random, depth - 1);
      return out + blank + "]";
    }
    default: {
      std::string out = "{";
      const auto count = random() % 4;
      for (std::size_t i = 0; i < count; ++i) {
        out += (i == 0 ? "\"" : ",\"") + std::string(1, static_cast<char>('a' + random() % 3)) +
               "\":" + random_json(random, depth - 1);
      }
      return out + "}" + blank;
    }
  }
}

/// Everything a text says, in one line, read by the cursor …
void print(Cursor& cursor, std::string& out) {
  switch (cursor.peek()) {
    case Kind::Object:
      out += '{';
      cursor.object([&](std::string_view key) {
        out += std::string(key) + ':';
        print(cursor, out);
      });
      out += '}';
      return;
    case Kind::Array:
      out += '[';
      cursor.array([&] { print(cursor, out); });
      out += ']';
      return;
    case Kind::String: out += '"' + cursor.text() + '"'; return;
    case Kind::Number: out += std::to_string(cursor.integer().value_or(0)) + ','; return;
    default: out += cursor.boolean().value_or(false) ? 't' : 'n'; return;
  }
}

/// … and by simdjson.
void print(simdjson::dom::element element, std::string& out) {
  if (element.is_object()) {
    out += '{';
    for (const auto field : simdjson::dom::object(element)) {
      out += std::string(field.key) + ':';
      print(field.value, out);
    }
    out += '}';
  } else if (element.is_array()) {
    out += '[';
    for (const auto child : simdjson::dom::array(element)) print(child, out);
    out += ']';
  } else if (element.is_string()) {
    out += '"' + std::string(std::string_view(element)) + '"';
  } else if (element.is_int64()) {
    out += std::to_string(std::int64_t(element)) + ',';
  } else {
    out += element.is_bool() && bool(element) ? 't' : 'n';
  }
}

TEST(Cursor, ReadsWhatSimdjsonReads) {
  std::mt19937 random(11);
  simdjson::dom::parser parser;
  int accepted = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string text = random_json(random, 5);
    if (round % 2 == 1 && !text.empty()) text[random() % text.size()] = "{}[]\":,\\ "[random() % 9];
    const auto parsed = parser.parse(text);
    if (parsed.error() != simdjson::SUCCESS) continue;  // we are lenient inside what is stepped over
    ++accepted;
    std::string theirs;
    print(parsed.value_unsafe(), theirs);
    Cursor cursor(text);
    std::string ours;
    print(cursor, ours);
    ASSERT_TRUE(cursor.at_end()) << text;
    ASSERT_EQ(ours, theirs) << text;
  }
  EXPECT_GT(accepted, 2'000);
}

}  // namespace
}  // namespace tidegate::llm::json
