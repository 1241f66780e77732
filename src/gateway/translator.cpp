// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/translator.h"

#include "llm/anthropic/conversation.h"
#include "llm/anthropic/errors.h"
#include "llm/anthropic/event_reader.h"
#include "llm/anthropic/event_writer.h"
#include "llm/anthropic/whole_answer.h"
#include "llm/json/error_body.h"
#include "llm/openai/conversation.h"
#include "llm/openai/errors.h"
#include "llm/openai/event_reader.h"
#include "llm/openai/event_writer.h"
#include "llm/openai/whole_answer.h"
#include "llm/translated_names.h"

#include <fmt/format.h>

#include <variant>

namespace tidegate::gateway {

namespace {

using llm::AnswerEvent;
using llm::AnswerForm;
using llm::Dialect;
using llm::UpstreamError;
using llm::UpstreamErrorKind;

/// More than any document of either API; what is longer is not kept.
constexpr std::size_t kLongestDocument = 64 * 1024 * 1024;
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kEventStream = "text/event-stream; charset=utf-8";

/// Whether the kind says more than the status it came with (a relay's 503 for an unknown model).
bool is_telling(UpstreamErrorKind kind) {
  return kind != UpstreamErrorKind::InvalidRequest && kind != UpstreamErrorKind::ServerError &&
         kind != UpstreamErrorKind::None;
}

/// Claude Code makes room in its context when it reads these words (facts/anthropic-api.md 5.3).
std::string message_for_anthropic(const UpstreamError& error) {
  const bool is_too_long =
      error.code == "context_length_exceeded" && !llm::json::mentions(error.message, "prompt is too long");
  return is_too_long ? "prompt is too long: " + error.message : error.message;
}

std::string write_error(Dialect client, int status, UpstreamError error, std::string_view request_id) {
  if (error.message.empty()) error.message = fmt::format("the provider answered {} without saying why", status);
  const int meant = is_telling(error.kind) ? llm::status_of(error.kind) : status;
  switch (client) {
    case Dialect::Anthropic:
      return llm::anthropic::write_error(status, llm::anthropic::error_type_of(meant), message_for_anthropic(error),
                                         request_id);
    case Dialect::OpenAi:
      return llm::openai::write_error(status, llm::openai::error_type_of(meant), error.message, request_id,
                                      llm::openai::error_code_of(error));
  }
  return {};
}

}  // namespace

/// The reader is the provider's, the writer the client's.
struct Translator::State {
  Dialect client = Dialect::Anthropic;
  TranslationOptions options;
  AnswerForm form;
  bool wants_stream = false;

  int status = 0;
  bool is_stream = false;  ///< what the provider sends
  bool gives_stream = false;
  bool head_is_known = false;
  bool is_whole = false;
  bool has_broken = false;
  bool at_line_start = true;  ///< the stream's next byte begins a line
  std::string document;
  llm::Losses losses;
  std::variant<llm::anthropic::EventReader, llm::openai::EventReader> reader;
  std::variant<std::monostate, llm::anthropic::EventWriter, llm::openai::EventWriter> writer;

  void make_reader_and_writer() {
    if (client == Dialect::Anthropic) {
      reader.emplace<llm::openai::EventReader>();
      writer.emplace<llm::anthropic::EventWriter>(form);
    } else {
      reader.emplace<llm::anthropic::EventReader>();
      writer.emplace<llm::openai::EventWriter>(form);
    }
  }

  void write(const AnswerEvent& event, std::string& out) {
    if (has_broken) return;
    has_broken = event.kind == AnswerEvent::Kind::Error;
    if (auto* anthropic = std::get_if<llm::anthropic::EventWriter>(&writer)) {
      anthropic->take(event, out);
      if (anthropic->finished()) finish(event);
    } else if (auto* openai = std::get_if<llm::openai::EventWriter>(&writer)) {
      openai->take(event, out);
      if (openai->finished()) finish(event);
    }
  }

  /// A writer may end a stream on its own account, when the provider breaks the rules.
  void finish(const AnswerEvent& event) {
    const bool is_end = event.kind == AnswerEvent::Kind::End;
    is_whole = is_whole || (is_end && !has_broken);
    has_broken = has_broken || !is_whole;
  }

  void break_stream(std::string message, std::string& out) {
    const UpstreamError error{UpstreamErrorKind::Truncated, {}, {}, std::move(message)};
    write({.kind = AnswerEvent::Kind::Error, .error = &error}, out);
  }

  std::string read_stream(std::string_view bytes) {
    std::string out;
    const llm::AnswerSink sink = [&](const AnswerEvent& event) { write(event, out); };
    const std::uint64_t passed_over = std::visit(
        [&](auto& any) {
          any.feed(bytes, sink);
          return any.passed_over();
        },
        reader);
    if (passed_over > 0 && !is_whole) break_stream("the provider sent an event that is too long to be translated", out);
    // Nothing to say, but the provider lives, and so shall the client's connection.
    if (out.empty() && at_line_start && bytes.starts_with(':')) out = ": keep-alive\n\n";
    if (!bytes.empty()) at_line_start = bytes.back() == '\n';
    return out;
  }

  std::string end_stream() {
    std::string out;
    losses.add_all(std::visit([](const auto& any) -> const llm::Losses& { return any.losses(); }, reader));
    if (is_whole || has_broken) return out;
    const auto* chat = std::get_if<llm::openai::EventReader>(&reader);
    if (chat != nullptr && chat->has_finish_reason() && !options.openai.ends_with_done) {
      write({.kind = AnswerEvent::Kind::End}, out);
    } else {
      break_stream("the provider's answer ended before it was complete", out);
    }
    return out;
  }

  [[nodiscard]] UpstreamError read_error() const {
    return client == Dialect::Anthropic ? llm::openai::read_error(status, document)
                                        : llm::anthropic::read_error(status, document);
  }

  std::string refuse(UpstreamError error) {
    gives_stream = false;
    head_is_known = true;
    has_broken = true;
    return write_error(client, status, std::move(error), options.request_id);
  }

  std::string end_document() {
    if (status >= 300) return refuse(read_error());
    Result<llm::WholeAnswer> answer =
        client == Dialect::Anthropic ? llm::openai::read_answer(document) : llm::anthropic::read_answer(document);
    if (!answer) {
      // A relay's error that came with a 200.
      UpstreamError error = read_error();
      if (error.message.empty()) error.message = answer.error().detail;
      status = error.kind == UpstreamErrorKind::ServerError ? 502 : llm::status_of(error.kind);
      return refuse(std::move(error));
    }
    losses.add_all(answer->losses);
    head_is_known = true;
    if (!wants_stream) {
      is_whole = true;
      return client == Dialect::Anthropic ? llm::anthropic::write_answer(*answer, form)
                                          : llm::openai::write_answer(*answer, form);
    }
    gives_stream = true;
    std::string out;
    llm::replay(*answer, [&](const AnswerEvent& event) { write(event, out); });
    return out;
  }
};

Translator::Translator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Translator::~Translator() = default;
Translator::Translator(Translator&&) noexcept = default;
Translator& Translator::operator=(Translator&&) noexcept = default;

Result<Translator> Translator::make(llm::EndpointMatch client, Dialect provider, TranslationOptions options) {
  if (client.endpoint != llm::Endpoint::Messages && client.endpoint != llm::Endpoint::ChatCompletions) {
    return fail(
        FailureKind::Unsupported, Origin::Client,
        fmt::format("{} is not translated; only messages and chat_completions are", llm::to_string(client.endpoint)));
  }
  if (client.dialect == provider) {
    return fail(FailureKind::Unsupported, Origin::Gateway,
                "the provider speaks the client's dialect; nothing is to be translated");
  }
  auto state = std::make_unique<State>();
  state->client = client.dialect;
  state->form.request_id = options.request_id;
  state->form.created = options.created;
  state->options = std::move(options);
  return Translator(std::move(state));
}

Result<TranslatedRequest> Translator::translate_request(std::string_view body, std::string_view model_there) {
  State& state = *state_;
  const bool to_openai = state.client == Dialect::Anthropic;
  const Result<llm::Conversation> read =
      to_openai ? llm::anthropic::read_conversation(body) : llm::openai::read_conversation(body);
  if (!read) return fail(read);
  const llm::Conversation& conversation = *read;
  state.wants_stream = conversation.stream;
  state.form.with_usage = conversation.stream_usage;
  const std::string_view model = model_there.empty() ? std::string_view(conversation.model) : model_there;
  TranslatedRequest request;
  if (to_openai) {
    if (conversation.max_tokens == 0) {
      return fail(FailureKind::Unsupported, Origin::Client,
                  "`max_tokens: 0` warms a cache that the provider does not have");
    }
    for (const llm::Tool& tool : conversation.tools) {
      std::string there = llm::shortened(tool.name, llm::openai::kLongestToolName);
      if (there != tool.name) state.form.tool_names.emplace(std::move(there), tool.name);
    }
    request.path = "/v1/chat/completions";
    request.body = llm::openai::write_conversation(conversation, model, state.options.openai, request.losses);
  } else {
    request.path = "/v1/messages";
    request.body = llm::anthropic::write_conversation(conversation, model, state.options.anthropic, request.losses);
    request.headers.emplace_back("anthropic-version", state.options.anthropic.version);
  }
  return request;
}

void Translator::begin(int status, bool is_stream) {
  State& state = *state_;
  state.status = status;
  state.is_stream = is_stream && status < 300;
  state.gives_stream = state.is_stream && state.wants_stream;
  state.head_is_known = state.gives_stream;
  state.is_whole = state.has_broken = false;
  state.at_line_start = true;
  state.document.clear();
  state.losses = {};
  state.make_reader_and_writer();
}

std::string Translator::feed(std::string_view bytes) {
  State& state = *state_;
  if (state.gives_stream) return state.read_stream(bytes);
  if (!state.is_stream && state.document.size() + bytes.size() <= kLongestDocument) state.document += bytes;
  return {};
}

std::string Translator::end() {
  State& state = *state_;
  if (state.gives_stream) return state.end_stream();
  if (!state.is_stream) return state.end_document();
  state.status = 502;
  return state.refuse(
      {UpstreamErrorKind::Protocol, {}, {}, "the provider answered with a stream that was not asked for"});
}

bool Translator::head_is_known() const { return state_->head_is_known; }
int Translator::status() const { return state_->status; }
std::string_view Translator::content_type() const { return state_->gives_stream ? kEventStream : kJson; }
bool Translator::is_whole() const { return state_->is_whole; }
const llm::Losses& Translator::losses() const { return state_->losses; }

}  // namespace tidegate::gateway
