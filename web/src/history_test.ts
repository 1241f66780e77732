// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { billedMore, billedRates } from "./billed";
import { limitCourses } from "./limit_course";
import { kShipped, thresholdsOf } from "./thresholds";
import type { BilledRow, LimitChange, Pool, Rule } from "./types";

const change = (minute: number, before: number, after: number, group = "opus"): LimitChange => ({
  at: new Date(minute * 60_000).toISOString(),
  pool: "anthropic/org",
  model_group: group,
  dimension: "requests",
  before,
  after,
});

test("a limit goes from what it was to what it is now, the newest change first", () => {
  const pool = { pool: "anthropic/org", model_group: "opus", limits: [{ dimension: "requests", limit: 80 }] } as Pool;
  const courses = limitCourses([change(100, 50, 40), change(110, 5, 6, "haiku"), change(200, 40, 70)], [pool], 300 * 60);
  assert.deepEqual(
    courses.map((one) => one.model_group),
    ["opus", "haiku"],
  );
  assert.deepEqual(courses[0].limit, [50, 40, 70, 80]);
  assert.deepEqual(courses[0].time, [100 * 60 - 200 * 60 * 0.05, 100 * 60, 200 * 60, 300 * 60]);
  assert.deepEqual(courses[1].limit, [5, 6, 6]);
});

test("a change of this moment still has something before it", () => {
  const [course] = limitCourses([change(100, 50, 40)], [], 100 * 60 - 5);
  assert.deepEqual(course.time, [99 * 60, 100 * 60, 100 * 60]);
  assert.deepEqual(limitCourses([], [], 0), []);
});

const row = (spans: BilledRow["spans"], figures: Partial<BilledRow> = {}): BilledRow => ({
  provider: "relay",
  currency: "USD",
  covered_seconds: 0,
  billed: 0,
  ours: 0,
  top_ups: 0,
  spans,
  ...figures,
});

test("rates are means over the trailing spans, and what was topped up counts for neither side", () => {
  const rates = billedRates(
    row([
      [0, 60, 1, 0.5],
      [60, 120, 0, 0.5],
      [120, 180, null, 9],
      [180, 240, 2, 2],
      [240, 300, 0, 0],
    ]),
    180,
  );
  assert.deepEqual(rates.time, [60, 120, 180, 240, 300]);
  assert.deepEqual(rates.billed, [60, 30, null, 60, 60]);
  assert.deepEqual(rates.ours, [30, 30, null, 75, 60]);
});

test("a balance in another currency has nothing beside it", () => {
  const rates = billedRates(row([[0, 60, 1, null]]), 300);
  assert.deepEqual(rates.billed, [60]);
  assert.deepEqual(rates.ours, [null]);
});

test("how much more was billed is a share of what we count", () => {
  assert.equal(billedMore(row([], { billed: 1.5, ours: 1.2 }))?.toFixed(3), "0.250");
  assert.equal(billedMore(row([], { billed: 1.5, ours: 0 })), null);
  assert.equal(billedMore(row([], { billed: 1.5, ours: null })), null);
});

test("thresholds are those of the rules in force, or as shipped", () => {
  const rule = (name: string, threshold: number): Rule => ({
    name,
    threshold,
    description: "",
    every_seconds: 10,
    for_seconds: 10,
    severity: "warning",
    enabled: true,
  });
  assert.deepEqual(thresholdsOf([rule("tokens_remaining_low", 5000), rule("success_rate_low", 0.95)], "120.50"), {
    ...kShipped,
    tokensLeft: 5000,
    success: 0.95,
    dailyBudget: 120.5,
  });
  assert.deepEqual(thresholdsOf([], undefined), kShipped);
});
