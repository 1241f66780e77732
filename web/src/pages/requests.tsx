// SPDX-License-Identifier: Apache-2.0
// The newest requests. Never what was asked or answered: the ledger does not have it.
import { useState } from "preact/hooks";
import { get } from "../api";
import { Course, Ended, Keys } from "../course";
import { Empty, Section, Table, Waiting } from "../parts";
import { useLive, useLoaded, useWords } from "../state";
import type { Entry } from "../types";
import { Journey } from "./journey";

const kStep = 100;
const kMost = 1000;

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
