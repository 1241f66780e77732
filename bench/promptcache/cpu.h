// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

namespace tidegate::promptcache {

/// Microseconds a request, medians, of a conversation whose bodies are some 64 KB.
struct CpuFigures {
  double bytes = 0, blocks = 0;
  double read = 0;    ///< the body's reader, as it reads without caching
  double layout = 0;  ///< what it takes more to note the blocks
  double hash = 0;
  double decide = 0;  ///< advise, begun, counted
  double insertions = 0;
  double added = 0;  ///< all of that, measured in one go: with caching less without
  double apply = 0;  ///< writing the edited body: not in `added`, a gateway that sends spans does without
};
[[nodiscard]] CpuFigures measure_cpu(bool is_quick);

}  // namespace tidegate::promptcache
