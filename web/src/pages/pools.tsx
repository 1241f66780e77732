// SPDX-License-Identifier: Apache-2.0
// The true pools behind the keys, who shares them, and how they do; and the keys that clients were given.
import { get } from "../api";
import { Bar, Empty, Mark, Section, Table, Waiting } from "../parts";
import { roomName } from "../doing";
import { useLive, useLoaded, useWords } from "../state";
import { LimitChanges } from "./pools_limits";
import type { Key, ProviderKey, Room, RoomPool } from "../types";

function KeyState({ one }: { one: ProviderKey }) {
  const { say, word, format } = useWords();
  if (one.draining) return <Mark state="none">{say("pools.draining")}</Mark>;
  if (one.back_in_seconds !== undefined)
    return <Mark state="bad">{say("pools.out", { fault: word(one.fault ?? ""), time: format.duration(one.back_in_seconds) })}</Mark>;
  if (one.out_for) return <Mark state="warn">{say("pools.not_for", { groups: one.out_for.join(", ") })}</Mark>;
  if (one.fault) return <Mark state="bad">{say("pools.refused", { fault: word(one.fault) })}</Mark>;
  return <Mark state="good">{say("pools.in_rotation")}</Mark>;
}

function PoolState({ pool }: { pool: RoomPool }) {
  const { say, format } = useWords();
  if (pool.is_spent) return <Mark state="bad">{say("pools.spent")}</Mark>;
  if (pool.blocked_seconds) return <Mark state="warn">{say("pools.blocked", { time: format.duration(pool.blocked_seconds) })}</Mark>;
  return pool.is_learned ? <Mark state="good">{say("pools.healthy")}</Mark> : <Mark state="none">{say("pools.unknown")}</Mark>;
}

/** As a share of the limit: what less is said to be used by others, estimates of one's own requests miss by. */
const kLeastForeign = 0.02;

function Levels({ pool, room }: { pool: RoomPool; room: Room }) {
  const { word, say, format } = useWords();
  const levels = [
    ...pool.levels.map((one) => ({ name: one.dimension, limit: one.limit, level: one.level, foreign: one.foreign_per_minute ?? 0 })),
    ...(pool.periods ?? []).map((one) => ({ name: one.limit_of, limit: one.limit, level: one.level, foreign: 0 })),
  ];
  if (levels.length === 0) return <span class="soft">–</span>;
  return (
    <>
      {levels.map((one) => (
        <div class="limit">
          <div class="limit-head">
            <span>{word(one.name)}</span>
            <span>
              <b>{format.compact(one.level)}</b> <span class="soft">{say("pools.of", { limit: format.compact(one.limit) })}</span>
            </span>
          </div>
          <Bar
            value={one.limit ? 1 - one.level / one.limit : 0}
            state={one.name === room.obstacle || one.level <= 0 ? "bad" : one.level < one.limit * 0.2 ? "warn" : "good"}
            label={say("now.used_of", {
              what: word(one.name),
              used: format.whole(Math.max(0, one.limit - one.level)),
              limit: format.whole(one.limit),
            })}
          />
          {one.foreign > kLeastForeign * one.limit && <div class="limit-foot soft wraps">{say("pools.foreign", { count: format.compact(one.foreign) })}</div>}
        </div>
      ))}
    </>
  );
}

function Rooms() {
  const { picture } = useLive();
  const { say, format } = useWords();
  if (!picture) return <Waiting error="" loading />;
  if (picture.rooms.length === 0) return <Empty>{say("now.no_limits")}</Empty>;
  return (
    <div class="cards">
      {picture.rooms.flatMap((room) =>
        room.pools.map((pool) => (
          <article class="card" key={roomName(room) + pool.pool}>
            <h3>
              {pool.pool}
              <small>{roomName(room)}</small>
            </h3>
            <p>
              <PoolState pool={pool} />
            </p>
            <Levels {...{ pool, room }} />
            <p class="queue soft">
              {pool.concurrency === undefined
                ? say("now.in_flight", { count: format.whole(pool.in_flight) })
                : say("pools.in_flight_of", { count: format.whole(pool.in_flight), most: format.whole(pool.concurrency) })}
            </p>
          </article>
        )),
      )}
    </div>
  );
}

function VirtualKeys() {
  const { say, word, format } = useWords();
  const keys = useLoaded(() => get<{ keys: Key[] }>("keys"), [], 30);
  if (!keys.data) return <Waiting {...keys} />;
  if (keys.data.keys.length === 0) return <Empty>{say("pools.no_keys")}</Empty>;
  return (
    <Table
      caption={say("pools.virtual")}
      rows={keys.data.keys}
      columns={[
        {
          name: word("key"),
          isText: true,
          cell: (one) => (
            <>
              {one.name} <small>{one.id}</small>
            </>
          ),
        },
        { name: word("tenant"), isText: true, cell: (one) => one.tenant },
        {
          name: say("pools.state"),
          isText: true,
          cell: (one) => <Mark state={one.state === "valid" ? "good" : "none"}>{say(`pools.${one.state}`)}</Mark>,
        },
        { name: say("pools.models"), isText: true, cell: (one) => one.allowed_models.join(", ") || say("pools.any") },
        {
          name: word("tag"),
          isText: true,
          cell: (one) =>
            Object.entries(one.labels)
              .map(([name, value]) => `${name}=${value}`)
              .join(", ") || "–",
        },
        {
          name: say("pools.budgets"),
          isText: true,
          cell: (one) =>
            one.budgets
              .map((budget) =>
                budget.spent === undefined
                  ? budget.budget
                  : `${budget.budget}: ${budget.unit === "usd" ? format.money(budget.spent) : format.compact(Number(budget.spent))}`,
              )
              .join("; ") || "–",
        },
        { name: say("pools.expires"), isText: true, cell: (one) => (one.expires_at ? format.dateTime(one.expires_at) : "–") },
      ]}
    />
  );
}

/** What is left of the money at providers that tell it. */
function Balances() {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const balances = picture?.status.balances ?? [];
  if (balances.length === 0) return null;
  const state = { good: "good", low: "bad", pending: "none", unknown: "warn" } as const;
  return (
    <Section title={say("pools.balances")} note={say("pools.balances_note")}>
      <Table
        caption={say("pools.balances")}
        rows={balances}
        columns={[
          { name: word("provider"), isText: true, cell: (one) => one.provider },
          {
            name: say("pools.state"),
            isText: true,
            cell: (one) =>
              one.is_usable === false ? (
                <Mark state="bad">{say("pools.unusable")}</Mark>
              ) : (
                <Mark state={state[one.state]}>{say(`pools.balance_${one.state}`)}</Mark>
              ),
          },
          {
            name: say("pools.left"),
            isText: true,
            cell: (one) =>
              one.is_unlimited
                ? say("pools.unlimited")
                : one.amounts?.map((amount) => `${amount.left} ${amount.currency}`).join(", ") || "–",
          },
          { name: say("pools.warn_below"), isText: true, cell: (one) => one.warn_below },
          { name: say("pools.read_at"), isText: true, cell: (one) => (one.read_at ? format.dateTime(one.read_at) : "–") },
          { name: say("pools.trouble"), isText: true, isLong: true, cell: (one) => one.trouble ?? "–" },
        ]}
      />
    </Section>
  );
}

export function PoolsPage(_: { rest: string[] }) {
  const { picture } = useLive();
  const { say, word, format } = useWords();
  const keys = (picture?.provider_keys ?? []).flatMap((provider) => provider.keys.map((one) => ({ provider: provider.provider, one })));
  const more = (picture?.provider_keys ?? []).reduce((sum, one) => sum + (one.more ?? 0), 0);
  return (
    <>
      <Section title={say("pools.title")} note={say("pools.note")}>
        <Rooms />
      </Section>
      <Section title={say("pools.keys")} note={say("pools.keys_note")}>
        {keys.length === 0 ? (
          <Empty>{say("pools.no_provider_keys")}</Empty>
        ) : (
          <Table
            caption={say("pools.keys")}
            rows={keys}
            columns={[
              { name: word("provider"), isText: true, cell: ({ provider }) => provider },
              { name: word("key"), isText: true, cell: ({ one }) => one.name || "–" },
              { name: say("pools.pool"), isText: true, cell: ({ one }) => (one.is_known ? one.pool : say("pools.not_known")) },
              {
                name: say("pools.shared"),
                isText: true,
                cell: ({ one }) =>
                  one.keys_of_pool > 1 ? (
                    <Mark state="warn">{say("pools.shared_by", { count: format.whole(one.keys_of_pool) })}</Mark>
                  ) : (
                    say("pools.alone")
                  ),
              },
              { name: say("pools.state"), isText: true, cell: ({ one }) => <KeyState one={one} /> },
            ]}
          />
        )}
        {more > 0 && <Empty>{say("pools.more", { count: format.whole(more) })}</Empty>}
      </Section>
      <LimitChanges />
      <Balances />
      <Section title={say("pools.virtual")} note={say("pools.virtual_note")}>
        <VirtualKeys />
      </Section>
    </>
  );
}
