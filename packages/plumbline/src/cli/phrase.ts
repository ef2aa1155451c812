/**
 * Numbers, instants and foreign text as people read them on a terminal.
 *
 * Boundary: values to short text, no colour and no layout. Invariants: text from flows, models and people cannot steer
 * the terminal: control characters never get through; widths are counted in columns, not in code units.
 */
import { stripVTControlCharacters } from "node:util";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `<1 ms`, `0.3 s`, `12.4 s`, `4 m 05 s`, `3 h 12 m`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1) return ms > 0 ? "<1 ms" : "0 ms";
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < minute - 50) return `${(ms / second).toFixed(1)} s`;
  if (ms < hour - 500) return two(ms, minute, "m", second, "s");
  return ms < day ? two(ms, hour, "h", minute, "m") : two(ms, day, "d", hour, "h");
}

/** Whole seconds, so that what counts down does not flicker. */
export function countdown(ms: number): string {
  return ms <= 0 ? "0 s" : ms < minute ? `${Math.ceil(ms / second)} s` : duration(Math.ceil(ms / second) * second);
}

function two(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const smalls = Math.round(ms / small);
  const rest = smalls % (big / small);
  return `${Math.floor(smalls / (big / small))} ${bigName} ${String(rest).padStart(2, "0")} ${smallName}`;
}

/** `just now`, `12 s ago`, `in 4 m`. */
export function relative(at: number, now: number): string {
  const gap = Math.abs(at - now);
  if (gap < 2 * second) return "just now";
  const words = rough(gap);
  return at > now ? `in ${words}` : `${words} ago`;
}

function rough(ms: number): string {
  if (ms < minute) return `${Math.round(ms / second)} s`;
  if (ms < hour) return `${Math.round(ms / minute)} m`;
  return ms < 2 * day ? `${Math.round(ms / hour)} h` : `${Math.round(ms / day)} d`;
}

/** `14:05:09` today, with the date on other days. */
export function clockTime(at: number, now: number): string {
  const date = new Date(at);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")} ${time}`;
}

/** `$0.0312 · 1.2k tokens`; empty when nothing was spent. */
export function cost(usd: number, tokens: number): string {
  const parts = [];
  if (usd > 0) parts.push(usd < 0.0001 ? "<$0.0001" : `$${usd < 1 ? usd.toFixed(4) : usd.toFixed(2)}`);
  if (tokens > 0) parts.push(`${compact(tokens)} ${tokens === 1 ? "token" : "tokens"}`);
  return parts.join(" · ");
}

function compact(count: number): string {
  if (count < 1_000) return String(Math.round(count));
  return count < 999_950 ? `${(count / 1_000).toFixed(1)}k` : `${(count / 1e6).toFixed(1)}M`;
}

export function plural(count: number, what: string): string {
  return `${counted(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** `1,000`. */
export function counted(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Anything as text; foreign code gives and throws what it likes. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value); // nothing of it turns into text
  }
}

/** One line without anything that could steer a terminal. */
export function clean(text: unknown): string {
  return stripVTControlCharacters(textOf(text)).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g,
    " ",
  );
}

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const plainText = /^[\u0020-\u007e\u00a0-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u25ff\u2713-\u2718]*$/;
const wide =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;

/** Columns that a text takes on a terminal, its colours not counted. */
export function columnsOf(text: string): number {
  const bare = stripVTControlCharacters(text);
  if (plainText.test(bare)) return bare.length;
  let columns = 0;
  for (const { segment } of segments.segment(bare)) columns += wide.test(segment) ? 2 : 1;
  return columns;
}

/** A text without colours in at most so many columns, the cut marked. */
export function clipped(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns <= 0) return "";
  let used = 1;
  let kept = "";
  for (const { segment } of segments.segment(text)) {
    used += wide.test(segment) ? 2 : 1;
    if (used > columns) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

/** As one word of a command that a shell is given. */
export function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
