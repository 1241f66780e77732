// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/oracle.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

// Request heads: never a crash, the same answer in small pieces, and never laxer than Boost.Beast (net/http1/oracle.h).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string found =
      tidegate::net::http1::oracle::request_disagreement({reinterpret_cast<const char*>(data), size});
  if (found.empty()) return 0;
  std::fprintf(stderr, "%s\n", found.c_str());
  std::abort();
}
