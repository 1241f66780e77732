// SPDX-License-Identifier: Apache-2.0
// One request's journey as stretches of time. Pure. The ledger counts every time from the request's first byte, over all its attempts.
import type { Entry } from "./types";

export type StretchKind = "waited" | "first_token" | "stream" | "failed";
/** Milliseconds from the request's first byte. */
export interface Stretch {
  kind: StretchKind;
  from: number;
  to: number;
}
export interface Row {
  entry: Entry;
  stretches: Stretch[];
}
export interface Waterfall {
  rows: Row[];
  total: number;
}

function stretchesOf(entry: Entry, begins: number, offset: number): Stretch[] {
  const end = offset + entry.duration_ms;
  const sent = Math.min(end, Math.max(begins, offset + entry.queue_wait_ms));
  const first = entry.time_to_first_byte_ms > 0 ? Math.min(end, Math.max(sent, offset + entry.time_to_first_byte_ms)) : 0;
  const answered = entry.state === "completed" || entry.state === "client_gone" || entry.state === "truncated";
  const all: Stretch[] = [{ kind: "waited", from: begins, to: sent }];
  if (first > 0) all.push({ kind: "first_token", from: sent, to: first }, { kind: answered ? "stream" : "failed", from: first, to: end });
  else all.push({ kind: answered ? "first_token" : "failed", from: sent, to: end });
  return all.filter((one) => one.to - one.from > 0.0005 || one.kind === "failed");
}

/** `entries`: the attempts of one request, the first one first; a shadow copy begins where its own clock says. */
export function waterfallOf(entries: Entry[]): Waterfall {
  const start = Math.min(...entries.map((one) => Date.parse(one.started_at)));
  let begins = 0;
  const rows = entries.map((entry) => {
    const own = entry.kind === "request" ? 0 : Date.parse(entry.started_at) - start;
    const stretches = stretchesOf(entry, entry.kind === "request" ? begins : own, own);
    if (entry.kind === "request") begins = entry.duration_ms;
    return { entry, stretches };
  });
  return { rows, total: Math.max(1, ...rows.flatMap((row) => row.stretches.map((one) => one.to))) };
}

/** Round steps for an axis to `total`, at most six. */
export function stepsOf(total: number): number[] {
  const rough = total / 5,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough)!;
  return Array.from({ length: Math.floor(total / step + 1e-9) + 1 }, (_, at) => at * step);
}
