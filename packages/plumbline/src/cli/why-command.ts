/**
 * `plumbline why RUN [FIELD]`: explains an answer.
 *
 * Boundary: fetches record and values, hands them to insight. Invariant: values that live in blobs are fetched before the
 * walk, because insight is pure and waits for nobody.
 */
import { type Journals, open, type RunRecord } from "@plumbline/core";
import { why } from "@plumbline/insight";
import { withJournals } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { findRun, recordOf } from "./run-name.ts";
import { answer, argument, type Session } from "./session.ts";
import { whyText } from "./why-text.ts";

export async function whyCommand(session: Session): Promise<ExitCode> {
  const field = session.given.args[1];
  await withJournals(session, async (engine) => {
    const record = await recordOf(engine, await findRun(engine, argument(session, 0)));
    const told = why(record, field, { read: await readerOf(engine, record) });
    answer(
      session,
      () => told,
      () => whyText(told, session.out),
    );
  });
  return exitCodes.fine;
}

async function readerOf(engine: Journals, record: RunRecord): Promise<(sealed: string) => unknown> {
  const kept = new Map<string, unknown>();
  for (const sealed of record.entries.flatMap(sealedIn)) {
    if (!sealed.includes('"$":')) continue; // plain, or at least not kept elsewhere
    const value = await engine.open(record.summary.id, sealed).catch(() => undefined);
    if (value !== undefined) kept.set(sealed, value);
  }
  return (sealed) => (kept.has(sealed) ? kept.get(sealed) : open(sealed));
}

function sealedIn(entry: RunRecord["entries"][number]): string[] {
  if (entry.kind === "run.started") return [entry.input];
  if (entry.kind === "run.ended") return entry.output === undefined ? [] : [entry.output];
  if (entry.kind === "step.completed" || entry.kind === "approval.decided") return [entry.value];
  return entry.kind === "attempt.failed" && entry.value !== undefined ? [entry.value] : [];
}
