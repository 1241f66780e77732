// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/body_edit.h"

#include "llm/anthropic/request.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <vector>

namespace tidegate::caching {
namespace {

llm::PromptLayout layout_of(std::string_view body) {
  llm::PromptLayout layout;
  EXPECT_TRUE(llm::anthropic::read_request(body, layout).readable) << body;
  return layout;
}

std::string edited(std::string_view body, std::vector<Mark> marks) {
  return BodyEdit(layout_of(body), marks).apply(body);
}

TEST(BodyEdit, MakesAMarkTheLastMemberOfABlock) {
  EXPECT_EQ(
      edited(
          R"({"tools":[{"name":"a"}, { "name":"b" }],"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]})",
          {{1, Lifetime::OneHour}, {2, Lifetime::FiveMinutes}}),
      R"({"tools":[{"name":"a"}, { "name":"b" ,"cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":)"
      R"([{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}]})");
}

TEST(BodyEdit, MakesAPlainTextAListOfOneBlockAroundTheSameBytes) {
  EXPECT_EQ(
      edited(R"({"system":"s\u00e9","messages":[{"role":"user","content": "q" }]})",
             {{0, Lifetime::OneHour}, {1, Lifetime::FiveMinutes}}),
      R"({"system":[{"type":"text","text":"s\u00e9","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content": )"
      R"([{"type":"text","text":"q","cache_control":{"type":"ephemeral"}}] }]})");
}

TEST(BodyEdit, FollowsTheOrderOfTheBodyNotThatOfThePrefix) {
  EXPECT_EQ(
      edited(R"({"messages":[{"role":"user","content":"q"}],"system":"s"})",
             {{0, Lifetime::FiveMinutes}, {1, Lifetime::FiveMinutes}}),
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"q","cache_control":{"type":"ephemeral"}}]}],"system":)"
      R"([{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]})");
}

TEST(BodyEdit, WithoutMarksChangesNothing) {
  const std::string body = R"({"system":"s"})";
  EXPECT_EQ(edited(body, {}), body);
}

/// Bodies of every shape that the reader knows, with blanks, escapes and members in any order.
class BodyMaker {
 public:
  explicit BodyMaker(std::uint32_t seed) : random_(seed) {}

  std::string body() {
    std::vector<std::string> members{R"("model":"claude-opus-5-5")", R"("max_tokens":5)",
                                     R"("messages":)" + messages()};
    if (chance(2)) members.push_back(R"("system":)" + content());
    if (chance(2)) members.push_back(R"("tools":)" + tools());
    if (chance(4)) members.push_back(R"("metadata":{"user_id":"cache_control"})");
    std::shuffle(members.begin(), members.end(), random_);
    return blank() + "{" + joined(members) + "}" + blank();
  }
  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

 private:
  std::string blank() { return std::vector<std::string>{"", "", "", " ", "\n", "\t "}[below(6)]; }
  std::string joined(const std::vector<std::string>& parts) {
    std::string all = blank();
    for (std::size_t i = 0; i < parts.size(); ++i) all += (i > 0 ? "," + blank() : "") + parts[i] + blank();
    return all;
  }
  std::string text() {
    return std::vector<std::string>{R"("a")",        R"("")",    R"(" \n")",    R"("\"cache_control\":{}")",
                                    R"("\u00e9\\")", R"("{[,")", "\"\xC3\xA9\""}[below(7)];
  }
  std::string block() {
    switch (below(7)) {
      case 0: return R"({"type":"thinking","thinking":"t","signature":"s"})";
      case 1: return R"({"type":"tool_result","tool_use_id":"t","content":)" + text() + "}";
      case 2: return R"({"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"r"}]})";
      case 3: return R"({"type":"image","source":{"type":"base64","data":"AAAA"}})";
      case 4: return R"({"type":"text","text":"c","cache_control":null})";
      default: return "{" + joined({R"("type":"text")", R"("text":)" + text()}) + "}";
    }
  }
  std::string content() {
    if (chance(2)) return text();
    std::vector<std::string> blocks(below(4));
    for (std::string& one : blocks) one = block();
    return "[" + joined(blocks) + "]";
  }
  std::string messages() {
    std::vector<std::string> all(1 + below(5));
    for (std::string& one : all) {
      std::vector<std::string> members{chance(3) ? R"("role":"assistant")" : R"("role":"user")",
                                       R"("content":)" + content()};
      std::shuffle(members.begin(), members.end(), random_);
      one = "{" + joined(members) + "}";
    }
    return "[" + joined(all) + "]";
  }
  std::string tools() {
    std::vector<std::string> all(below(4));
    for (std::string& one : all)
      one = R"({"name":"n","input_schema":{"properties":{"cache_control":{"type":"object"}}}})";
    return "[" + joined(all) + "]";
  }

  std::mt19937 random_;
};

/// The document without marks (but for `null` ones, which were there before), plain texts of content and system as
/// lists of one block; marks are counted.
class Normal {
 public:
  std::string of(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    EXPECT_EQ(parser.parse(json.data(), json.size()).get(root), simdjson::SUCCESS) << json;
    out_.clear();
    marks = 0;
    write(root, false);
    return out_;
  }
  int marks = 0;

 private:
  static bool is_mark(const simdjson::dom::element& value) {
    std::string_view type;
    return value.is_object() && value["type"].get(type) == simdjson::SUCCESS && type == "ephemeral";
  }
  void write(simdjson::dom::element value, bool is_content) {
    simdjson::dom::object object;
    simdjson::dom::array array;
    if (value.get(object) == simdjson::SUCCESS) {
      out_ += '{';
      for (const auto field : object) {
        if (field.key == "cache_control" && is_mark(field.value)) {
          ++marks;
          continue;
        }
        out_ += std::string(field.key) + ':';
        write(field.value, field.key == "content" || field.key == "system");
        out_ += ',';
      }
      out_ += '}';
    } else if (value.get(array) == simdjson::SUCCESS) {
      out_ += '[';
      for (const auto item : array) {
        write(item, false);
        out_ += ',';
      }
      out_ += ']';
    } else if (is_content && value.is_string()) {
      out_ += "[{type:\"text\",text:" + simdjson::minify(value) + ",},]";
    } else {
      out_ += simdjson::minify(value);
    }
  }
  std::string out_;
};

TEST(BodyEdit, OfAnyBodyAddsOnlyMarksAndKeepsEveryByte) {
  int marked = 0;
  for (std::uint32_t seed = 0; seed < 4'000; ++seed) {
    BodyMaker maker(seed);
    const std::string body = maker.body();
    const llm::PromptLayout layout = layout_of(body);
    std::vector<std::size_t> markable;
    std::size_t index = 0;
    for (const auto* list : {&layout.tools, &layout.system, &layout.messages}) {
      for (const llm::PromptBlock& block : *list) {
        if (block.is_markable) markable.push_back(index);
        ++index;
      }
    }
    std::vector<Mark> marks;
    for (const std::size_t block : markable) {
      if (marks.size() < MarkPlan::kMostMarks && maker.chance(2))
        marks.push_back({block, maker.chance(2) ? Lifetime::OneHour : Lifetime::FiveMinutes});
    }
    const BodyEdit edit(layout, marks);
    const std::string after = edit.apply(body);
    ASSERT_EQ(after.size(), body.size() + edit.added_bytes());

    std::string back = after;
    for (std::size_t i = edit.insertions().size(); i-- > 0;) {
      std::size_t before = 0;
      for (std::size_t k = 0; k < i; ++k) before += edit.insertions()[k].text.size();
      const Insertion& insertion = edit.insertions()[i];
      ASSERT_EQ(back.substr(insertion.offset + before, insertion.text.size()), insertion.text);
      back.erase(insertion.offset + before, insertion.text.size());
    }
    ASSERT_EQ(back, body);

    Normal of_body;
    Normal of_edited;
    ASSERT_EQ(of_edited.of(after), of_body.of(body)) << body << "\n" << after;
    ASSERT_EQ(of_body.marks, 0);
    ASSERT_EQ(of_edited.marks, static_cast<int>(marks.size())) << after;
    ASSERT_EQ(llm::anthropic::read_request(after).cache_markers, static_cast<int>(marks.size())) << after;
    marked += static_cast<int>(marks.size());
  }
  EXPECT_GT(marked, 2'000);
}

}  // namespace
}  // namespace tidegate::caching
