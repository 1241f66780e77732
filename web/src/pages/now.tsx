// SPDX-License-Identifier: Apache-2.0
// How much is left, for whom, until when, what it costs, and what Tidegate is doing about it.
import { useMemo, useState } from "preact/hooks";
import { get, getIfThere } from "../api";
import { Chart, type Curve } from "../chart";
import { doing, roomName } from "../doing";
import { Bar, Choice, Empty, Figure, Mark, Section, Table, Waiting } from "../parts";
import { aligned, coarser, minutesOf, nameOf, spentToday, successOf, tightness, trailing, type Minutes } from "../series";
import { useLive, useLoaded, useWords } from "../state";
import type { Cost, Exhaustion, Forecast, ForecastSeries, Limit, Pool, Tenant, UseLine } from "../types";

// The thresholds that the alert rules have by default (docs/openapi.yaml, /api/v1/alerts).
const kRequestsLeft = 0.2;
const kTokensLeft = 1000;
const kBudget = 0.8;
const kSuccess = 0.99;
const kMostCurves = 5;
const kSuccessMinutes = 5;
const kRateMinutes = 5;
const kMostMinutes = 400;
const kLikely = 0.01;
const kMostAhead = 12;

/** Minutes of the ledger. */
function useMinutes(hours: number) {
  return useLoaded(async () => {
    const now = Date.now() / 1000;
    const cost = await get<Cost>("cost", { since: `${hours}h`, by: "minute" });
    return { now, minutes: minutesOf(cost.rows, now - hours * 3600, now - 60) };  // whole minutes
  }, [hours], 60);
}

function from<T>(values: T[], time: number[], since: number): T[] {
  const at = time.findIndex((one) => one >= since);
  return at < 0 ? [] : values.slice(at);
}

function Alarms() {
  const { picture } = useLive();
  const { word, format } = useWords();
  if (!picture?.alarms.length) return null;
  return <div class="alarms">{picture.alarms.map((one) => (
    <div class={`alarm ${one.severity}`} role="alert">
      <strong><Mark state={one.severity === "critical" ? "bad" : "warn"}>{word(one.kind)}{one.subject && ` · ${one.subject}`}</Mark></strong>
      <span>{one.message}</span> <time class="soft" dateTime={one.since}>{format.dateTime(one.since)}</time>
    </div>))}</div>;
}

function Totals() {
  const { picture } = useLive();
  const { say, format } = useWords();
  const totals = picture?.use.totals;
  if (!picture || !totals) return <Waiting error="" loading />;
  const waiting = picture.rooms.reduce((sum, room) => sum + room.waiting_interactive + room.waiting_batch, 0);
  const inFlight = picture.rooms.reduce((sum, room) => sum + room.in_flight, 0);
  const success = totals.requests > 0 ? 1 - totals.errors / totals.requests : null;
  const read = totals.cache_read_tokens, all = totals.input_tokens + totals.cache_write_tokens + read;
  return (
    <dl class="figures">
      <Figure name={say("now.requests")} value={format.whole(totals.requests)} note={say("now.per_minute")} />
      <Figure name={say("now.success")} value={success === null ? "–" : format.percent(success, 2)} state={success !== null && success < kSuccess ? "bad" : undefined}
        note={say("now.errors", { count: format.whole(totals.errors) })} />
      <Figure name={say("now.input")} value={format.compact(all)} note={all > 0 ? say("now.from_cache", { share: format.percent(read / all, 0) }) : say("now.per_minute")} />
      <Figure name={say("now.output")} value={format.compact(totals.output_tokens)} note={say("now.per_minute")} />
      <Figure name={say("now.cost")} value={format.money(Number(totals.cost_usd) * 60)} note={say("now.per_hour")} />
      <Figure name={say("now.waiting")} value={format.whole(waiting)} state={waiting > 0 ? "warn" : undefined} note={say("now.in_flight", { count: format.whole(inFlight) })} />
    </dl>
  );
}

/** The forecast's word on one limit of a pool. */
function exhaustionOf(forecast: Forecast | null, pool: Pool, level: Limit): Exhaustion | undefined {
  const series = forecast?.series.find((one) => one.scope === "pool" && one.measure === level.dimension && one.name === `${pool.provider}/${pool.model_group}`);
  return series?.exhaustion.find((one) => one.kind === "rate");
}

function LimitRow({ pool, level, forecast }: { pool: Pool; level: Limit; forecast: Forecast | null }) {
  const { say, word, format } = useWords();
  const left = level.remaining_now ?? level.remaining;
  if (left === undefined || !level.limit) return null;
  const used = Math.max(0, level.limit - left);
  const isTokens = level.dimension !== "requests";
  const short = isTokens ? left < kTokensLeft || left < kRequestsLeft * level.limit / 4 : left < kRequestsLeft * level.limit;
  const end = level.seconds_to_exhaustion;
  const state = left <= 0 || (end !== undefined && end < 10 && short) ? "bad" : short ? "warn" : "good";
  const ahead = exhaustionOf(forecast, pool, level);
  return (
    <div class="limit">
      <div class="limit-head"><span>{word(level.dimension)}</span>
        <span><b>{format.compact(left)}</b> <span class="soft">{say("now.left_of", { limit: format.compact(level.limit) })}</span></span></div>
      <Bar value={used / level.limit} mark={isTokens ? undefined : 1 - kRequestsLeft} state={state}
        label={say("now.used_of", { what: word(level.dimension), used: format.whole(used), limit: format.whole(level.limit) })} />
      <div class="limit-foot soft">
        <span>{say("now.used", { share: format.percent(used / level.limit, 0) })}</span>
        {state === "bad" || state === "warn" ? <Mark state={state}>{end === undefined ? say("now.short") : end < 1 ? say("now.ends_now") : say("now.ends_in", { time: format.duration(end) })}</Mark>
          : <span>{end === undefined ? say("now.no_end") : say("now.ends_in", { time: format.duration(end) })}</span>}
      </div>
      {ahead && ahead.probability >= kLikely && <div class="limit-foot soft"><span title={ahead.reason}>{ahead.first_crossing_minutes === null
        ? say("now.forecast_calm", { share: format.percent(ahead.probability, 0) })
        : say("now.forecast_ends", { share: format.percent(ahead.probability, 0), time: format.duration(ahead.first_crossing_minutes * 60) })}</span></div>}
    </div>
  );
}

function Pools({ forecast }: { forecast: Forecast | null }) {
  const { picture } = useLive();
  const { say, format } = useWords();
  if (!picture) return null;
  const pools = picture.limits.filter((pool) => pool.limits.some((level) => level.limit)).sort((a, b) => tightness(a) - tightness(b) || (a.pool + a.model_group).localeCompare(b.pool + b.model_group));
  if (pools.length === 0) return <Empty>{say("now.no_limits")}</Empty>;
  return <div class="cards">{pools.map((pool) => {
    const room = picture.rooms.find((one) => one.provider === pool.provider && one.model_group === pool.model_group);
    const waiting = room ? room.waiting_interactive + room.waiting_batch : 0;
    return (
      <article class="card" key={pool.pool + pool.model_group}>
        <h3>{pool.model_group}<small>{pool.pool}{pool.workspace && ` · ${pool.workspace}`}</small></h3>
        {pool.limits.map((level) => <LimitRow {...{ pool, level, forecast }} />)}
        <p class="soft queue">{room ? say("now.queue", { waiting: format.whole(waiting), flying: format.whole(room.in_flight) }) : say("now.quiet")}</p>
      </article>);
  })}</div>;
}

function Doing() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  if (!picture) return null;
  return <ul class="doing">{doing(picture, say, word, format).map((one) => <li><Mark state={one.state}>{one.text}</Mark></li>)}</ul>;
}

/** The curves of what is left, tightest first; `isShare`: as shares of the limit. */
function LeftChart({ isRequests, since }: { isRequests: boolean; since: number }) {
  const { levels, picture } = useLive();
  const { say, word, format } = useWords();
  const drawn = useMemo(() => {
    const curves = (levels?.series ?? []).filter((one) => (one.dimension === "requests") === isRequests && one.limit)
      .map((one) => ({ ...one, points: one.points.filter(([time]) => time >= since).map(([time, left]): [number, number] => [time, isRequests ? Math.max(0, left / one.limit!) : Math.max(0, left)]) }))
      .filter((one) => one.points.length > 0);
    const lowest = (one: { points: [number, number][]; limit?: number }) => Math.min(...one.points.map(([, left]) => left)) / (isRequests ? 1 : one.limit!);
    const shown = curves.sort((a, b) => lowest(a) - lowest(b)).slice(0, kMostCurves).sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
    const [time, ...values] = aligned(shown.map((one) => one.points));
    return { time, curves: shown.map((one, at): Curve => ({ label: one.model_group + (isRequests ? "" : ` · ${word(one.dimension)}`), values: values[at], colour: at })) };
  }, [levels, since, word]);
  if (!picture) return null;
  return <Chart title={say(isRequests ? "now.requests_left" : "now.tokens_left")} note={say("now.each_10s")} time={drawn.time} curves={drawn.curves} since={since}
    thresholds={[isRequests ? { value: kRequestsLeft, label: format.percent(kRequestsLeft, 0) } : { value: kTokensLeft, label: format.whole(kTokensLeft) }]}
    range={isRequests ? [0, 1] : [0, null]} format={isRequests ? (value) => format.percent(value, 0) : format.compact} empty={say("now.no_limits")} />;
}

/** The past of a measure, and behind it what is forecast: median and the band from the tenth to the ninetieth of a hundred. */
function withForecast(time: number[], past: Curve[], ahead: ForecastSeries | undefined, factor: number, label: string): { time: number[]; curves: Curve[]; bands?: [number, number][] } {
  if (!ahead?.has_enough_history || ahead.points.length === 0 || time.length === 0) return { time, curves: past };
  const last = time[time.length - 1];
  const times = [...time, ...ahead.points.map((point) => last + point.minutes * 60)];
  const pad = (values: (number | null)[]) => [...values, ...ahead.points.map(() => null)];
  const column = (of: (point: { p10: number; p50: number; p90: number }) => number) =>
    [...time.map((one) => (one === last ? ahead.now * factor : null)), ...ahead.points.map((point) => of(point) * factor)];
  const curves = [...past.map((one) => ({ ...one, values: pad(one.values) })),
    { label, values: column((point) => point.p50), colour: 5, dashed: true },
    { label, values: column((point) => point.p90), colour: 5, edge: true }, { label, values: column((point) => point.p10), colour: 5, edge: true }];
  return { time: times, curves, bands: [[past.length + 1, past.length + 2]] };
}

const seriesOf = (forecast: Forecast | null, measure: string) => forecast?.series.find((one) => one.scope === "all" && one.measure === measure);

function TokensChart({ minutes, forecast, since }: { minutes: Minutes; forecast: Forecast | null; since: number }) {
  const { say, format } = useWords();
  const drawn = useMemo(() => {
    const time = from(minutes.time, minutes.time, since);
    const of = (values: number[], label: string, colour: number, filled = false): Curve => ({ label, values: from(values, minutes.time, since), colour, filled });
    return withForecast(time, [of(minutes.input, say("measure.input"), 0, true), of(minutes.output, say("measure.output"), 1), of(minutes.cached, say("measure.cached"), 2)],
      seriesOf(forecast, "input_tokens"), 1, say("now.forecast_input"));
  }, [minutes, forecast, since, say]);
  return <Chart title={say("now.tokens_per_minute")} note={say("now.each_60s")} {...drawn} since={since} format={format.compact} empty={say("now.no_requests")} />;
}

function RequestsChart({ minutes, forecast, since }: { minutes: Minutes; forecast: Forecast | null; since: number }) {
  const { say, format } = useWords();
  const drawn = useMemo(() => withForecast(from(minutes.time, minutes.time, since),
    [{ label: say("measure.requests"), values: from(minutes.requests, minutes.time, since), colour: 0, filled: true },
      { label: say("measure.errors"), values: from(minutes.errors, minutes.time, since), colour: 3 }],
    seriesOf(forecast, "requests"), 1, say("now.forecast")), [minutes, forecast, since, say]);
  return <Chart title={say("now.requests_per_minute")} note={say("now.each_60s")} {...drawn} since={since} format={format.compact} empty={say("now.no_requests")} />;
}

function CostChart({ minutes, forecast, since }: { minutes: Minutes; forecast: Forecast | null; since: number }) {
  const { say, format } = useWords();
  const drawn = useMemo(() => withForecast(from(minutes.time, minutes.time, since),
    [{ label: say("measure.cost_per_hour"), values: from(trailing(minutes.cost, kRateMinutes, 60), minutes.time, since), colour: 0, filled: true }],
    seriesOf(forecast, "cost_usd"), 60, say("now.forecast")), [minutes, forecast, since, say]);
  return <Chart title={say("now.cost_per_hour")} note={say("now.each_60s")} {...drawn} since={since} format={format.money} empty={say("now.no_requests")} />;
}

function SuccessChart({ minutes, since }: { minutes: Minutes; since: number }) {
  const { say, format } = useWords();
  const drawn = useMemo(() => {
    const values = from(successOf(minutes, kSuccessMinutes), minutes.time, since);
    return { time: from(minutes.time, minutes.time, since), curves: [{ label: say("now.success"), values, colour: 2 }] };
  }, [minutes, since, say]);
  const lowest = Math.min(kSuccess, ...drawn.curves[0].values.filter((one) => one !== null));
  return <Chart title={say("now.success_rate")} note={say("now.each_60s")} {...drawn} since={since} range={[Math.max(0, lowest - (1 - lowest) * 0.5), 1]}
    thresholds={[{ value: kSuccess, label: format.percent(kSuccess, 0) }]} format={(value) => format.percent(value, 1)} empty={say("now.no_requests")} />;
}

function BudgetChart({ minutes, now }: { minutes: Minutes; now: number }) {
  const { say, format } = useWords();
  const tenants = useLoaded(() => get<{ tenants: Tenant[] }>("tenants"), [], 60);
  const budget = (tenants.data?.tenants ?? []).flatMap((one) => one.budgets).filter((one) => one.period === "day" && one.unit === "usd")
    .reduce((sum, one) => sum + Number(one.limit), 0);
  const drawn = useMemo(() => {
    const { time, spent } = spentToday(minutes, now);
    return { time, curves: [{ label: say("now.spent_today"), values: spent, colour: 0, filled: true }] };
  }, [minutes, now, say]);
  return <Chart title={say("now.cost_today")} note={say(budget > 0 ? "now.budget" : "now.no_budget", { budget: format.money(budget) })} {...drawn}
    thresholds={budget > 0 ? [{ value: budget * kBudget, label: say("now.budget_mark", { share: format.percent(kBudget, 0), amount: format.money(budget * kBudget) }) }] : []}
    format={format.money} empty={say("now.no_requests")} />;
}

/** What may run out within the horizon, likeliest first. */
function Ahead({ forecast }: { forecast: Forecast }) {
  const { say, word, format } = useWords();
  const limits = forecast.series.flatMap((series) => series.exhaustion.map((one) => ({ series, one }))).sort((a, b) => b.one.probability - a.one.probability);
  const likely = limits.filter(({ one }) => one.probability >= kLikely).slice(0, kMostAhead);
  const isEarly = forecast.series.length > 0 && forecast.series.every((one) => !one.has_enough_history);
  return (
    <Section title={say("now.ahead")} note={say("now.ahead_note", { time: format.duration(forecast.horizon_minutes * 60) })}>
      {likely.length === 0 ? <Empty>{say(isEarly || forecast.series.length === 0 ? "now.ahead_early" : "now.ahead_calm")}</Empty> : <Table caption={say("now.ahead")} rows={likely} columns={[
        { name: say("now.ahead_what"), isText: true, cell: ({ series }) => series.scope === "all" ? say("cost.everything") : `${word(series.scope)} ${series.name}` },
        { name: say("now.ahead_limit"), isText: true, cell: ({ one }) => one.limit },
        { name: say("now.ahead_left"), cell: ({ one }) => format.compact(one.remaining) },
        { name: say("now.ahead_chance"), cell: ({ one }) => <Mark state={one.probability >= 0.3 ? "bad" : one.probability >= 0.1 ? "warn" : "none"}>{format.percent(one.probability, 0)}</Mark> },
        { name: say("now.ahead_first"), cell: ({ one }) => one.first_crossing_minutes === null ? "–" : format.duration(one.first_crossing_minutes * 60) },
        { name: say("now.ahead_reason"), isText: true, isLong: true, cell: ({ one }) => one.reason },
      ]} />}
    </Section>
  );
}

const kDimensions = ["model", "endpoint", "user", "key", "tenant", "session"] as const;

function UseTable() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const [by, setBy] = useState<(typeof kDimensions)[number]>("model");
  const lines: UseLine[] = picture?.use.by[by] ?? [];
  return (
    <Section title={say("now.who")} note={say("now.last_minute")}
      actions={<Choice label={say("by")} options={kDimensions.map((id) => ({ id, name: word(id) }))} chosen={by} choose={setBy} />}>
      {lines.length === 0 ? <Empty>{say("now.no_requests_minute")}</Empty> : <Table caption={say("now.who")} rows={lines} columns={[
        { name: word(by), isText: true, cell: (line) => line.is_rest ? say("rest") : line.value || say("none_given") },
        { name: say("measure.requests"), cell: (line) => format.whole(line.requests) },
        { name: say("measure.errors"), cell: (line) => format.whole(line.errors) },
        { name: say("measure.input"), cell: (line) => format.compact(line.input_tokens) },
        { name: say("measure.cached"), cell: (line) => format.compact(line.cache_read_tokens) },
        { name: say("measure.output"), cell: (line) => format.compact(line.output_tokens) },
        { name: say("measure.cost"), cell: (line) => format.money(line.cost_usd) },
      ]} />}
    </Section>
  );
}

function Queue() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const rooms = (picture?.rooms ?? []).filter((room) => room.waiting_interactive + room.waiting_batch + room.in_flight > 0);
  return (
    <Section title={say("now.queue_title")}>
      {rooms.length === 0 ? <Empty>{say("now.nobody_waits")}</Empty> : <Table caption={say("now.queue_title")} rows={rooms} columns={[
        { name: say("now.room"), isText: true, cell: roomName },
        { name: say("now.waiting_now"), cell: (room) => format.whole(room.waiting_interactive) },
        { name: say("now.waiting_batch"), cell: (room) => format.whole(room.waiting_batch) },
        { name: say("now.flying"), cell: (room) => format.whole(room.in_flight) },
        { name: say("now.obstacle"), isText: true, cell: (room) => room.obstacle ? <Mark state="warn">{word(room.obstacle)}</Mark> : <Mark state="good">{say("now.free")}</Mark> },
      ]} />}
    </Section>
  );
}

const kSpans = ["1", "6", "24"] as const;

export function NowPage(_: { rest: string[] }) {
  const { say, format } = useWords();
  const [span, setSpan] = useState<(typeof kSpans)[number]>("1");
  // The span first: it is little, and the charts of it need not wait for the day's sum.
  const loaded = useMinutes(Number(span));
  const day = useMinutes(24);
  const forecast = useLoaded(() => getIfThere<Forecast>("forecast", { minutes: "30" }), [], 60).data;
  const now = loaded.data?.now ?? Date.now() / 1000;
  const since = Math.floor(now - Number(span) * 3600);
  const minutes = useMemo(() => loaded.data && coarser(loaded.data.minutes, Math.ceil(loaded.data.minutes.time.length / kMostMinutes)), [loaded.data]);
  return (
    <>
      <Alarms />
      <Totals />
      <Section title={say("now.doing")}><Doing /></Section>
      <Section title={say("now.limits")} note={say("now.limits_note")}><Pools forecast={forecast} /></Section>
      <Section title={say("now.course")} actions={<Choice label={say("now.span")} options={kSpans.map((id) => ({ id, name: format.duration(Number(id) * 3600) }))} chosen={span} choose={setSpan} />}>
        <div class="charts four">
          <LeftChart isRequests since={since} />
          <LeftChart isRequests={false} since={since} />
          {day.data ? <BudgetChart minutes={day.data.minutes} now={day.data.now} /> : <Waiting {...day} />}
          {minutes ? <SuccessChart minutes={minutes} since={since} /> : <Waiting {...loaded} />}
        </div>
        <div class="charts">
          {minutes && <>
            <TokensChart minutes={minutes} forecast={forecast} since={since} />
            <CostChart minutes={minutes} forecast={forecast} since={since} />
            <RequestsChart minutes={minutes} forecast={forecast} since={since} />
          </>}
        </div>
      </Section>
      {forecast && <Ahead forecast={forecast} />}
      <Queue />
      <UseTable />
    </>
  );
}
