// SPDX-License-Identifier: Apache-2.0
// Small pieces that several pages are made of.
import type { ComponentChildren } from "preact";
import { useWords } from "./state";
import { alertTold } from "./told";

export function Section({
  title,
  note,
  children,
  actions,
}: {
  title: string;
  note?: string;
  children: ComponentChildren;
  actions?: ComponentChildren;
}) {
  return (
    <section aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        {note && <p class="soft">{note}</p>}
        {actions}
      </div>
      {children}
    </section>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** One of several, as buttons. */
export function Choice<T extends string>({
  label,
  options,
  chosen,
  choose,
}: {
  label: string;
  options: { id: T; name: string }[];
  chosen: T;
  choose: (id: T) => void;
}) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((one) => (
        <button type="button" aria-pressed={one.id === chosen} onClick={() => choose(one.id)}>
          {one.name}
        </button>
      ))}
    </div>
  );
}

export interface Column<Row> {
  name: string;
  cell: (row: Row) => ComponentChildren;
  isText?: boolean;
  /** Sentences: broken into lines. */ isLong?: boolean;
}

/** On a small screen, rows with sentences stand as lists of what they hold: reading and acting must not need sideways scrolling. The roles
 * say what the elements are, because browsers forget it of what is not displayed as a table. */
export function Table<Row>({
  caption,
  columns,
  rows,
  footer,
}: {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  footer?: ComponentChildren;
}) {
  return (
    <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table role="table" class={columns.some((one) => one.isLong) ? "stacks" : ""}>
        <caption class="unseen">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((one) => (
              <th scope="col" role="columnheader" class={one.isText ? "text" : ""}>
                {one.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr role="row">
              {columns.map((one) => (
                <td role="cell" data-name={one.name} class={one.isLong ? "text wrap" : one.isText ? "text" : ""}>{one.cell(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
        {footer && <tfoot>{footer}</tfoot>}
      </table>
    </div>
  );
}

/** How much of something is used, with a mark where it becomes short. `value` and `mark` are shares. */
export function Bar({ value, mark, label, state }: { value: number; mark?: number; label: string; state: "good" | "warn" | "bad" }) {
  const share = Math.max(0, Math.min(1, value));
  return (
    <svg class={`bar ${state}`} viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="ground" x="0" y="0" width="100" height="8" />
      <rect class="level" x="0" y="0" width={share * 100} height="8" />
      {mark !== undefined && <line x1={mark * 100} x2={mark * 100} y1="0" y2="8" />}
    </svg>
  );
}

/** A state in a word and a shape, so that its colour only repeats it. */
export function Mark({ state, children }: { state: "good" | "warn" | "bad" | "none"; children: ComponentChildren }) {
  const shape = { good: "●", warn: "▲", bad: "■", none: "○" }[state];
  return (
    <span class={`mark ${state}`}>
      <span aria-hidden="true">{shape}</span> {children}
    </span>
  );
}

export function Figure({ name, value, note, state }: { name: string; value: string; note?: string; state?: "warn" | "bad" }) {
  return (
    <div class={`figure ${state ?? ""}`}>
      <dt>{name}</dt>
      <dd>
        {value}
        {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

/** What an alert says: in the reader's language from its figures, and below in the program's own words. */
export function Summary({ of }: { of: { rule: string; value?: number; threshold?: number; summary: string } }) {
  const { language, say, format } = useWords();
  const told = language === "en" ? "" : alertTold(of, say, format);
  return told ? (
    <>
      {told} <small lang="en">{of.summary}</small>
    </>
  ) : (
    <span lang="en">{of.summary}</span>
  );
}

/** What a page says while it has nothing yet, or cannot get it. */
export function Waiting({ error, loading }: { error: string; loading: boolean }) {
  const { say } = useWords();
  if (error)
    return (
      <p class="trouble" role="alert">
        {say("trouble", { what: error })}
      </p>
    );
  return loading ? (
    <p class="empty" role="status">
      {say("loading")}
    </p>
  ) : null;
}

export function download(name: string, type: string, text: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
