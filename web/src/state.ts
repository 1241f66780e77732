// SPDX-License-Identifier: Apache-2.0
// What the whole page knows: the language, and the newest picture of the program.
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { formatOf, type Format } from "./format";
import { choose, kLanguages, speaker, wordOf, type Language, type Say } from "./i18n";
import type { Levels, Picture } from "./types";

export type Theme = "system" | "light" | "dark";

export interface Words {
  language: Language;
  say: Say;
  word: (name: string) => string;
  format: Format;
  theme: Theme;
}

export function wordsOf(language: Language, theme: Theme): Words {
  return { language, theme, say: speaker(language), word: (name) => wordOf(language, name), format: formatOf(language) };
}

export const WordsContext = createContext<Words>(wordsOf("en", "system"));
export const useWords = () => useContext(WordsContext);

export interface Live {
  picture: Picture | null;
  /** Curves of what is left of each limit; null until the first picture. */
  levels: Levels | null;
}
export const LiveContext = createContext<Live>({ picture: null, levels: null });
export const useLive = () => useContext(LiveContext);

/** Settings of the reader, kept by the browser where it lets us. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem("tidegate-" + name);
  } catch {
    return null;
  }
}
export function remember(name: string, value: string) {
  try {
    localStorage.setItem("tidegate-" + name, value);
  } catch {
    /* a browser that keeps nothing */
  }
}

export function firstLanguage(): Language {
  const kept = remembered("language");
  return kLanguages.find((one) => one.id === kept)?.id ?? choose(navigator.languages);
}

/** Where the page stands: `#/requests/ID` is ["requests", "ID"]. */
export function useRoute(): string[] {
  const read = () => location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const change = () => setRoute(read());
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return route;
}

export interface Loaded<T> {
  data: T | null;
  error: string;
  loading: boolean;
  again: () => void;
}

/** What `ask` gives, asked again every so often and whenever `about` changes; what was there stays meanwhile. */
export function useLoaded<T>(ask: () => Promise<T>, about: unknown[], everySeconds = 0): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: string; loading: boolean }>({ data: null, error: "", loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let gone = false;
    const load = async () => {
      try {
        const data = await ask();
        if (!gone) setState({ data, error: "", loading: false });
      } catch (error) {
        if (!gone) setState((before) => ({ ...before, error: (error as Error).message, loading: false }));
      }
    };
    setState((before) => ({ ...before, loading: true }));
    void load();
    const timer = everySeconds > 0 ? setInterval(load, everySeconds * 1000) : undefined;
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [...about, turn]);
  return { ...state, again: () => setTurn((before) => before + 1) };
}
