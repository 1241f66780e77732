// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <cstddef>

namespace tidegate::quota {

/// How long requests may wait for their turn, and how many.
struct AdmissionOptions {
  Nanoseconds max_wait = Seconds(60);         ///< of an interactive request, over all targets
  Nanoseconds batch_max_wait = Seconds(600);  ///< of a batch request; without `stream: true` at most 240 s
  Nanoseconds spare_after = Seconds(15);      ///< of it, before the next target of the route is taken, if there is one
  Nanoseconds batch_spare_after = Seconds(300);
  std::size_t max_waiting = 20'000;           ///< per room; further ones overflow at once
  double batch_reserve = 0.4;                 ///< share of a pool that batch requests leave for interactive ones

  // Not settings. What clients can stand (facts/clients.md 2); tests shorten it.
  Nanoseconds longest_silence = Seconds(240);  ///< after which a waiting client hears of us, or gets its answer
  Nanoseconds keep_awake_every = Seconds(15);
  double time_scale = 1;  ///< of new rooms, against a provider that runs so many times faster than time; for tests alone

  friend bool operator==(const AdmissionOptions&, const AdmissionOptions&) = default;
};

}  // namespace tidegate::quota
