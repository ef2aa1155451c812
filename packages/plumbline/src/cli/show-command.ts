/**
 * `plumbline show RUN`: one run at a glance, or its journal in words.
 *
 * Boundary: record to text; `why` explains, this only shows. Invariant: what is degraded, dropped, left standing or
 * waiting is always on the first screen.
 */
import { type RunRecord, stepsOf } from "@plumbline/core";
import { timeline } from "@plumbline/insight";
import { isOwned, withJournals } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { momentLine, nameColumnsOf } from "./journal-log.ts";
import { jsonText } from "./json-text.ts";
import { LiveRun } from "./live-run.ts";
import { clean, clipped, clockTime, cost, duration, relative } from "./phrase.ts";
import { findRun, recordOf } from "./run-name.ts";
import { degradationLines, indented, type RunReport, reportOf, runDocument } from "./run-report.ts";
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
    const left = record.summary.status !== "ended" && !(await isOwned(session));
    answer(
      session,
      () => ({ ...runDocument(report), input, ...(journal ? { journal: timeline(record) } : {}) }),
      () => (journal ? journalText(record, session) : showText({ record, report, input, left }, session)),
    );
  });
  return exitCodes.fine;
}

function journalText(record: RunRecord, { out }: Session): string {
  const columns = nameColumnsOf(foldedOf(record));
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
  const { summary, failure, degradations, standing, ms } = report.overview;
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
    "",
    ...stepLines(live, { now, left, columns, paint }),
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
  for (const { path, desk, dueAt } of summary.waits) {
    lines.push(
      "",
      `  ${paint("cyan", "◆")} ${clean(path)} waits for ${clean(desk)}, ${timeLeft(dueAt, now)}: plumbline approve ${summary.id}:${path}${databaseHint(db)}`,
    );
  }
  if (left) lines.push("", `  plumbline resume ${summary.id}${databaseHint(db)}  ${paint("dim", "goes on with it")}`);
  return `${lines.join("\n")}\n`;
}

function stepLines(live: LiveRun, view: Pick<LineContext, "now" | "left" | "columns" | "paint">): string[] {
  const reports = stepsOf(live.state);
  const nameColumns = nameColumnsOf(live);
  const context = { ...view, live, nameColumns, columns: Math.min(view.columns, 110) };
  return live.state.slots.flatMap((slot, index) => {
    const report = reports[index];
    return report ? [stepLine(slot, report, context)] : [];
  });
}
