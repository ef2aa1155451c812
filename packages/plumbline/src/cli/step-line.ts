/**
 * One step in one line: mark, name, what it does, and on the right what it took.
 *
 * Boundary: a slot to coloured text, whose words are slot-words.ts's; the live view and `show` use it. Invariants: degraded has a colour of its own;
 * no line is wider than it may be, and what is cut is the middle, never the figures on the right.
 */
import type { Slot, StepReport, StepStatus } from "@plumbline/core";
import { scopeStoryOf } from "@plumbline/insight";
import type { LiveRun } from "./live-run.ts";
import { clean, clipped, columnsOf, cost, duration, pad } from "./phrase.ts";
import type { Branchlet } from "./run-tree.ts";
import { slotWords } from "./slot-words.ts";
import type { Paint, Style } from "./terminal.ts";

const marks: Record<StepStatus, readonly [mark: string, style: Style]> = {
  pending: ["·", "dim"],
  running: ["◐", "blue"],
  retrying: ["↻", "yellow"],
  waiting: ["◆", "cyan"],
  succeeded: ["✓", "green"],
  degraded: ["▲", "magenta"],
  failed: ["✗", "red"],
  skipped: ["○", "dim"],
  undoing: ["↶", "yellow"],
  undone: ["↶", "dim"],
  stopped: ["■", "dim"],
};

export function markOf(status: StepStatus, paint: Paint): string {
  const [mark, style] = marks[status];
  return paint(style, mark);
}

export function styleOf(status: StepStatus): Style {
  return marks[status][1];
}

const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

export interface LineContext {
  readonly live: LiveRun;
  /** Nobody runs it: nothing turns, no time goes by. */
  readonly left?: boolean;
  /** Nothing but a person, a signal or a timer can move it. */
  readonly waits?: boolean;
  readonly now: number;
  readonly nameColumns: number;
  readonly columns: number;
  readonly paint: Paint;
}

export function stepLine({ slot, report: told, name }: Branchlet, context: LineContext): string {
  const { paint, now, nameColumns, columns, live, left = false, waits = false } = context;
  // What is open runs only while something in it does.
  const report = told.status === "running" && waits ? { ...told, status: "waiting" as const } : told;
  const [mark, style] = marks[report.status];
  const turning =
    report.status === "running" && !left ? (spinner[Math.floor(now / 120) % spinner.length] as string) : mark;
  const called = pad(clipped(clean(name), nameColumns), nameColumns);
  const right = figures(slot, report, context);
  const room = columns - nameColumns - columnsOf(right) - 8;
  const fraction = report.status === "running" ? (report.progress ?? itemsDone(slot, live)) : undefined;
  const bar = fraction === undefined ? "" : progressBar(fraction, paint);
  const said = slotWords(slot, report, live, now);
  const words = clipped(clean(said), Math.max(4, room - (bar === "" ? 0 : barCells + 6)));
  const quiet = report.status === "pending" || report.status === "skipped" || report.status === "stopped";
  const middle = bar + (words === "" ? "" : paint(quiet || report.status === "succeeded" ? "dim" : style, words));
  return `  ${paint(style, turning)} ${quiet ? paint("dim", called) : called}  ${pad(middle, room)}  ${paint("dim", right)}`.trimEnd();
}

/** The share of a map's items that are done, while it has some. */
function itemsDone(slot: Slot, { state }: LiveRun): number | undefined {
  const scope = scopeStoryOf(state, slot);
  return scope?.kind === "map" && scope.items > 0 ? scope.done / scope.items : undefined;
}

const barCells = 12;

function progressBar(fraction: number, paint: Paint): string {
  const full = Math.round(fraction * barCells);
  const percent = `${Math.round(fraction * 100)} %`.padStart(5);
  return `${paint("blue", "━".repeat(full))}${paint("dim", "─".repeat(barCells - full))}${percent} `;
}

/** On the right: time spent, and cost where there is any. */
function figures(slot: Slot, report: StepReport, { live, now, left = false }: LineContext): string {
  const spent = cost(report.usd, 0);
  const under = report.status === "running" && !left ? Math.max(0, now - live.since(slot)) : 0;
  const ms = report.ms + under;
  const timed = report.status === "running" || (report.kind === "step" && report.attempts > 0) || report.ms > 0;
  const settledStep = report.kind === "step" && slot.status === "completed";
  return [spent, timed || settledStep ? duration(ms) : ""].filter((part) => part !== "").join("  ");
}
