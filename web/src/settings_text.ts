// SPDX-License-Identifier: Apache-2.0
type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Every setting below a value with its path: `[["tls.verify", "true"], ["keys[0].env", "CLAUDE_KEY"]]`. Pure. */
export function flatten(value: Json, path = ""): [string, string][] {
  if (Array.isArray(value)) {
    if (value.every((one) => one === null || typeof one !== "object")) return [[path, value.join(", ") || "–"]];
    return value.flatMap((one, at) => flatten(one, `${path}[${at}]`));
  }
  if (value !== null && typeof value === "object") {
    return Object.entries(value).flatMap(([name, one]) => flatten(one, path ? `${path}.${name}` : name));
  }
  return [[path, value === null || value === "" ? "–" : String(value)]];
}
