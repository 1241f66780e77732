// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// The golden corpus of translation, tests/corpus/translation/FROM_to_TO/KIND_NAME.{in,out,case}.*: bodies and streams
// of one dialect and what becomes of them in the other. JSON is compared by value, streams by byte. `case.json` holds
// what is not plain: quirks, losses, statuses.
#include "gateway/translator.h"

#include "llm/anthropic/grammar.h"
#include "llm/corpus_file.h"
#include "llm/openai/grammar.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace tidegate::gateway {
namespace {

namespace json = boost::json;
using llm::Dialect;
using llm::Endpoint;
using llm::EndpointMatch;

constexpr EndpointMatch kAnthropic{Dialect::Anthropic, Endpoint::Messages};
constexpr EndpointMatch kOpenAi{Dialect::OpenAi, Endpoint::ChatCompletions};
constexpr const char* kFolder = TIDEGATE_SOURCE_DIR "/tests/corpus/translation";

struct Case {
  std::string path;  ///< in the corpus, without `.in.json`
  std::string kind;
  bool from_anthropic = false;
  bool is_stream = false;  ///< the input
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.path; }

std::string text_of(const std::string& file) { return llm::corpus_file("translation/" + file); }

std::optional<std::string> text_if_there(const std::string& file) {
  if (!std::filesystem::exists(std::string(kFolder) + "/" + file)) return std::nullopt;
  return text_of(file);
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* folder : {"anthropic_to_openai", "openai_to_anthropic"}) {
    for (const auto& entry : std::filesystem::directory_iterator(std::string(kFolder) + "/" + folder)) {
      const std::string name = entry.path().filename().string();
      const std::size_t end = name.find(".in.");
      if (end == std::string::npos) continue;
      cases.push_back({std::string(folder) + "/" + name.substr(0, end), name.substr(0, name.find('_')),
                       std::string_view(folder).starts_with("anthropic"), name.ends_with(".sse")});
    }
  }
  std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) { return a.path < b.path; });
  return cases;
}

/// What `case.json` says.
class Details {
 public:
  explicit Details(const Case& c) {
    if (const auto text = text_if_there(c.path + ".case.json")) object_ = json::parse(*text).as_object();
  }
  [[nodiscard]] bool flag(const char* name, bool otherwise) const {
    const auto* value = object_.if_contains(name);
    return value == nullptr ? otherwise : value->as_bool();
  }
  [[nodiscard]] int number(const char* name, int otherwise) const {
    const auto* value = object_.if_contains(name);
    return value == nullptr ? otherwise : static_cast<int>(value->as_int64());
  }
  [[nodiscard]] std::string word(const char* name) const {
    const auto* value = object_.if_contains(name);
    return value == nullptr ? std::string() : std::string(value->as_string().c_str());
  }
  [[nodiscard]] std::string losses() const {
    std::string names;
    if (const auto* list = object_.if_contains("losses")) {
      for (const auto& name : list->as_array())
        names.append(names.empty() ? "" : ", ").append(name.as_string().c_str());
    }
    return names;
  }
  [[nodiscard]] TranslationOptions options() const {
    TranslationOptions options;
    options.request_id = "req_test";
    options.created = 1767225600;
    if (const auto* quirks = object_.if_contains("quirks")) {
      for (const auto& [name, value] : quirks->as_object()) set_quirk(options, std::string(name), value);
    }
    return options;
  }

 private:
  static void set_quirk(TranslationOptions& options, const std::string& name, const json::value& value) {
    using OpenAi = llm::openai::Quirks;
    using Anthropic = llm::anthropic::Quirks;
    OpenAi& openai = options.openai;
    Anthropic& anthropic = options.anthropic;
    const std::string word = value.is_string() ? std::string(value.as_string().c_str()) : std::string();
    if (name == "content_parts")
      openai.content_parts = value.as_bool();
    else if (name == "cache_control")
      openai.cache_control = value.as_bool();
    else if (name == "stream_options")
      openai.stream_options = value.as_bool();
    else if (name == "parallel_tool_calls")
      openai.parallel_tool_calls = value.as_bool();
    else if (name == "ends_with_done")
      openai.ends_with_done = value.as_bool();
    else if (name == "top_k")
      openai.top_k = value.as_bool();
    else if (name == "sampling")
      openai.sampling = value.as_bool();
    else if (name == "max_tokens_field")
      openai.max_tokens_field = word;
    else if (name == "most_max_tokens")
      openai.most_max_tokens = anthropic.most_max_tokens = value.as_int64();
    else if (name == "reasoning_field")
      openai.reasoning_field = word;
    else if (name == "reasoning_effort")
      openai.reasoning_effort = word == "omit" ? OpenAi::ReasoningEffort::Omit : OpenAi::ReasoningEffort::UpToXHigh;
    else if (name == "response_format")
      openai.response_format = OpenAi::ResponseFormat::Object;
    else if (name == "system_messages")
      anthropic.system_messages = value.as_bool();
    else if (name == "version")
      anthropic.version = word;
    else if (name == "thinking")
      anthropic.thinking = word == "budget" ? Anthropic::Thinking::Budget : Anthropic::Thinking::None;
    else
      ADD_FAILURE() << "unknown quirk " << name;
  }

  json::object object_;
};

Translator make_translator(Dialect client, TranslationOptions options) {
  const bool is_anthropic = client == Dialect::Anthropic;
  Result<Translator> made = Translator::make(is_anthropic ? kAnthropic : kOpenAi,
                                             is_anthropic ? Dialect::OpenAi : Dialect::Anthropic, std::move(options));
  EXPECT_TRUE(made);
  return std::move(*made);
}

void expect_same_json(const std::string& actual, const std::string& expected) {
  boost::system::error_code error;
  const json::value value = json::parse(actual, error);
  ASSERT_FALSE(error) << actual;
  EXPECT_EQ(value, json::parse(expected)) << actual;
}

std::string violation_of(Dialect dialect, std::string_view stream) {
  if (dialect == Dialect::Anthropic) {
    llm::anthropic::Grammar grammar;
    grammar.feed(stream);
    grammar.end();
    return grammar.violation();
  }
  llm::openai::Grammar grammar;
  grammar.feed(stream);
  grammar.end();
  return grammar.violation();
}

/// Comments keep a connection alive; where they stand depends on how the bytes came.
std::string without_comments(std::string text) {
  constexpr std::string_view kComment = ": keep-alive\n\n";
  for (std::size_t at = text.find(kComment); at != std::string::npos; at = text.find(kComment, at))
    text.erase(at, kComment.size());
  return text;
}

class Corpus : public testing::TestWithParam<Case> {
 protected:
  const Case& c_ = GetParam();
  Details details_{c_};
  std::string in_ = text_of(c_.path + (c_.is_stream ? ".in.sse" : ".in.json"));

  /// The dialect that the client of this answer speaks.
  [[nodiscard]] Dialect client() const { return c_.from_anthropic ? Dialect::OpenAi : Dialect::Anthropic; }

  [[nodiscard]] Translator translator_for(bool wants_stream) const {
    Translator translator = make_translator(client(), details_.options());
    std::string request = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}])";
    if (wants_stream) request += R"(,"stream":true)";
    if (wants_stream && details_.flag("usage", true)) request += R"(,"stream_options":{"include_usage":true})";
    EXPECT_TRUE(translator.translate_request(request + "}", ""));
    return translator;
  }

  /// `in_` in pieces that end at the given places.
  [[nodiscard]] std::string translated(Translator& translator, const std::vector<std::size_t>& cuts) const {
    translator.begin(details_.number("status", 200), c_.is_stream);
    std::string out;
    std::size_t at = 0;
    for (const std::size_t cut : cuts) {
      const std::string piece = in_.substr(at, cut - at);  // its own memory, so that a stale view is seen
      out += translator.feed(piece);
      at = cut;
    }
    out += translator.feed(in_.substr(at));
    return without_comments(out + translator.end());
  }

  void check_request() const {
    Translator translator =
        make_translator(c_.from_anthropic ? Dialect::Anthropic : Dialect::OpenAi, details_.options());
    const Result<TranslatedRequest> request = translator.translate_request(in_, "model-there");
    const std::string fails = details_.word("fails");
    if (!fails.empty()) {
      ASSERT_FALSE(request);
      EXPECT_EQ(to_string(request.error().kind), fails);
      EXPECT_EQ(request.error().origin, Origin::Client);
      return;
    }
    ASSERT_TRUE(request) << request.error().detail;
    EXPECT_EQ(request->path, c_.from_anthropic ? "/v1/chat/completions" : "/v1/messages");
    expect_same_json(request->body, text_of(c_.path + ".out.json"));
    EXPECT_EQ(request->losses.to_string(), details_.losses());
    if (details_.flag("round_trip", false)) check_way_back(request->body);
  }

  void check_way_back(const std::string& body) const {
    Translator back = make_translator(client(), {});
    const std::string model = json::parse(in_).at("model").as_string().c_str();
    const Result<TranslatedRequest> request = back.translate_request(body, model);
    ASSERT_TRUE(request) << request.error().detail;
    expect_same_json(request->body, in_);
    EXPECT_EQ(request->losses.to_string(), "");
  }

  void check_stream(const std::string& expected) const {
    Translator translator = translator_for(true);
    EXPECT_EQ(translated(translator, {}), expected);
    EXPECT_EQ(violation_of(client(), expected), "");
    check_end(translator, "text/event-stream; charset=utf-8");
    if (!c_.is_stream) return;
    std::vector<std::size_t> everywhere;
    for (std::size_t cut = 1; cut < in_.size(); ++cut) {
      everywhere.push_back(cut);
      Translator other = translator_for(true);
      ASSERT_EQ(translated(other, {cut}), expected) << "cut at " << cut;
    }
    Translator other = translator_for(true);
    EXPECT_EQ(translated(other, everywhere), expected);
  }

  void check_document(const std::string& expected) const {
    Translator translator = translator_for(false);
    expect_same_json(translated(translator, {in_.size() / 2}), expected);
    check_end(translator, "application/json");
    // An error is a document also for who wants a stream.
    if (details_.flag("whole", true) || c_.is_stream) return;
    Translator streaming = translator_for(true);
    expect_same_json(translated(streaming, {}), expected);
    check_end(streaming, "application/json");
  }

  void check_end(const Translator& translator, std::string_view content_type) const {
    EXPECT_TRUE(translator.head_is_known());
    EXPECT_EQ(translator.content_type(), content_type);
    EXPECT_EQ(translator.status(), details_.number("status_out", details_.number("status", 200)));
    EXPECT_EQ(translator.is_whole(), details_.flag("whole", true));
    EXPECT_EQ(translator.losses().to_string(), details_.losses());
  }
};

TEST_P(Corpus, ComesOutAsWritten) {
  if (c_.kind == "request") return check_request();
  if (const auto expected = text_if_there(c_.path + ".out.sse")) return check_stream(*expected);
  check_document(text_of(c_.path + ".out.json"));
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.path;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

TEST(Translator, RefusesWhatIsNotTranslated) {
  for (const Endpoint endpoint : {Endpoint::CountTokens, Endpoint::MessageBatches, Endpoint::Files, Endpoint::Models,
                                  Endpoint::Responses, Endpoint::Embeddings, Endpoint::Other}) {
    const Result<Translator> made = Translator::make({Dialect::Anthropic, endpoint}, Dialect::OpenAi, {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, FailureKind::Unsupported);
  }
  EXPECT_FALSE(Translator::make(kAnthropic, Dialect::Anthropic, {}));
}

TEST(Translator, KeepsNumbersAndUnknownMembersOfASchemaAsTheyAreWritten) {
  const std::string schema =
      R"({"type":"object","minimum":1.50,"big":12345678901234567890123,"x":1e400,"u":"\u00e9","e":[ ]})";
  Translator to_openai = make_translator(Dialect::Anthropic, {});
  const auto there = to_openai.translate_request(
      R"({"model":"m","max_tokens":1,"temperature":0.70,"messages":[],"tools":[{"name":"f","input_schema":)" + schema +
          "}]}",
      "");
  ASSERT_TRUE(there);
  EXPECT_NE(there->body.find("\"parameters\":" + schema), std::string::npos) << there->body;
  EXPECT_NE(there->body.find("\"temperature\":0.70"), std::string::npos);
  Translator to_anthropic = make_translator(Dialect::OpenAi, {});
  const auto back = to_anthropic.translate_request(there->body, "");
  ASSERT_TRUE(back);
  EXPECT_NE(back->body.find("\"input_schema\":" + schema), std::string::npos) << back->body;
  EXPECT_EQ(back->headers, (std::vector<std::pair<std::string, std::string>>{{"anthropic-version", "2023-06-01"}}));
}

TEST(Translator, CarriesARecordedRequestOfClaudeCode) {
  const std::string body = llm::corpus_file("requests/claude_code.json");
  Translator translator = make_translator(Dialect::Anthropic, {});
  const auto request = translator.translate_request(body, "gpt-there");
  ASSERT_TRUE(request) << request.error().detail;
  const json::value there = json::parse(request->body);
  const json::value here = json::parse(body);
  EXPECT_EQ(there.at("model"), "gpt-there");
  ASSERT_EQ(there.at("tools").as_array().size(), here.at("tools").as_array().size());
  for (std::size_t i = 0; i < here.at("tools").as_array().size(); ++i) {
    EXPECT_EQ(there.at("tools").at(i).at("function").at("parameters"), here.at("tools").at(i).at("input_schema"));
  }
  EXPECT_EQ(there.at("messages").as_array().size(), 1 + here.at("messages").as_array().size());
  EXPECT_EQ(there.at("messages").at(0).at("content").as_array().size(), here.at("system").as_array().size());
  EXPECT_EQ(there.at("max_tokens"), 128000);
  EXPECT_EQ(there.at("reasoning_effort"), "medium");
  EXPECT_EQ(there.at("stream_options").at("include_usage"), true);
  EXPECT_EQ(request->losses.to_string(),
            "messages.output_config, tools.defer_loading, context_management, cache_control, metadata.user_id");
  EXPECT_FALSE(request->losses.change_meaning());
}

TEST(Translator, GivesToolsTheirFullNamesBack) {
  const std::string name = "mcp__" + std::string(90, 'n');
  Translator translator = make_translator(Dialect::Anthropic, {});
  const auto request = translator.translate_request(
      R"({"model":"m","max_tokens":1,"stream":true,"messages":[{"role":"user","content":"x"}],"tools":[{"name":")" +
          name + R"("}]})",
      "");
  ASSERT_TRUE(request);
  const std::string there = json::parse(request->body).at("tools").at(0).at("function").at("name").as_string().c_str();
  EXPECT_EQ(there.size(), 64U);
  translator.begin(200, true);
  const std::string out = translator.feed(
      R"(data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":")" +
      there +
      R"(","arguments":"{}"}}]}}]})"
      "\n\n");
  EXPECT_NE(out.find("\"name\":\"" + name + "\""), std::string::npos) << out;
}

TEST(Translator, KeepsAConnectionAliveWhileTheProviderOnlyComments) {
  Translator translator = make_translator(Dialect::Anthropic, {});
  ASSERT_TRUE(translator.translate_request(
      R"({"model":"m","max_tokens":1,"stream":true,"messages":[{"role":"user","content":"x"}]})", ""));
  translator.begin(200, true);
  EXPECT_EQ(translator.feed(": PROCESSING\n\n"), ": keep-alive\n\n");
  EXPECT_EQ(translator.feed("data: {\"id\""), "");
  EXPECT_EQ(translator.feed(":\"c\""), "");  // no comment: it stands inside a line
}

TEST(Translator, EndsAStreamOfToolCallsThatAreNeverComplete) {
  Translator translator = make_translator(Dialect::Anthropic, {});
  ASSERT_TRUE(translator.translate_request(
      R"({"model":"m","max_tokens":1,"stream":true,"messages":[{"role":"user","content":"x"}]})", ""));
  translator.begin(200, true);
  std::string out = translator.feed(
      "data: "
      "{\"id\":\"c\",\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
      "\"arguments\":\"{\"}}]}}]}\n\n");
  const std::string text =
      "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(1024 * 1024, 'x') + "\"}}]}\n\n";
  for (int i = 0; i < 10; ++i) out += translator.feed(text);
  EXPECT_NE(out.find("the provider's tool calls never end"), std::string::npos);
  EXPECT_LT(out.size(), 10'000U);
  EXPECT_EQ(translator.end(), "");
  EXPECT_FALSE(translator.is_whole());
}

INSTANTIATE_TEST_SUITE_P(Translation, Corpus, testing::ValuesIn(all_cases()), name_of);

}  // namespace
}  // namespace tidegate::gateway
