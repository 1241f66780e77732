// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace tidegate::store {

/// What happens to new requests when the journal is full because the database cannot take its entries.
enum class WhenFull : std::uint8_t {
  Refuse,    ///< new requests get 503 with retry-after: nothing is served that is not recorded
  Continue,  ///< serve, and count what is not recorded
};

struct StoreOptions {
  std::string directory = "./tidegate-data";  ///< holds ledger.db and journal/; created if missing
  std::size_t segment_bytes = 8 * 1024 * 1024;      ///< one journal file
  std::size_t journal_bytes = 256 * 1024 * 1024;    ///< all journal files together
  WhenFull when_full = WhenFull::Continue;
  Nanoseconds sync_interval = Seconds(1);           ///< fdatasync of the journal: what a power cut may cost
  Nanoseconds drain_interval = Milliseconds(500);   ///< how often entries are moved to the database
  Nanoseconds retention = std::chrono::hours(24 * 400);  ///< older entries are deleted

  friend bool operator==(const StoreOptions&, const StoreOptions&) = default;
};

}  // namespace tidegate::store
