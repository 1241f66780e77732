// SPDX-License-Identifier: Apache-2.0
// A request's stretches of time, drawn: small for a list, large for its journey.
import { useMemo } from "preact/hooks";
import { Mark } from "./parts";
import { useWords } from "./state";
import type { Entry } from "./types";
import { stepsOf, waterfallOf, type StretchKind } from "./waterfall";

const kColours: Record<StretchKind, string> = { waited: "fill-4", first_token: "fill-0", stream: "fill-2", failed: "fill-3" };
const kNames = {
  waited: "requests.waited",
  first_token: "requests.first_token",
  stream: "requests.stream",
  failed: "requests.failed",
} as const;

export function Ended({ entry }: { entry: Entry }) {
  const { word } = useWords();
  const state = entry.state === "completed" ? "good" : entry.state === "client_gone" ? "none" : entry.state === "refused" ? "warn" : "bad";
  return (
    <Mark state={state}>
      {word(entry.state)}
      {entry.error_kind ? ` · ${word(entry.error_kind)}` : ""}
    </Mark>
  );
}

/** The course of an attempt in small: waited, until the first token, answer. */
export function Course({ entry, longest }: { entry: Entry; longest: number }) {
  const { say, format } = useWords();
  const { stretches } = waterfallOf([entry]).rows[0];
  const label = stretches.map((one) => `${say(kNames[one.kind])} ${format.milliseconds(one.to - one.from)}`).join(", ");
  return (
    <svg class="course" width="150" height="10" viewBox={`0 0 ${longest} 10`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      {stretches.map((one) => (
        <rect class={kColours[one.kind]} x={one.from} width={Math.max(longest / 150, one.to - one.from)} y="0" height="10" />
      ))}
    </svg>
  );
}

export function Keys() {
  const { say } = useWords();
  return (
    <p class="soft keys">
      {(Object.keys(kNames) as StretchKind[]).map((kind) => (
        <span>
          <svg class="key" viewBox="0 0 10 10" aria-hidden="true">
            <rect class={kColours[kind]} width="10" height="10" />
          </svg>
          {say(kNames[kind])}
        </span>
      ))}
    </p>
  );
}

export function Waterfall({ entries }: { entries: Entry[] }) {
  const { say, word, format } = useWords();
  const { rows, total } = useMemo(() => waterfallOf(entries), [entries]);
  const left = 130,
    width = 1200,
    height = 32,
    room = width - left - 140;
  const place = (at: number) => left + (at / total) * room;
  const told = rows
    .map(
      ({ entry, stretches }) =>
        `${say("requests.attempt")} ${entry.attempt}: ` +
        stretches.map((one) => `${say(kNames[one.kind])} ${format.milliseconds(one.to - one.from)}`).join(", "),
    )
    .join("; ");
  return (
    <svg class="waterfall" viewBox={`0 0 ${width} ${rows.length * height + 26}`} role="img" aria-label={told}>
      {stepsOf(total).map((at) => (
        <>
          <line class="grid" x1={place(at)} x2={place(at)} y1="0" y2={rows.length * height} />
          <text class="soft" x={place(at)} y={rows.length * height + 18} text-anchor="middle">
            {format.milliseconds(at)}
          </text>
        </>
      ))}
      {rows.map(({ entry, stretches }, at) => {
        const y = at * height,
          end = stretches.at(-1)?.to ?? 0;
        return (
          <>
            <text x="0" y={y + 21}>
              {entry.kind === "request" ? `${entry.attempt}. ${entry.provider ?? "–"}` : `${word(entry.kind)}: ${entry.provider}`}
            </text>
            {stretches.map((one) => (
              <rect
                class={kColours[one.kind]}
                x={place(one.from)}
                y={y + 8}
                rx="2"
                height={height - 16}
                width={Math.max(2, place(one.to) - place(one.from))}
              >
                <title>{`${say(kNames[one.kind])} ${format.milliseconds(one.to - one.from)}`}</title>
              </rect>
            ))}
            <text class="soft" x={place(end) + 8} y={y + 21}>
              {entry.status || entry.upstream_status || "–"} · {format.milliseconds(end)}
            </text>
          </>
        );
      })}
    </svg>
  );
}
