// SPDX-License-Identifier: Apache-2.0
// Rows of the ledger by whatever they are broken down by. Pure.
import type { CostRow, Key } from "./types";

export const kFigures = ["requests", "errors", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"] as const;

export interface Line {
  value: string;
  requests: number;
  errors: number;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  cost: number;
}

/** Adds up the rows of the same value, dearest first. `valueOf` gives all values that a row counts for. */
export function linesBy(rows: CostRow[], valuesOf: (row: CostRow) => string[]): Line[] {
  const by = new Map<string, Line>();
  for (const row of rows) {
    for (const value of valuesOf(row)) {
      const line = by.get(value) ?? {
        value,
        requests: 0,
        errors: 0,
        input_tokens: 0,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        output_tokens: 0,
        cost: 0,
      };
      for (const name of kFigures) line[name] += row[name];
      line.cost += Number(row.cost_usd);
      by.set(value, line);
    }
  }
  return [...by.values()].sort((a, b) => b.cost - a.cost || b.requests - a.requests);
}

/** A key's labels are its tags: `team=web`. A key without any counts for the empty tag. */
export function tagsOf(keys: Key[]): (row: CostRow) => string[] {
  const tags = new Map(keys.map((key) => [key.id, Object.entries(key.labels).map(([name, value]) => `${name}=${value}`)]));
  return (row) => {
    const found = tags.get(String(row.key)) ?? [];
    return found.length ? found : [""];
  };
}
