// SPDX-License-Identifier: Apache-2.0
// How the second provider compares that answers copies of some requests (docs/shadow.md).
import { useState } from "preact/hooks";
import { get } from "../api";
import { Choice, Empty, Figure, Mark, Section, Table, Waiting } from "../parts";
import { useLoaded, useWords } from "../state";
import type { Estimate, PairedFigure, Shadow, ShadowReport } from "../types";

const kSpans = ["1h", "24h", "168h"] as const;

/** An estimate as a point with its interval; `none` is where both sides would be alike. */
function Interval({ estimate, none, scale, text }: { estimate: Estimate; none: number; scale: number; text: string }) {
  const place = (value: number) => Math.max(2, Math.min(138, 70 + ((value - none) / scale) * 66));
  return (
    <svg class="interval stroke-0 fill-0" width="140" height="16" viewBox="0 0 140 16" role="img" aria-label={text}>
      <line x1="70" x2="70" y1="0" y2="16" stroke="var(--line)" stroke-width="2" />
      <line x1={place(estimate.low)} x2={place(estimate.high)} y1="8" y2="8" stroke-width="2.5" />
      <circle cx={place(estimate.value)} cy="8" r="4" />
    </svg>
  );
}

interface Comparison {
  name: string;
  official: string;
  shadow: string;
  difference: string;
  estimate?: Estimate;
  none: number;
  scale: number;
}

function comparisons(report: ShadowReport, words: ReturnType<typeof useWords>): Comparison[] {
  const { say, format } = words;
  const out: Comparison[] = [];
  const between = (estimate: Estimate, write: (value: number) => string) =>
    `${write(estimate.value)} (${write(estimate.low)} – ${write(estimate.high)})`;
  const signed = (write: (value: number) => string) => (value: number) => (value > 0 ? "+" : value < 0 ? "−" : "") + write(Math.abs(value));
  if (report.official.success && report.shadow.success) {
    out.push({
      name: say("shadow.success"),
      official: format.percent(report.official.success.value),
      shadow: format.percent(report.shadow.success.value),
      difference: report.success_difference
        ? between(
            report.success_difference,
            signed((value) => format.percent(value)),
          )
        : "–",
      estimate: report.success_difference,
      none: 0,
      scale: 0.05,
    });
  }
  const paired = (name: string, figure: PairedFigure | undefined, write: (value: number) => string) => {
    if (!figure) return;
    out.push({
      name,
      official: write(figure.official),
      shadow: write(figure.shadow),
      difference: between(figure.difference, signed(write)),
      estimate: figure.difference,
      none: 0,
      scale: Math.max(1, Math.abs(figure.official)),
    });
  };
  paired(say("shadow.first_token"), report.time_to_first_token_ms, format.milliseconds);
  paired(say("shadow.total_time"), report.total_time_ms, format.milliseconds);
  paired(say("shadow.speed"), report.tokens_per_second, format.compact);
  const ratio = (name: string, estimate: Estimate | undefined, none: number, scale: number) => {
    if (estimate)
      out.push({
        name,
        official: "",
        shadow: format.percent(estimate.value, 0),
        difference: between(estimate, (value) => format.percent(value, 0)),
        estimate,
        none,
        scale,
      });
  };
  ratio(say("shadow.length"), report.length_ratio, 1, 1);
  ratio(say("shadow.cost"), report.cost_ratio, 1, 1);
  ratio(say("shadow.same_stop"), report.same_stop_reason, 1, 0.5);
  ratio(say("shadow.same_tools"), report.same_tool_use, 1, 0.5);
  return out;
}

function Report({ report }: { report: ShadowReport }) {
  const words = useWords();
  const { say, format } = words;
  const state = { usable: "good", not_usable: "bad", too_few: "none" } as const;
  const rows = comparisons(report, words);
  return (
    <Section
      title={`${report.official_provider} → ${report.shadow_provider}${report.model ? " · " + report.model : ""}`}
      note={say("shadow.pairs", {
        pairs: format.whole(report.pairs),
        conversations: format.whole(report.conversations),
        ok: format.whole(report.both_ok),
      })}
    >
      <p>
        <Mark state={state[report.verdict.kind]}>{say(`shadow.${report.verdict.kind}`)}</Mark>{" "}
        <span class="soft">{report.verdict.text}</span>
      </p>
      {rows.length > 0 && (
        <Table
          caption={say("shadow.comparison")}
          rows={rows}
          columns={[
            { name: say("shadow.figure"), isText: true, cell: (one) => one.name },
            { name: report.official_provider, cell: (one) => one.official },
            { name: report.shadow_provider, cell: (one) => one.shadow },
            { name: say("shadow.difference"), cell: (one) => one.difference },
            {
              name: say("shadow.interval"),
              cell: (one) =>
                one.estimate ? <Interval estimate={one.estimate} none={one.none} scale={one.scale} text={one.difference} /> : "–",
            },
          ]}
        />
      )}
      <p class="soft">
        {say("shadow.costs", { official: format.money(report.official.cost_usd), shadow: format.money(report.shadow.cost_usd) })}
      </p>
    </Section>
  );
}

export function ShadowPage(_: { rest: string[] }) {
  const { say, word, format } = useWords();
  const [since, setSince] = useState<(typeof kSpans)[number]>("24h");
  const loaded = useLoaded(() => get<Shadow>("shadow", { since }), [since], 10);
  const shadow = loaded.data;
  return (
    <>
      <Section
        title={say("page.shadow")}
        note={say("shadow.note")}
        actions={
          <Choice
            label={say("now.span")}
            options={kSpans.map((id) => ({ id, name: format.duration(parseInt(id) * 3600) }))}
            chosen={since}
            choose={setSince}
          />
        }
      >
        {!shadow ? (
          <Waiting {...loaded} />
        ) : !shadow.is_on && shadow.reports.length === 0 ? (
          <Empty>{say("shadow.off")}</Empty>
        ) : (
          <>
            <dl class="figures">
              <Figure
                name={say("shadow.sent")}
                value={format.whole(shadow.sent)}
                note={say("shadow.running", { count: format.whole(shadow.running) })}
              />
              <Figure name={say("shadow.share")} value={format.percent(shadow.options.share)} note={shadow.options.provider} />
              <Figure
                name={say("shadow.spent")}
                value={format.money(shadow.spent_today_usd)}
                note={say("shadow.of_budget", { budget: format.money(shadow.options.budget_usd) })}
              />
              {shadow.answered.map((one) => (
                <Figure
                  name={say("shadow.answered", { provider: one.provider })}
                  value={format.whole(one.good)}
                  note={say("shadow.failed", { count: format.whole(one.failed) })}
                  state={one.failed > one.good ? "bad" : undefined}
                />
              ))}
            </dl>
            <p class="soft">
              {say("shadow.not_sent")}{" "}
              {Object.entries(shadow.not_sent)
                .map(([reason, count]) => `${word("shadow." + reason)} ${format.whole(count)}`)
                .join(" · ")}
            </p>
          </>
        )}
      </Section>
      {shadow?.reports.map((report) => (
        <Report report={report} />
      ))}
    </>
  );
}
