// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { takeEvents } from "./api";
import { linesBy, tagsOf } from "./costs";
import { toCsv } from "./csv";
import { flatten } from "./settings_text";
import type { CostRow, Key } from "./types";

test("a CSV quotes what must be quoted and runs no formula", () => {
  assert.equal(
    toCsv(
      ["user", "cost"],
      [
        ["a,b", 1.5],
        ['say "hi"', 2],
        ["=cmd()", -3],
      ],
    ),
    'user,cost\r\n"a,b",1.5\r\n"say ""hi""",2\r\n\'=cmd(),-3\r\n',
  );
});

test("events are taken whole, whatever the pieces they come in", () => {
  const text = 'retry: 1000\n\ndata: {"a":1}\n\ndata: {"a":2}\n\n';
  for (let cut = 0; cut <= text.length; ++cut) {
    const first = takeEvents(text.slice(0, cut)),
      second = takeEvents(first.rest + text.slice(cut));
    assert.deepEqual([...first.events, ...second.events], ['{"a":1}', '{"a":2}']);
    assert.equal(second.rest, "");
  }
});

const row = (key: string, cost: string): CostRow => ({
  key,
  requests: 1,
  attempts: 1,
  errors: 0,
  refused: 0,
  interrupted: 0,
  input_tokens: 2,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  cost_usd: cost,
  estimated_usd: "0",
  price_unknown: 0,
});

test("lines add up what is alike, dearest first; a key counts for each of its tags", () => {
  const keys = [
    { id: "k1", labels: { team: "web", stage: "ci" } },
    { id: "k2", labels: {} },
  ] as unknown as Key[];
  const lines = linesBy([row("k1", "1"), row("k2", "5"), row("k1", "2")], tagsOf(keys));
  assert.deepEqual(
    lines.map((line) => [line.value, line.cost, line.requests]),
    [
      ["", 5, 1],
      ["team=web", 3, 2],
      ["stage=ci", 3, 2],
    ],
  );
});

test("settings are told with their paths", () => {
  assert.deepEqual(flatten({ tls: { verify: true }, keys: [{ env: "A" }], of: ["a", "b"], none: null }), [
    ["tls.verify", "true"],
    ["keys[0].env", "A"],
    ["of", "a, b"],
    ["none", "–"],
  ]);
});
