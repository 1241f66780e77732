// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tidegate::quota {

/// The last 256 output lengths: their mean and 90th percentile, known at any time. Lengths are kept in classes that grow by a sixteenth.
class OutputHistory {
 public:
  void add(std::int64_t output_tokens);
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  /// The 90th percentile: the upper border of the class it lies in; 0 without samples.
  [[nodiscard]] double ninetieth() const;

 private:
  static constexpr std::size_t kSamples = 256;
  static constexpr std::size_t kClasses = 224;
  static_assert(kClasses <= 256);  // `class_of_sample_`
  static std::size_t class_of(double tokens);
  static double upper_border(std::size_t index);
  void find_ninetieth();

  std::array<float, kSamples> samples_{};
  std::array<std::uint8_t, kSamples> class_of_sample_{};
  std::array<std::uint16_t, kClasses> classes_{};
  std::size_t next_ = 0, count_ = 0;
  std::size_t ninetieth_ = 0, below_ = 0;  ///< the class of the 90th percentile, and how many samples are in lower ones
  double sum_ = 0;
};

/// What a tenant's requests of one model group turn out to take, learned from the usage of its answers.
class Predictor {
 public:
  /// Tokens that will count against the input limit. Before any answer: one per four bytes.
  [[nodiscard]] double input_tokens(double body_bytes) const { return body_bytes * tokens_per_byte_ * kSafety; }
  /// `other`: what is known of the group as a whole, used until there are 20 samples of its own.
  [[nodiscard]] double predicted_output(double max_tokens, const OutputHistory& other) const;
  [[nodiscard]] double mean_output(double max_tokens, const OutputHistory& other) const;

  void learn_input(double body_bytes, double counted_tokens);
  void learn_output(std::int64_t output_tokens) { outputs_.add(output_tokens); }

 private:
  static constexpr double kSafety = 1.02;
  static constexpr std::size_t kEnough = 20;
  static constexpr double kPriorOutput = 500, kPriorMean = 250;

  double tokens_per_byte_ = 0.25;
  std::size_t inputs_ = 0;
  OutputHistory outputs_;
};

}  // namespace tidegate::quota
