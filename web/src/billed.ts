// SPDX-License-Identifier: Apache-2.0
// What a provider billed beside what Tidegate counts. Pure.
import type { BilledRow } from "./types";

export interface BilledRates {
  /** Unix seconds: ends of the spans between two readings. */
  time: number[];
  /** Per hour; null where it cannot be told. */
  billed: (number | null)[];
  ours: (number | null)[];
}

/** Rates over the spans that end within the `seconds` before each place. A span that was topped up counts for neither side. */
export function billedRates({ spans }: BilledRow, seconds: number): BilledRates {
  const rate = (at: number, place: 2 | 3) => {
    if (spans[at][2] === null) return null;
    let sum = 0,
      length = 0;
    for (let one = at; one >= 0 && spans[one][1] > spans[at][1] - seconds; --one) {
      const amount = spans[one][place];
      if (spans[one][2] === null || amount === null) continue;
      sum += amount;
      length += spans[one][1] - spans[one][0];
    }
    return length > 0 ? (sum / length) * 3600 : null;
  };
  return {
    time: spans.map((span) => span[1]),
    billed: spans.map((_, at) => rate(at, 2)),
    ours: spans.map((_, at) => rate(at, 3)),
  };
}

/** How much more the provider billed than Tidegate counts, as a share; null where one side has nothing. */
export function billedMore({ billed, ours }: BilledRow): number | null {
  return ours === null || ours <= 0 || billed <= 0 ? null : billed / ours - 1;
}
