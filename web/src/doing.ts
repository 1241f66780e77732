// SPDX-License-Identifier: Apache-2.0
// What Tidegate is doing now, in sentences. Pure.
import type { Say } from "./i18n";
import type { Format } from "./format";
import type { Picture, Room } from "./types";

export interface Doing {
  state: "good" | "warn" | "bad";
  text: string;
}

export const roomName = (room: Room) => [room.provider, room.model_group, room.class, room.credential].filter(Boolean).join(" · ");

function doingInRoom(room: Room, say: Say, word: (name: string) => string, format: Format): Doing[] {
  const name = roomName(room);
  const out: Doing[] = [];
  const waiting = room.waiting_interactive + room.waiting_batch;
  if (waiting > 0) {
    out.push({
      state: "warn",
      text: say(room.obstacle ? "doing.waits_for" : "doing.waits", {
        count: format.whole(waiting),
        room: name,
        obstacle: room.obstacle ? word(room.obstacle) : "",
      }),
    });
  }
  for (const pool of room.pools) {
    if (pool.is_spent) out.push({ state: "bad", text: say("doing.spent", { pool: pool.pool, room: name }) });
    else if (pool.blocked_seconds)
      out.push({ state: "warn", text: say("doing.blocked", { pool: pool.pool, room: name, time: format.duration(pool.blocked_seconds) }) });
  }
  return out;
}

export function doing(picture: Picture, say: Say, word: (name: string) => string, format: Format): Doing[] {
  const out = picture.rooms.flatMap((room) => doingInRoom(room, say, word, format));
  for (const provider of picture.provider_keys) {
    for (const key of provider.keys) {
      if (!key.fault) continue;
      out.push({
        state: "bad",
        text: say(key.back_in_seconds === undefined ? "doing.key_last" : "doing.key_out", {
          key: key.name,
          provider: provider.provider,
          fault: word(key.fault),
          time: format.duration(key.back_in_seconds ?? 0),
        }),
      });
    }
  }
  if (picture.status.ledger.last_error)
    out.push({ state: "bad", text: say("doing.ledger", { count: format.whole(picture.status.ledger.undrained) }) });
  const inFlight = picture.rooms.reduce((sum, room) => sum + room.in_flight, 0);
  const calm = out.length === 0;
  out.push({ state: "good", text: say(calm ? "doing.calm" : "doing.flying", { count: format.whole(inFlight) }) });
  return out;
}
