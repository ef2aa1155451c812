/**
 * One frame of the live view: a run as lines, for a given instant and size.
 *
 * Boundary: pure: no clock, no terminal; painting is screen.ts. Invariants: never more lines than the screen has, so that
 * nothing scrolls away: what is over or to come is counted instead; what happens when nobody answers is always said
 * beside the countdown.
 */
import { open, type PlanApproval, type PlanSignal, pathOf, type Slot, type StepReport } from "@plumbline/core";
import { jsonText } from "./json-text.ts";
import type { LiveRun } from "./live-run.ts";
import { clean, clipped, columnsOf, cost, countdown, duration, plural, shellWord } from "./phrase.ts";
import { type Branchlet, nameColumnsOf, treeOf } from "./run-tree.ts";
import { stepLine } from "./step-line.ts";
import type { Paint } from "./terminal.ts";

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
  /** What commands that are shown need to find the database. */
  readonly hint?: string;
}

export function frameOf(live: LiveRun, now: number, { columns, rows, hint = "" }: FrameSize, paint: Paint): string[] {
  const tree = treeOf(live.state);
  const nameColumns = nameColumnsOf(tree);
  const context = { live, now, nameColumns, columns, paint, waits: live.waits };
  const blocks = tree.map((line) => {
    const below = consequences(live, line, hint);
    return {
      report: line.report,
      lines: [
        stepLine(line, context),
        ...below.map((words) => `      ${paint("dim", clipped(clean(words), columns - 6))}`),
      ],
    };
  });
  const frame = [
    head(live, columns, paint),
    "",
    ...fitted(blocks, rows - 5, paint),
    "",
    foot(live, tree, now, columns, paint),
  ];
  return frame.slice(-Math.max(1, rows - 1));
}

function head({ state }: LiveRun, columns: number, paint: Paint): string {
  const name = clipped(clean(state.plan.flow), columns);
  const key = state.key === undefined ? "" : `  key ${clean(state.key)}`;
  return `${paint("bold", name)}${paint("dim", clipped(`  ${state.run}${key}`, columns - columnsOf(name)))}`;
}

interface Block {
  readonly report: StepReport;
  readonly lines: readonly string[];
}

/** All lines where they fit; else those in motion, with the others counted. */
function fitted(blocks: readonly Block[], rows: number, paint: Paint): string[] {
  const all = blocks.flatMap(({ lines }) => lines);
  if (all.length <= rows) return all;
  const isOver = ({ report }: Block) => report.status === "succeeded" || report.status === "skipped";
  const over = blocks.filter(isOver);
  const toCome = blocks.filter(({ report }) => report.status === "pending");
  const inMotion = blocks.filter((block) => !isOver(block) && block.report.status !== "pending");
  const lines = inMotion.flatMap((block) => block.lines);
  const room = Math.max(1, rows - 3);
  const hidden = lines.length - room;
  return [
    ...(over.length > 0 ? [paint("dim", `  ✓ ${plural(over.length, "step")} done`)] : []),
    ...lines.slice(0, room),
    ...(hidden > 0 ? [paint("dim", `    and ${plural(hidden, "line")} more`)] : []),
    ...(toCome.length > 0 ? [paint("dim", `  · ${plural(toCome.length, "step")} to come`)] : []),
  ];
}

/** Under what waits: how it is answered, and what happens when it is not; also where that lies in a run that was called. */
function consequences(live: LiveRun, { slot }: Branchlet, hint: string): string[] {
  const called = slot.status === "called" ? live.called.get(slot.call ?? "") : undefined;
  if (!called) return answers(live, slot, hint);
  return called.family.flatMap((one) =>
    [...one.asked, ...one.awaited].flatMap((wait) => [
      `${pathOf(wait)} of run ${one.state.run} waits`,
      ...answers(one, wait, hint),
    ]),
  );
}

function answers(live: LiveRun, slot: Slot, hint: string): string[] {
  const { node, status } = slot;
  const { run } = live.state;
  if (node.kind === "signal" && status === "awaiting") {
    return [`if nothing comes: ${ifNobodyAnswers(node)}`, signalCommand(run, node, hint)];
  }
  if (node.kind !== "approval" || status !== "asked") return [];
  return [
    ...(node.title === undefined ? [] : [node.title]),
    `if nobody answers: ${ifNobodyAnswers(node)}`,
    approveCommand(live, slot, hint),
  ];
}

/** The command that approves; the path is said where the run waits for several. */
export function approveCommand({ state, asked }: LiveRun, slot: Slot, hint: string): string {
  const id = asked.length > 1 ? `${state.run}:${pathOf(slot)}` : state.run;
  return `plumbline approve ${shellWord(id)}${hint}`;
}

/** The command that sends a signal; its declared value shows the shape. */
export function signalCommand(run: string, node: PlanSignal, hint: string): string {
  const shape = node.onTimeout === undefined ? "JSON" : ifNobodyAnswers(node);
  return `plumbline signal ${run} ${shellWord(node.name)} --value ${shellWord(shape)}${hint}`;
}

/** The declared answer, in words. */
export function ifNobodyAnswers({ onTimeout }: Pick<PlanApproval | PlanSignal, "onTimeout">): string {
  if (onTimeout === undefined) return "the flow decides from what it knows";
  try {
    return jsonText(open(onTimeout));
  } catch {
    return "a declared decision";
  }
}

function foot(live: LiveRun, tree: readonly Branchlet[], now: number, columns: number, paint: Paint): string {
  const { state } = live;
  // The flow's own steps: how many there are inside of them is not known before.
  const reports = tree.filter(({ slot }) => slot.frame.owner === undefined).map(({ report }) => report);
  const done = reports.filter(({ status }) => doneStatuses.has(status)).length;
  const left = Math.max(0, (state.deadlineAt ?? 0) - now);
  const parts = [
    state.outcome === undefined ? phaseWords(live) : outcomeWords(state.outcome, paint),
    duration(Math.max(0, (state.endedAt ?? now) - state.startedAt)),
    `${done} of ${plural(reports.length, "step")}`,
    state.degradations.length === 0 ? "" : paint("magenta", plural(state.degradations.length, "degradation")),
    cost(state.usd, state.tokens),
    state.deadlineAt === undefined || state.phase !== "running" ? "" : `deadline in ${countdown(left)}`,
  ];
  let line = " ";
  for (const part of parts.filter((one) => one !== "")) {
    const longer = line === " " ? `  ${part}` : `${line}${paint("dim", " · ")}${part}`;
    if (columnsOf(longer) > columns) break; // the first parts matter most
    line = longer;
  }
  return line;
}

const doneStatuses: ReadonlySet<string> = new Set(["succeeded", "degraded", "skipped", "failed", "undone"]);

function phaseWords(live: LiveRun): string {
  const { phase } = live.state;
  if (phase !== "running") return phase;
  return live.waits ? "waiting" : "running";
}

const outcomeStyles = { succeeded: "green", degraded: "magenta", failed: "red", cancelled: "yellow" } as const;

export function outcomeWords(outcome: keyof typeof outcomeStyles, paint: Paint): string {
  return paint(["bold", outcomeStyles[outcome]], outcome);
}
