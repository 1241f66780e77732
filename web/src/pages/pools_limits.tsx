// SPDX-License-Identifier: Apache-2.0
// What providers did to their limits: a step line, and each change.
import { useMemo, useState } from "preact/hooks";
import { getIfThere } from "../api";
import { Chart } from "../chart";
import { limitCourses } from "../limit_course";
import { Empty, Mark, Section, Table, Waiting } from "../parts";
import { nameOf } from "../series";
import { useLive, useLoaded, useWords } from "../state";
import type { Alerts } from "../types";

const kMostRows = 50;

export function LimitChanges() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const loaded = useLoaded(() => getIfThere<Alerts>("alerts"), [], 30);
  const [chosen, choose] = useState("");
  const changes = loaded.data?.limit_changes ?? [];
  const pools = picture?.limits;
  const courses = useMemo(() => limitCourses(changes, pools ?? [], Date.now() / 1000), [loaded.data, pools]);
  const shown = courses.find((one) => nameOf(one) === chosen) ?? courses[0];
  const label = (one: { pool: string; model_group: string; dimension: string }) => `${one.model_group} · ${word(one.dimension)} · ${one.pool}`;
  const drawn = useMemo(
    () =>
      shown && {
        time: shown.time,
        curves: [{ label: label(shown), values: shown.limit, colour: 0, stepped: true }],
      },
    [shown, word],
  );
  if (!loaded.data) return loaded.error ? <Waiting {...loaded} /> : null;
  return (
    <Section
      title={say("limits.title")}
      note={say("limits.note")}
      actions={
        courses.length > 1 && (
          <label class="soft">
            {say("limits.of")}{" "}
            <select value={shown && nameOf(shown)} onChange={(event) => choose(event.currentTarget.value)}>
              {courses.map((one) => (
                <option value={nameOf(one)}>{label(one)}</option>
              ))}
            </select>
          </label>
        )
      }
    >
      {!drawn ? (
        <Empty>{say("limits.none")}</Empty>
      ) : (
        <>
          <Chart title={say("limits.course")} {...drawn} format={format.compact} empty="" />
          <Table
            caption={say("limits.title")}
            rows={[...changes].reverse().slice(0, kMostRows)}
            columns={[
              { name: say("limits.seen"), isText: true, cell: (one) => <time dateTime={one.at}>{format.dateTime(one.at)}</time> },
              { name: say("pools.pool"), isText: true, cell: (one) => one.pool },
              { name: say("limits.group"), isText: true, cell: (one) => one.model_group },
              { name: say("now.ahead_limit"), isText: true, cell: (one) => word(one.dimension) },
              { name: say("limits.before"), cell: (one) => format.whole(one.before) },
              { name: say("limits.after"), cell: (one) => format.whole(one.after) },
              {
                name: say("alerts.change"),
                isText: true,
                cell: (one) => (
                  <Mark state={one.after < one.before ? "warn" : "good"}>
                    {(one.after < one.before ? "−" : "+") + format.percent(Math.abs(one.after / Math.max(1, one.before) - 1), 0)}
                  </Mark>
                ),
              },
            ]}
          />
        </>
      )}
    </Section>
  );
}
