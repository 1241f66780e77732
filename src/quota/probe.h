// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>

namespace tidegate::quota {

/// Whether a key that was refused is being tried again: until an answer has told, it serves one request at a time.
enum class Probe : std::uint8_t {
  None,     ///< it serves all
  Awaited,  ///< the next request is the probe
  Out,      ///< one is on its way
};

}  // namespace tidegate::quota
