// SPDX-License-Identifier: Apache-2.0
// The frame around the pages: navigation, language, theme, the token, and the live connection.
import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import "./page.css";
import { follow, get, getIfThere, Refusal, useToken, whenTokenIsWanted } from "./api";
import { kLanguages, type Language, type MessageKey } from "./i18n";
import { AlertsPage } from "./pages/alerts";
import { CostPage } from "./pages/cost";
import { NowPage } from "./pages/now";
import { PoolsPage } from "./pages/pools";
import { RequestsPage } from "./pages/requests";
import { SettingsPage } from "./pages/settings";
import { ShadowPage } from "./pages/shadow";
import { openCount } from "./loud";
import { withPicture } from "./series";
import {
  firstLanguage,
  LiveContext,
  remember,
  remembered,
  useRoute,
  useWords,
  WordsContext,
  wordsOf,
  type Live,
  type Theme,
} from "./state";
import type { Levels } from "./types";

const kPages: { id: string; name: MessageKey; page: (props: { rest: string[] }) => preact.JSX.Element }[] = [
  { id: "now", name: "page.now", page: NowPage },
  { id: "cost", name: "page.cost", page: CostPage },
  { id: "requests", name: "page.requests", page: RequestsPage },
  { id: "pools", name: "page.pools", page: PoolsPage },
  { id: "shadow", name: "page.shadow", page: ShadowPage },
  { id: "alerts", name: "page.alerts", page: AlertsPage },
  { id: "settings", name: "page.settings", page: SettingsPage },
];

type Connection = { state: "connecting" | "live" | "lost"; why: string };

/** The newest picture, for as long as the page is open; begins anew with each `turn`. */
function useFollowed(turn: number): [Live, Connection] {
  const [live, setLive] = useState<Live>({ picture: null, levels: null });
  const [connection, setConnection] = useState<Connection>({ state: "connecting", why: "" });
  useEffect(() => {
    let gone = false;
    const run = async () => {
      const kept = await getIfThere<Levels>("levels").catch(() => null);
      let levels = kept ?? { every_seconds: 10, series: [] };
      while (!gone) {
        try {
          await follow((picture) => {
            if (gone) throw new Error("gone");
            levels = withPicture(levels, picture.limits, Math.floor(Date.parse(picture.status.now) / 1000));
            setLive({ picture, levels });
            setConnection({ state: "live", why: "" });
          });
        } catch (error) {
          if (gone) return;
          setConnection({ state: "lost", why: (error as Error).message });
          if (error instanceof Refusal && error.status === 401) return; // goes on with the next turn
          await new Promise((resolve) => setTimeout(resolve, 1000));
        }
      }
    };
    void run();
    return () => {
      gone = true;
    };
  }, [turn]);
  return [live, connection];
}

function TokenForm({ done }: { done: () => void }) {
  const { say } = useWords();
  const [wrong, setWrong] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    useToken(field.current!.value);
    try {
      await get("status");
      done();
    } catch {
      field.current!.value = "";
      setWrong(true);
      field.current!.focus();
    }
  };
  return (
    <form class="token" onSubmit={submit}>
      <h2>{say("token.title")}</h2>
      <p id="token-why" class="soft">
        {say("token.why")}
      </p>
      <label>
        {say("token.label")} <input ref={field} type="password" autocomplete="off" required aria-describedby="token-why" />
      </label>
      <button class="primary">{say("token.open")}</button>
      {wrong && (
        <p class="trouble" role="alert">
          {say("token.wrong")}
        </p>
      )}
    </form>
  );
}

function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(() => (remembered("theme") as Theme | null) ?? "system");
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    remember("theme", theme);
  }, [theme]);
  return [theme, setTheme];
}

/** Changes with the system's colours too, so that charts are drawn anew. */
function useSystemDark(): boolean {
  const query = useMemo(() => matchMedia("(prefers-color-scheme: dark)"), []);
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const change = () => setDark(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return dark;
}

function Header({
  current,
  connection,
  language,
  setLanguage,
  theme,
  setTheme,
  alarms,
}: {
  current: string;
  connection: Connection;
  language: Language;
  setLanguage: (one: Language) => void;
  theme: Theme;
  setTheme: (one: Theme) => void;
  alarms: number;
}) {
  const { say } = useWords();
  return (
    <header>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        {say("skip")}
      </a>
      <div class="brand">
        <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" class="brand-ground" />
          <path
            d="M4 20c4-5 8-5 12 0s8 5 12 0M4 13c4-5 8-5 12 0s8 5 12 0"
            fill="none"
            stroke="#fff"
            stroke-width="3"
            stroke-linecap="round"
          />
        </svg>
        <h1>Tidegate</h1>
      </div>
      <nav aria-label={say("navigation")}>
        {kPages.map((one) => (
          <a href={"#/" + one.id} aria-current={one.id === current ? "page" : undefined}>
            {say(one.name)}
            {one.id === "alerts" && alarms > 0 && (
              <span class="count">
                {alarms}
                <span class="unseen"> {say("alerts.open")}</span>
              </span>
            )}
          </a>
        ))}
      </nav>
      <div class="controls">
        <span class={`connection ${connection.state}`} role="status" title={connection.why}>
          {say(`connection.${connection.state}`)}
        </span>
        <label>
          <span class="unseen">{say("language")}</span>
          <select value={language} onChange={(event) => setLanguage(event.currentTarget.value as Language)}>
            {kLanguages.map((one) => (
              <option value={one.id} lang={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span class="unseen">{say("theme")}</span>
          <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            {(["system", "light", "dark"] as const).map((one) => (
              <option value={one}>{say(`theme.${one}`)}</option>
            ))}
          </select>
        </label>
      </div>
    </header>
  );
}

function App() {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const [theme, setTheme] = useTheme();
  const dark = useSystemDark();
  const [turn, setTurn] = useState(0);
  const [tokenWanted, setTokenWanted] = useState(false);
  useEffect(() => whenTokenIsWanted(() => setTokenWanted(true)), []);
  const [live, connection] = useFollowed(turn);
  const [page = "now", ...rest] = useRoute();
  const shown = kPages.find((one) => one.id === page) ?? kPages[0];
  const shownTheme = theme === "system" ? (dark ? "dark" : "light") : theme;
  const words = useMemo(() => wordsOf(language, shownTheme), [language, shownTheme]);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${words.say(shown.name)} · Tidegate`;
    remember("language", language);
  }, [language, shown]);
  const Page = shown.page;
  const { status } = live.picture ?? {};
  return (
    <WordsContext.Provider value={words}>
      <LiveContext.Provider value={live}>
        <Header current={shown.id} alarms={live.picture ? openCount(live.picture) : 0} {...{ connection, language, setLanguage, theme, setTheme }} />
        <main id="main" tabIndex={-1} key={turn}>
          {tokenWanted ? (
            <TokenForm
              done={() => {
                setTokenWanted(false);
                setTurn((before) => before + 1);
              }}
            />
          ) : (
            <Page rest={rest} />
          )}
        </main>
        {status && (
          <footer>
            Tidegate {status.version} ({status.commit}) · {words.say("footer.serves", { address: status.listen })} ·{" "}
            {words.say("footer.up", { time: words.format.duration(status.uptime_seconds) })} ·{" "}
            {words.say("footer.ledger", {
              drained: words.format.whole(status.ledger.drained),
              waiting: words.format.whole(status.ledger.undrained),
            })}
          </footer>
        )}
      </LiveContext.Provider>
    </WordsContext.Provider>
  );
}

render(<App />, document.getElementById("page")!);
