/**
 * The live view where there is no terminal: one plain line an entry, as log files like it.
 *
 * Boundary: moments (insight) to lines; nothing is painted over. Invariant: every line can be read alone: instant, step,
 * words; quiet entries are left out, apart from what says how to answer an approval.
 */
import { type Entry, type PlanApproval, pathOf } from "@plumbline/core";
import { type Moment, momentOf, type Tone } from "@plumbline/insight";
import { ifNobodyAnswers } from "./frame.ts";
import type { LiveRun } from "./live-run.ts";
import { clean, columnsOf, duration, pad } from "./phrase.ts";
import type { Output, Paint, Style } from "./terminal.ts";

const tones: Record<Tone, Style | undefined> = {
  plain: undefined,
  good: "green",
  quiet: "dim",
  warning: "magenta",
  bad: "red",
};

export class JournalLog {
  private readonly output: Output;
  private readonly hint: string;

  /** `hint`: what commands that are shown need to find the database. */
  constructor(output: Output, hint: string) {
    this.output = output;
    this.hint = hint;
  }

  tell(live: LiveRun, entry: Entry, index: number): void {
    const { state } = live;
    const moment = momentOf(state, entry, index);
    if (moment.tone === "quiet" && entry.kind !== "attempt.progressed") return;
    this.output.write(`${momentLine(moment, nameColumnsOf(live), this.output.paint)}\n`);
    if (entry.kind !== "approval.requested") return;
    const slot = state.slots[entry.slot];
    if (slot?.node.kind !== "approval") return;
    const approve = `plumbline approve ${state.run}:${pathOf(slot)}${this.hint}`;
    this.output.write(
      `${" ".repeat(11)}if nobody answers: ${ifNobodyAnswers(slot.node as PlanApproval)}; ${approve}\n`,
    );
  }
}

export function nameColumnsOf({ state }: LiveRun): number {
  return Math.min(28, Math.max(0, ...state.slots.map((slot) => columnsOf(pathOf(slot)))));
}

/** `   +1.2 s  extract  answered in 0.4 s`. */
export function momentLine({ ms, path, words, tone }: Moment, nameColumns: number, paint: Paint): string {
  const style = tones[tone];
  const told = clean(words);
  const time = `+${duration(Math.max(0, ms))}`.padStart(9);
  return `${paint("dim", time)}  ${pad(clean(path), nameColumns)}  ${style === undefined ? told : paint(style, told)}`;
}
