// SPDX-License-Identifier: Apache-2.0
// The newest requests, and one request's way through Tidegate. Never what was asked or answered: the ledger does not have it.
import { useMemo, useState } from "preact/hooks";
import { get, getIfThere } from "../api";
import { Empty, Mark, Section, Table, Waiting } from "../parts";
import { useLive, useLoaded, useWords } from "../state";
import type { Entry } from "../types";
import { stepsOf, waterfallOf, type StretchKind } from "../waterfall";

const kStep = 100,
  kMost = 1000;
const kColours: Record<StretchKind, string> = { waited: "fill-4", first_token: "fill-0", stream: "fill-2", failed: "fill-3" };
const kNames = {
  waited: "requests.waited",
  first_token: "requests.first_token",
  stream: "requests.stream",
  failed: "requests.failed",
} as const;

function Ended({ entry }: { entry: Entry }) {
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
function Course({ entry, longest }: { entry: Entry; longest: number }) {
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

function Keys() {
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

function Chart({ entries }: { entries: Entry[] }) {
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

const kTold: (keyof Entry)[] = [
  "model",
  "response_model",
  "provider",
  "pool",
  "organisation",
  "endpoint",
  "dialect",
  "tenant",
  "key",
  "user",
  "session",
  "agent",
  "service_tier",
  "stop_reason",
  "error_kind",
  "upstream_request_id",
];

function Attempt({ entry }: { entry: Entry }) {
  const { say, word, format } = useWords();
  const facts: [string, string][] = [
    [say("requests.time"), format.dateTime(entry.started_at)],
    [say("requests.status"), `${entry.status || "–"} (${word("upstream")}: ${entry.upstream_status || "–"})`],
    ...kTold.filter((name) => entry[name]).map((name): [string, string] => [word(name), String(entry[name])]),
    [say("now.input"), format.whole(entry.input_tokens)],
    [say("measure.cached"), format.whole(entry.cache_read_tokens)],
    [say("cost.into_cache"), format.whole(entry.cache_write_tokens)],
    [say("now.output"), format.whole(entry.output_tokens)],
    [say("measure.cost"), format.money(entry.cost_usd) + (entry.is_estimated ? ` (${say("requests.estimated")})` : "")],
    [say("requests.bytes"), `${format.bytes(entry.request_bytes)} → ${format.bytes(entry.response_bytes)}`],
  ];
  return (
    <article class="card">
      <h3>
        {entry.kind === "request" ? `${say("requests.attempt")} ${entry.attempt}` : word(entry.kind)}
        <small>
          <Ended entry={entry} />
        </small>
      </h3>
      <dl class="pairs">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </article>
  );
}

function Journey({ id }: { id: string }) {
  const { say } = useWords();
  const loaded = useLoaded(() => getIfThere<{ entries: Entry[] }>("requests/" + encodeURIComponent(id)), [id]);
  const entries = loaded.data?.entries;
  return (
    <>
      <nav class="crumbs" aria-label={say("navigation")}>
        <a href="#/requests">{say("requests.back")}</a>
        <span aria-hidden="true">›</span>
        <b>{id}</b>
      </nav>
      <Section
        title={say("requests.journey")}
        actions={
          <div class="actions">
            <button type="button" onClick={loaded.again}>
              {say("requests.refresh")}
            </button>
          </div>
        }
      >
        {entries ? (
          <>
            <Keys />
            <Chart entries={entries} />
          </>
        ) : loaded.loading || loaded.error ? (
          <Waiting {...loaded} />
        ) : (
          <Empty>{say("requests.gone")}</Empty>
        )}
      </Section>
      {entries && (
        <Section title={say("requests.attempts")}>
          <div class="cards wide">
            {entries.map((entry) => (
              <Attempt entry={entry} />
            ))}
          </div>
        </Section>
      )}
    </>
  );
}

interface Filters {
  model: string;
  tenant: string;
  provider: string;
  status: string;
  kind: string;
  user: string;
}
const kNone: Filters = { model: "", tenant: "", provider: "", status: "", kind: "request", user: "" };

function List() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const [filters, setFilters] = useState(kNone);
  const [most, setMost] = useState(kStep);
  const [id, setId] = useState("");
  const asked = {
    ...filters,
    ...(filters.status === "refused" ? { status: "", state: "refused" } : {}),
    since: "24h",
    limit: String(most),
  };
  const loaded = useLoaded(() => get<{ entries: Entry[] }>("requests", asked), [JSON.stringify(asked)], 10);
  const entries = loaded.data?.entries ?? [];
  const longest = Math.max(1, ...entries.map((one) => one.duration_ms));
  const known = (name: "model" | "tenant" | "user") =>
    [...new Set([...(picture?.use.by[name] ?? []).map((line) => line.value), ...entries.map((one) => one[name] ?? "")])]
      .filter(Boolean)
      .sort();
  const providers = [...new Set(picture?.rooms.map((room) => room.provider) ?? [])].sort();
  const select = (name: keyof Filters, label: string, options: [string, string][]) => (
    <label>
      {label}{" "}
      <select value={filters[name]} onChange={(event) => setFilters({ ...filters, [name]: event.currentTarget.value })}>
        {options.map(([value, text]) => (
          <option value={value}>{text}</option>
        ))}
      </select>
    </label>
  );
  const any: [string, string] = ["", say("requests.any")];
  const same = (names: string[]) => names.map((one): [string, string] => [one, one]);
  return (
    <Section
      title={say("page.requests")}
      note={say("requests.note")}
      actions={
        <form
          class="actions"
          onSubmit={(event) => {
            event.preventDefault();
            if (id.trim()) location.hash = "#/requests/" + encodeURIComponent(id.trim());
          }}
        >
          <label>
            <span class="unseen">{say("requests.find")}</span>
            <input type="search" value={id} placeholder={say("requests.find")} onInput={(event) => setId(event.currentTarget.value)} />
          </label>
          <button>{say("requests.open")}</button>
        </form>
      }
    >
      <div class="filters">
        {select("model", word("model"), [any, ...same(known("model"))])}
        {select("user", word("user"), [any, ...same(known("user"))])}
        {select("tenant", word("tenant"), [any, ...same(known("tenant"))])}
        {select("provider", word("provider"), [any, ...same(providers)])}
        {select("status", say("requests.status"), [
          any,
          ["2xx", "2xx"],
          ["4xx", "4xx"],
          ["429", "429"],
          ["5xx", "5xx"],
          ["refused", say("requests.refused")],
        ])}
        {select("kind", say("requests.kind"), [
          ["request", say("requests.request")],
          ["shadow", say("requests.shadow")],
          ["all", say("requests.any")],
        ])}
      </div>
      <Keys />
      {entries.length === 0 ? (
        loaded.data ? (
          <Empty>{say("requests.none")}</Empty>
        ) : (
          <Waiting {...loaded} />
        )
      ) : (
        <Table
          caption={say("page.requests")}
          rows={entries}
          columns={[
            {
              name: say("requests.time"),
              isText: true,
              cell: (one) => (
                <a href={"#/requests/" + encodeURIComponent(one.request_id)}>
                  <time dateTime={one.started_at}>{format.clock(one.started_at)}</time>
                </a>
              ),
            },
            {
              name: word("model"),
              isText: true,
              cell: (one) => (
                <>
                  {one.model || "–"}
                  {one.endpoint && one.endpoint !== "messages" && <small> {one.endpoint}</small>}
                </>
              ),
            },
            { name: word("user"), isText: true, cell: (one) => one.user || "–" },
            { name: word("provider"), isText: true, cell: (one) => one.provider || "–" },
            { name: say("requests.attempt"), cell: (one) => one.attempt },
            { name: say("requests.status"), cell: (one) => one.status || "–" },
            { name: say("requests.state"), isText: true, cell: (one) => <Ended entry={one} /> },
            {
              name: say("measure.input"),
              cell: (one) => format.compact(one.input_tokens + one.cache_read_tokens + one.cache_write_tokens),
            },
            { name: say("measure.output"), cell: (one) => format.compact(one.output_tokens) },
            { name: say("measure.cost"), cell: (one) => format.money(one.cost_usd) },
            { name: say("requests.took"), cell: (one) => format.milliseconds(one.duration_ms) },
            { name: say("requests.course"), isText: true, cell: (one) => <Course entry={one} longest={longest} /> },
          ]}
        />
      )}
      {entries.length >= most && most < kMost && (
        <p>
          <button type="button" onClick={() => setMost(Math.min(kMost, most * 3))}>
            {say("requests.more")}
          </button>
        </p>
      )}
    </Section>
  );
}

export function RequestsPage({ rest }: { rest: string[] }) {
  return rest.length > 0 ? <Journey id={rest[0]} /> : <List />;
}
