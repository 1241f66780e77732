// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "pricing/price_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tidegate::pricing {

/// What decides between a model's rows and scales their prices.
struct PriceBook::Circumstances {
  std::string_view provider;
  bool is_fast;
  bool is_batch;
  bool is_in_us;
  WallTime at;
};

namespace {

constexpr std::string_view kStandard = "standard";
constexpr std::string_view kFast = "fast";

std::string name_of(const PriceRow& row) {
  std::string name = fmt::format("price of '{}'", row.model);
  if (row.provider) name += fmt::format(" at provider '{}'", *row.provider);
  if (row.prompt_over > 0) name += fmt::format(" for prompts over {}", row.prompt_over);
  if (row.speed != kStandard) name += fmt::format(", speed {}", row.speed);
  return name;
}

tl::unexpected<Failure> refuse(const PriceRow& row, std::string_view what) {
  return fail(FailureKind::InvalidInput, Origin::Operator, fmt::format("prices: {} {}", name_of(row), what));
}

Result<void> check(const PriceRow& row) {
  if (row.model.empty()) return refuse(row, "has no model; write its exact id");
  for (const PricePerMillion& price :
       std::array{row.input, row.cache_read, row.cache_write_5m, row.cache_write_1h, row.output}) {
    if (price.of_a_million < Money()) return refuse(row, "is negative; write 0 for what is free");
  }
  if (row.prompt_over < 0) return refuse(row, "has a negative prompt_over; write a number of tokens, or leave it out");
  if (row.speed != kStandard && row.speed != kFast) return refuse(row, "has an unknown speed; write standard or fast");
  if (row.until && *row.until <= row.from) {
    return refuse(row, fmt::format("ends at {}, which is not after its beginning {}", to_rfc3339(*row.until),
                                   to_rfc3339(row.from)));
  }
  return {};
}

bool overlap(const PriceRow& a, const PriceRow& b) {
  const bool same_place = a.provider == b.provider && a.prompt_over == b.prompt_over && a.speed == b.speed;
  return same_place && (!a.until || b.from < *a.until) && (!b.until || a.from < *b.until);
}

bool applies(const PriceRow& row, std::int64_t prompt_tokens, Speed speed, std::string_view provider, WallTime at) {
  if ((row.speed == kFast) != (speed == Speed::Fast)) return false;
  if (at < row.from || (row.until && at >= *row.until)) return false;
  if (row.provider && *row.provider != provider) return false;
  return row.prompt_over == 0 || prompt_tokens > row.prompt_over;
}

/// Of two rows that apply: the provider's own before the one for all, then the higher step.
bool is_closer(const PriceRow& row, const PriceRow& other) {
  if (row.provider.has_value() != other.provider.has_value()) return row.provider.has_value();
  return row.prompt_over > other.prompt_over;
}

/// Scales before rounding would need more digits; the error of doing it after is below a nano-dollar.
Money price_of(std::int64_t tokens, PricePerMillion price, std::int64_t numerator, std::int64_t denominator) {
  if (tokens == 0) return {};
  const Money money = price.times(tokens);
  return numerator == denominator ? money : scaled(money, numerator, denominator);
}

}  // namespace

PriceBook::PriceBook(PriceOptions options)
    : unknown_model_(std::move(options.unknown_model)),
      web_search_(options.web_search),
      bytes_per_token_(options.bytes_per_token) {
  for (PriceRow& row : options.rows) {
    std::string model = row.model;
    rows_by_model_[std::move(model)].push_back(std::move(row));
  }
}

Result<PriceBook> PriceBook::make(PriceOptions options) {
  for (const PriceRow& row : options.rows) {
    if (auto checked = check(row); !checked) return fail(checked);
  }
  PriceRow unknown = options.unknown_model;
  unknown.model = "unknown_model";
  if (auto checked = check(unknown); !checked) return fail(checked);
  if (options.web_search < Money()) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                "prices: web_search_per_thousand is negative; write 0 for free");
  }
  if (!(options.bytes_per_token >= 0.1 && options.bytes_per_token <= 100)) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("prices: bytes_per_token {} is not between 0.1 and 100; 4 suits English text",
                            options.bytes_per_token));
  }
  PriceBook book(std::move(options));
  for (const auto& [model, rows] : book.rows_by_model_) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (!overlap(rows[i], rows[j])) continue;
        return refuse(rows[i], fmt::format("is there twice: from {} and from {}; give the earlier one an `until`",
                                           to_rfc3339(rows[j].from), to_rfc3339(rows[i].from)));
      }
    }
  }
  return book;
}

const PriceRow* PriceBook::find_row(std::string_view model, std::int64_t prompt_tokens, Speed speed,
                                    const Circumstances& circumstances) const {
  const auto found = rows_by_model_.find(model);
  if (found == rows_by_model_.end()) return nullptr;
  const PriceRow* closest = nullptr;
  for (const PriceRow& row : found->second) {
    if (!applies(row, prompt_tokens, speed, circumstances.provider, circumstances.at)) continue;
    if (closest == nullptr || is_closer(row, *closest)) closest = &row;
  }
  return closest;
}

PriceBook::Found PriceBook::find(std::string_view model, std::int64_t prompt_tokens,
                                 const Circumstances& circumstances) const {
  if (circumstances.is_fast) {
    if (const PriceRow* row = find_row(model, prompt_tokens, Speed::Fast, circumstances)) return {row, true};
  }
  if (const PriceRow* row = find_row(model, prompt_tokens, Speed::Standard, circumstances))
    return {row, !circumstances.is_fast};
  return {&unknown_model_, false};
}

const PriceRow* PriceBook::add(Cost& cost, std::string_view model, const llm::TokenCounts& tokens,
                               const Circumstances& circumstances) const {
  const auto [row, is_exact] = find(model, tokens.total_input(), circumstances);
  const bool has_surcharge = circumstances.is_in_us && row->us_geo_surcharge;
  const std::int64_t numerator = has_surcharge ? 11 : 10;
  const std::int64_t denominator = circumstances.is_batch ? 20 : 10;
  const auto price = [&](std::int64_t count, PricePerMillion of) {
    return price_of(count, of, numerator, denominator);
  };
  cost.input += price(tokens.input, row->input);
  cost.cache_read += price(tokens.cache_read, row->cache_read);
  cost.cache_write_5m += price(tokens.cache_write_5m, row->cache_write_5m);
  cost.cache_write_1h += price(tokens.cache_write_1h, row->cache_write_1h);
  cost.output += price(tokens.output, row->output);
  if (!is_exact && cost.price_known) {
    cost.price_known = false;
    cost.unpriced_model = model;
    cost.unpriced_speed = circumstances.is_fast ? Speed::Fast : Speed::Standard;
  }
  return row;
}

Cost PriceBook::cost(std::string_view model, std::string_view provider, const llm::Usage& usage, WallTime at) const {
  const Circumstances circumstances{provider, usage.speed == kFast, usage.service_tier == "batch",
                                    usage.inference_geo == "us", at};
  Cost cost;
  const PriceRow* row = nullptr;
  if (llm::iterations_are_the_bill(usage)) {
    for (const llm::UsageIteration& iteration : usage.iterations) {
      if (!llm::is_billed(usage, iteration)) continue;
      add(cost, iteration.model.empty() ? model : std::string_view(iteration.model), iteration.tokens, circumstances);
    }
    row = find(model, usage.tokens.total_input(), circumstances).row;
  } else {
    row = add(cost, model, usage.tokens, circumstances);
  }
  cost.tools =
      Money::nanodollars(web_search_.nanodollars() * std::min<std::int64_t>(usage.web_search_requests, 1'000'000));
  cost.total = cost.input + cost.cache_read + cost.cache_write_5m + cost.cache_write_1h + cost.output + cost.tools;
  cost.price_source = row->source;
  return cost;
}

Cost PriceBook::cost(const llm::AnswerFacts& answer, std::string_view requested_model, std::string_view provider,
                     WallTime at) const {
  const std::string_view model = answer.model.empty() ? requested_model : std::string_view(answer.model);
  Cost cost = this->cost(model, provider, answer.usage, at);
  if (llm::is_charged(answer)) return cost;
  return Cost{.total = {},
              .input = {},
              .cache_read = {},
              .cache_write_5m = {},
              .cache_write_1h = {},
              .output = {},
              .tools = {},
              .price_known = cost.price_known,
              .unpriced_model = cost.unpriced_model,
              .unpriced_speed = cost.unpriced_speed,
              .price_source = cost.price_source};
}

Amount PriceBook::estimate(std::string_view model, std::string_view provider, const llm::RequestView& request,
                           std::optional<std::int64_t> learned_output, WallTime at) const {
  // Without max_tokens (OpenAI) and without experience: more than most answers, less than any limit per minute.
  constexpr std::int64_t kUsualOutput = 4096;
  // An image is at most about this many tokens, however many bytes.
  constexpr std::int64_t kTokensPerAttachment = 1600;
  const auto text_bytes = static_cast<double>(std::max<std::int64_t>(request.body_bytes - request.attachment_bytes, 0));
  llm::Usage usage;
  usage.tokens.input =
      static_cast<std::int64_t>(text_bytes / bytes_per_token_) + request.attachments * kTokensPerAttachment;
  usage.tokens.output = std::min(learned_output.value_or(request.max_tokens.value_or(kUsualOutput)),
                                 request.max_tokens.value_or(INT64_MAX));
  // A client may write any max_tokens; no model answers more than this.
  constexpr std::int64_t kLongestOutput = 1'000'000;
  usage.tokens.output = std::clamp<std::int64_t>(usage.tokens.output, 0, kLongestOutput) * request.answers;
  usage.speed = request.speed;
  usage.inference_geo = request.inference_geo;
  return {1, usage.tokens.input, usage.tokens.output, cost(model, provider, usage, at).total};
}

const PriceRow& PriceBook::row_of(std::string_view model, std::string_view provider, WallTime at) const {
  const PriceRow* const row = find_row(model, 0, Speed::Standard, {provider, false, false, false, at});
  return row == nullptr ? unknown_model_ : *row;
}

bool PriceBook::knows(std::string_view model, std::string_view provider, Speed speed, WallTime at) const {
  return find_row(model, 0, speed, {provider, false, false, false, at}) != nullptr;
}

}  // namespace tidegate::pricing
