// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/batches.h"

#include "llm/corpus_file.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::llm::anthropic {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(BatchResultsUrls, ReplacesTheOriginAloneInARecordedBatchAndList) {
  for (const char* name : {"answers/anthropic_batch.json", "answers/anthropic_batch_list.json"}) {
    const std::string body = corpus_file(name);
    EXPECT_EQ(rewrite_results_urls(body, "https://gate.example"),
              replaced(body, "http://127.0.0.1:18080", "https://gate.example"));
  }
}

TEST(BatchResultsUrls, KeepsPathAndQueryAndKnowsEscapedSlashes) {
  EXPECT_EQ(rewrite_results_urls(R"({"results_url" : "https://api.anthropic.com/v1/x?y=http://z"})", "http://g:1"),
            R"({"results_url" : "http://g:1/v1/x?y=http://z"})");
  EXPECT_EQ(rewrite_results_urls(R"({"results_url":"https:\/\/api.anthropic.com\/v1\/x"})", "http://g"),
            R"({"results_url":"http://g\/v1\/x"})");
  EXPECT_EQ(rewrite_results_urls(R"({"results_url":"https://api.anthropic.com"})", "http://g"),
            R"({"results_url":"http://g"})");
}

TEST(BatchResultsUrls, TakesThePathOfTheProvidersBaseUrlAway) {
  const auto rewritten = [](std::string_view json) { return rewrite_results_urls(json, "http://g", "/relay/a"); };
  EXPECT_EQ(rewritten(R"({"results_url":"https://r.example/relay/a/v1/x"})"), R"({"results_url":"http://g/v1/x"})");
  EXPECT_EQ(rewritten(R"({"results_url":"https:\/\/r.example\/relay\/a\/v1"})"), R"({"results_url":"http://g\/v1"})");
  EXPECT_EQ(rewritten(R"({"results_url":"https://r.example/relay/ab/v1"})"), R"({"results_url":"http://g/relay/ab/v1"})");
  EXPECT_EQ(rewritten(R"({"results_url":"https://r.example/v1/x"})"), R"({"results_url":"http://g/v1/x"})");
}

TEST(BatchResultsUrls, LeavesAUrlWithoutOriginWhereNoneIsKnown) {
  EXPECT_EQ(rewrite_results_urls(R"({"results_url":"https://a.example/v1/x"})", ""), R"({"results_url":"/v1/x"})");
}

TEST(BatchResultsUrls, LeavesEverythingElseAlone) {
  for (const std::string text :
       {R"({"results_url":null})", R"({"results_url":"/v1/x"})", R"({"other":"http://a/results_url"})",
        R"({"metadata":{"results_url":"http://a/b"}})", "", "no json", "{\"results_url\":\"http://a"}) {
    EXPECT_EQ(rewrite_results_urls(text, "http://g"), text);
  }
}

}  // namespace
}  // namespace tidegate::llm::anthropic
