// SPDX-License-Identifier: Apache-2.0
// The configuration in force, secrets as the name of where they come from, as the program gives it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { get, post } from "../api";
import { flatten } from "../settings_text";
import { Section, Waiting } from "../parts";
import { useLoaded, useWords } from "../state";

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

const kLong = 60;

function Part({ name, value, wanted }: { name: string; value: Json; wanted: string }): ComponentChildren {
  const { format } = useWords();
  const settings = flatten(value).filter(([path, text]) => `${name}.${path} ${text}`.toLowerCase().includes(wanted.toLowerCase()));
  if (settings.length === 0) return null;
  return (
    <details class="part" open={settings.length <= kLong || wanted !== ""}>
      <summary>
        <b>{name}</b> <span class="soft">{format.whole(settings.length)}</span>
      </summary>
      <dl>
        {settings.map(([path, text]) => (
          <div class="setting">
            <dt>{path || name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

export function SettingsPage(_: { rest: string[] }) {
  const { say } = useWords();
  const loaded = useLoaded(() => get<{ [name: string]: Json }>("config"), []);
  const [wanted, setWanted] = useState("");
  const [told, setTold] = useState<{ text: string; bad: boolean } | null>(null);
  const reload = async () => {
    try {
      const { changes } = (await post("reload", {})) as { changes: string[] };
      setTold({ text: changes.length ? say("settings.changed", { what: changes.join("; ") }) : say("settings.unchanged"), bad: false });
      loaded.again();
    } catch (error) {
      setTold({ text: (error as Error).message, bad: true });
    }
  };
  return (
    <Section
      title={say("page.settings")}
      note={say("settings.note")}
      actions={
        <div class="actions">
          <label>
            <span class="unseen">{say("settings.search")}</span>
            <input
              type="search"
              placeholder={say("settings.search")}
              value={wanted}
              onInput={(event) => setWanted(event.currentTarget.value)}
            />
          </label>
          <button type="button" onClick={reload}>
            {say("settings.reload")}
          </button>
        </div>
      }
    >
      {told && (
        <p class={told.bad ? "trouble" : "soft"} role="status">
          {told.text}
        </p>
      )}
      {loaded.data ? (
        <div class="parts">
          {Object.entries(loaded.data).map(([name, value]) => (
            <Part key={name} {...{ name, value, wanted }} />
          ))}
        </div>
      ) : (
        <Waiting {...loaded} />
      )}
    </Section>
  );
}
