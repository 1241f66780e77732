// SPDX-License-Identifier: Apache-2.0
// What was asked of one limit, what is forecast with its band, and the limit: small, for a card.
import { useWords } from "./state";
import type { ForecastSeries } from "./types";

const kPast = 30;
const kHeight = 30;

/** `limit`: of all `pools` together, which share what is asked. */
export function Band({ series, limit, pools }: { series: ForecastSeries; limit: number; pools: number }) {
  const { say, format } = useWords();
  const points = series.points;
  if (!series.has_enough_history || points.length === 0) return null;
  const past = series.recent.slice(-kPast);
  const last = points[points.length - 1];
  const top = Math.max(limit, ...past, ...points.map((point) => point.p90)) * 1.05;
  const x = (minute: number) => (((minute + kPast) / (kPast + last.minutes)) * 100).toFixed(1);
  const y = (value: number) => ((1 - value / top) * kHeight).toFixed(1);
  const line = (places: [number, number][]) => places.map(([minute, value]) => `${x(minute)},${y(value)}`).join(" ");
  const ahead = (of: "p10" | "p50" | "p90") => points.map((point): [number, number] => [point.minutes, point[of]]);
  const text = say(pools > 1 ? "now.band_of" : "now.band", {
    pools: format.whole(pools),
    limit: format.compact(limit),
    time: format.duration(last.minutes * 60),
    median: format.compact(last.p50),
    low: format.compact(last.p10),
    high: format.compact(last.p90),
  });
  return (
    <>
      <svg class="band" viewBox={`0 0 100 ${kHeight}`} preserveAspectRatio="none" role="img" aria-label={text}>
        <polygon class="fill-5" points={line([[0, series.now], ...ahead("p90"), ...ahead("p10").reverse()])} />
        <polyline class="stroke-0" points={line(past.map((value, at) => [at + 1 - past.length, value]))} />
        <polyline class="stroke-5 dashed" points={line([[0, series.now], ...ahead("p50")])} />
        <line class="limit-line" x1="0" x2="100" y1={y(limit)} y2={y(limit)} />
        <line class="now-line" x1={x(0)} x2={x(0)} y1="0" y2={kHeight} />
      </svg>
      <div class="limit-foot soft wraps" aria-hidden="true">
        {text}
      </div>
    </>
  );
}
