// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/snapshot.h"

#include <cstddef>
#include <stdexcept>

namespace tidegate::metrics {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// Bytes of the well-formed UTF-8 sequence at the front of `text` (RFC 3629 4), 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

}  // namespace

std::string label_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view piece = length == 0 ? kReplacement : text.substr(0, length);
    if (out.size() + piece.size() > kLongestLabel) break;
    out += piece;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

void SampleSink::add(const MetricDefinition& definition, std::initializer_list<std::string_view> label_values,
                     double value) {
  if (label_values.size() != definition.labels.size() || definition.type == MetricType::Histogram) {
    throw std::logic_error("metrics: a sample of " + std::string(definition.name) +
                           " that its definition does not allow");
  }
  FamilySnapshot& family = families_[definition.name];
  family.definition = &definition;
  Sample& sample = family.samples.emplace_back();
  for (const std::string_view text : label_values) sample.label_values.push_back(label_text(text));
  sample.value = value;
}

}  // namespace tidegate::metrics
