// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>

namespace tidegate::metrics {

/// How many label sets a family may hold. Beyond it open labels read "other", and once twice as many exist, all labels
/// do.
struct MetricsOptions {
  std::size_t max_label_sets = 2'000;  ///< per counter or gauge family; 8 bytes a set and thread
  std::size_t max_histogram_label_sets =
      300;  ///< per histogram family; some 130 bytes a set and thread, 16 lines a scrape

  friend bool operator==(const MetricsOptions&, const MetricsOptions&) = default;
};

}  // namespace tidegate::metrics
