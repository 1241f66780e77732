// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/amount.h"
#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "llm/answer.h"
#include "llm/request_view.h"
#include "llm/usage.h"
#include "pricing/price_options.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::pricing {

/// The two values of a row's `speed`.
enum class Speed : std::uint8_t { Standard, Fast };

/// What an answer costs, by kind of token; `total` is their sum.
struct Cost {
  Money total;
  Money input, cache_read, cache_write_5m, cache_write_1h, output;
  Money tools;              ///< web searches
  bool price_known = true;  ///< false: some part was priced by `unknown_model` or without a row for its speed. Alarm.
  std::string_view unpriced_model;  ///< the first whose row was missing; empty if the price is known. Of the arguments
  Speed unpriced_speed = Speed::Standard;  ///< at which it was
  std::string_view price_source;  ///< of the row that priced the answer's own model; valid as long as the book

  friend bool operator==(const Cost&, const Cost&) = default;
};

/// The prices of all models over time: immutable, swapped whole. Any thread. Looking up and pricing do not allocate.
class PriceBook {
 public:
  /// Checks and indexes the rows. Failure: InvalidInput, naming the row: no model, a negative price or step, an end
  /// that is not after its beginning, two rows that apply at the same time.
  [[nodiscard]] static Result<PriceBook> make(PriceOptions options);

  /// What `usage` costs at the instant `at`, by the rules of facts/anthropic-api.md 2.3 and 4:
  /// - `model` is the one that *answered*. Where `iterations` are present they are the bill, each with its own model; a
  ///   `message` iteration without output is a declined attempt, and free if a fallback served.
  /// - A row for `provider` comes before one for all; of prompt steps the highest that the prompt exceeds counts, for
  ///   all tokens.
  /// - ×1/2 for service tier `batch`; ×11/10 if served in `us`; `fast` has rows of its own. Each kind is rounded to the
  ///   nano-dollar.
  /// - An unknown model, or a fast answer of a model without a fast row, is priced (by `unknown_model`, by its standard
  ///   row) and said so; never free.
  [[nodiscard]] Cost cost(std::string_view model, std::string_view provider, const llm::Usage& usage,
                          WallTime at) const;

  /// The same for a whole answer, by the model that it names, else `requested_model`; a refusal with empty content is
  /// not charged.
  [[nodiscard]] Cost cost(const llm::AnswerFacts& answer, std::string_view requested_model, std::string_view provider,
                          WallTime at) const;

  /// What a request is likely to take: one request, input from the body's size, output as learned from earlier ones but
  /// not above `max_tokens` (without either, a few thousand tokens), money for both at the plain input price.
  [[nodiscard]] Amount estimate(std::string_view model, std::string_view provider, const llm::RequestView& request,
                                std::optional<std::int64_t> learned_output, WallTime at) const;

  /// The row that prices a model's short prompts at the standard speed; the one for unknown models if there is none. Lives as long as the book.
  [[nodiscard]] const PriceRow& row_of(std::string_view model, std::string_view provider, WallTime at) const;

  /// Whether there is a row for this model at this speed now, however short its prompt.
  [[nodiscard]] bool knows(std::string_view model, std::string_view provider, Speed speed, WallTime at) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Found {
    const PriceRow* row;
    bool is_exact;
  };
  struct Circumstances;

  explicit PriceBook(PriceOptions options);
  [[nodiscard]] Found find(std::string_view model, std::int64_t prompt_tokens,
                           const Circumstances& circumstances) const;
  [[nodiscard]] const PriceRow* find_row(std::string_view model, std::int64_t prompt_tokens, Speed speed,
                                         const Circumstances& circumstances) const;
  /// Gives the row that priced it.
  const PriceRow* add(Cost& cost, std::string_view model, const llm::TokenCounts& tokens,
                      const Circumstances& circumstances) const;

  std::unordered_map<std::string, std::vector<PriceRow>, Hash, std::equal_to<>> rows_by_model_;
  PriceRow unknown_model_;
  Money web_search_;
  double bytes_per_token_;
};

}  // namespace tidegate::pricing
