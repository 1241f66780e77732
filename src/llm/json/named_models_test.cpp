// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/named_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::llm::json {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string why_unclear(const Result<std::vector<std::string>>& models) { return models ? "" : models.error().detail; }

TEST(NamedModels, AreAllThatARequestAsksFor) {
  EXPECT_THAT(named_models(R"({"messages":[{"model":"not this"}],"model":"a"})").value(), ElementsAre("a"));
  EXPECT_THAT(
      named_models(
          R"({"model":"\u0061","fallbacks":[{"model":"b"},"c"],"models":["d"],"tools":[{"type":"advisor","model":"e"},{"name":"f"}]})")
          .value(),
      ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(named_models(R"({"mod\u0065l":"a","fallbacks":null})").value(), ElementsAre("a"));
}

TEST(NamedModels, AreUnclearWhereTwoReadersCouldSeeTwo) {
  EXPECT_THAT(why_unclear(named_models(R"({"model":"a","model":"b"})")), HasSubstr("more than one"));
  EXPECT_THAT(why_unclear(named_models(R"({"model":"a","mod\u0065l":"b"})")), HasSubstr("more than one"));
  EXPECT_THAT(why_unclear(named_models(R"({"model":"a","Model":"b"})")), HasSubstr("more than one"))
      << "Go takes the last, whatever its case";
  EXPECT_THAT(why_unclear(named_models(R"({"model":["a"]})")), HasSubstr("no text"));
  EXPECT_THAT(why_unclear(named_models(R"({"messages":[]})")), HasSubstr("no 'model'"));
  EXPECT_THAT(why_unclear(named_models(R"({"model":"a","fallbacks":"default"})")), HasSubstr("no list"));
  EXPECT_THAT(why_unclear(named_models(R"({"model":"a","fallbacks":[{}]})")), HasSubstr("names no model"));
  EXPECT_THAT(why_unclear(named_models(R"({"model":"a","tools":[{"model":1}]})")), HasSubstr("no text"));
  const std::string deep = R"({"model":"a","x":)" + std::string(3'000, '[') + std::string(3'000, ']') + "}";
  for (const std::string& body :
       {std::string(), std::string("[]"), std::string(R"({"model":"a"} x)"), std::string(R"({"model":"a","x":NaN})"),
        std::string("\xFF\xFE{\0", 4), std::string("\x1f\x8b\x08"), deep}) {
    EXPECT_THAT(why_unclear(named_models(body)), HasSubstr("no JSON object")) << body.substr(0, 40);
  }
}

TEST(NamedModels, OfABatchAreThoseOfAllItsRequests) {
  EXPECT_THAT(
      named_models_of_batch(
          R"({"requests":[{"custom_id":"1","params":{"model":"a"}},{"params":{"model":"b","fallbacks":[{"model":"c"}]}}]})")
          .value(),
      ElementsAre("a", "b", "c"));
  for (const char* body : {R"({})", R"({"requests":[]})", R"({"requests":[{"custom_id":"1"}]})",
                           R"({"requests":[{"params":{"model":"a"}},{"params":{}}]})",
                           R"({"requests":[{"params":[]}]})", R"({"requests":{}})"}) {
    EXPECT_NE(why_unclear(named_models_of_batch(body)), "") << body;
  }
}

}  // namespace
}  // namespace tidegate::llm::json
