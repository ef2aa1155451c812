/**
 * One step in one line: mark, name, what it does, and on the right what it took.
 *
 * Boundary: a slot to coloured text; the live view and `show` use it. Invariants: degraded has a colour of its own;
 * no line is wider than it may be, and what is cut is the middle, never the figures on the right.
 */
import {
  isSettled,
  type PlanStep,
  pathOf,
  type RunState,
  type Slot,
  type StepReport,
  type StepStatus,
} from "@plumbline/core";
import type { LiveRun } from "./live-run.ts";
import { clean, clipped, columnsOf, cost, countdown, duration, pad } from "./phrase.ts";
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
  readonly now: number;
  readonly nameColumns: number;
  readonly columns: number;
  readonly paint: Paint;
}

export function stepLine(slot: Slot, report: StepReport, context: LineContext): string {
  const { paint, now, nameColumns, columns, left = false } = context;
  const [mark, style] = marks[report.status];
  const turning =
    report.status === "running" && !left ? (spinner[Math.floor(now / 120) % spinner.length] as string) : mark;
  const name = pad(clipped(clean(report.path), nameColumns), nameColumns);
  const right = figures(slot, report, context);
  const room = columns - nameColumns - columnsOf(right) - 8;
  const bar = report.status === "running" && report.progress !== undefined ? progressBar(report.progress, paint) : "";
  const words = clipped(clean(wordsFor(slot, report, context)), Math.max(4, room - (bar === "" ? 0 : barCells + 6)));
  const quiet = report.status === "pending" || report.status === "skipped" || report.status === "stopped";
  const middle = bar + (words === "" ? "" : paint(quiet || report.status === "succeeded" ? "dim" : style, words));
  return `  ${paint(style, turning)} ${quiet ? paint("dim", name) : name}  ${pad(middle, room)}  ${paint("dim", right)}`.trimEnd();
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

function wordsFor(slot: Slot, report: StepReport, { live, now }: LineContext): string {
  const { state } = live;
  switch (report.status) {
    case "pending":
      return awaited(state, slot);
    case "running":
      return running(slot, live);
    case "retrying": {
      const again = slot.dueAt === undefined ? "" : `, again in ${countdown(slot.dueAt - now)}`;
      return `attempt ${slot.attempts} failed${again}: ${firstLine(slot.failure?.message)}`;
    }
    case "waiting":
      return slot.node.kind === "approval"
        ? `waits for ${slot.node.desk}, ${countdown((slot.dueAt ?? now) - now)} left`
        : "waits";
    case "succeeded":
      return answered(slot, report);
    case "degraded":
      return state.degradations.find(({ path }) => path === report.path)?.reason ?? answered(slot, report);
    case "failed":
      return firstLine(report.failure?.message);
    case "skipped":
      return skipped(state, live.skipped.get(slot.id));
    case "undoing":
      return "is being undone";
    default:
      return report.status;
  }
}

function running(slot: Slot, live: LiveRun): string {
  const attempt = slot.attempts > 0 ? `attempt ${slot.attempts + 1}` : "";
  const rung = rungOf(slot);
  return [rung, attempt, live.notes.get(slot.id) ?? ""].filter((part) => part !== "").join(" · ");
}

/** The rung by name, where the step has a choice of them. */
function rungOf({ node, rung }: Slot): string {
  return node.kind === "step" && node.rungs.length > 1 ? (node.rungs[rung]?.name ?? "") : "";
}

function answered(slot: Slot, report: StepReport): string {
  if (slot.node.kind === "approval") return `decided by ${report.by ?? "a person"}`;
  const { rungs } = slot.node as PlanStep;
  const by = rungs.length > 1 ? (report.answeredBy ?? "") : "";
  const attempts = report.attempts > 1 ? `attempt ${report.attempts}` : "";
  const dropped = report.dropped ? `dropped ${report.dropped.join(", ")}` : "";
  return [by, attempts, dropped].filter((part) => part !== "").join(" · ");
}

function awaited(state: RunState, slot: Slot): string {
  const needs = slot.node.dependsOn
    .map(({ node }) => state.slots[slot.frame.base + node])
    .filter((need) => need !== undefined && !isSettled(need))
    .map((need) => pathOf(need as Slot));
  return needs.length === 0 ? "" : `after ${needs.join(", ")}`;
}

function skipped(state: RunState, because: "when" | number | undefined): string {
  if (because === undefined || because === "when") return "not needed";
  const need = state.slots[because];
  return need ? `not needed, like ${pathOf(need)}` : "not needed";
}

function firstLine(message = ""): string {
  return message.split("\n", 1)[0] as string;
}
