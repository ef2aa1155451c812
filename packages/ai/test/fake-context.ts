// What the engine would give a rung, with everything the rung says kept for a test to look at.
import { type Cost, failureOf, judge, type Previous, type Schema, type StepContext } from "@plumbline/core";

export interface FakeContext extends StepContext {
  /** All that was noted, later words over earlier ones. */
  readonly noted: Record<string, string | number | boolean>;
  readonly spent: Cost[];
  readonly logged: { readonly message: string; readonly fields?: Readonly<Record<string, unknown>> | undefined }[];
}

export function fakeContext(contract: Schema, changes: Partial<StepContext> = {}): FakeContext {
  const noted: FakeContext["noted"] = {};
  const spent: Cost[] = [];
  const logged: FakeContext["logged"] = [];
  return {
    signal: new AbortController().signal,
    attempt: 1,
    rung: 0,
    previous: undefined,
    idempotencyKey: "key",
    attemptId: "attempt",
    runId: "run",
    path: "step",
    contract,
    progress: () => undefined,
    log: (message, fields) => logged.push({ message, fields }),
    spend: (cost) => spent.push(cost),
    note: (evidence) => Object.assign(noted, evidence),
    noted,
    spent,
    logged,
    ...changes,
  };
}

/** What the attempt after a refused value is told, by the core's own judgement. */
export async function refusedBefore(contract: Schema, value: unknown): Promise<Previous> {
  const { reasons } = await judge({ schema: contract, checks: [], onDropped: "record" }, value, {});
  if (reasons.length === 0) throw new Error("the contract holds: nothing to refuse");
  return { value, reasons, failure: failureOf(new Error("contract"), "contract"), attempt: 1, rung: 0 };
}

/** What the attempt after an error is told: an engine gives the error's words for a reason. */
export function failedBefore(thrown: unknown): Previous {
  const failure = failureOf(thrown);
  return { reasons: [failure.message], failure, attempt: 1, rung: 0 };
}
