// SPDX-License-Identifier: Apache-2.0
// The curves of the page Now.
import { useMemo } from "preact/hooks";
import { get } from "../api";
import { Chart, type Curve } from "../chart";
import { aligned, limitAt, nameOf, spentToday, successOf, trailing, type Minutes } from "../series";
import { useLive, useLoaded, useWords } from "../state";
import { useThresholds } from "../thresholds";
import type { Forecast, ForecastSeries, LevelSeries, Tenant } from "../types";

const kMostCurves = 5;
const kSuccessMinutes = 5;
const kRateMinutes = 5;

function from<T>(values: T[], time: number[], since: number): T[] {
  const at = time.findIndex((one) => one >= since);
  return at < 0 ? [] : values.slice(at);
}

/** The curves of what is left, tightest first; `isShare`: as shares of the limit. */
export function LeftChart({ isRequests, since }: { isRequests: boolean; since: number }) {
  const { levels, picture } = useLive();
  const { say, word, format } = useWords();
  const { requestsLeft, tokensLeft } = useThresholds();
  const drawn = useMemo(() => {
    const curves = (levels?.series ?? [])
      .filter((one) => (one.dimension === "requests") === isRequests && one.limit)
      .map((one) => ({
        ...one,
        points: one.points
          .filter(([time]) => time >= since)
          .map(([time, left]): [number, number] => [time, Math.max(0, isRequests ? left / limitAt(one, time)! : left)]),
      }))
      .filter((one) => one.points.length > 0);
    const lowest = (one: { points: [number, number][]; limit?: number }) =>
      Math.min(...one.points.map(([, left]) => left)) / (isRequests ? 1 : one.limit!);
    const shown = curves
      .sort((a, b) => lowest(a) - lowest(b))
      .slice(0, kMostCurves)
      .sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
    const [time, ...values] = aligned(shown.map((one) => one.points));
    const label = (one: LevelSeries) => one.model_group + (isRequests ? "" : ` · ${word(one.dimension)}`);
    const isAlone = (one: LevelSeries) => shown.filter((other) => label(other) === label(one)).length === 1;
    return {
      time,
      curves: shown.map((one, at): Curve => ({
        label: label(one) + (isAlone(one) ? "" : ` · ${one.pool}`),
        values: values[at],
        colour: at,
      })),
    };
  }, [levels, since, word]);
  if (!picture) return null;
  return (
    <Chart
      title={say(isRequests ? "now.requests_left" : "now.tokens_left")}
      note={say("now.each_10s")}
      time={drawn.time}
      curves={drawn.curves}
      since={since}
      thresholds={[
        isRequests
          ? { value: requestsLeft, label: format.percent(requestsLeft, 0) }
          : { value: tokensLeft, label: format.whole(tokensLeft) },
      ]}
      range={isRequests ? [0, 1] : [0, null]}
      format={isRequests ? (value) => format.percent(value, 0) : format.compact}
      empty={say("now.no_limits")}
    />
  );
}

/** The past of a measure, and behind it what is forecast: median and the band from the tenth to the ninetieth of a hundred. */
function withForecast(
  time: number[],
  past: Curve[],
  ahead: ForecastSeries | undefined,
  factor: number,
  label: string,
): { time: number[]; curves: Curve[]; bands?: [number, number][] } {
  if (!ahead?.has_enough_history || ahead.points.length === 0 || time.length === 0) return { time, curves: past };
  const last = time[time.length - 1];
  const times = [...time, ...ahead.points.map((point) => last + point.minutes * 60)];
  const pad = (values: (number | null)[]) => [...values, ...ahead.points.map(() => null)];
  const column = (of: (point: { p10: number; p50: number; p90: number }) => number) => [
    ...time.map((one) => (one === last ? ahead.now * factor : null)),
    ...ahead.points.map((point) => of(point) * factor),
  ];
  const curves = [
    ...past.map((one) => ({ ...one, values: pad(one.values) })),
    { label, values: column((point) => point.p50), colour: 5, dashed: true },
    { label, values: column((point) => point.p90), colour: 5, edge: true },
    { label, values: column((point) => point.p10), colour: 5, edge: true },
  ];
  return { time: times, curves, bands: [[past.length + 1, past.length + 2]] };
}

const seriesOf = (forecast: Forecast | null, measure: string) =>
  forecast?.series.find((one) => one.scope === "all" && one.measure === measure);

export function TokensChart({ minutes, forecast, since }: { minutes: Minutes; forecast: Forecast | null; since: number }) {
  const { say, format } = useWords();
  const drawn = useMemo(() => {
    const time = from(minutes.time, minutes.time, since);
    const of = (values: number[], label: string, colour: number, filled = false): Curve => ({
      label,
      values: from(values, minutes.time, since),
      colour,
      filled,
    });
    return withForecast(
      time,
      [
        of(minutes.input, say("measure.input"), 0, true),
        of(minutes.output, say("measure.output"), 1),
        of(minutes.cached, say("measure.cached"), 2),
      ],
      seriesOf(forecast, "input_tokens"),
      1,
      say("now.forecast_input"),
    );
  }, [minutes, forecast, since, say]);
  return (
    <Chart
      title={say("now.tokens_per_minute")}
      note={say("now.each_60s")}
      {...drawn}
      since={since}
      format={format.compact}
      empty={say("now.no_requests")}
    />
  );
}

export function RequestsChart({ minutes, forecast, since }: { minutes: Minutes; forecast: Forecast | null; since: number }) {
  const { say, format } = useWords();
  const drawn = useMemo(
    () =>
      withForecast(
        from(minutes.time, minutes.time, since),
        [
          { label: say("measure.requests"), values: from(minutes.requests, minutes.time, since), colour: 0, filled: true },
          { label: say("measure.errors"), values: from(minutes.errors, minutes.time, since), colour: 3 },
        ],
        seriesOf(forecast, "requests"),
        1,
        say("now.forecast"),
      ),
    [minutes, forecast, since, say],
  );
  return (
    <Chart
      title={say("now.requests_per_minute")}
      note={say("now.each_60s")}
      {...drawn}
      since={since}
      format={format.compact}
      empty={say("now.no_requests")}
    />
  );
}

export function CostChart({ minutes, forecast, since }: { minutes: Minutes; forecast: Forecast | null; since: number }) {
  const { say, format } = useWords();
  const drawn = useMemo(
    () =>
      withForecast(
        from(minutes.time, minutes.time, since),
        [
          {
            label: say("measure.cost_per_hour"),
            values: from(trailing(minutes.cost, kRateMinutes, 60), minutes.time, since),
            colour: 0,
            filled: true,
          },
        ],
        seriesOf(forecast, "cost_usd"),
        60,
        say("now.forecast"),
      ),
    [minutes, forecast, since, say],
  );
  return (
    <Chart
      title={say("now.cost_per_hour")}
      note={say("now.each_60s")}
      {...drawn}
      since={since}
      format={format.money}
      empty={say("now.no_requests")}
    />
  );
}

export function SuccessChart({ minutes, since }: { minutes: Minutes; since: number }) {
  const { say, format } = useWords();
  const { success } = useThresholds();
  const drawn = useMemo(() => {
    const values = from(successOf(minutes, kSuccessMinutes), minutes.time, since);
    return { time: from(minutes.time, minutes.time, since), curves: [{ label: say("now.success"), values, colour: 2 }] };
  }, [minutes, since, say]);
  const lowest = Math.min(success, ...drawn.curves[0].values.filter((one) => one !== null));
  return (
    <Chart
      title={say("now.success_rate")}
      note={say("now.each_60s")}
      {...drawn}
      since={since}
      range={[Math.max(0, lowest - (1 - lowest) * 0.5), 1]}
      thresholds={[{ value: success, label: format.percent(success) }]}
      format={(value) => format.percent(value, 1)}
      empty={say("now.no_requests")}
    />
  );
}

export function BudgetChart({ minutes, now }: { minutes: Minutes; now: number }) {
  const { say, format } = useWords();
  const { budget: share, dailyBudget } = useThresholds();
  const tenants = useLoaded(() => get<{ tenants: Tenant[] }>("tenants"), [], 60);
  const ofTenants = (tenants.data?.tenants ?? [])
    .flatMap((one) => one.budgets)
    .filter((one) => one.period === "day" && one.unit === "usd")
    .reduce((sum, one) => sum + Number(one.limit), 0);
  const budget = dailyBudget > 0 ? dailyBudget : ofTenants;
  const drawn = useMemo(() => {
    const { time, spent } = spentToday(minutes, now);
    return { time, curves: [{ label: say("now.spent_today"), values: spent, colour: 0, filled: true }] };
  }, [minutes, now, say]);
  return (
    <Chart
      title={say("now.cost_today")}
      note={say(budget > 0 ? "now.budget" : "now.no_budget", { budget: format.money(budget) })}
      {...drawn}
      thresholds={
        budget > 0
          ? [
              {
                value: budget * share,
                label: say("now.budget_mark", { share: format.percent(share, 0), amount: format.money(budget * share) }),
              },
            ]
          : []
      }
      format={format.money}
      empty={say("now.no_requests")}
    />
  );
}
