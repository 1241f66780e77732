// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatOf } from "./format";

const en = formatOf("en"),
  tw = formatOf("zh-TW"),
  cn = formatOf("zh-CN");

test("whole figures are grouped", () => {
  assert.equal(en.whole(1234567), "1,234,567");
  assert.equal(en.whole(0.4), "0");
});

test("compact figures use the units of the language", () => {
  assert.equal(en.compact(75_000), "75K");
  assert.equal(en.compact(1_234_567), "1.2M");
  assert.equal(tw.compact(75_000), "7.5萬");
  assert.equal(cn.compact(75_000), "7.5万");
  assert.equal(en.compact(3.14159), "3.14");
});

test("money has cents, and more digits where cents would say nothing", () => {
  assert.equal(en.money("31.29525955"), "$31.30");
  assert.equal(en.money("0.00374"), "$0.0037");
  assert.equal(en.money(0), "$0.00");
  assert.equal(en.money(12_345.6), "$12,346");
  assert.equal(en.money(-1.5), "-$1.50");
});

test("durations come in the largest unit that tells something", () => {
  assert.equal(en.duration(42.4), "42 sec");
  assert.equal(en.duration(600), "10 min");
  assert.equal(en.duration(3 * 3600), "3 hr");
  assert.equal(en.duration(7 * 86400), "7 days");
  assert.match(tw.duration(42), /42\s*秒/);
  assert.equal(en.milliseconds(0.27), "0.3 ms");
  assert.equal(en.milliseconds(2316), "2.32 sec");
});

test("shares and bytes", () => {
  assert.equal(en.percent(0.9934, 2), "99.34%");
  assert.equal(en.percent(0.2, 0), "20%");
  assert.equal(en.bytes(1686), "1.7kB");
  assert.equal(en.bytes(746), "746B");
});
