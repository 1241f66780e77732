// SPDX-License-Identifier: Apache-2.0
// How the page asks the program. With fetch alone, EventSource cannot send a token.
import type { Picture } from "./types";

/** The program answered, and not with what was asked for. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const kToken = "tidegate-token";
let onTokenWanted = () => {};

/** Called whenever the program asks for its admin token. */
export function whenTokenIsWanted(call: () => void) {
  onTokenWanted = call;
}
/** Kept for this tab alone, and no longer than it is open. */
export function useToken(token: string) {
  sessionStorage.setItem(kToken, token);
}

function fields(extra: Record<string, string> = {}): Record<string, string> {
  const token = sessionStorage.getItem(kToken);
  return token ? { ...extra, authorization: "Bearer " + token } : extra;
}

async function refusal(answer: Response): Promise<Refusal> {
  if (answer.status === 401) {
    sessionStorage.removeItem(kToken);
    onTokenWanted();
  }
  const said = await answer.json().catch(() => null);
  return new Refusal(answer.status, said?.error?.message ?? `HTTP ${answer.status}`);
}

export async function get<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "")).toString();
  const answer = await fetch("/api/v1/" + path + (query ? "?" + query : ""), { headers: fields() });
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/** What this version of the program does not have is null. */
export async function getIfThere<T>(path: string, parameters: Record<string, string> = {}): Promise<T | null> {
  try {
    return await get<T>(path, parameters);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

export async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await fetch("/api/v1/" + path, {
    method: "POST",
    headers: fields({ "content-type": "application/json" }),
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/** Splits what has arrived of an event stream: the data of whole events, and the rest. */
export function takeEvents(text: string): { events: string[]; rest: string } {
  const parts = text.split("\n\n");
  const rest = parts.pop() ?? "";
  return { events: parts.filter((part) => part.startsWith("data: ")).map((part) => part.slice(6)), rest };
}

/** Reads the live picture until the connection ends, which is an error like any other. */
export async function follow(show: (picture: Picture) => void): Promise<never> {
  const answer = await fetch("/api/v1/live", { headers: fields() });
  if (!answer.ok) throw await refusal(answer);
  if (!answer.body) throw new Error("no body");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the stream ended");
    const { events, rest } = takeEvents(text + value);
    text = rest;
    const newest = events.at(-1); // what came in one piece with it is older than what the screen could show
    if (newest) show(JSON.parse(newest));
  }
}
