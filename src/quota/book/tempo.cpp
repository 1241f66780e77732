// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/tempo.h"

namespace tidegate::quota {

Limits Tempo::inside(Limits limits) const {
  for (const Dimension d : kAllDimensions) {
    if (limits[d]) limits[d] = *limits[d] / scale_;
  }
  return limits;
}

Readings Tempo::inside(Readings readings) const {
  if (scale_ == 1) return readings;
  for (const Dimension d : kAllDimensions) {
    if (readings[d].limit) readings[d].limit = *readings[d].limit / scale_;
    readings[d].full_after_seconds.reset();
  }
  return readings;
}

Refusal Tempo::inside(Refusal refusal) const {
  if (scale_ == 1) return refusal;
  refusal.readings = inside(refusal.readings);
  if (refusal.retry_after_seconds) refusal.retry_after_seconds = *refusal.retry_after_seconds * scale_;
  if (refusal.ramp) refusal.ramp = RampFigures{.now = refusal.ramp->now / scale_, .at_next_minute = refusal.ramp->at_next_minute / scale_};
  return refusal;
}

}  // namespace tidegate::quota
