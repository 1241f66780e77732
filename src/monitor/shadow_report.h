// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "monitor/shadow_sample.h"
#include "monitor/shadow_statistics.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::monitor {

/// Whether the shadow provider could take over, and the sentence that says so.
struct ShadowVerdict {
  enum class Kind : std::uint8_t { TooFew, Usable, NotUsable };
  Kind kind = Kind::TooFew;
  std::string text;

  friend bool operator==(const ShadowVerdict&, const ShadowVerdict&) = default;
};
/// `too_few`, `usable`, `not_usable`
[[nodiscard]] std::string_view to_string(ShadowVerdict::Kind kind);

/// Medians of both sides, over pairs in which both have the figure, and the median of the differences: shadow less official.
struct PairedFigure {
  double official = 0;
  double shadow = 0;
  Estimate difference;

  friend bool operator==(const PairedFigure&, const PairedFigure&) = default;
};

/// How one side ended.
struct SideFigures {
  std::optional<Estimate> success;                           ///< share, 0…1
  std::vector<std::pair<std::string, std::int64_t>> errors;  ///< by kind, most frequent first
  std::optional<Estimate> valid_tool_calls;                  ///< share, of good answers with tool calls, in which all are valid
  Money cost;                                                ///< of all its answers

  friend bool operator==(const SideFigures&, const SideFigures&) = default;
};

/// Two providers compared over the same requests. Speed, length and cost are of pairs in which both answered well; what no pair
/// can tell is absent. The rules are written down in docs/shadow.md.
struct ShadowReport {
  std::string official_provider;
  std::string shadow_provider;
  std::string model;  ///< empty: all models
  std::int64_t pairs = 0;
  std::int64_t conversations = 0;  ///< a request without a session is one
  std::int64_t both_ok = 0;        ///< pairs in which both answered well
  SideFigures official;
  SideFigures shadow;
  std::optional<Estimate> success_difference;       ///< share of shadow less share of official
  std::optional<PairedFigure> time_to_first_token;  ///< ms
  std::optional<PairedFigure> total_time;           ///< ms
  std::optional<PairedFigure> tokens_per_second;
  std::optional<Estimate> length_ratio;      ///< median of shadow ÷ official, in characters, else tokens
  std::optional<Estimate> cost_ratio;        ///< all that shadow cost ÷ all that official cost
  std::optional<Estimate> same_stop_reason;  ///< share
  std::optional<Estimate> same_tool_use;     ///< share of answers with tool calls of official, where shadow calls any too
  ShadowVerdict verdict;

  friend bool operator==(const ShadowReport&, const ShadowReport&) = default;
};

/// Compares pairs of the same two providers; the report names the model if all have the same. The same seed gives the same report.
/// Some 0.2 s for 10,000 pairs.
[[nodiscard]] ShadowReport compare(std::span<const ShadowSample> samples, std::uint64_t seed);

/// Official lost ground against shadow: the early sign of trouble on the way to it.
struct Degradation {
  enum class Kind : std::uint8_t { Slower, Failing };
  Kind kind;
  std::string message;  ///< one sentence for people

  friend bool operator==(const Degradation&, const Degradation&) = default;
};
/// `slower`, `failing`
[[nodiscard]] std::string_view to_string(Degradation::Kind kind);

/// Compares the last minutes with the day before them. Trouble of both providers, and of shadow alone, is none. Empty while there
/// are too few pairs to tell.
[[nodiscard]] std::vector<Degradation> degraded(const ShadowReport& recent, const ShadowReport& day);

}  // namespace tidegate::monitor
