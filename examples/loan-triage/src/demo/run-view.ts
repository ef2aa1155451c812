// One ended run as the demonstration reports it: its record, folded, beside what is true of its application.
// Boundary: reads the engine's record and the samples' truth; printing is report.ts, judging is expectation.ts.
// Invariant: everything shown about a run comes from its journal, nothing from what this process remembers of it.
import {
  type Engine,
  fold,
  newState,
  type Outcome,
  type RunRecord,
  type StepReport,
  slotByPath,
  stepsOf,
} from "plumbline";
import { FIELD_NAMES } from "../application-form.ts";
import type { LoanDecision, Referral } from "../loan-decision.ts";
import type { ReadFields } from "../read-fields.ts";
import type { Triage } from "../triage.ts";
import type { BatchedRun } from "./batch.ts";
import type { Application } from "./scenario.ts";

export interface RunView {
  readonly id: string;
  readonly flow: string;
  readonly key: string;
  readonly outcome: Outcome;
  readonly output?: LoanDecision;
  readonly failure?: string;
  readonly degradations: BatchedRun["result"]["degradations"];
  readonly standing: BatchedRun["result"]["standing"];
  readonly steps: readonly StepReport[];
  readonly undoMs: Readonly<Record<string, number>>;
  readonly ms: number;
  readonly cost: BatchedRun["result"]["cost"];
  readonly application: Application;
  /** Also of runs that failed later. */
  readonly triage?: string;
  readonly verdict?: LoanVerdict;
  /** How many fields of the form were read exactly as they are printed on it. */
  readonly readExactly: number;
  readonly takenUp: boolean;
}

interface LoanVerdict {
  readonly approved: boolean;
  readonly via: string;
}

export async function viewRun(engine: Engine, { application, result, takenUp }: BatchedRun): Promise<RunView> {
  const record = await engine.get(result.id);
  if (record === undefined) throw new Error(`the record of ${result.id} has gone`);
  const state = fold(newState(record.plan), record.entries);
  const given = async (path: string) => {
    const sealed = slotByPath(state, path)?.value;
    return sealed === undefined ? undefined : await engine.open(result.id, sealed);
  };
  const read = (await given("read")) as ReadFields | undefined;
  const referral = (await given("refer")) as Referral | undefined;
  const triage = ((await given("triage")) as Triage | undefined) ?? referral?.triage;
  const verdict = (await given("underwriter")) as LoanVerdict | undefined;
  const exact = FIELD_NAMES.filter((name) => read?.fields[name] === application.sample.fields[name]);
  return {
    id: result.id,
    flow: record.summary.flow,
    key: record.summary.key ?? "",
    outcome: result.outcome,
    ...(result.output === undefined ? {} : { output: result.output }),
    ...(result.failure === undefined ? {} : { failure: result.failure.message }),
    degradations: result.degradations,
    standing: result.standing,
    steps: stepsOf(state),
    undoMs: undoMsOf(record),
    ms: result.ms,
    cost: result.cost,
    application,
    ...(triage === undefined ? {} : { triage: triage.class }),
    ...(verdict === undefined ? {} : { verdict }),
    readExactly: exact.length,
    takenUp,
  };
}

export function stepOf(view: RunView, path: string): StepReport | undefined {
  return view.steps.find((step) => step.path === path);
}

/** Time spent in undoing, by step: a step's own `ms` counts its attempts only. */
function undoMsOf({ plan, entries }: RunRecord): Record<string, number> {
  const spent: Record<string, number> = {};
  for (const entry of entries) {
    if (entry.kind !== "compensation.completed" && entry.kind !== "compensation.failed") continue;
    const name = plan.scopes[0]?.nodes[entry.slot]?.name ?? "?";
    spent[name] = (spent[name] ?? 0) + entry.ms;
  }
  return spent;
}
