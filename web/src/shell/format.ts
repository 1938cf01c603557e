import type { Money } from "../api/rest";

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const formats = new Map<string, Intl.NumberFormat>();

export function count(value: number): string {
  return whole.format(value);
}

export function compact(value: number): string {
  return short.format(value);
}

/** Formats the decimal text itself, which is exact. A binary number would not be. */
export function money(value: Money | null): string {
  if (value === null) return "–";
  const digits = value.amount.split(".")[1]?.length ?? 0;
  const key = `${digits}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    formats.set(key, format);
  }
  const text = format.format(value.amount as `${number}`).replace("-", "−");
  return value.currency === "XXX" ? text : `${text} ${value.currency}`;
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const units = ["kB", "MB", "GB"];
  let scaled = value;
  let unit = "";
  for (unit of units) {
    scaled /= 1000;
    if (scaled < 1000) break;
  }
  return `${scaled.toFixed(1)} ${unit}`;
}

export function percent(share: number): string {
  // 0.29 * 100 is a little less than 29.
  return `${Math.floor(share * 100 + 1e-9)}%`;
}

export function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(total / 60);
  return minutes >= 60
    ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} h`
    : `${minutes}:${String(total % 60).padStart(2, "0")}`;
}

/** An instant, in the reader's own time zone. */
export function instant(text: string | null): string {
  if (text === null) return "–";
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

export function clock(milliseconds: number): string {
  return new Intl.DateTimeFormat("en-GB", { timeStyle: "short" }).format(new Date(milliseconds));
}

/** One or two letters that stand for a person: of the first and the last word of the name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const letters = (words.length > 1 ? [words[0], words.at(-1)] : [words[0]]).map((word) => Array.from(word ?? "")[0] ?? "");
  return letters.join("").toLocaleUpperCase("en");
}
