/**
 * The live view where there is no terminal: one plain line an entry, as log files like it.
 *
 * Boundary: moments (insight) to lines; nothing is painted over. Invariants: every line can be read alone: instant, step,
 * words; quiet entries are left out, apart from what says how to answer an approval or to send a signal; a long map has a
 * line for each tenth of its items, and beside that only what waits in them and the first of those that failed.
 */
import { type Entry, type Plan, type PlanScope, pathOf, type Slot } from "@plumbline/core";
import { type Moment, momentOf, scopeStoryOf, type Tone } from "@plumbline/insight";
import { ifNobodyAnswers, signalCommand } from "./frame.ts";
import type { LiveRun } from "./live-run.ts";
import { clean, columnsOf, duration, pad, shellWord } from "./phrase.ts";
import { scopeWords } from "./slot-words.ts";
import type { Output, Paint, Style } from "./terminal.ts";

const tones: Record<Tone, Style | undefined> = {
  plain: undefined,
  good: "green",
  quiet: "dim",
  warning: "magenta",
  bad: "red",
};

/** Maps with more items than this are told in tenths. */
const longMap = 20;
const tenths = 10;

export class JournalLog {
  private readonly output: Output;
  private readonly hint: string;
  /** Tenths of long maps that were told, by slot. */
  private readonly told = new Map<number, number>();

  /** `hint`: what commands that are shown need to find the database. */
  constructor(output: Output, hint: string) {
    this.output = output;
    this.hint = hint;
  }

  tell(live: LiveRun, entry: Entry, index: number): void {
    const { state } = live;
    const slot = "slot" in entry && entry.slot !== undefined ? state.slots[entry.slot] : undefined;
    const maps = slot ? longMapsAround(slot) : [];
    const moment = momentOf(state, entry, index);
    const isTold = moment.tone !== "quiet" || entry.kind === "attempt.progressed";
    if (isTold && (waits(entry) || (maps.length === 0 && !isOneOfManyLost(entry, slot)))) this.write(live, moment);
    if (slot && waits(entry)) this.tellHow(state.run, slot);
    for (const map of slot && isLongMap(slot) ? [slot] : maps) this.tellProgress(live, map, moment);
  }

  /** Of a run that was called only what somebody has to answer. */
  tellCalled(called: LiveRun, entry: Entry): void {
    const slot = waits(entry) && "slot" in entry ? called.state.slots[entry.slot as number] : undefined;
    if (!slot) return;
    const moment = momentOf(called.state, entry, 0);
    this.write(called, { ...moment, path: `${called.state.plan.flow}:${moment.path}` });
    this.tellHow(called.state.run, slot);
  }

  private write(live: LiveRun, moment: Moment): void {
    this.output.write(`${momentLine(moment, pathColumnsOf(live.state.plan), this.output.paint)}\n`);
  }

  private tellHow(run: string, slot: Slot): void {
    const { node } = slot;
    const indent = " ".repeat(11);
    if (node.kind === "approval") {
      const approve = `plumbline approve ${shellWord(`${run}:${pathOf(slot)}`)}${this.hint}`;
      this.output.write(`${indent}if nobody answers: ${ifNobodyAnswers(node)}; ${approve}\n`);
    } else if (node.kind === "signal") {
      this.output.write(
        `${indent}if nothing comes: ${ifNobodyAnswers(node)}; ${signalCommand(run, node, this.hint)}\n`,
      );
    }
  }

  private tellProgress(live: LiveRun, map: Slot, moment: Moment): void {
    const scope = scopeStoryOf(live.state, map);
    if (scope?.kind !== "map" || scope.done === scope.items) return;
    const tenth = Math.floor((scope.done * tenths) / scope.items);
    if (tenth <= (this.told.get(map.id) ?? 0)) return;
    this.told.set(map.id, tenth);
    this.write(live, { ...moment, path: pathOf(map), words: scopeWords(scope), tone: "plain" });
  }
}

function waits({ kind }: Entry): boolean {
  return kind === "approval.requested" || kind === "signal.awaited";
}

/** The line of the map counts them. */
function isOneOfManyLost({ kind }: Entry, slot: Slot | undefined): boolean {
  return kind === "scope.failed" && (slot?.inside?.failures.size ?? 0) > maxLostTold;
}

const maxLostTold = 5;

function isLongMap({ inside }: Slot): boolean {
  return (inside?.items.length ?? 0) > longMap;
}

/** The long maps in whose items a slot lies, innermost first. */
function longMapsAround({ frame }: Slot): Slot[] {
  const found: Slot[] = [];
  for (let owner = frame.owner; owner; owner = owner.frame.owner) if (isLongMap(owner)) found.push(owner);
  return found;
}

const maxPathColumns = 28;

/** Of all paths that the plan has, so that lines do not move while a run goes on. */
export function pathColumnsOf({ scopes }: Plan): number {
  const columns = scopes.flatMap((scope) =>
    scope.nodes.map(({ name }) => columnsOf(`${prefixOf(scopes, scope)}${name}`)),
  );
  return Math.min(maxPathColumns, Math.max(0, ...columns));
}

function prefixOf(scopes: Plan["scopes"], { id, owner }: PlanScope): string {
  const around = owner && scopes[owner.scope];
  const node = around?.nodes[owner?.node ?? 0];
  if (!around || !node) return "";
  const path = `${prefixOf(scopes, around)}${node.name}`;
  if (node.kind === "ensemble") return `${path}.`;
  if (node.kind !== "branch") return `${path}[000].`;
  return `${path}.${Object.keys(node.cases).find((name) => node.cases[name] === id)}.`;
}

/** `   +1.2 s  extract  answered in 0.4 s`. */
export function momentLine({ ms, path, words, tone }: Moment, pathColumns: number, paint: Paint): string {
  const style = tones[tone];
  const told = clean(words);
  const time = `+${duration(Math.max(0, ms))}`.padStart(9);
  return `${paint("dim", time)}  ${pad(clean(path), pathColumns)}  ${style === undefined ? told : paint(style, told)}`;
}
