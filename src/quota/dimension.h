// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::quota {

/// What a provider limits per minute.
enum class Dimension : std::uint8_t {
  Requests,
  Input,   ///< tokens, as the provider counts them: without cache reads for most models
  Output,  ///< tokens
  Tokens,  ///< input and output together: a workspace's limit, or the only token limit of an OpenAI-style provider
};
inline constexpr std::size_t kDimensions = 4;
inline constexpr std::array kAllDimensions{Dimension::Requests, Dimension::Input, Dimension::Output, Dimension::Tokens};

[[nodiscard]] std::string_view to_string(Dimension dimension);

/// One value per dimension.
template <typename T>
class PerDimension {
 public:
  [[nodiscard]] T& operator[](Dimension dimension) { return values_[static_cast<std::size_t>(dimension)]; }
  [[nodiscard]] const T& operator[](Dimension dimension) const { return values_[static_cast<std::size_t>(dimension)]; }
  friend bool operator==(const PerDimension&, const PerDimension&) = default;

 private:
  std::array<T, kDimensions> values_{};
};

/// Per minute; what is absent is not limited, or not known.
using Limits = PerDimension<std::optional<double>>;

/// One dimension of the rate-limit headers of an answer. What is absent was not said, or made no sense.
struct Reading {
  std::optional<double> limit;               ///< per minute
  std::optional<double> remaining;           ///< tokens are rounded to the nearest thousand by Anthropic
  std::optional<double> full_after_seconds;  ///< until *full* replenishment: the header's instant less the answer's own Date

  friend bool operator==(const Reading&, const Reading&) = default;
};
using Readings = PerDimension<Reading>;

/// What a request is expected to take. Tokens.
struct Need {
  double input = 0;             ///< as it counts against the input limit
  double predicted_output = 0;  ///< a high quantile: what is held while the answer is produced
  double mean_output = 0;       ///< what it costs in fairness
  double max_tokens = 0;        ///< counts where the provider reserves it
};

/// How a provider counts output.
enum class OutputAccounting : std::uint8_t {
  AsProduced,      ///< each token when it is produced; `max_tokens` plays no part
  ReserveMaximum,  ///< `max_tokens` at the start, what was not produced comes back at the end
};

}  // namespace tidegate::quota
