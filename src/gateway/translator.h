// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "llm/anthropic/quirk_options.h"
#include "llm/dialect.h"
#include "llm/losses.h"
#include "llm/openai/quirk_options.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::gateway {

/// The one place where two dialects meet: `Messages` of Anthropic and `ChatCompletions` of OpenAI
/// (docs/translation.md).
struct TranslationOptions {
  llm::anthropic::Quirks anthropic = {};  ///< of the provider, if it speaks this dialect
  llm::openai::Quirks openai = {};        ///< likewise
  std::string request_id;                 ///< the gateway's own, for answers without an id and for errors
  std::int64_t created = 0;               ///< Unix seconds; OpenAI's answers say it
};

struct TranslatedRequest {
  std::string path;  ///< `/v1/messages` or `/v1/chat/completions`
  std::string body;
  /// Fields of the head that the provider's dialect needs (`anthropic-version`); the client's own of that kind do not
  /// go there.
  std::vector<std::pair<std::string, std::string>> headers;
  llm::Losses losses;
};

/// Translates one request and its answer. One thread.
///
///   translate_request → begin → feed… → end
///
/// A stream's bytes come out of `feed` as they come in; what is no stream is kept and comes out of `end`, because only
/// then it is known whether it is an answer. So the client's head is written when `head_is_known`.
class Translator {
 public:
  /// Fails (`Unsupported`) for what is not translated: other endpoints than the two, and a provider that speaks the
  /// client's own dialect.
  [[nodiscard]] static Result<Translator> make(llm::EndpointMatch client, llm::Dialect provider,
                                               TranslationOptions options);
  ~Translator();
  Translator(Translator&&) noexcept;
  Translator& operator=(Translator&&) noexcept;

  /// Fails (`InvalidInput`, `Unsupported`) with the client as origin. `model_there`: the provider's name of the model;
  /// empty: as the client calls it.
  [[nodiscard]] Result<TranslatedRequest> translate_request(std::string_view body, std::string_view model_there);

  /// The provider's head: `is_stream` if its content is server-sent events.
  void begin(int status, bool is_stream);
  /// The provider's next bytes; gives what the client gets for them, which may be nothing.
  [[nodiscard]] std::string feed(std::string_view bytes);
  /// The provider's body ended in good order; gives the rest of the client's. A stream that lacks its dialect's end
  /// gets an error event.
  [[nodiscard]] std::string end();

  /// Whether `status` and `content_type` are final.
  [[nodiscard]] bool head_is_known() const;
  /// The provider's; 502 where it said 200 and gave no answer, or an answer of another kind than asked for, or the
  /// status that the error in a 200 means.
  [[nodiscard]] int status() const;
  [[nodiscard]] std::string_view content_type() const;
  /// The client's answer has its last event, or is a whole document. False for one that broke off, also when it has an
  /// error event.
  [[nodiscard]] bool is_whole() const;
  /// What the answer held that could not be carried; the request's are in `TranslatedRequest`.
  [[nodiscard]] const llm::Losses& losses() const;

 private:
  struct State;
  explicit Translator(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;  ///< large, and most requests have none
};

}  // namespace tidegate::gateway
