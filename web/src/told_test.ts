// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { doing } from "./doing";
import { formatOf } from "./format";
import { ruleTold, speaker, wordOf } from "./i18n";
import { byRule, loud, openCount } from "./loud";
import { alertTold, reasonTold, thresholdTold } from "./told";
import type { Action, Alert, Exhaustion, Picture } from "./types";

const say = speaker("zh-TW"),
  format = formatOf("zh-TW");

test("an alert on a figure is told in the reader's language", () => {
  assert.equal(alertTold({ rule: "requests_remaining_low", value: 0.125, threshold: 0.2 }, say, format), "請求剩餘 12.5%；低於 20% 時發出警報");
  assert.equal(alertTold({ rule: "limit_changed", value: 290, threshold: 145 }, say, format), "每分鐘上限由 145 變為 290");
  assert.equal(alertTold({ rule: "key_lost", value: 1, threshold: 1 }, say, format), "");
  assert.equal(alertTold({ rule: "success_rate_low" }, say, format), "");
});

test("a rule has its threshold in its own unit, if it measures anything", () => {
  assert.equal(thresholdTold({ name: "success_rate_low", threshold: 0.99 }, formatOf("en")), "99%");
  assert.equal(thresholdTold({ name: "tokens_remaining_low", threshold: 1000 }, formatOf("en")), "1,000");
  assert.equal(thresholdTold({ name: "key_lost", threshold: 1 }, formatOf("en")), "");
  assert.equal(ruleTold("zh-CN", { name: "key_lost", description: "A key" }), "供应商拒绝密钥，或密钥来源无法读取");
  assert.equal(ruleTold("zh-CN", { name: "of_tomorrow", description: "A key" }), "A key");
});

const exhaustion: Exhaustion = {
  limit: "requests per minute",
  kind: "rate",
  capacity: 145,
  remaining: 100,
  probability: 0.62,
  first_crossing_minutes: 12,
  reason: "",
  parts: { level: 0.82, momentum: 0.001, usual_change: 0.21, pull: -0.03, unrest: 0 },
};

test("a reason names what it adds up from, and nothing that hardly counts", () => {
  assert.equal(reasonTold(exhaustion, say, format), "目前為上限的 82%，慣常變化 +21%，回歸常態 −3%");
  assert.equal(reasonTold({ ...exhaustion, parts: undefined, first_crossing_minutes: 0 }, say, format), "需求已超過");
  assert.equal(reasonTold({ ...exhaustion, parts: undefined }, say, format), "");
});

const alert = (rule: string, extra: Partial<Alert> = {}): Alert => ({
  id: rule,
  rule,
  severity: "warning",
  subject: "",
  state: "firing",
  since: "2026-11-26T12:00:00Z",
  summary: "",
  ...extra,
});
const action = (name: string, extra: Partial<Action>): Action => ({
  name,
  kind: "webhook",
  state: "idle",
  detail: "",
  alert: null,
  incident: null,
  by: null,
  since: null,
  runs_today: 0,
  max_per_day: 10,
  ...extra,
});
const status = { now: "2026-11-26T12:30:00Z", ledger: {} } as Picture["status"];

test("what is silenced is not shown until its silence ends; what is of one rule is one line", () => {
  const alerts = [
    alert("limit_changed", { id: "1" }),
    alert("success_rate_low", { silenced_until: "2026-11-26T12:31:00Z" }),
    alert("limit_changed", { id: "2", silenced_until: "2026-11-26T12:30:00Z" }),
  ];
  assert.deepEqual(
    byRule(loud({ alerts, status })).map((found) => found.map((one) => one.id)),
    [["1", "2"]],
  );
});

test("counted is what wants somebody: each alarm, each rule that fires, no news", () => {
  const alerts = [alert("tokens_remaining_low", { id: "1" }), alert("tokens_remaining_low", { id: "2" }), alert("limit_changed", { severity: "info" })];
  const alarms = [{ kind: "ledger", subject: "", severity: "critical" as const, message: "", since: "" }];
  assert.equal(openCount({ alarms, alerts, status }), 2);
});

test("actions that are in place are told, and those that do not run though they should", () => {
  const picture = { status, rooms: [], provider_keys: [], alerts: [alert("exhaustion_forecast", { id: "a" })] } as unknown as Picture;
  picture.actions = [
    action("of before", { state: "returned", alert: "a" }),
    action("of another alert", { state: "cooling_down", alert: "b" }),
    action("widen", { state: "done", detail: "tier double", alert: "b", incident: "widen-1", since: status.now, by: "ada" }),
    action("brake", { state: "limit_reached", detail: "ran 10 times today", alert: "a" }),
  ];
  const told = doing(picture, speaker("en"), (name) => wordOf("en", name), formatOf("en"));
  assert.deepEqual(
    told.map((one) => one.state),
    ["good", "bad", "good"],
  );
  assert.match(told[0].text, /^Action widen, since .*: done · tier double · ada asked for it$/);
  assert.equal(told[1].text, "Action brake: daily maximum reached · ran 10 times today");
  assert.match(told[2].text, /^Every request goes straight through/);
});
