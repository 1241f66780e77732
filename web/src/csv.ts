// SPDX-License-Identifier: Apache-2.0
// RFC 4180. A field that a spreadsheet would take for a formula gets an apostrophe before it: names come from clients.
export function toCsv(head: string[], rows: (string | number)[][]): string {
  const field = (value: string | number) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? "'" + value : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((row) => row.map(field).join(",") + "\r\n").join("");
}
