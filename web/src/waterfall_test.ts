// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "./types";
import { stepsOf, waterfallOf } from "./waterfall";

function entry(figures: Partial<Entry>): Entry {
  return {
    id: "1",
    request_id: "r",
    started_at: "2026-11-26T12:00:00.000Z",
    kind: "request",
    state: "completed",
    attempt: 1,
    stream: true,
    dialect: "anthropic",
    endpoint: "messages",
    provider: "anthropic",
    pool: "p",
    model: "m",
    tenant: "t",
    key: "k",
    status: 200,
    upstream_status: 200,
    input_tokens: 0,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    output_tokens: 0,
    cost_usd: "0",
    is_estimated: false,
    queue_wait_ms: 0,
    time_to_first_byte_ms: 0,
    duration_ms: 0,
    request_bytes: 0,
    response_bytes: 0,
    ...figures,
  };
}

test("an attempt waits, then hears the first token, then the rest", () => {
  const { rows, total } = waterfallOf([entry({ queue_wait_ms: 100, time_to_first_byte_ms: 400, duration_ms: 1000 })]);
  assert.deepEqual(rows[0].stretches, [
    { kind: "waited", from: 0, to: 100 },
    { kind: "first_token", from: 100, to: 400 },
    { kind: "stream", from: 400, to: 1000 },
  ]);
  assert.equal(total, 1000);
});

test("the second attempt begins to wait where the first one ended", () => {
  const { rows } = waterfallOf([
    entry({ state: "failed", queue_wait_ms: 20, duration_ms: 50 }),
    entry({ attempt: 2, queue_wait_ms: 1050, time_to_first_byte_ms: 1500, duration_ms: 2000 }),
  ]);
  assert.deepEqual(rows[0].stretches, [
    { kind: "waited", from: 0, to: 20 },
    { kind: "failed", from: 20, to: 50 },
  ]);
  assert.deepEqual(rows[1].stretches[0], { kind: "waited", from: 50, to: 1050 });
});

test("a request that was refused at once is still to be seen", () => {
  const { rows, total } = waterfallOf([entry({ state: "refused" })]);
  assert.deepEqual(rows[0].stretches, [{ kind: "failed", from: 0, to: 0 }]);
  assert.equal(total, 1);
});

test("a shadow copy begins where its own clock says", () => {
  const { rows } = waterfallOf([
    entry({ duration_ms: 300 }),
    entry({ kind: "shadow", started_at: "2026-11-26T12:00:00.500Z", duration_ms: 200 }),
  ]);
  assert.deepEqual(rows[1].stretches, [{ kind: "first_token", from: 500, to: 700 }]);
});

test("an axis has round steps", () => {
  assert.deepEqual(stepsOf(1000), [0, 200, 400, 600, 800, 1000]);
  assert.deepEqual(stepsOf(26_306), [0, 10_000, 20_000]);
  assert.deepEqual(stepsOf(1).length, 6);
});
