// SPDX-License-Identifier: Apache-2.0
// What was spent, on what and by whom; each line opens into its parts.
import { useMemo, useState } from "preact/hooks";
import { get } from "../api";
import { Chart } from "../chart";
import { kFigures, linesBy, tagsOf, type Line } from "../costs";
import { toCsv } from "../csv";
import { Bar, Choice, download, Empty, Figure, Section, Table, Waiting } from "../parts";
import { costSteps } from "../series";
import { useLoaded, useWords } from "../state";
import type { Cost, CostRow, Key, Savings as Saved } from "../types";

const kSpans = ["1h", "24h", "168h", "720h"] as const;
const kDimensions = ["model", "user", "key", "endpoint", "tag", "tenant", "provider", "agent"] as const;
type Dimension = (typeof kDimensions)[number];
interface Step {
  by: Dimension;
  value: string;
}

/** What is little work for the ledger is asked for again each minute; a month is not. */
const isShort = (since: string) => parseInt(since) <= 24;

/** One question holds everything that can be opened here, so that going deeper asks for nothing. */
const kAll = "model,user,key,endpoint,tenant,provider,agent";

function Savings() {
  const { say, format } = useWords();
  const loaded = useLoaded(() => get<Saved>("savings"), [], 60).data;
  const savings = loaded?.prompt_cache ?? [],
    again = loaded?.response_cache;
  return (
    <>
      {again && (
        <Section title={say("cost.again")} note={say("cost.again_note")}>
          <dl class="figures">
            <Figure name={say("cost.saved")} value={format.money(again.saved_usd)} />
            <Figure
              name={say("cost.hits")}
              value={format.whole(again.hits + again.joined)}
              note={say("cost.joined", { count: format.whole(again.joined) })}
            />
            <Figure name={say("cost.misses")} value={format.whole(again.misses)} />
            <Figure name={say("cost.kept")} value={format.whole(again.entries)} note={format.bytes(again.bytes)} />
          </dl>
        </Section>
      )}
      {savings.length > 0 && (
        <Section title={say("cost.savings")} note={say("cost.savings_note")}>
          <Table
            caption={say("cost.savings")}
            rows={savings}
            columns={[
              { name: say("cost.model"), isText: true, cell: (one) => one.model + (one.is_dry_run ? ` · ${say("cost.dry_run")}` : "") },
              { name: say("cost.tenant"), isText: true, cell: (one) => one.tenant },
              { name: say("measure.requests"), cell: (one) => format.whole(one.requests) },
              { name: say("cost.marked"), cell: (one) => format.whole(one.marked) },
              { name: say("cost.tokens_read"), cell: (one) => format.compact(one.tokens_read) },
              { name: say("cost.tokens_written"), cell: (one) => format.compact(one.tokens_written_5m + one.tokens_written_1h) },
              { name: say("cost.quota_tokens"), cell: (one) => format.compact(one.quota_tokens) },
              { name: say("cost.saved"), cell: (one) => format.money(one.saved_usd) },
            ]}
          />
        </Section>
      )}
    </>
  );
}

function Hours({ since }: { since: string }) {
  const { say, format } = useWords();
  const loaded = useLoaded(() => get<Cost>("cost", { since, by: since === "1h" ? "minute" : "hour" }), [since], isShort(since) ? 60 : 0);
  const drawn = useMemo(() => {
    const now = Date.now() / 1000;
    const { time, cost } = loaded.data
      ? costSteps(loaded.data.rows, since === "1h" ? "minute" : "hour", now - parseInt(since) * 3600, now)
      : { time: [], cost: [] };
    return { time, curves: [{ label: say("measure.cost"), values: cost, colour: 0, filled: true, bars: true }] };
  }, [loaded.data, say]);
  return (
    <Chart
      title={say(since === "1h" ? "cost.by_minute" : "cost.by_hour")}
      {...drawn}
      format={format.money}
      empty={say("now.no_requests")}
    />
  );
}

export function CostPage(_: { rest: string[] }) {
  const { say, word, format } = useWords();
  const [since, setSince] = useState<(typeof kSpans)[number]>("24h");
  const [by, setBy] = useState<Dimension>("model");
  const [path, setPath] = useState<Step[]>([]);
  const cost = useLoaded(() => get<Cost>("cost", { since, by: kAll }), [since], isShort(since) ? 60 : 0);
  const keys = useLoaded(() => get<{ keys: Key[] }>("keys"), [], 300).data?.keys;

  const valuesOf = useMemo(() => {
    const tags = tagsOf(keys ?? []);
    return (dimension: Dimension) => (row: CostRow) => (dimension === "tag" ? tags(row) : [String(row[dimension])]);
  }, [keys]);
  const rows = useMemo(
    () => (cost.data?.rows ?? []).filter((row) => path.every((step) => valuesOf(step.by)(row).includes(step.value))),
    [cost.data, path, valuesOf],
  );
  const lines = useMemo(() => linesBy(rows, valuesOf(by)), [rows, by, valuesOf]);
  const all = useMemo(() => linesBy(rows, () => [""])[0], [rows]);
  const left = kDimensions.filter((one) => !path.some((step) => step.by === one));
  const nameOf = (dimension: Dimension, value: string) =>
    value ? (dimension === "key" && keys?.find((key) => key.id === value)?.name) || value : say("none_given");

  const open = (line: Line) => {
    const next = left.filter((one) => one !== by);
    if (next.length === 0) return;
    setPath([...path, { by, value: line.value }]);
    setBy(next[0]);
  };
  const backTo = (length: number) => {
    setBy(path[length].by);
    setPath(path.slice(0, length));
  };
  const save = () =>
    download(
      `tidegate-cost-${since}-${by}.csv`,
      "text/csv;charset=utf-8",
      toCsv(
        [by, ...kFigures, "cost_usd"],
        lines.map((line) => [line.value, ...kFigures.map((name) => line[name]), Number(line.cost.toFixed(9))]),
      ),
    );

  const allInput = all ? all.input_tokens + all.cache_read_tokens + all.cache_write_tokens : 0;
  return (
    <>
      <Section
        title={say("page.cost")}
        note={say("cost.note")}
        actions={
          <Choice
            label={say("now.span")}
            options={kSpans.map((id) => ({ id, name: format.duration(parseInt(id) * 3600) }))}
            chosen={since}
            choose={setSince}
          />
        }
      >
        {!cost.data ? (
          <Waiting {...cost} />
        ) : (
          <>
            <dl class="figures">
              <Figure
                name={say("measure.cost")}
                value={format.money(all?.cost ?? 0)}
                note={say("cost.exact", { amount: cost.data.total_usd })}
              />
              <Figure
                name={say("measure.requests")}
                value={format.whole(all?.requests ?? 0)}
                note={say("now.errors", { count: format.whole(all?.errors ?? 0) })}
              />
              <Figure
                name={say("now.input")}
                value={format.compact(allInput)}
                note={say("now.from_cache", { share: format.percent(allInput ? all.cache_read_tokens / allInput : 0, 0) })}
              />
              <Figure
                name={say("now.output")}
                value={format.compact(all?.output_tokens ?? 0)}
                note={say("cost.per_request", { amount: format.money(all?.requests ? all.cost / all.requests : 0) })}
              />
            </dl>
            <Hours since={since} />
          </>
        )}
      </Section>
      <Section
        title={say("cost.breakdown")}
        actions={
          <div class="actions">
            <Choice label={say("by")} options={left.map((id) => ({ id, name: word(id) }))} chosen={by} choose={setBy} />
            <button type="button" onClick={save} disabled={lines.length === 0}>
              {say("cost.csv")}
            </button>
          </div>
        }
      >
        {path.length > 0 && (
          <nav class="crumbs" aria-label={say("cost.path")}>
            <button type="button" class="link" onClick={() => backTo(0)}>
              {say("cost.everything")}
            </button>
            {path.map((step, at) => (
              <>
                <span aria-hidden="true">›</span>
                {at + 1 < path.length ? (
                  <button type="button" class="link" onClick={() => backTo(at + 1)}>
                    {word(step.by)}: {nameOf(step.by, step.value)}
                  </button>
                ) : (
                  <b>
                    {word(step.by)}: {nameOf(step.by, step.value)}
                  </b>
                )}
              </>
            ))}
          </nav>
        )}
        {!cost.data ? (
          <Waiting {...cost} />
        ) : lines.length === 0 ? (
          <Empty>{say("now.no_requests")}</Empty>
        ) : (
          <Table
            caption={say("cost.breakdown")}
            rows={lines}
            columns={[
              {
                name: word(by),
                isText: true,
                cell: (line) =>
                  left.length > 1 ? (
                    <button type="button" class="link" onClick={() => open(line)}>
                      {nameOf(by, line.value)}
                    </button>
                  ) : (
                    nameOf(by, line.value)
                  ),
              },
              {
                name: say("cost.share"),
                isText: true,
                cell: (line) => (
                  <Bar
                    value={all.cost ? line.cost / all.cost : 0}
                    state="good"
                    label={format.percent(all.cost ? line.cost / all.cost : 0)}
                  />
                ),
              },
              { name: say("measure.cost"), cell: (line) => format.money(line.cost) },
              { name: say("measure.requests"), cell: (line) => format.whole(line.requests) },
              { name: say("measure.errors"), cell: (line) => format.whole(line.errors) },
              { name: say("measure.input"), cell: (line) => format.compact(line.input_tokens) },
              { name: say("measure.cached"), cell: (line) => format.compact(line.cache_read_tokens) },
              { name: say("cost.into_cache"), cell: (line) => format.compact(line.cache_write_tokens) },
              { name: say("measure.output"), cell: (line) => format.compact(line.output_tokens) },
            ]}
          />
        )}
      </Section>
      <Savings />
    </>
  );
}
