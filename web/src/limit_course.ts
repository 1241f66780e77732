// SPDX-License-Identifier: Apache-2.0
// How a limit went, from its changes. Pure.
import { nameOf } from "./series";
import type { LimitChange, Pool } from "./types";

export interface LimitCourse {
  pool: string;
  model_group: string;
  dimension: string;
  /** Unix seconds: a while before the first change, each change, now. */
  time: number[];
  limit: number[];
}

const kLead = 0.05;
const kLeastLead = 60;

/** Of each limit that was changed, the one whose change is newest first. `changes` oldest first; `now` in Unix seconds. */
export function limitCourses(changes: LimitChange[], pools: Pool[], now: number): LimitCourse[] {
  const by = new Map<string, LimitChange[]>();
  for (const change of changes) by.set(nameOf(change), [...(by.get(nameOf(change)) ?? []), change]);
  const current = (change: LimitChange) =>
    pools
      .find((pool) => pool.pool === change.pool && pool.model_group === change.model_group)
      ?.limits.find((level) => level.dimension === change.dimension)?.limit;
  const made = [...by.values()].map((found): LimitCourse => {
    const [first, last] = [found[0], found[found.length - 1]];
    const times = found.map((change) => Date.parse(change.at) / 1000);
    const end = Math.max(now, times[times.length - 1]);
    return {
      pool: first.pool,
      model_group: first.model_group,
      dimension: first.dimension,
      time: [times[0] - Math.max(kLeastLead, (end - times[0]) * kLead), ...times, end],
      limit: [first.before, ...found.map((change) => change.after), current(last) ?? last.after],
    };
  });
  return made.sort((a, b) => b.time[b.time.length - 2] - a.time[a.time.length - 2]);
}
