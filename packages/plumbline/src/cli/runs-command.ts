/**
 * `plumbline runs`: what ran, newest first.
 *
 * Boundary: a page of summaries as a table. Invariant: a list costs the same whatever the size of the database, so there
 * are no totals, and `next` says where it goes on.
 */
import type { ListQuery, Outcome, RunStatus, RunSummary } from "@plumbline/core";
import { isOwned, withJournals } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { outcomeWords } from "./frame.ts";
import { clean, clipped, cost, duration, relative } from "./phrase.ts";
import { CliError } from "./problem.ts";
import { answer, databaseHint, isSet, option, type Session } from "./session.ts";
import { table } from "./table.ts";
import type { Paint } from "./terminal.ts";

const statuses: readonly RunStatus[] = ["running", "waiting", "held", "stopping", "ended"];
const outcomes: readonly Outcome[] = ["succeeded", "degraded", "failed", "cancelled"];

export async function runsCommand(session: Session): Promise<ExitCode> {
  const query = queryOf(session);
  const { items, next } = await withJournals(session, (engine) => engine.list(query));
  const left = items.some(({ status }) => status !== "ended") && !(await isOwned(session));
  answer(
    session,
    () => ({ runs: items.map(summaryDocument), next: next ?? null }),
    () =>
      items.length === 0
        ? `${session.out.paint("dim", "no such runs")}\n`
        : runsTable({ runs: items, next, left }, session),
  );
  return exitCodes.fine;
}

function queryOf(session: Session): ListQuery {
  const [flow, key, cursor] = [option(session, "flow"), option(session, "key"), option(session, "cursor")];
  const status = oneOf(session, "status", statuses);
  const outcome = oneOf(session, "outcome", outcomes);
  const parent = option(session, "parent");
  // Only called runs are ever held.
  const isEverybody = isSet(session, "all") || parent !== undefined || status === "held";
  return {
    limit: limitOf(session),
    ...(isEverybody ? {} : { topLevel: true }),
    ...(parent === undefined ? {} : { parent }),
    ...(flow === undefined ? {} : { flow }),
    ...(key === undefined ? {} : { key }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(status ? { status } : {}),
    ...(outcome ? { outcome } : {}),
  };
}

function oneOf<T extends string>(session: Session, name: string, values: readonly T[]): T | undefined {
  const given = option(session, name);
  const found = values.find((value) => value === given);
  if (given === undefined || found) return found;
  throw new CliError("usage", "there is no such value", {
    path: `--${name}`,
    expected: values.join(", "),
    found: given,
    mend: "name one of these",
  });
}

/** The value of `--limit`; 20 without it. */
export function limitOf(session: Session): number {
  const given = option(session, "limit") ?? "20";
  const limit = Number(given);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000) return limit;
  throw new CliError("usage", "--limit is a number", {
    path: "--limit",
    expected: "a whole number from 1 to 1000",
    found: given,
    mend: "for longer lists go on with --cursor",
  });
}

function summaryDocument(summary: RunSummary): Record<string, unknown> {
  const { usd, tokens, key, outcome, ...rest } = summary;
  return { ...rest, key: key ?? null, outcome: outcome ?? null, cost: { usd, tokens } };
}

interface Listed {
  readonly runs: readonly RunSummary[];
  readonly next: string | undefined;
  /** Nobody carries on those that have not ended. */
  readonly left: boolean;
}

function runsTable({ runs, next, left }: Listed, { out, db, now: clock }: Session): string {
  const { paint } = out;
  const now = clock();
  const text = table(
    runs,
    [
      { title: "RUN", cell: ({ id }) => id },
      { title: "FLOW", cell: ({ flow }) => clean(flow) },
      { title: "KEY", cell: ({ key = "" }) => clipped(clean(key), 24) },
      { title: "STATUS", cell: (run) => statusWords(run, paint, left) },
      { title: "STARTED", cell: ({ startedAt }) => relative(startedAt, now), right: true },
      { title: "TOOK", cell: (run) => took(run, now, left), right: true },
      { title: "COST", cell: ({ usd }) => cost(usd, 0), right: true },
      { title: "WAITS FOR", cell: ({ waits, dueAt }) => waitWords(waits, dueAt, now) },
    ],
    paint,
  );
  const notes = [
    ...(left ? [`nobody runs what has not ended: plumbline resume RUN${databaseHint(db)} goes on with it`] : []),
    ...(next === undefined ? [] : [`more: plumbline runs --cursor ${next}${databaseHint(db)}`]),
  ];
  return text + notes.map((note) => `${paint("dim", note)}\n`).join("");
}

/** Status or outcome; degraded is said before the end too. `left`: nobody runs it. */
export function statusWords({ status, outcome, degraded }: RunSummary, paint: Paint, left = false): string {
  if (outcome) return outcomeWords(outcome, paint);
  const isStill = status === "waiting" || status === "held";
  const isLeft = left && !isStill;
  const style = isLeft || status === "stopping" ? "yellow" : isStill ? "cyan" : "blue";
  const words = paint(style, isLeft ? "left" : status);
  return degraded ? `${words} ${paint("magenta", "degraded")}` : words;
}

function took({ startedAt, updatedAt, status }: RunSummary, now: number, left: boolean): string {
  const isOver = status === "ended" || (left && status !== "waiting");
  return duration(Math.max(0, (isOver ? updatedAt : now) - startedAt));
}

function waitWords(waits: RunSummary["waits"], dueAt: number | undefined, now: number): string {
  if (waits.length > 0) {
    const first = waits.slice(0, maxWaits).map((wait) => `${waitsFor(wait)}, ${timeLeft(wait.dueAt, now)}`);
    const more = waits.length - first.length;
    return [...first, ...(more > 0 ? [`${more} more`] : [])].join("; ");
  }
  return dueAt === undefined ? "" : `a timer, ${timeLeft(dueAt, now)}`;
}

const maxWaits = 2;

function waitsFor({ kind, path, desk }: RunSummary["waits"][number]): string {
  return kind === "signal" ? `signal ${clean(desk)}` : `${clean(path)} at ${clean(desk)}`;
}

/** `4 m left`, or that the time is over and nobody was there to notice. */
export function timeLeft(dueAt: number, now: number): string {
  return dueAt > now
    ? `${relative(dueAt, now).replace("in ", "")} left`
    : `overdue since ${relative(dueAt, now).replace(" ago", "")}`;
}
