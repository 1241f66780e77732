// SPDX-License-Identifier: Apache-2.0
// The page as it stands each second, from GET /api/v1/live. Read with fetch, not EventSource, because that cannot send a token.
"use strict";

const byId = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const dollars = (text) => "$" + Number(text).toFixed(Number(text) < 10 ? 4 : 2);
let dimension = "model";
let picture = null;

/** An element with its text or children; what comes from outside is only ever text. */
function element(name, content, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (Array.isArray(content)) made.append(...content);
  else made.textContent = content;
  return made;
}

function table(head, rows) {
  return element("table", [
    element("thead", [element("tr", head.map((name) => element("th", name, { scope: "col" })))]),
    element("tbody", rows.map((row) => element("tr", row.map((cell) => (cell instanceof Node ? element("td", [cell]) : element("td", cell)))))),
  ]);
}

function duration(seconds) {
  if (seconds < 120) return Math.round(seconds) + " s";
  if (seconds < 7200) return Math.round(seconds / 60) + " min";
  return Math.round(seconds / 3600) + " h";
}

function showAlarms(alarms) {
  byId("alarms").replaceChildren(...alarms.map((alarm) => element("div", [
    element("strong", alarm.kind.replaceAll("_", " ") + (alarm.subject ? " · " + alarm.subject : "")),
    element("div", alarm.message),
  ], { class: "alarm " + alarm.severity, role: "alert" })));
}

function showTotals(totals) {
  const errors = totals.requests ? (100 * totals.errors / totals.requests).toFixed(1) + " %" : "none yet";
  const figures = [
    ["Requests", whole.format(totals.requests), ""],
    ["Errors", whole.format(totals.errors), errors],
    ["Input tokens", compact.format(totals.input_tokens), ""],
    ["From cache", compact.format(totals.cache_read_tokens), ""],
    ["Into cache", compact.format(totals.cache_write_tokens), ""],
    ["Output tokens", compact.format(totals.output_tokens), ""],
    ["Cost", dollars(totals.cost_usd), ""],
  ];
  byId("totals").replaceChildren(...figures.map(([name, value, note]) =>
    element("div", [element("dt", name), element("dd", [value + " ", element("small", note)])])));
}

function showLimits(pools) {
  const rows = [];
  for (const pool of pools) {
    for (const level of pool.limits) {
      const left = level.remaining_now ?? level.remaining;
      const known = level.limit !== undefined && left !== undefined;
      const meter = known ? element("meter", "", { min: 0, max: level.limit, low: level.limit * 0.2, high: level.limit * 0.5,
        optimum: level.limit, value: left, "aria-label": level.dimension + " left" }) : "";
      const end = level.seconds_to_exhaustion;
      rows.push([pool.pool + " · " + pool.model_group, level.dimension.replaceAll("_", " "), meter,
        left === undefined ? "–" : compact.format(left), level.limit === undefined ? "–" : compact.format(level.limit),
        end === undefined ? "not in sight" : element("span", duration(end), end < 60 ? { class: "short" } : {})]);
    }
  }
  byId("limits").replaceChildren(rows.length
    ? table(["Pool", "Limit of", "Left", "", "Per minute", "Exhausted in"], rows)
    : element("p", "No answer has told its limits yet. They appear with the first request.", { class: "empty" }));
}

function showUse(use) {
  const lines = use.by[dimension] ?? [];
  byId("lines").replaceChildren(lines.length
    ? table([dimension, "Requests", "Errors", "Input", "From cache", "Into cache", "Output", "Cost"], lines.map((line) => [
      line.value || "(none given)", whole.format(line.requests), whole.format(line.errors), compact.format(line.input_tokens),
      compact.format(line.cache_read_tokens), compact.format(line.cache_write_tokens), compact.format(line.output_tokens), dollars(line.cost_usd)]))
    : element("p", "No request in the last minute.", { class: "empty" }));
}

function show() {
  const { status, use, limits, alarms } = picture;
  byId("where").textContent = "serves at " + status.listen;
  byId("about").textContent = `Tidegate ${status.version} (${status.commit}) · up ${duration(status.uptime_seconds)} · ` +
    `${status.workers} workers · ${status.open_connections} connections · ${status.ledger.drained} entries in the ledger, ` +
    `${status.ledger.undrained} waiting · ${status.providers.join(", ")}`;
  showAlarms(alarms);
  showTotals(use.totals);
  showLimits(limits);
  showUse(use);
}

function say(text, lost) {
  byId("state").textContent = text;
  byId("state").classList.toggle("lost", lost);
}

async function follow() {
  const token = sessionStorage.getItem("token");
  const answer = await fetch("/api/v1/live", { headers: token ? { authorization: "Bearer " + token } : {} });
  byId("token-form").hidden = answer.status !== 401;
  if (answer.status === 401) {
    sessionStorage.removeItem("token");
    say("this instance asks for its admin token", true);
    await new Promise((resolve) => byId("token-form").addEventListener("submit", resolve, { once: true }));
    return;
  }
  if (!answer.ok) throw new Error("HTTP " + answer.status);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the stream ended");
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    const data = events.filter((event) => event.startsWith("data: ")).pop();
    if (!data) continue;
    picture = JSON.parse(data.slice(6));
    say("live · " + new Date().toLocaleTimeString(), false);
    show();
  }
}

async function run() {
  for (;;) {
    try {
      await follow();
    } catch (error) {
      say("no connection (" + error.message + "); trying again", true);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", byId("token").value);
  byId("token").value = "";
});
byId("by").append(...["model", "endpoint", "user", "key", "tenant", "session"].map((name) => {
  const button = element("button", name, { type: "button", "aria-pressed": String(name === dimension) });
  button.addEventListener("click", () => {
    dimension = name;
    for (const other of byId("by").children) other.setAttribute("aria-pressed", String(other === button));
    if (picture) showUse(picture.use);
  });
  return button;
}));
run();
