/**
 * `plumbline show RUN`: one run at a glance, or its journal in words.
 *
 * Boundary: record to text; `why` explains, this only shows. Invariant: what is degraded, dropped, left standing or
 * waiting is always on the first screen.
 */
import { type RunRecord, slotByPath, type Wait } from "@plumbline/core";
import { timeline } from "@plumbline/insight";
import { isOwned, withJournals } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { signalCommand } from "./frame.ts";
import { momentLine, pathColumnsOf } from "./journal-log.ts";
import { jsonText } from "./json-text.ts";
import { LiveRun } from "./live-run.ts";
import { clean, clipped, clockTime, cost, duration, relative, shellWord } from "./phrase.ts";
import { findRun, recordOf } from "./run-name.ts";
import { degradationLines, indented, type RunReport, reportOf, runDocument } from "./run-report.ts";
import { nameColumnsOf, treeOf } from "./run-tree.ts";
import { statusWords, timeLeft } from "./runs-command.ts";
import { answer, argument, databaseHint, isSet, type Session } from "./session.ts";
import { type LineContext, stepLine } from "./step-line.ts";

export async function showCommand(session: Session): Promise<ExitCode> {
  await withJournals(session, async (engine) => {
    const record = await recordOf(engine, await findRun(engine, argument(session, 0)));
    const report = await reportOf(engine, record);
    const [started] = record.entries;
    const input =
      started?.kind === "run.started"
        ? await engine.open(record.summary.id, started.input).catch(() => undefined)
        : undefined;
    const journal = isSet(session, "journal");
    const { status } = record.summary;
    const left = status !== "ended" && status !== "held" && !(await isOwned(session));
    answer(
      session,
      () => ({ ...runDocument(report), input, ...(journal ? { journal: timeline(record) } : {}) }),
      () => (journal ? journalText(record, session) : showText({ record, report, input, left }, session)),
    );
  });
  return exitCodes.fine;
}

function journalText(record: RunRecord, { out }: Session): string {
  const columns = pathColumnsOf(record.plan);
  return timeline(record)
    .map((moment) => `${momentLine(moment, columns, out.paint)}\n`)
    .join("");
}

/** The run as it stands; `stepLine` wants it folded. */
function foldedOf(record: RunRecord): LiveRun {
  const live = new LiveRun(record.plan);
  for (const entry of record.entries) live.receive(entry);
  return live;
}

interface Shown {
  readonly record: RunRecord;
  readonly report: RunReport;
  readonly input: unknown;
  /** It has not ended, and nobody runs it. */
  readonly left: boolean;
}

function showText({ record, report, input, left }: Shown, { out, db, now: clock }: Session): string {
  const { paint, columns } = out;
  const now = clock();
  const shownAt = left && record.summary.waits.length === 0 ? record.summary.updatedAt : now;
  const { summary, parent, failure, degradations, standing, ms } = report.overview;
  const live = foldedOf(record);
  const took = summary.outcome === undefined ? duration(Math.max(0, shownAt - summary.startedAt)) : duration(ms);
  const facts = [
    `started ${relative(summary.startedAt, now)} at ${clockTime(summary.startedAt, now)}`,
    took,
    cost(summary.usd, summary.tokens),
  ];
  const lines = [
    `${paint("bold", clean(summary.flow))}  ${statusWords(summary, paint, left)}${left ? paint("yellow", `${summary.waits.length > 0 ? ", left" : ""}: nobody runs it`) : ""}  ${paint("dim", summary.id)}`,
    paint(
      "dim",
      [...facts, summary.key === undefined ? "" : `key ${clean(summary.key)}`]
        .filter((part) => part !== "")
        .join(" · "),
    ),
    ...(parent ? [paint("dim", `called by ${clean(parent.path)} of run ${parent.run}`)] : []),
    ...(summary.status === "held" ? [paint("cyan", heldWords)] : []),
    "",
    ...stepLines(live, { now, left, columns, paint, waits: live.waits }),
    "",
    `  ${paint("dim", "input ")}  ${clipped(clean(jsonText(input)), columns - 10)}`,
  ];
  if (report.overview.output !== undefined)
    lines.push(`  ${paint("dim", "answer")}`, indented(indented(jsonText(report.output, 2))));
  if (failure) lines.push("", `  ${paint("red", clean(failure.message))}`);
  if (degradations.length > 0) lines.push("", ...degradationLines(degradations, paint));
  for (const { path, certainty, reason } of standing) {
    lines.push(
      "",
      `  ${paint("yellow", "still stands")}  ${clean(path)} ${paint("dim", `${certainty}: ${clean(reason)}`)}`,
    );
  }
  for (const wait of summary.waits.slice(0, maxWaits)) {
    const how = waitCommand(live, wait, databaseHint(db));
    const whom = wait.kind === "signal" ? `signal ${clean(wait.desk)}` : clean(wait.desk);
    lines.push(
      "",
      `  ${paint("cyan", "◆")} ${clean(wait.path)} waits for ${whom}, ${timeLeft(wait.dueAt, now)}: ${how}`,
    );
  }
  if (summary.waits.length > maxWaits) lines.push("", `  and ${summary.waits.length - maxWaits} waits more`);
  const resumed = parent?.run ?? summary.id;
  if (left) lines.push("", `  plumbline resume ${resumed}${databaseHint(db)}  ${paint("dim", "goes on with it")}`);
  return `${lines.join("\n")}\n`;
}

const maxWaits = 10;
const heldWords = "held: it has its answer, and the run that called it can still undo it; it ends when that one does";

/** What answers a wait. */
function waitCommand({ state }: LiveRun, { path }: Wait, hint: string): string {
  const node = slotByPath(state, path)?.node;
  if (node?.kind === "signal") return signalCommand(state.run, node, hint);
  return `plumbline approve ${shellWord(`${state.run}:${path}`)}${hint}`;
}

function stepLines(live: LiveRun, view: Pick<LineContext, "now" | "left" | "columns" | "paint" | "waits">): string[] {
  const tree = treeOf(live.state);
  const context = { ...view, live, nameColumns: nameColumnsOf(tree), columns: Math.min(view.columns, 110) };
  return tree.map((line) => stepLine(line, context));
}
