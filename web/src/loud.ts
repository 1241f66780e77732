// SPDX-License-Identifier: Apache-2.0
// Alerts that nobody has silenced. Pure.
import type { Alert, Picture } from "./types";

export function loud({ alerts, status }: Pick<Picture, "alerts" | "status">): Alert[] {
  const now = Date.parse(status.now);
  return alerts.filter((one) => !one.silenced_until || Date.parse(one.silenced_until) <= now);
}

/** How many things want somebody: alarms, and rules that fire; what is only news is none. */
export function openCount(picture: Pick<Picture, "alarms" | "alerts" | "status">): number {
  return picture.alarms.length + byRule(loud(picture).filter((one) => one.severity !== "info")).length;
}

/** Those of a rule together, as one message tells them. The worst first, as they come. */
export function byRule(alerts: Alert[]): Alert[][] {
  const by = new Map<string, Alert[]>();
  for (const one of alerts) by.set(one.rule, [...(by.get(one.rule) ?? []), one]);
  return [...by.values()];
}
