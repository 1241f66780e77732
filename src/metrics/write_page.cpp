// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// `tidegate_metrics_page FILE` writes docs/metrics.md.
#include "metrics/page.h"

#include <fstream>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: tidegate_metrics_page FILE\n";
    return 1;
  }
  std::ofstream file(argv[1], std::ios::binary);
  file << tidegate::metrics::metrics_page();
  if (file.flush()) return 0;
  std::cerr << "metrics: cannot write " << argv[1] << "; check that its folder exists and may be written to\n";
  return 1;
}
