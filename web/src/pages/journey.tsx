// SPDX-License-Identifier: Apache-2.0
// One request's way through Tidegate, over all its attempts.
import { getIfThere } from "../api";
import { Ended, Keys, Waterfall } from "../course";
import { Empty, Section, Waiting } from "../parts";
import { useLoaded, useWords } from "../state";
import type { Entry } from "../types";

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

export function Journey({ id }: { id: string }) {
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
            <Waterfall entries={entries} />
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
