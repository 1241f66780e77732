// SPDX-License-Identifier: Apache-2.0
// What a provider billed, as its balance declined, beside what Tidegate counts.
import { useMemo } from "preact/hooks";
import { getIfThere } from "../api";
import { billedMore, billedRates } from "../billed";
import { Chart } from "../chart";
import { useLive, useLoaded, useWords } from "../state";
import type { Billed, BilledRow } from "../types";

/** As the chart of the whole cost. */
const kRateSeconds = 300;
/** In less, requests that are under way and the ledger's whole minutes make more of a difference than prices do. */
const kLeastCovered = 300;

function ProviderChart({ row, since }: { row: BilledRow; since: number }) {
  const { say, format } = useWords();
  const amount = (value: number) => (row.currency === "USD" ? format.money(value) : `${format.compact(value)} ${row.currency}`);
  const drawn = useMemo(() => {
    const { time, billed, ours } = billedRates(row, kRateSeconds);
    return {
      time,
      curves: [
        { label: say("billed.theirs"), values: billed, colour: 1 },
        ...(row.ours === null ? [] : [{ label: say("billed.ours"), values: ours, colour: 0 }]),
      ],
    };
  }, [row, say]);
  const more = billedMore(row);
  const over = {
    billed: amount(row.billed),
    ours: format.money(row.ours ?? 0),
    more: more === null ? "" : ` (${more >= 0 ? "+" : "−"}${format.percent(Math.abs(more))})`,
    time: format.duration(row.covered_seconds),
  };
  const sentences = [
    row.covered_seconds < kLeastCovered
      ? ""
      : row.ours === null
        ? say("billed.sum_alone", { ...over, currency: row.currency })
        : say("billed.sum", over),
    row.top_ups > 0 ? say("billed.topped_up", { count: format.whole(row.top_ups) }) : "",
  ];
  return (
    <div>
      <Chart
        title={say("billed.title", { provider: row.provider })}
        note={say("now.each_60s")}
        {...drawn}
        since={since}
        format={amount}
        empty={say("billed.early")}
      />
      <p class="soft under-chart">{sentences.filter(Boolean).join(" ")}</p>
    </div>
  );
}

/** A chart for each provider that tells what is left of the money there. */
export function BilledCharts({ hours, since }: { hours: number; since: number }) {
  const { picture } = useLive();
  const { say } = useWords();
  const loaded = useLoaded(() => getIfThere<Billed>("billed", { since: `${hours}h` }), [hours], 60);
  const rows = loaded.data?.providers ?? [];
  const silent = (picture?.status.balances ?? []).filter((one) => !rows.some((row) => row.provider === one.provider));
  return (
    <>
      {rows.map((row) => (
        <ProviderChart key={row.provider + row.currency} row={row} since={since} />
      ))}
      {loaded.data &&
        silent.map((one) => (
          <p class="soft" key={one.provider}>
            {say(one.is_unlimited ? "billed.unlimited" : "billed.unread", { provider: one.provider })}
          </p>
        ))}
    </>
  );
}
