/**
 * Starts a run: its input held to the contract, its first commit, and what that commit said.
 *
 * Boundary: from a flow and an input to the verdict of the claim; ids, keys and handles are embedded-engine.ts's, called
 * runs called-runs.ts's. Invariant: nothing is acknowledged before `run.started` is durable; a claim that was taken leaves
 * nothing behind.
 */
import {
  type CommitVerdict,
  describe,
  type Flow,
  judge,
  newState,
  type Parent,
  type Part,
  type Plan,
  PlumblineError,
  type RunView,
  type Sealed,
} from "@plumbline/core";
import { ActiveRun } from "./runs/active-run.ts";
import type { BoundCode, Host } from "./runs/host.ts";
import { isThenable } from "./runs/timed-call.ts";
import type { Starts } from "./starts.ts";
import { isStoredAs, keep, type NewBlob } from "./stores/value-keeper.ts";

export interface KeptInput {
  readonly sealed: Sealed;
  readonly blobs: readonly NewBlob[];
  /** Fields that the flow's schema stripped. */
  readonly dropped: readonly string[];
}

/** What the caller asked with: a schema may fill in a date or an id, and the same request must still be the same. */
export function asked(flow: Flow, input: unknown): string | undefined {
  const raw = keep(input, { codecs: flow.code.codecs, nonFinite: true });
  return "sealed" in raw ? wholeText(raw.sealed, raw.blobs) : undefined;
}

/** The input as it will be recorded: held to the flow's contract at the boundary where it came in (rule 33). */
export async function sealedInput(flow: Flow, input: unknown): Promise<KeptInput> {
  const judged = judge({ schema: flow.code.input, checks: [], onDropped: "record" }, input, undefined);
  const { value, reasons, dropped } = isThenable(judged) ? await judged : judged;
  if (reasons.length > 0) {
    throw new PlumblineError("input-invalid", "the input does not satisfy the flow's contract", {
      path: flow.name,
      expected: reasons.join("; "),
      found: describe(input),
      mend: "correct the input; nothing was started",
    });
  }
  const kept = keep(value, { codecs: flow.code.codecs });
  if ("sealed" in kept) return { ...kept, dropped };
  throw new PlumblineError("value-refused", "the input would not come back from the journal as it is", {
    path: `${flow.name}.input${kept.refusal.path}`,
    expected: "plain data, dates, maps, sets, bytes, or a class with a codec",
    found: kept.refusal.reason,
    mend: "pass plain data, or declare a codec on the flow",
  });
}

export interface Start {
  readonly flow: Flow;
  readonly id: string;
  readonly key?: string | undefined;
  readonly input: KeptInput;
  /** Refuses the start when the id is taken. */
  readonly claim: { readonly inputHash: string } | undefined;
  readonly parent?: Parent;
  /** A part of its parent runs on the parent's plan, with the parent's code. */
  readonly part?: { readonly given: Part; readonly plan: Plan; readonly code: BoundCode };
}

/** What a start needs of the engine. */
export interface StartHost extends Host {
  readonly starts: Starts;
  /** What the code says of itself. */
  readonly build: string | undefined;
}

/** What became of a start; with a view of the run where the store forgets runs. */
type StartVerdict = CommitVerdict & { readonly view: RunView | undefined };

export function startRun(host: StartHost, start: Start): Promise<StartVerdict> {
  const { flow, id, key, input, claim, parent, part } = start;
  const at = host.clock.now();
  const plan = part?.plan ?? flow.plan;
  const deadline = part ? undefined : plan.deadline;
  const code = part?.code ?? { flow, scopes: flow.code.scopes };
  return new Promise((resolve, reject) => {
    const run = new ActiveRun(host, newState(plan), code, (verdict) => {
      host.starts.done(id, run);
      // Now, before the next commit: what this one has ended may be forgotten with that.
      resolve({ ...verdict, view: host.store.viewOf?.(id) });
    });
    host.starts.add(id, run, reject);
    run.claim = claim;
    run.keepBlobs(input.blobs);
    run.receive({
      kind: "run.started",
      at,
      run: id,
      flow: flow.name,
      fingerprint: plan.fingerprint,
      input: input.sealed,
      ...(input.dropped.length > 0 ? { dropped: input.dropped } : {}),
      ...(key === undefined ? {} : { key }),
      ...(deadline ? { deadlineAt: at + deadline.afterMs } : {}),
      ...(host.build === undefined ? {} : { build: host.build }),
      ...(parent ? { parent } : {}),
      ...(part ? { part: part.given } : {}),
    });
  });
}

/** Sealed text that was set aside as a blob for its size, as text again. */
export function wholeText(sealed: Sealed, blobs: readonly NewBlob[]): Sealed {
  const whole = blobs.find((blob) => isStoredAs(sealed, blob.id));
  return whole ? new TextDecoder().decode(whole.bytes) : sealed;
}
