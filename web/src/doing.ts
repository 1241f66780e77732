// SPDX-License-Identifier: Apache-2.0
// What Tidegate is doing now, in sentences. Pure.
import type { Say } from "./i18n";
import type { Format } from "./format";
import type { Action, Picture, Room } from "./types";

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

export const kActionState: Record<Action["state"], Doing["state"]> = {
  idle: "good",
  triggered: "warn",
  running: "warn",
  retrying: "bad",
  done: "good",
  failed: "bad",
  returned: "good",
  dry_run: "good",
  cooling_down: "warn",
  limit_reached: "bad",
};

/** Whether an action is in place or at work, or has something to say of an alert that fires. */
function isOnStage(action: Action, firing: Set<string>): boolean {
  if (action.incident !== null) return true;
  return action.alert !== null && firing.has(action.alert) && action.state !== "idle" && action.state !== "returned";
}

function doingByAction(action: Action, say: Say, word: (name: string) => string, format: Format): Doing {
  const text = say(action.since === null ? "doing.action" : "doing.action_since", {
    action: action.name,
    state: word(action.state),
    time: action.since === null ? "" : format.dateTime(action.since),
  });
  const told = [text, action.detail, action.by === null ? "" : say("doing.action_by", { by: action.by })];
  return { state: kActionState[action.state] ?? "warn", text: told.filter(Boolean).join(" · ") };
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
  const firing = new Set(picture.alerts.map((one) => one.id));
  for (const action of picture.actions) if (isOnStage(action, firing)) out.push(doingByAction(action, say, word, format));
  const inFlight = picture.rooms.reduce((sum, room) => sum + room.in_flight, 0);
  const calm = picture.rooms.every((room) => room.waiting_interactive + room.waiting_batch === 0);
  out.push({ state: "good", text: say(calm ? "doing.calm" : "doing.flying", { count: format.whole(inFlight) }) });
  return out;
}
