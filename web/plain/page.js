// SPDX-License-Identifier: Apache-2.0
// The page as it stands each second, from GET /api/v1/live. Read with fetch, not EventSource, because that cannot send a token.
"use strict";

const byId = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const dollars = (text) => "$" + Number(text).toFixed(Number(text) < 10 ? 4 : 2);
const words = (name) => name.replaceAll("_", " ");
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

const row = (cells) => element("tr", cells.map((cell) => (cell instanceof Node ? element("td", [cell]) : element("td", cell))));
const headRow = (names) => element("thead", [element("tr", names.map((name) => element("th", name, { scope: "col" })))]);

function table(head, rows) {
  return element("table", [headRow(head), element("tbody", rows.map(row))]);
}

/** How full something is, of `most`. */
function meter(value, most, what) {
  return element("meter", "", { min: 0, max: most, low: most * 0.2, high: most * 0.5, optimum: most, value: Math.max(0, value), "aria-label": what });
}

function duration(seconds) {
  if (seconds < 120) return Math.round(seconds) + " s";
  if (seconds < 7200) return Math.round(seconds / 60) + " min";
  return Math.round(seconds / 3600) + " h";
}

function showAlarms(alarms) {
  byId("alarms").replaceChildren(...alarms.map((alarm) => element("div", [
    element("strong", words(alarm.kind) + (alarm.subject ? " · " + alarm.subject : "")),
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
      const end = level.seconds_to_exhaustion;
      rows.push([pool.pool + " · " + pool.model_group, words(level.dimension), known ? meter(left, level.limit, level.dimension + " left") : "",
        left === undefined ? "–" : compact.format(left), level.limit === undefined ? "–" : compact.format(level.limit),
        end === undefined ? "not in sight" : element("span", duration(end), end < 60 ? { class: "short" } : {})]);
    }
  }
  byId("limits").replaceChildren(rows.length
    ? table(["Pool", "Limit of", "Left", "", "Per minute", "Exhausted in"], rows)
    : element("p", "No answer has told its limits yet. They appear with the first request.", { class: "empty" }));
}

/** A room in which nothing waits or runs, and nothing is short. */
function isQuiet(room) {
  return room.waiting_interactive + room.waiting_batch + room.in_flight === 0 && room.pools.every((pool) =>
    !pool.is_spent && pool.blocked_seconds === undefined && pool.levels.every((level) => level.full_after_seconds === 0));
}

function roomHead(room) {
  const waiting = [];
  if (room.waiting_interactive) waiting.push(whole.format(room.waiting_interactive) + " waiting");
  if (room.waiting_batch) waiting.push(whole.format(room.waiting_batch) + " of batch priority waiting");
  const name = [room.provider, room.model_group || "(no model)", room.class, room.credential].filter(Boolean).join(" · ");
  const cells = [element("span", name), element("span", waiting.join(", ") || "nobody waits", { class: waiting.length ? "waiting" : "soft" })];
  if (room.obstacle) cells.push(element("span", "the next one for: " + words(room.obstacle), { class: "soft" }));
  return element("tr", [element("th", cells, { colspan: 8, scope: "rowgroup" })]);
}

function poolState(pool) {
  const again = pool.blocked_seconds === undefined ? "" : "asked again in " + duration(pool.blocked_seconds);
  if (pool.is_spent) return [element("small", ["its money is spent", again].filter(Boolean).join(", "), { class: "short" })];
  if (again) return [element("small", again, { class: "short" })];
  return pool.is_learned ? [] : [element("small", "limits not known yet", { class: "soft" })];
}

function poolRows(room, pool) {
  const periods = (pool.periods ?? []).map((one) => ({ dimension: one.limit_of, level: one.level, limit: one.limit, isLong: true }));
  const levels = pool.levels.length + periods.length ? [...pool.levels, ...periods] : [null];
  return levels.map((level, at) => {
    const bound = pool.concurrency === undefined ? "" : " of " + whole.format(pool.concurrency);
    const front = at ? ["", ""] : [element("span", [pool.pool, ...poolState(pool)]), whole.format(pool.in_flight) + bound];
    if (!level) return row([...front, "–", "", "", "", "", ""]);
    const left = element("span", compact.format(level.level), level.dimension === room.obstacle || level.level < 0 ? { class: "short" } : {});
    return row([...front, words(level.dimension), meter(level.level, level.limit, level.dimension + " left"), left, level.isLong ? "" : compact.format(level.limit),
      level.isLong ? `of ${compact.format(level.limit)}` : level.full_after_seconds ? duration(level.full_after_seconds) : "full",
      level.foreign_per_minute ? compact.format(level.foreign_per_minute) : "–"]);
  });
}

function showRooms(rooms) {
  const shown = rooms.filter((room) => !isQuiet(room));
  const quiet = rooms.length - shown.length;
  const parts = [];
  if (shown.length) {
    parts.push(element("table", [headRow(["Pool", "In flight", "Limit of", "", "Level", "Per minute", "Full in", "By others"]),
      ...shown.map((room) => element("tbody", [roomHead(room), ...room.pools.flatMap((pool) => poolRows(room, pool))]))]));
  }
  if (quiet || !shown.length) {
    parts.push(element("p", !rooms.length ? "No request has asked for its turn yet."
      : `${quiet}${shown.length ? " more" : ""} ${quiet === 1 ? "room" : "rooms"} in which nothing waits, runs or is short.`, { class: "empty" }));
  }
  byId("rooms").replaceChildren(...parts);
}

function keyState(key) {
  if (key.back_in_seconds !== undefined) return element("span", `out (${key.fault}), tried again in ${duration(key.back_in_seconds)}`, { class: "short" });
  if (key.out_for) return element("span", `not for ${key.out_for.join(", ")}`, { class: "short" });
  if (key.fault) return element("span", `refused (${key.fault}), used because it is the last`, { class: "short" });
  return element("span", "in rotation");
}

function showKeys(providers) {
  const rows = providers.flatMap((provider) => [
    ...provider.keys.filter((key) => key.name).map((key) => [provider.provider + " · " + key.name, key.is_known ? key.pool : "not known yet",
      key.keys_of_pool > 1 ? `${key.keys_of_pool} keys` : "–", keyState(key)]),
    ...(provider.more ? [[`${provider.provider} · ${whole.format(provider.more)} more`, "", "", ""]] : [])]);
  byId("keys").replaceChildren(rows.length
    ? table(["Key", "Pool", "Shared by", "State"], rows)
    : element("p", "No provider has a key of ours.", { class: "empty" }));
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
  const { status, use, limits, rooms, provider_keys: keys, alarms } = picture;
  byId("where").textContent = "serves at " + status.listen;
  byId("about").textContent = `Tidegate ${status.version} (${status.commit}) · up ${duration(status.uptime_seconds)} · ` +
    `${status.workers} workers · ${status.open_connections} connections · ${status.ledger.drained} entries in the ledger, ` +
    `${status.ledger.undrained} waiting · ${status.providers.join(", ")}`;
  showAlarms(alarms);
  showTotals(use.totals);
  showLimits(limits);
  showRooms(rooms);
  showKeys(keys);
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
