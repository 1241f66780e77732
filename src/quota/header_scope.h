// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>

namespace tidegate::quota {

/// Of what the rate-limit headers of an answer to a request of a class tell.
enum class HeaderScope : std::uint8_t {
  Model,  ///< the whole limits of its models: the class has its part of them
  Class,  ///< the class alone, as a provider does that counts it in buckets of its own
};

}  // namespace tidegate::quota
