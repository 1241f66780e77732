// SPDX-License-Identifier: Apache-2.0
// What the program says in English, said from its figures in the reader's language. Pure. What it says of no figure (an alarm's message,
// what came of an action) stays as it is: the log has the same words.
import type { Format } from "./format";
import type { MessageKey, Say } from "./i18n";
import type { Exhaustion } from "./types";

interface Said {
  rule: string;
  value?: number;
  threshold?: number;
}

const kFigures: Record<string, { key: MessageKey; as: "percent" | "whole" }> = {
  requests_remaining_low: { key: "told.requests_remaining_low", as: "percent" },
  tokens_remaining_low: { key: "told.tokens_remaining_low", as: "whole" },
  daily_cost_high: { key: "told.daily_cost_high", as: "percent" },
  success_rate_low: { key: "told.success_rate_low", as: "percent" },
  exhaustion_forecast: { key: "told.exhaustion_forecast", as: "percent" },
  limit_changed: { key: "told.limit_changed", as: "whole" },
};

/** An alert of a rule that measures something, as a sentence; empty for the other rules. */
export function alertTold(one: Said, say: Say, format: Format): string {
  const figure = kFigures[one.rule];
  if (!figure || one.value === undefined || one.threshold === undefined) return "";
  const write = (value: number) => (figure.as === "percent" ? format.percent(value) : format.whole(value));
  return say(figure.key, { value: write(one.value), threshold: write(one.threshold) });
}

/** A rule's threshold; empty where it measures nothing. */
export function thresholdTold(rule: { name: string; threshold?: number }, format: Format): string {
  const figure = kFigures[rule.name];
  if (!figure || rule.threshold === undefined || rule.name === "limit_changed") return "";
  return figure.as === "percent" ? format.percent(rule.threshold) : format.whole(rule.threshold);
}

const kLeastShare = 0.005;

/** Why a limit is likely to run out; empty where only the program's own sentence says it. */
export function reasonTold({ parts, first_crossing_minutes: first }: Exhaustion, say: Say, format: Format): string {
  if (!parts) return first === 0 ? say("reason.exhausted") : "";
  const signed = (share: number) => (share < 0 ? "−" : "+") + format.percent(Math.abs(share), 0);
  const changes = (["momentum", "usual_change", "pull", "unrest"] as const)
    .filter((name) => Math.abs(parts[name]) >= kLeastShare)
    .map((name) => say(`reason.${name}`, { share: signed(parts[name]) }));
  return [say("reason.level", { share: format.percent(parts.level, 0) }), ...changes].join(say("reason.comma"));
}
