// SPDX-License-Identifier: Apache-2.0
// How much is left, for whom, until when, what it costs, and what Tidegate is doing about it.
import { useMemo, useState } from "preact/hooks";
import { get, getIfThere } from "../api";
import { doing } from "../doing";
import { byRule, loud } from "../loud";
import { Choice, Figure, Mark, Section, Summary, Waiting } from "../parts";
import { coarser, minutesOf } from "../series";
import { useLive, useLoaded, useWords } from "../state";
import { kShipped, ThresholdsContext, thresholdsOf, useThresholds } from "../thresholds";
import type { Alerts, Cost, Forecast } from "../types";
import { BilledCharts } from "./now_billed";
import { BudgetChart, CostChart, LeftChart, RequestsChart, SuccessChart, TokensChart } from "./now_charts";
import { Ahead, Pools } from "./now_limits";
import { Queue, UseTable } from "./now_tables";

const kMostMinutes = 400;

/** Minutes of the ledger. */
function useMinutes(hours: number) {
  return useLoaded(
    async () => {
      const now = Date.now() / 1000;
      const cost = await get<Cost>("cost", { since: `${hours}h`, by: "minute" });
      return { now, minutes: minutesOf(cost.rows, now - hours * 3600, now - 60) }; // whole minutes
    },
    [hours],
    60,
  );
}

function Alarms() {
  const { picture } = useLive();
  const { word, format } = useWords();
  if (!picture?.alarms.length) return null;
  return (
    <div class="alarms">
      {picture.alarms.map((one) => (
        <div class={`alarm ${one.severity}`} role="alert">
          <strong>
            <Mark state={one.severity === "critical" ? "bad" : "warn"}>
              {word(one.kind)}
              {one.subject && ` · ${one.subject}`}
            </Mark>
          </strong>
          <span>{one.message}</span>{" "}
          <time class="soft" dateTime={one.since}>
            {format.dateTime(one.since)}
          </time>
        </div>
      ))}
    </div>
  );
}

/** What fires on a figure of its own: a line for each rule, however many pools it is about. */
function FiringAlerts() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const rules = picture ? byRule(loud(picture)) : [];
  if (rules.length === 0) return null;
  return (
    <div class="alarms">
      {rules.map(([first, ...more]) => (
        <div class={`alarm ${first.severity}`} key={first.rule}>
          <strong role="alert">
            <Mark state={first.severity === "critical" ? "bad" : first.severity === "warning" ? "warn" : "none"}>
              {word(first.rule)}
              {first.subject && first.subject !== "all" && ` · ${first.subject}`}
            </Mark>
          </strong>
          <span>
            <Summary of={first} />
            {first.acknowledged_by && <small> · {say("alerts.acknowledged", { by: first.acknowledged_by })}</small>}
            {more.length > 0 && (
              <>
                {" "}
                <a href="#/alerts">{say("now.more_of_rule", { count: format.whole(more.length) })}</a>
              </>
            )}
          </span>{" "}
          <time class="soft" dateTime={first.since}>
            {format.dateTime(first.since)}
          </time>
        </div>
      ))}
    </div>
  );
}

function Totals() {
  const { picture } = useLive();
  const { say, format } = useWords();
  const { success: lowest } = useThresholds();
  const totals = picture?.use.totals;
  if (!picture || !totals) return <Waiting error="" loading />;
  const waiting = picture.rooms.reduce((sum, room) => sum + room.waiting_interactive + room.waiting_batch, 0);
  const inFlight = picture.rooms.reduce((sum, room) => sum + room.in_flight, 0);
  const success = totals.requests > 0 ? 1 - totals.errors / totals.requests : null;
  const read = totals.cache_read_tokens,
    all = totals.input_tokens + totals.cache_write_tokens + read;
  return (
    <dl class="figures">
      <Figure name={say("now.requests")} value={format.whole(totals.requests)} note={say("now.per_minute")} />
      <Figure
        name={say("now.success")}
        value={success === null ? "–" : format.percent(success, 2)}
        state={success !== null && success < lowest ? "bad" : undefined}
        note={say("now.errors", { count: format.whole(totals.errors) })}
      />
      <Figure
        name={say("now.input")}
        value={format.compact(all)}
        note={all > 0 ? say("now.from_cache", { share: format.percent(read / all, 0) }) : say("now.per_minute")}
      />
      <Figure name={say("now.output")} value={format.compact(totals.output_tokens)} note={say("now.per_minute")} />
      <Figure name={say("now.cost")} value={format.money(Number(totals.cost_usd) * 60)} note={say("now.per_hour")} />
      <Figure
        name={say("now.waiting")}
        value={format.whole(waiting)}
        state={waiting > 0 ? "warn" : undefined}
        note={say("now.in_flight", { count: format.whole(inFlight) })}
      />
    </dl>
  );
}

function Doing() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  if (!picture) return null;
  return (
    <ul class="doing">
      {doing(picture, say, word, format).map((one) => (
        <li>
          <Mark state={one.state}>{one.text}</Mark>
        </li>
      ))}
    </ul>
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
  // Drawn is what the rules in force look at.
  const rules = useLoaded(() => getIfThere<Alerts>("alerts"), [], 60).data?.rules;
  const config = useLoaded(() => getIfThere<{ alerts?: { daily_budget?: unknown } }>("config"), [], 300).data;
  const thresholds = useMemo(() => (rules ? thresholdsOf(rules, config?.alerts?.daily_budget) : kShipped), [rules, config]);
  const now = loaded.data?.now ?? Date.now() / 1000;
  const since = Math.floor(now - Number(span) * 3600);
  const minutes = useMemo(
    () => loaded.data && coarser(loaded.data.minutes, Math.ceil(loaded.data.minutes.time.length / kMostMinutes)),
    [loaded.data],
  );
  return (
    <ThresholdsContext.Provider value={thresholds}>
      <Alarms />
      <FiringAlerts />
      <Totals />
      <Section title={say("now.doing")}>
        <Doing />
      </Section>
      <Section title={say("now.limits")} note={say("now.limits_note", { share: format.percent(thresholds.requestsLeft, 0) })}>
        <Pools forecast={forecast} />
      </Section>
      <Section
        title={say("now.course")}
        actions={
          <Choice
            label={say("now.span")}
            options={kSpans.map((id) => ({ id, name: format.duration(Number(id) * 3600) }))}
            chosen={span}
            choose={setSpan}
          />
        }
      >
        <div class="charts four">
          <LeftChart isRequests since={since} />
          <LeftChart isRequests={false} since={since} />
          {day.data ? <BudgetChart minutes={day.data.minutes} now={day.data.now} /> : <Waiting {...day} />}
          {minutes ? <SuccessChart minutes={minutes} since={since} /> : <Waiting {...loaded} />}
        </div>
        <div class="charts four">
          {minutes && (
            <>
              <TokensChart minutes={minutes} forecast={forecast} since={since} />
              <CostChart minutes={minutes} forecast={forecast} since={since} />
              <RequestsChart minutes={minutes} forecast={forecast} since={since} />
            </>
          )}
          <BilledCharts hours={Number(span)} since={since} />
        </div>
      </Section>
      {forecast && <Ahead forecast={forecast} />}
      <Queue />
      <UseTable />
    </ThresholdsContext.Provider>
  );
}
