// SPDX-License-Identifier: Apache-2.0
// Who waits for what, and who uses what.
import { useState } from "preact/hooks";
import { roomName } from "../doing";
import { Choice, Empty, Mark, Section, Table } from "../parts";
import { useLive, useWords } from "../state";
import type { UseLine } from "../types";

const kDimensions = ["model", "endpoint", "user", "key", "tenant", "session", "agent"] as const;

export function UseTable() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const [by, setBy] = useState<(typeof kDimensions)[number]>("model");
  const lines: UseLine[] = picture?.use.by[by] ?? [];
  return (
    <Section
      title={say("now.who")}
      note={say("now.last_minute")}
      actions={<Choice label={say("by")} options={kDimensions.map((id) => ({ id, name: word(id) }))} chosen={by} choose={setBy} />}
    >
      {lines.length === 0 ? (
        <Empty>{say("now.no_requests_minute")}</Empty>
      ) : (
        <Table
          caption={say("now.who")}
          rows={lines}
          columns={[
            { name: word(by), isText: true, cell: (line) => (line.is_rest ? say("rest") : line.value || say("none_given")) },
            { name: say("measure.requests"), cell: (line) => format.whole(line.requests) },
            { name: say("measure.errors"), cell: (line) => format.whole(line.errors) },
            { name: say("measure.input"), cell: (line) => format.compact(line.input_tokens) },
            { name: say("measure.cached"), cell: (line) => format.compact(line.cache_read_tokens) },
            { name: say("measure.output"), cell: (line) => format.compact(line.output_tokens) },
            { name: say("measure.cost"), cell: (line) => format.money(line.cost_usd) },
          ]}
        />
      )}
    </Section>
  );
}

export function Queue() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const rooms = (picture?.rooms ?? []).filter((room) => room.waiting_interactive + room.waiting_batch + room.in_flight > 0);
  return (
    <Section title={say("now.queue_title")}>
      {rooms.length === 0 ? (
        <Empty>{say("now.nobody_waits")}</Empty>
      ) : (
        <Table
          caption={say("now.queue_title")}
          rows={rooms}
          columns={[
            { name: say("now.room"), isText: true, cell: roomName },
            { name: say("now.waiting_now"), cell: (room) => format.whole(room.waiting_interactive) },
            { name: say("now.waiting_batch"), cell: (room) => format.whole(room.waiting_batch) },
            { name: say("now.flying"), cell: (room) => format.whole(room.in_flight) },
            {
              name: say("now.obstacle"),
              isText: true,
              cell: (room) =>
                room.obstacle ? <Mark state="warn">{word(room.obstacle)}</Mark> : <Mark state="good">{say("now.free")}</Mark>,
            },
          ]}
        />
      )}
    </Section>
  );
}
