// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <string_view>

namespace tidegate::monitor {

/// The same number for the same text in every process and version, so that replicas and restarts draw the same sample. FNV-1a for
/// the text, then the finalizer of MurmurHash3 (fmix64), without which similar ids would not be spread evenly.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
  return hash ^ hash >> 33;
}

}  // namespace tidegate::monitor
