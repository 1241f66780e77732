// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/answer_reader.h"

#include "base/ascii.h"
#include "llm/anthropic/answer.h"
#include "llm/anthropic/errors.h"
#include "llm/openai/answer.h"
#include "llm/openai/errors.h"
#include "net/recycled.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

namespace tidegate::gateway {

namespace {

/// For endpoints whose answers carry no usage.
class NothingToRead {
 public:
  void feed(std::string_view) const {}
  [[nodiscard]] const llm::AnswerFacts& facts() const { return facts_; }
  [[nodiscard]] llm::AnswerFacts&& take_facts() { return std::move(facts_); }

 private:
  llm::AnswerFacts facts_;
};

/// Keeps the beginning of an error's body, which is classified when it has ended.
class ErrorReader {
 public:
  ErrorReader(llm::Dialect dialect, int status) : dialect_(dialect), status_(status) {}
  void feed(std::string_view bytes) { body_.append(bytes.substr(0, kKept - std::min(kKept, body_.size()))); }
  void end() {
    facts_.error = dialect_ == llm::Dialect::Anthropic ? llm::anthropic::read_error(status_, body_)
                                                       : llm::openai::read_error(status_, body_);
    facts_.finished = true;
  }
  [[nodiscard]] const llm::AnswerFacts& facts() const { return facts_; }
  [[nodiscard]] llm::AnswerFacts&& take_facts() { return std::move(facts_); }

 private:
  static constexpr std::size_t kKept = 64 * 1024;

  llm::Dialect dialect_;
  int status_;
  std::string body_;
  llm::AnswerFacts facts_;
};

}  // namespace

bool is_event_stream(std::string_view content_type, bool was_asked_for) {
  return starts_with_ignoring_case(content_type, "text/event-stream") || (was_asked_for && !starts_with_ignoring_case(content_type, "application/json"));
}

struct AnswerReader::Readers : net::Recycled {
  std::variant<NothingToRead, ErrorReader, llm::anthropic::StreamReader, llm::anthropic::JsonReader, llm::openai::ChatStreamReader,
               llm::openai::ResponsesStreamReader, llm::openai::JsonReader>
      reader;
};

AnswerReader::AnswerReader() : readers_(std::make_unique<Readers>()) {}
AnswerReader::~AnswerReader() = default;
AnswerReader::AnswerReader(AnswerReader&&) noexcept = default;
AnswerReader& AnswerReader::operator=(AnswerReader&&) noexcept = default;

void AnswerReader::begin(llm::EndpointMatch match, int status, bool is_stream, bool marks_state) {
  is_stream_ = is_stream;
  auto& reader = readers_->reader;
  if (status >= 400) {
    reader.emplace<ErrorReader>(match.dialect, status);
    return;
  }
  if (status >= 300) {
    reader.emplace<NothingToRead>();
    return;
  }
  switch (match.endpoint) {
    case llm::Endpoint::Messages:
      if (is_stream) {
        reader.emplace<llm::anthropic::StreamReader>(marks_state);
      } else {
        reader.emplace<llm::anthropic::JsonReader>(marks_state);
      }
      return;
    case llm::Endpoint::ChatCompletions:
      if (is_stream) {
        reader.emplace<llm::openai::ChatStreamReader>();
      } else {
        reader.emplace<llm::openai::JsonReader>(match.endpoint);
      }
      return;
    case llm::Endpoint::Responses:
      if (is_stream) {
        reader.emplace<llm::openai::ResponsesStreamReader>(marks_state);
      } else {
        reader.emplace<llm::openai::JsonReader>(match.endpoint, marks_state);
      }
      return;
    case llm::Endpoint::Embeddings: reader.emplace<llm::openai::JsonReader>(match.endpoint); return;
    case llm::Endpoint::CountTokens:
    case llm::Endpoint::MessageBatches:
    case llm::Endpoint::Files:
    case llm::Endpoint::Models:
    case llm::Endpoint::Other: reader.emplace<NothingToRead>(); return;
  }
}

void AnswerReader::feed(std::string_view payload) {
  if (payload.empty()) return;
  std::visit([payload](auto& reader) { reader.feed(payload); }, readers_->reader);
  if (!is_stream_) return;
  // The last four bytes tell whether a blank line was the last thing: LF LF, CR CR or CR LF CR LF.
  if (payload.size() >= tail_.size()) {
    std::memcpy(tail_.data(), payload.data() + payload.size() - tail_.size(), tail_.size());
    tail_size_ = tail_.size();
    return;
  }
  const std::size_t added = payload.size();
  std::memmove(tail_.data(), tail_.data() + added, tail_.size() - added);
  std::memcpy(tail_.data() + tail_.size() - added, payload.data() + payload.size() - added, added);
  tail_size_ = std::min(tail_size_ + added, tail_.size());
}

void AnswerReader::end() {
  if (auto* error = std::get_if<ErrorReader>(&readers_->reader)) error->end();
}

const llm::AnswerFacts& AnswerReader::facts() const {
  return std::visit([](const auto& reader) -> const llm::AnswerFacts& { return reader.facts(); }, readers_->reader);
}

llm::AnswerFacts&& AnswerReader::take_facts() {
  return std::visit([](auto& reader) -> llm::AnswerFacts&& { return reader.take_facts(); }, readers_->reader);
}

bool AnswerReader::at_event_boundary() const {
  const std::string_view tail(tail_.data() + tail_.size() - tail_size_, tail_size_);
  return tail.empty() || tail.ends_with("\n\n") || tail.ends_with("\r\r") || tail.ends_with("\r\n\r\n");
}

}  // namespace tidegate::gateway
