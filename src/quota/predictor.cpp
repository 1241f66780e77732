// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/predictor.h"

#include <algorithm>
#include <cmath>

namespace tidegate::quota {

// log2 in sixteenths covers 1 … 16,384 tokens in 224 classes; the last one is open.
std::size_t OutputHistory::class_of(double tokens) {
  if (tokens <= 1) return 0;
  return std::min(kClasses - 1, static_cast<std::size_t>(std::log2(tokens) * 16));
}

double OutputHistory::upper_border(std::size_t index) { return std::exp2(static_cast<double>(index + 1) / 16); }

void OutputHistory::add(std::int64_t output_tokens) {
  const auto tokens = static_cast<double>(std::max<std::int64_t>(0, output_tokens));
  if (count_ == kSamples) {
    const std::size_t left = class_of_sample_[next_];
    --classes_[left];
    if (left < ninetieth_) --below_;
    sum_ -= static_cast<double>(samples_[next_]);
  } else {
    ++count_;
  }
  samples_[next_] = static_cast<float>(tokens);
  // As the sample will be taken out again, also where the float is not exact.
  const auto kept = static_cast<double>(samples_[next_]);
  const std::size_t entered = class_of(kept);
  class_of_sample_[next_] = static_cast<std::uint8_t>(entered);
  ++classes_[entered];
  if (entered < ninetieth_) ++below_;
  sum_ += kept;
  next_ = (next_ + 1) % kSamples;
  find_ninetieth();
}

/// From where it was; it seldom moves far.
void OutputHistory::find_ninetieth() {
  const std::size_t wanted = (9 * count_ + 9) / 10;
  while (below_ >= wanted) below_ -= classes_[--ninetieth_];
  while (below_ + classes_[ninetieth_] < wanted) below_ += classes_[ninetieth_++];
}

double OutputHistory::ninetieth() const {
  if (count_ == 0) return 0;
  if (ninetieth_ + 1 < kClasses) return upper_border(ninetieth_);
  return static_cast<double>(*std::max_element(samples_.begin(), samples_.end()));
}

double Predictor::predicted_output(double max_tokens, const OutputHistory& other) const {
  double expected = kPriorOutput;
  if (outputs_.count() >= kEnough) expected = outputs_.ninetieth();
  else if (other.count() >= kEnough) expected = other.ninetieth();
  return max_tokens > 0 ? std::min(max_tokens, expected) : expected;
}

double Predictor::mean_output(double max_tokens, const OutputHistory& other) const {
  double expected = kPriorMean;
  if (outputs_.count() >= kEnough) expected = outputs_.mean();
  else if (other.count() >= kEnough) expected = other.mean();
  return max_tokens > 0 ? std::min(max_tokens, expected) : expected;
}

void Predictor::learn_input(double body_bytes, double counted_tokens) {
  if (body_bytes <= 0 || counted_tokens < 0) return;
  const double seen = counted_tokens / body_bytes;
  // The first answers count in full: the prior is only a guess.
  const double weight = std::max(0.05, 1.0 / static_cast<double>(++inputs_));
  tokens_per_byte_ += weight * (seen - tokens_per_byte_);
}

}  // namespace tidegate::quota
