// SPDX-License-Identifier: Apache-2.0
// A chart over time: uPlot, with thresholds, and a band for what is forecast.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { useWords } from "./state";

export interface Curve {
  label: string;
  values: (number | null)[];
  /** Place in the palette; the dashes differ with it, so that no reader needs the colours. */
  colour: number;
  filled?: boolean;
  /** As columns, one for each point. */
  bars?: boolean;
  /** The edge of a band: drawn faint, without a place in the legend. */
  edge?: boolean;
  dashed?: boolean;
  /** Each value holds until the next one; what changed in between is marked. */
  stepped?: boolean;
}
export interface Threshold {
  value: number;
  label: string;
}
interface Props {
  title: string;
  note?: string;
  time: number[];
  curves: Curve[];
  /** Pairs of places in `curves` between which the ground is shaded: upper, lower. */
  bands?: [number, number][];
  thresholds?: Threshold[];
  format: (value: number) => string;
  /** Lowest and highest value that are always shown. */
  range?: [number | null, number | null];
  empty: string;
  /** Where the axis of time begins, Unix seconds; the first point else. */
  since?: number;
}

const kPalette = 6;
const kDashes = [[], [7, 3], [2, 3], [10, 3, 2, 3], [4, 4], [1, 2]];
const kHeight = 190;
const kLongDay = 30 * 3600; // what is longer needs dates beside the hours
const kLongWeek = 10 * 86_400;

/** As uPlot takes it. Where the axis begins before the first point, an empty point begins it: of a single one uPlot would make a day. */
function dataOf({ time, curves, since }: Props): uPlot.AlignedData {
  const lead = since !== undefined && time.length > 0 && time[0] > since;
  return [lead ? [since, ...time] : time, ...curves.map((one) => (lead ? [null, ...one.values] : one.values))] as uPlot.AlignedData;
}

/** Places of a stepped curve where its value is another than before. */
const changesOf: uPlot.Series.Points.Filter = (plot, series) => {
  const values = plot.data[series];
  return Array.from(values, (_, at) => at).filter((at) => at > 0 && values[at] != null && values[at - 1] != null && values[at] !== values[at - 1]);
};

function variable(name: string) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function drawThresholds(thresholds: Threshold[]) {
  return (plot: uPlot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = variable("--bad");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.font = `600 ${11 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = "left";
    for (const one of thresholds) {
      const y = Math.round(plot.valToPos(one.value, "y", true));
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      const above = y - 14 * devicePixelRatio > bbox.top;
      ctx.textBaseline = above ? "bottom" : "top";
      ctx.fillText(one.label, bbox.left + 6 * devicePixelRatio, y + (above ? -2 : 3) * devicePixelRatio);
    }
    ctx.restore();
  };
}

function optionsOf(props: Props, width: number, language: string, point: (at: number | null) => void): uPlot.Options {
  const soft = variable("--soft"),
    line = variable("--line");
  const colourOf = (curve: Curve) => variable(`--curve-${curve.colour % kPalette}`);
  const axis = {
    stroke: soft,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
    font: "11px system-ui, sans-serif",
  };
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const withDay = new Intl.DateTimeFormat(language, { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const dates = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
  const textOf = (seconds: number) => (seconds < 300 ? withSeconds : seconds < kLongDay ? clock : seconds < kLongWeek ? withDay : dates);
  const withSeconds = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const [low, high] = props.range ?? [0, null];
  const margin = props.curves.some((curve) => curve.bars) && props.time.length > 1 ? (props.time[1] - props.time[0]) / 2 : 0;
  return {
    width,
    height: kHeight,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: {
        time: true,
        range: (_plot, min, max) => [Math.min(min, props.since ?? min) - margin, Math.max(max, (props.since ?? min) + 60) + margin],
      },
      y: {
        range: (_plot, min, max) => {
          const bottom = low === null ? min : Math.min(low, min ?? low);
          const top = high === null ? Math.max(max ?? 0, ...(props.thresholds ?? []).map((one) => one.value)) : Math.max(high, max ?? high);
          return [bottom, top > bottom ? bottom + (top - bottom) * (high === null ? 1.08 : 1) : bottom + 1];
        },
      },
    },
    axes: [
      {
        ...axis,
        space: props.curves.some((curve) => curve.stepped) ? 96 : 64,
        size: 28,
        values: (plot, splits) => splits.map((at) => textOf(plot.scales.x.max! - plot.scales.x.min!).format(at * 1000)),
      },
      { ...axis, size: 58, space: 32, values: (_plot, splits) => splits.map((value) => props.format(value)) },
    ],
    series: [
      {},
      ...props.curves.map((curve): uPlot.Series => ({
        label: curve.label,
        stroke: colourOf(curve),
        width: curve.edge ? 0.5 : 1.8,
        dash: curve.dashed ? [3, 3] : kDashes[curve.colour % kPalette],
        fill: curve.filled ? colourOf(curve) + (curve.bars ? "b0" : "33") : undefined,
        paths: curve.bars ? uPlot.paths.bars!({ size: [0.8, 60] }) : curve.stepped ? uPlot.paths.stepped!({ align: 1 }) : undefined,
        points: curve.stepped
          ? { show: true, size: 8, fill: colourOf(curve), filter: changesOf }
          : { show: !curve.bars && curve.values.filter((value) => value !== null).length < 3 },
        spanGaps: true,
      })),
    ],
    bands: props.bands?.map(([upper, lower]) => ({ series: [upper + 1, lower + 1], fill: colourOf(props.curves[upper]) + "2e" })),
    hooks: {
      draw: [drawThresholds(props.thresholds ?? [])],
      setCursor: [
        (plot) => {
          const place = plot.cursor.idx ?? null;
          point(place === null ? null : Math.max(0, place - (plot.data[0].length - props.time.length)));
        },
      ],
    },
  };
}

export function Chart(props: Props) {
  const { language, format, theme } = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const isEmpty = props.time.length === 0;
  // What cannot be changed in a plot that is there.
  const shape = JSON.stringify([
    language,
    theme,
    isEmpty,
    props.since,
    props.thresholds,
    props.bands,
    props.curves.map(({ values, ...rest }) => [rest, values.filter((value) => value !== null).length < 3]),
  ]);

  useEffect(() => {
    if (isEmpty || !frame.current) return;
    const made = new uPlot(optionsOf(props, frame.current.clientWidth, language, setAt), dataOf(props), frame.current);
    plot.current = made;
    const observer = new ResizeObserver(([entry]) => made.setSize({ width: entry.contentRect.width, height: kHeight }));
    observer.observe(frame.current);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData(dataOf(props));
  }, [props.time, props.curves]);

  const newest = (curve: Curve) => curve.values.findLast((value) => value !== null);
  const shown = (curve: Curve) => {
    const value = at === null || at >= curve.values.length ? newest(curve) : curve.values[at];
    return value === undefined || value === null ? "–" : props.format(value);
  };
  const listed = props.curves.filter((curve) => !curve.edge);
  const spoken = [
    props.title,
    ...listed.map((curve) => {
      const value = newest(curve);
      return `${curve.label}: ${value == null ? "–" : props.format(value)}`;
    }),
    ...(props.thresholds ?? []).map((one) => one.label),
  ].join("; ");
  return (
    <figure class="chart">
      <figcaption>
        <h3>{props.title}</h3>
        {props.note && <p class="soft">{props.note}</p>}
      </figcaption>
      {isEmpty ? (
        <p class="empty">{props.empty}</p>
      ) : (
        <>
          <div class="plot" ref={frame} role="img" aria-label={spoken} />
          <ul class="legend" aria-hidden="true">
            {at !== null && at < props.time.length && (
              <li class="soft">{(props.curves.some((curve) => curve.stepped) ? format.dateTime : format.clock)(props.time[at] * 1000)}</li>
            )}
            {listed.map((curve) => (
              <li>
                <svg width="22" height="8" viewBox="0 0 22 8" class={`stroke-${curve.colour % kPalette}`}>
                  <line
                    x1="0"
                    y1="4"
                    x2="22"
                    y2="4"
                    stroke-width="2.5"
                    stroke-dasharray={(curve.dashed ? [3, 3] : kDashes[curve.colour % kPalette]).join(" ")}
                  />
                </svg>
                {curve.label} <b>{shown(curve)}</b>
              </li>
            ))}
          </ul>
        </>
      )}
    </figure>
  );
}
