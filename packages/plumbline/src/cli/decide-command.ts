/**
 * `plumbline approve ID` and `plumbline reject ID`: a person's decision.
 *
 * Boundary: what the decision says is made here, whether it counts is the engine's. Invariants: a decision has an id, so
 * that sending it again cannot count twice; without an owner this process becomes one, carries on what the decision set
 * in motion, and says so.
 */
import { randomUUID } from "node:crypto";
import {
  type DecisionAnswer,
  fold,
  newState,
  open,
  type PlanApproval,
  PlumblineError,
  slotByPath,
  type Via,
} from "@plumbline/core";
import type { Database } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { withFlowsOf } from "./flows-of-run.ts";
import { type Followed, leave } from "./follow.ts";
import { readJson } from "./input.ts";
import { jsonText } from "./json-text.ts";
import { carryHere, carryWords } from "./motion.ts";
import { clean, relative } from "./phrase.ts";
import { CliError } from "./problem.ts";
import { approvalParts, askedIn, findApproval, recordOf } from "./run-name.ts";
import { currentReport, type RunReport, runDocument, runText } from "./run-report.ts";
import { answer, argument, databaseHint, option, type Session, systemUser } from "./session.ts";

export async function approveCommand(session: Session): Promise<ExitCode> {
  return decideCommand(session, true);
}

export async function rejectCommand(session: Session): Promise<ExitCode> {
  return decideCommand(session, false);
}

async function decideCommand(session: Session, approved: boolean): Promise<ExitCode> {
  const { run: name, path: given } = approvalParts(argument(session, 0));
  const id = randomUUID(); // the same for the owner and for whoever takes its place
  return withFlowsOf(session, name, async (database, run) => {
    const from = (await database.ask((engine) => recordOf(engine, run), true)).entries.length;
    const asking = await database.ask((engine) => askedIn(engine, run, given), true);
    const { plan, entries } = await database.ask((engine) => recordOf(engine, asking), true);
    const state = fold(newState(plan), entries);
    const path = findApproval(state, given);
    const decision = decisionOf(session, slotByPath(state, path)?.node as PlanApproval, approved);
    const by = option(session, "by") ?? systemUser();
    const note = option(session, "note");
    const request = {
      run: asking,
      path,
      decision,
      id,
      ...(by === undefined ? {} : { by }),
      ...(note === undefined ? {} : { note }),
    };
    const decided = await database.ask((engine) => engine.decide(request), true).catch(told);
    const carried =
      database.isOwner && decided.status !== "late" ? await carryHere(session, database, run, from) : undefined;
    const report = await currentReport(database, run);
    const before = decided.status === "late" ? await decisionBefore(database, asking, path) : undefined;
    answer(
      session,
      () => ({
        run,
        path,
        status: decided.status,
        decision,
        by: by ?? null,
        ...(before ? { decidedBefore: before } : {}),
        carriedOn: carried !== undefined,
        result: runDocument(report),
      }),
      () => decidedText({ session, path, decision, decided, before, carried, report }),
    );
    await leave(session, database);
    return decided.status === "late" ? exitCodes.late : exitCodes.fine;
  });
}

/** What the command says, in the shape that the approval wants. */
function decisionOf(session: Session, node: PlanApproval, approved: boolean): unknown {
  const text = option(session, "decision");
  if (text === undefined) return { approved };
  const decision = readJson(text, "--decision");
  if (typeof decision !== "object" || decision === null || Array.isArray(decision)) {
    throw new CliError("decision-missing", "a decision is an object", {
      path: "--decision",
      expected: `an object such as '{"approved":true}'`,
      found: text,
      mend: "write it in braces",
    });
  }
  const said = (decision as { approved?: unknown }).approved;
  if (typeof said === "boolean" && said !== approved) {
    throw new CliError("usage", `--decision says the opposite of \`${approved ? "approve" : "reject"}\``, {
      path: "--decision",
      expected: `"approved": ${approved}, or nothing of it`,
      found: text,
      mend: `did you mean \`plumbline ${approved ? "reject" : "approve"}\`?`,
    });
  }
  return said === undefined && takesApproved(node) ? { approved, ...decision } : decision;
}

/** The declared answer shows the decision's shape, where it is not a function. */
function takesApproved({ onTimeout, breaker }: PlanApproval): boolean {
  return [onTimeout, breaker?.decide].some((sealed) => {
    const declared = sealed === undefined ? undefined : (open(sealed) as { approved?: unknown });
    return typeof declared?.approved === "boolean";
  });
}

/** A refused decision is told with how to say all of it. */
function told(error: unknown): never {
  const { code, expected, found, path } = error as Partial<PlumblineError>;
  if (code !== "decision-invalid") throw error;
  throw new PlumblineError("decision-invalid", "the decision does not satisfy its contract", {
    ...(path === undefined ? {} : { path }),
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    mend: `say all of it: --decision '{"approved":true, ...}'`,
    cause: error,
  });
}

/** The decision that counted. */
interface Before {
  readonly via: Via;
  readonly by: string | null;
  readonly decision?: unknown;
  readonly at: number;
}

async function decisionBefore(database: Database, run: string, path: string): Promise<Before | undefined> {
  const { plan, entries } = await database.ask((engine) => recordOf(engine, run), true);
  const slot = slotByPath(fold(newState(plan), entries), path)?.id;
  const entry = entries.find((one) => one.kind === "approval.decided" && one.slot === slot);
  if (entry?.kind !== "approval.decided") return undefined;
  const { via, by = null, value, at } = entry;
  const opened = await database.ask((engine) => engine.open(run, value), true).catch(() => undefined);
  if (typeof opened !== "object" || opened === null) return { via, by, at };
  const { via: _via, by: _by, ...decision } = opened as Record<string, unknown>;
  return { via, by, decision, at };
}

function beforeWords({ via, by, decision, at }: Before, now: number): string {
  const what = decision === undefined ? "" : ` ${clean(jsonText(decision))}`;
  const when = relative(at, now);
  if (via === "person") return `${clean(by ?? "a person")} decided${what} ${when}`;
  const why = via === "timeout" ? "nobody had answered in time" : "the desk's breaker was open";
  return `it was decided automatically${what} ${when}, because ${why}`;
}

interface Told {
  readonly session: Session;
  readonly path: string;
  readonly decision: unknown;
  readonly decided: DecisionAnswer;
  readonly before: Before | undefined;
  readonly carried: Followed | undefined;
  readonly report: RunReport;
}

function decidedText({ session, path, decision, decided, before, carried, report }: Told): string {
  const { paint } = session.out;
  const { summary } = report.overview;
  const words = {
    decided: paint("green", `✓ decided ${clean(jsonText(decision))}`),
    repeated: paint("green", "✓ this very decision was recorded before"),
    late: paint(
      "yellow",
      `! too late: ${before ? beforeWords(before, session.now()) : "the run had stopped"}; recorded, not used`,
    ),
  }[decided.status];
  const head = `${words}  ${paint("dim", `${summary.id}:${path}`)}\n`;
  if (decided.status === "late" || (carried && carried.end === "ended"))
    return `${head}\n${runText(report, paint, databaseHint(session.db))}`;
  return `${head}${paint("dim", carryWords(carried, summary.id, databaseHint(session.db)))}\n`;
}
