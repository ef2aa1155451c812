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
import { answer, argument, databaseHint, type Session } from "./session.ts";
import { whyText } from "./why-text.ts";

export async function whyCommand(session: Session): Promise<ExitCode> {
  const field = session.given.args[1];
  await withJournals(session, async (engine) => {
    const record = await recordOf(engine, await findRun(engine, argument(session, 0)));
    const told = why(record, field, { read: await readerOf(engine, record) });
    answer(
      session,
      () => told,
      () => whyText(told, session.out, databaseHint(session.db)),
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

/** Sealed values have the same names in every kind of entry. */
function sealedIn(entry: RunRecord["entries"][number]): string[] {
  const {
    input,
    output,
    value,
    items = [],
  } = entry as Partial<Record<"input" | "output" | "value", string> & { readonly items: readonly string[] }>;
  return [input, output, value, ...items].filter((sealed) => sealed !== undefined);
}
