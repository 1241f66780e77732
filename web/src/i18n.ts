// SPDX-License-Identifier: Apache-2.0
// The page's words. Every key is there in every language, which the types and a test hold.
import { en } from "./messages/en";
import { zhCN } from "./messages/zh-CN";
import { zhTW } from "./messages/zh-TW";

export type Language = "en" | "zh-TW" | "zh-CN";
export type MessageKey = keyof typeof en;
export type Messages = Record<MessageKey, string>;

export const kLanguages: { id: Language; name: string; messages: Messages }[] = [
  { id: "en", name: "English", messages: en },
  { id: "zh-TW", name: "繁體中文", messages: zhTW },
  { id: "zh-CN", name: "简体中文", messages: zhCN },
];

/** The first of the reader's languages that the page speaks; English else. */
export function choose(wanted: readonly string[]): Language {
  for (const one of wanted) {
    const tag = one.toLowerCase();
    if (tag.startsWith("zh")) return /hant|tw|hk|mo/.test(tag) ? "zh-TW" : "zh-CN";
    if (tag.startsWith("en")) return "en";
  }
  return "en";
}

export type Say = (key: MessageKey, values?: Record<string, string | number>) => string;

/** `{name}` in a message gives way to the value of that name. */
export function speaker(language: Language): Say {
  const messages = kLanguages.find((one) => one.id === language)!.messages;
  return (key, values = {}) => messages[key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** What a rule is about: as the page knows it, or as the program says. */
export function ruleTold(language: Language, rule: { name: string; description: string }): string {
  const messages = kLanguages.find((one) => one.id === language)!.messages as Record<string, string>;
  return messages["rule." + rule.name] ?? rule.description;
}

/** A word of the API (`input_tokens`, `retry_after`): translated where the page knows it, readable in any case. */
export function wordOf(language: Language, name: string): string {
  const messages = kLanguages.find((one) => one.id === language)!.messages as Record<string, string>;
  return messages["word." + name] ?? name.replaceAll("_", " ");
}
