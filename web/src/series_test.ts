// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { aligned, coarser, costSteps, limitAt, minutesOf, spentToday, successOf, tightness, trailing, withPicture } from "./series";
import type { CostRow, Levels, LevelSeries, Pool } from "./types";

const kNoon = Date.parse("2026-11-26T12:00:00Z") / 1000;

function row(minute: string, figures: Partial<CostRow>): CostRow {
  return {
    minute,
    requests: 0,
    attempts: 0,
    errors: 0,
    refused: 0,
    interrupted: 0,
    input_tokens: 0,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    output_tokens: 0,
    cost_usd: "0",
    estimated_usd: "0",
    price_unknown: 0,
    ...figures,
  };
}

test("minutes without requests are rows of zeros", () => {
  const minutes = minutesOf(
    [
      row("2026-11-26T12:02Z", {
        requests: 3,
        attempts: 4,
        errors: 1,
        refused: 0,
        input_tokens: 10,
        cache_write_tokens: 5,
        cost_usd: "0.5",
      }),
      row("2026-11-26T09:00Z", { requests: 9 }),
    ],
    kNoon,
    kNoon + 180,
  );
  assert.deepEqual(minutes.time, [kNoon, kNoon + 60, kNoon + 120, kNoon + 180]);
  assert.deepEqual(minutes.requests, [0, 0, 3, 0]);
  assert.deepEqual(minutes.input, [0, 0, 15, 0]);
  assert.deepEqual(minutes.cost, [0, 0, 0.5, 0]);
});

test("coarser minutes are means that end where the minutes end", () => {
  const minutes = minutesOf(
    [
      row("2026-11-26T12:01Z", { requests: 4, attempts: 4 }),
      row("2026-11-26T12:02Z", { requests: 2, attempts: 2 }),
      row("2026-11-26T12:04Z", { requests: 6, attempts: 6 }),
    ],
    kNoon,
    kNoon + 240,
  );
  assert.deepEqual(coarser(minutes, 2).requests, [3, 3]);
  assert.deepEqual(coarser(minutes, 2).time, [kNoon + 120, kNoon + 240]);
  assert.equal(coarser(minutes, 1), minutes);
});

test("a trailing rate forgets what is older than its window", () => {
  assert.deepEqual(trailing([1, 1, 1, 7], 2, 60), [60, 60, 60, 240]);
  assert.deepEqual(trailing([], 5, 60), []);
});

test("success is as clients saw it, and nothing where there was no request", () => {
  // 103 attempts, 4 of them failed: three were followed by another one, the last one was not; and one request was refused.
  const minutes = minutesOf([row("2026-11-26T12:00Z", { requests: 100, attempts: 103, errors: 4, refused: 1 })], kNoon, kNoon + 120);
  const success = successOf(minutes, 1);
  assert.ok(Math.abs(success[0]! - 0.98) < 1e-9);
  assert.equal(success[1], null);
});

test("what is spent today begins at midnight of UTC", () => {
  const midnight = kNoon - 12 * 3600;
  const minutes = minutesOf(
    [row("2026-11-25T23:59Z", { cost_usd: "9" }), row("2026-11-26T00:00Z", { cost_usd: "1" }), row("2026-11-26T00:01Z", { cost_usd: "2" })],
    midnight - 120,
    midnight + 120,
  );
  const { time, spent } = spentToday(minutes, midnight + 120);
  assert.equal(time[0], midnight);
  assert.deepEqual(spent, [1, 3, 3]);
});

test("cost stands at its hour", () => {
  const { time, cost } = costSteps([{ ...row("", { cost_usd: "4" }), hour: "2026-11-26T11:00Z" }], "hour", kNoon - 7200, kNoon + 60);
  assert.deepEqual(time, [kNoon - 7200, kNoon - 3600, kNoon]);
  assert.deepEqual(cost, [0, 4, 0]);
});

function pool(left: number): Pool {
  return {
    pool: "org",
    provider: "anthropic",
    organisation: "org",
    workspace: "",
    model_group: "haiku",
    keys: [],
    limits: [{ dimension: "requests", limit: 100, remaining_now: left, read_at: "" }],
  };
}

test("the newest picture goes on where the program's own curves end, once each step", () => {
  const kept: Levels = {
    every_seconds: 10,
    series: [{ pool: "org", model_group: "haiku", dimension: "requests", limit: 50, points: [[kNoon, 40]] }],
  };
  assert.equal(withPicture(kept, [pool(30)], kNoon + 9), kept);
  const next = withPicture(kept, [pool(30)], kNoon + 10);
  assert.deepEqual(next.series[0].points, [
    [kNoon, 40],
    [kNoon + 10, 30],
  ]);
  assert.equal(next.series[0].limit, 100);
  assert.equal(kept.series[0].points.length, 1);
});

test("a share is of the limit that held at its time", () => {
  const one: LevelSeries = {
    pool: "org",
    model_group: "haiku",
    dimension: "requests",
    limit: 100,
    limits: [
      [kNoon, 50],
      [kNoon + 60, 100],
    ],
    points: [],
  };
  assert.deepEqual(
    [kNoon - 1, kNoon + 59, kNoon + 60].map((time) => limitAt(one, time)),
    [50, 50, 100],
  );
  assert.equal(limitAt({ ...one, limits: undefined }, kNoon), 100);
  const next = withPicture({ every_seconds: 10, series: [{ ...one, points: [[kNoon, 1]] }] }, [pool(30)], kNoon + 70);
  assert.equal(next.series[0].limits, one.limits); // 100 as before
});

test("curves of different times share one axis", () => {
  assert.deepEqual(
    aligned([
      [
        [1, 10],
        [3, 30],
      ],
      [[2, 5]],
    ]),
    [
      [1, 2, 3],
      [10, null, 30],
      [null, 5, null],
    ],
  );
});

test("the tightest pool is that with the smallest share left", () => {
  assert.equal(tightness(pool(25)), 0.25);
});
