// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"

#include <optional>
#include <string>
#include <vector>

namespace tidegate::pricing {

/// Prices of one model for a span of time, in US dollars per million tokens.
struct PriceRow {
  std::string model;  ///< exact id; no prefixes, because `claude-opus-5` must not price `claude-opus-5-5`
  WallTime from{};    ///< valid from this instant …
  std::optional<WallTime> until;  ///< … to this one, exclusive
  std::optional<std::string> provider;    ///< only for this provider; empty: for all
  std::int64_t prompt_over = 0;  ///< only for prompts (input + reads + writes) longer than this many tokens; the highest step that applies wins
  std::string speed = "standard";  ///< `fast` rows price answers that say `speed: fast`
  PricePerMillion input, cache_read, cache_write_5m, cache_write_1h, output;
  bool us_geo_surcharge = true;  ///< ×1.1 when served in `us`
  std::string source;     ///< where the figures come from, with the date read

  friend bool operator==(const PriceRow&, const PriceRow&) = default;
};

struct PriceOptions {
  std::vector<PriceRow> rows;
  PriceRow unknown_model;  ///< what a model without a row costs: alarmed, never free
  Money web_search = Money::nanodollars(10'000'000);  ///< each: $10 a thousand
  /// How many bytes of a request body make a token, for the estimate before its answer says the truth.
  double bytes_per_token = 4.0;

  friend bool operator==(const PriceOptions&, const PriceOptions&) = default;
};

}  // namespace tidegate::pricing
