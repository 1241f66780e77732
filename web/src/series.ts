// SPDX-License-Identifier: Apache-2.0
// The curves behind the charts. Pure.
import type { CostRow, Levels, LevelSeries, Pool } from "./types";

/** Minutes side by side, oldest first, without gaps: a minute without requests is a row of zeros. Times in Unix seconds. */
export interface Minutes {
  time: number[];
  requests: number[];
  errors: number[];
  input: number[];
  output: number[];
  cached: number[];
  cost: number[];
}

export function minutesOf(rows: CostRow[], since: number, until: number): Minutes {
  const first = Math.ceil(since / 60),
    last = Math.floor(until / 60);
  const made: Minutes = { time: [], requests: [], errors: [], input: [], output: [], cached: [], cost: [] };
  for (let minute = first; minute <= last; ++minute) {
    made.time.push(minute * 60);
    for (const column of [made.requests, made.errors, made.input, made.output, made.cached, made.cost]) column.push(0);
  }
  for (const row of rows) {
    const at = Date.parse(String(row.minute)) / 60_000 - first;
    if (!(at >= 0 && at < made.time.length)) continue;
    made.requests[at] = row.requests;
    // As clients saw it: an attempt that failed and was followed by another one is no error to them.
    made.errors[at] = Math.max(0, row.errors - (row.attempts - row.requests)) + row.refused;
    made.input[at] = row.input_tokens + row.cache_write_tokens;
    made.output[at] = row.output_tokens;
    made.cached[at] = row.cache_read_tokens;
    made.cost[at] = Number(row.cost_usd);
  }
  return made;
}

/** The same with `step` minutes in one, as their mean; what is left over at the beginning goes. A screen shows no more points anyway. */
export function coarser(minutes: Minutes, step: number): Minutes {
  if (step <= 1) return minutes;
  const first = minutes.time.length % step;
  const means = (values: number[]) => {
    const out: number[] = [];
    for (let at = first; at < values.length; at += step) out.push(values.slice(at, at + step).reduce((sum, one) => sum + one, 0) / step);
    return out;
  };
  const { requests, errors, input, output, cached, cost } = minutes;
  return {
    time: minutes.time.filter((_, at) => at >= first && (at - first) % step === step - 1),
    requests: means(requests),
    errors: means(errors),
    input: means(input),
    output: means(output),
    cached: means(cached),
    cost: means(cost),
  };
}

/** Cost at each step from `since` to `until`, in Unix seconds, zero where nothing was spent. `name`: the dimension of the rows. */
export function costSteps(rows: CostRow[], name: "hour" | "minute", since: number, until: number): { time: number[]; cost: number[] } {
  const step = name === "hour" ? 3600 : 60;
  const first = Math.floor(since / step),
    count = Math.floor(until / step) - first + 1;
  const cost = new Array<number>(count).fill(0);
  for (const row of rows) {
    const at = Date.parse(String(row[name])) / 1000 / step - first;
    if (at >= 0 && at < count) cost[at] += Number(row.cost_usd);
  }
  return { time: cost.map((_, at) => (first + at) * step), cost };
}

/** Sums over the `length` values that end at each place, as a rate of `per` of them. */
export function trailing(values: number[], length: number, per: number): number[] {
  let sum = 0;
  return values.map((value, at) => {
    sum += value - (at >= length ? values[at - length] : 0);
    return Math.max(0, sum / Math.min(at + 1, length)) * per;
  });
}

/** Share of requests that did well within the trailing minutes; null where there was none. */
export function successOf(minutes: Minutes, length: number): (number | null)[] {
  const requests = trailing(minutes.requests, length, length),
    errors = trailing(minutes.errors, length, length);
  return requests.map((count, at) => (count + errors[at] < 0.5 ? null : Math.max(0, 1 - errors[at] / Math.max(count, errors[at]))));
}

/** Since the last UTC midnight before `now`: what has been spent up to each minute. */
export function spentToday(minutes: Minutes, now: number): { time: number[]; spent: number[] } {
  const midnight = Math.floor(now / 86_400) * 86_400;
  const from = minutes.time.findIndex((time) => time >= midnight);
  let sum = 0;
  return from < 0
    ? { time: [], spent: [] }
    : { time: minutes.time.slice(from), spent: minutes.cost.slice(from).map((cost) => (sum += cost)) };
}

/** What a limit is of, over all pictures. */
export const nameOf = (one: { pool: string; model_group: string; dimension: string }) =>
  `${one.pool}\u0000${one.model_group}\u0000${one.dimension}`;

/** A day of what the program keeps, and some hours of what is added here. */
const kMostPoints = 2000;

/** The limit that held at a time; the first one for what was before. */
export function limitAt(one: LevelSeries, time: number): number | undefined {
  const steps = one.limits ?? [];
  return (steps.findLast(([since]) => since <= time) ?? steps[0])?.[1] ?? one.limit;
}

/** Levels as the program kept them, and the newest picture behind them if the next step is due. `now` in Unix seconds. */
export function withPicture(levels: Levels, pools: Pool[], now: number): Levels {
  const newest = Math.max(0, ...levels.series.map((one) => one.points.at(-1)?.[0] ?? 0));
  if (now - newest < levels.every_seconds) return levels;
  const by = new Map<string, LevelSeries>(levels.series.map((one) => [nameOf(one), one]));
  for (const pool of pools) {
    for (const level of pool.limits) {
      if (level.remaining_now === undefined) continue;
      const place = { pool: pool.pool, model_group: pool.model_group, dimension: level.dimension };
      const before = by.get(nameOf(place));
      const points: [number, number][] = [...(before?.points ?? []).slice(1 - kMostPoints), [now, level.remaining_now]];
      const limit = level.limit ?? before?.limit;
      const steps = before?.limits ?? [];
      const limits: [number, number][] = limit === undefined || limit === steps.at(-1)?.[1] ? steps : [...steps, [now, limit]];
      by.set(nameOf(place), { ...place, limit, limits, points });
    }
  }
  return { ...levels, series: [...by.values()] };
}

/** Several curves over one axis of time, as uPlot takes them; a curve has null where it has no point. */
export function aligned(curves: [number, number][][]): [number[], ...(number | null)[][]] {
  const times = [...new Set(curves.flatMap((curve) => curve.map(([time]) => time)))].sort((a, b) => a - b);
  const place = new Map(times.map((time, at) => [time, at]));
  return [
    times,
    ...curves.map((curve) => {
      const column = new Array<number | null>(times.length).fill(null);
      for (const [time, value] of curve) column[place.get(time)!] = value;
      return column;
    }),
  ];
}

/** What is shortest first: seconds until exhaustion, then the share that is left. */
export function tightness(pool: Pool): number {
  let share = 1;
  for (const level of pool.limits) {
    if (level.limit && level.remaining_now !== undefined) share = Math.min(share, level.remaining_now / level.limit);
  }
  return share;
}
