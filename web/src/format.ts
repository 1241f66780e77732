// SPDX-License-Identifier: Apache-2.0
// Figures as people of a language write them. Pure: the language is an argument.
import type { Language } from "./i18n";

const known = new Map<string, Intl.NumberFormat>();

function numberFormat(language: Language, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const name = language + JSON.stringify(options);
  let format = known.get(name);
  if (!format) known.set(name, (format = new Intl.NumberFormat(language, options)));
  return format;
}

export interface Format {
  whole(value: number): string;
  /** 1.2M, 1.2萬 … */
  compact(value: number): string;
  percent(share: number, digits?: number): string;
  /** Exact decimal text or dollars. Cents; small amounts with as many digits as tell something. */
  money(dollars: string | number): string;
  duration(seconds: number): string;
  milliseconds(value: number): string;
  bytes(value: number): string;
  clock(at: number | string | Date): string;
  dateTime(at: number | string | Date): string;
}

export function formatOf(language: Language): Format {
  const unit = (name: string, value: number, digits = 0) =>
    numberFormat(language, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
  const bytes = (name: string, value: number, digits: number) =>
    numberFormat(language, { style: "unit", unit: name, unitDisplay: "narrow", maximumFractionDigits: digits }).format(value);
  const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const dateTime = new Intl.DateTimeFormat(language, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  return {
    whole: (value) => numberFormat(language, { maximumFractionDigits: 0 }).format(value),
    compact: (value) => numberFormat(language, { notation: "compact", maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1 }).format(value),
    percent: (share, digits = 1) => numberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(share),
    money(dollars) {
      const value = Number(dollars),
        size = Math.abs(value);
      const digits = size >= 10_000 ? 0 : size > 0 && size < 1 ? 4 : 2;
      return numberFormat(language, {
        style: "currency",
        currency: "USD",
        currencyDisplay: "narrowSymbol",
        minimumFractionDigits: Math.min(2, digits),
        maximumFractionDigits: digits,
      }).format(value);
    },
    duration(seconds) {
      if (seconds < 90) return unit("second", Math.round(seconds));
      if (seconds < 90 * 60) return unit("minute", Math.round(seconds / 60));
      if (seconds < 48 * 3600) return unit("hour", seconds / 3600, 1);
      return unit("day", Math.round(seconds / 86400));
    },
    milliseconds: (value) =>
      value < 1000 ? unit("millisecond", value, value < 10 ? 1 : 0) : unit("second", value / 1000, value < 10_000 ? 2 : 1),
    bytes(value) {
      if (value < 1000) return bytes("byte", value, 0);
      if (value < 1e6) return bytes("kilobyte", value / 1e3, 1);
      return value < 1e9 ? bytes("megabyte", value / 1e6, 1) : bytes("gigabyte", value / 1e9, 1);
    },
    clock: (at) => time.format(new Date(at)),
    dateTime: (at) => dateTime.format(new Date(at)),
  };
}
