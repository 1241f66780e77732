// SPDX-License-Identifier: Apache-2.0
// What fires and what is done about it. Where the program has no alert rules yet, its alarms alone.
import { useState } from "preact/hooks";
import { getIfThere, post } from "../api";
import { ruleTold } from "../i18n";
import { Empty, Mark, Section, Summary, Table, Waiting } from "../parts";
import { remember, remembered, useLive, useLoaded, useWords } from "../state";
import { thresholdTold } from "../told";
import { kActionState } from "../doing";
import type { Alert, Alerts } from "../types";

const kSilences = [15, 60, 480, 1440];

const kOfSeverity = { critical: "bad", warning: "warn", info: "none" } as const;

function AlertState({ one }: { one: Alert }) {
  const { say, word } = useWords();
  const state = one.state === "resolved" ? "good" : one.state === "pending" ? "none" : kOfSeverity[one.severity];
  return (
    <>
      <Mark state={state}>{say(`alerts.${one.state}`)}</Mark> <small>{word(one.severity)}</small>
    </>
  );
}

function Actions({ one, by, done }: { one: Alert; by: string; done: () => void }) {
  const { say, format } = useWords();
  const [error, setError] = useState("");
  const send = async (what: string, body: object) => {
    try {
      await post(`alerts/${encodeURIComponent(one.id)}/${what}`, { ...body, by: by || "dashboard" });
      setError("");
      done();
    } catch (failure) {
      setError((failure as Error).message);
    }
  };
  if (one.state === "resolved") return null;
  return (
    <div class="actions">
      {one.acknowledged_by ? (
        <span class="soft">{say("alerts.acknowledged", { by: one.acknowledged_by })}</span>
      ) : (
        <button type="button" onClick={() => send("ack", {})}>
          {say("alerts.acknowledge")}
        </button>
      )}
      {one.silenced_until ? (
        <span class="soft">{say("alerts.silenced", { until: format.dateTime(one.silenced_until) })}</span>
      ) : (
        <select
          aria-label={say("alerts.silence_of", { rule: one.rule })}
          value=""
          onChange={(event) => {
            const minutes = Number(event.currentTarget.value);
            if (minutes) void send("silence", { minutes });
          }}
        >
          <option value="">{say("alerts.silence")}</option>
          {kSilences.map((minutes) => (
            <option value={minutes}>{format.duration(minutes * 60)}</option>
          ))}
        </select>
      )}
      {error && (
        <span class="trouble" role="alert">
          {error}
        </span>
      )}
    </div>
  );
}

function Firing({ alerts, again }: { alerts: Alerts; again: () => void }) {
  const { say, word, format } = useWords();
  const [by, setBy] = useState(() => remembered("name") ?? "");
  const order = { firing: 0, pending: 1, resolved: 2 };
  const rows = [...alerts.alerts].sort((a, b) => order[a.state] - order[b.state] || b.since.localeCompare(a.since));
  return (
    <Section
      title={say("alerts.title")}
      actions={
        <label class="soft">
          {say("alerts.by")}{" "}
          <input
            value={by}
            maxLength={40}
            onInput={(event) => {
              setBy(event.currentTarget.value);
              remember("name", event.currentTarget.value);
            }}
          />
        </label>
      }
    >
      {rows.length === 0 ? (
        <Empty>{say("alerts.none")}</Empty>
      ) : (
        <Table
          caption={say("alerts.title")}
          rows={rows}
          columns={[
            { name: say("pools.state"), isText: true, cell: (one) => <AlertState one={one} /> },
            {
              name: say("alerts.rule"),
              isText: true,
              cell: (one) =>
                one.runbook?.startsWith("http") ? (
                  <a href={one.runbook} rel="noreferrer">
                    {word(one.rule)}
                  </a>
                ) : (
                  <span title={one.runbook}>{word(one.rule)}</span>
                ),
            },
            { name: say("alerts.subject"), isText: true, cell: (one) => one.subject || "–" },
            {
              name: say("alerts.summary"),
              isText: true,
              isLong: true,
              cell: (one) => (
                <>
                  <Summary of={one} />
                  {(one.actions ?? []).map((action) => (
                    <small key={action.name}>
                      {" "}
                      · {action.name}: {word(action.state)} · {action.detail}
                    </small>
                  ))}
                </>
              ),
            },
            { name: say("alerts.since"), isText: true, cell: (one) => <time dateTime={one.since}>{format.dateTime(one.since)}</time> },
            { name: say("alerts.actions"), isText: true, cell: (one) => <Actions {...{ one, by }} done={again} /> },
          ]}
        />
      )}
    </Section>
  );
}

/** What is over: from when to when, and who had taken it on; and every step of it. */
function History({ alerts }: { alerts: Alerts }) {
  const { say, word, format } = useWords();
  const steps = [...alerts.history].sort((a, b) => b.at.localeCompare(a.at));
  const past = steps.filter((one) => one.to === "resolved");
  const time = (at: string | undefined) => (at ? <time dateTime={at}>{format.dateTime(at)}</time> : "–");
  return (
    <Section title={say("alerts.history")} note={say("alerts.history_note")}>
      {past.length === 0 ? (
        <Empty>{say("alerts.no_history")}</Empty>
      ) : (
        <Table
          caption={say("alerts.history")}
          rows={past}
          columns={[
            {
              name: say("alerts.severity"),
              isText: true,
              cell: (one) => <Mark state={kOfSeverity[one.severity ?? "info"]}>{word(one.severity ?? "–")}</Mark>,
            },
            { name: say("alerts.rule"), isText: true, cell: (one) => word(one.rule) },
            { name: say("alerts.subject"), isText: true, cell: (one) => one.subject || "–" },
            { name: say("alerts.began"), isText: true, cell: (one) => time(one.began_at) },
            { name: say("alerts.ended"), isText: true, cell: (one) => time(one.at) },
            {
              name: say("alerts.lasted"),
              cell: (one) => (one.began_at ? format.duration((Date.parse(one.at) - Date.parse(one.began_at)) / 1000) : "–"),
            },
            { name: say("alerts.acknowledged_by"), isText: true, cell: (one) => one.acknowledged_by ?? "–" },
            { name: say("alerts.summary"), isText: true, isLong: true, cell: (one) => <Summary of={one} /> },
          ]}
        />
      )}
      {steps.length > 0 && (
        <details>
          <summary>{say("alerts.steps", { count: format.whole(steps.length) })}</summary>
          <Table
            caption={say("alerts.steps", { count: format.whole(steps.length) })}
            rows={steps}
            columns={[
              { name: say("alerts.at"), isText: true, cell: (one) => time(one.at) },
              { name: say("alerts.rule"), isText: true, cell: (one) => word(one.rule) },
              { name: say("alerts.subject"), isText: true, cell: (one) => one.subject || "–" },
              { name: say("alerts.change"), isText: true, cell: (one) => `${word(one.from)} → ${word(one.to)}` },
              { name: say("alerts.summary"), isText: true, isLong: true, cell: (one) => <Summary of={one} /> },
            ]}
          />
        </details>
      )}
    </Section>
  );
}

function Rules({ alerts }: { alerts: Alerts }) {
  const { say, word, format, language } = useWords();
  return (
    <Section title={say("alerts.rules")}>
      <Table
        caption={say("alerts.rules")}
        rows={alerts.rules}
        columns={[
          { name: say("alerts.rule"), isText: true, cell: (one) => word(one.name) },
          { name: say("alerts.description"), isText: true, isLong: true, cell: (one) => ruleTold(language, one) },
          { name: say("alerts.threshold"), cell: (one) => thresholdTold(one, format) || "–" },
          { name: say("alerts.every"), cell: (one) => format.duration(one.every_seconds) },
          { name: say("alerts.for"), cell: (one) => format.duration(one.for_seconds) },
          { name: say("alerts.severity"), isText: true, cell: (one) => word(one.severity) },
          {
            name: say("pools.state"),
            isText: true,
            cell: (one) => (one.enabled ? <Mark state="good">{say("alerts.on")}</Mark> : <Mark state="none">{say("alerts.off")}</Mark>),
          },
        ]}
      />
      {(alerts.dead_letters?.length ?? 0) > 0 && (
        <p class="trouble">{say("alerts.dead", { count: format.whole(alerts.dead_letters!.length) })}</p>
      )}
    </Section>
  );
}

/** What is done about alerts, and how it stands. */
function ActionTable() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  if (!picture) return null;
  return (
    <Section title={say("actions.title")} note={say("actions.note")}>
      {picture.actions.length === 0 ? (
        <Empty>{say("actions.none")}</Empty>
      ) : (
        <Table
          caption={say("actions.title")}
          rows={picture.actions}
          columns={[
            { name: say("actions.name"), isText: true, cell: (one) => one.name },
            { name: say("alerts.kind"), isText: true, cell: (one) => word(one.kind) },
            {
              name: say("pools.state"),
              isText: true,
              cell: (one) => <Mark state={one.state === "idle" ? "none" : kActionState[one.state]}>{word(one.state)}</Mark>,
            },
            {
              name: say("actions.in_place"),
              isText: true,
              cell: (one) => (one.since ? <time dateTime={one.since}>{format.dateTime(one.since)}</time> : "–"),
            },
            { name: say("actions.told"), isText: true, isLong: true, cell: (one) => (one.detail ? <span lang="en">{one.detail}</span> : "–") },
            {
              name: say("actions.runs"),
              cell: (one) => say("actions.runs_of", { count: format.whole(one.runs_today), most: format.whole(one.max_per_day) }),
            },
          ]}
        />
      )}
    </Section>
  );
}

export function AlertsPage(_: { rest: string[] }) {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const loaded = useLoaded(() => getIfThere<Alerts>("alerts"), [], 5);
  const alarms = picture?.alarms ?? [];
  return (
    <>
      <Section title={say("alerts.alarms")} note={say("alerts.alarms_note")}>
        {alarms.length === 0 ? (
          <Empty>{say("alerts.all_well")}</Empty>
        ) : (
          <Table
            caption={say("alerts.alarms")}
            rows={alarms}
            columns={[
              {
                name: say("alerts.severity"),
                isText: true,
                cell: (one) => <Mark state={one.severity === "critical" ? "bad" : "warn"}>{word(one.severity)}</Mark>,
              },
              { name: say("alerts.kind"), isText: true, cell: (one) => word(one.kind) },
              { name: say("alerts.subject"), isText: true, cell: (one) => one.subject || "–" },
              { name: say("alerts.summary"), isText: true, isLong: true, cell: (one) => <span lang="en">{one.message}</span> },
              { name: say("alerts.since"), isText: true, cell: (one) => <time dateTime={one.since}>{format.dateTime(one.since)}</time> },
            ]}
          />
        )}
      </Section>
      {loaded.data ? (
        <>
          <Firing alerts={loaded.data} again={loaded.again} />
          <ActionTable />
          <History alerts={loaded.data} />
          <Rules alerts={loaded.data} />
        </>
      ) : loaded.error ? (
        <Waiting {...loaded} />
      ) : null}
    </>
  );
}
