// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/member_filter.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace tidegate::llm::json {
namespace {

constexpr std::array<MemberFilter::Wanted, 2> kWanted{{{"id", 20}, {"usage", 100}}};

constexpr std::string_view kAnswer =
    R"( { "object" : "list", "id":"a\"}b\\", "data":[{"embedding":[1,2,{"x":"]}\\"}]}] , "us\u0061ge" : {"n":[1, 2]}, "id2":null } )";

TEST(MemberFilter, KeepsWhatIsAskedForHoweverTheBytesAreCut) {
  for (std::size_t cut = 0; cut <= kAnswer.size(); ++cut) {
    MemberFilter filter(kWanted, "data");
    filter.feed(kAnswer.substr(0, cut));
    filter.feed(kAnswer.substr(cut));
    ASSERT_TRUE(filter.is_complete()) << cut;
    ASSERT_EQ(filter.kept(), R"({"id":"a\"}b\\","usage": {"n":[1, 2]}})") << cut;
    ASSERT_EQ(filter.counted_bytes(), 34) << cut;
  }
  MemberFilter filter(kWanted, "data");
  for (const char c : kAnswer) filter.feed(std::string(1, c));
  EXPECT_EQ(filter.kept(), R"({"id":"a\"}b\\","usage": {"n":[1, 2]}})");
}

TEST(MemberFilter, DropsAValueThatIsTooLongAndKeepsTheNext) {
  MemberFilter filter(kWanted);
  filter.feed(R"({"id":")" + std::string(30, 'x') + R"(","usage":{}})");
  EXPECT_TRUE(filter.is_complete());
  EXPECT_EQ(filter.kept(), R"({"usage":{}})");
}

TEST(MemberFilter, IsNeverCompleteForWhatIsNoObject) {
  for (const std::string text : {"", "[]", "x", "{", R"({"id")", R"({"id":1)", R"({"id":"x})", "{]", R"({"id":1])"}) {
    MemberFilter filter(kWanted);
    filter.feed(text);
    EXPECT_FALSE(filter.is_complete()) << text;
  }
}

}  // namespace
}  // namespace tidegate::llm::json
