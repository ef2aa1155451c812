/**
 * What people and the outside send to a run, held to its contract where it comes in (rule 33).
 *
 * Boundary: from a decision or a signal as it was sent to what a journal keeps; whether it counts is the core's. Invariant: a
 * contract that never answers does not keep the run's timers waiting.
 */
import {
  type ApprovalCode,
  type DecisionRequest,
  describe,
  judge,
  type Plan,
  PlumblineError,
  type Sealed,
  type SignalCode,
  type SignalRequest,
  sealedDecision,
} from "@plumbline/core";
import type { Clock, Timer } from "./clock.ts";
import type { BoundCode } from "./runs/host.ts";
import { keep, type NewBlob } from "./stores/value-keeper.ts";

const contractMs = 30_000;
const tooLong = `its contract gave no answer within ${contractMs} ms`;

/** A contract that never answers must not keep a run's timers waiting. */
async function within<T>(clock: Clock, given: T | Promise<T>, otherwise: T): Promise<T> {
  if (!(given instanceof Promise)) return given;
  let timer: Timer | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = clock.timer(contractMs, () => resolve(otherwise));
  });
  try {
    return await Promise.race([given, limit]);
  } finally {
    timer?.cancel();
  }
}

export async function heldDecision(
  request: DecisionRequest,
  path: string,
  code: ApprovalCode,
  clock: Clock,
): Promise<Sealed> {
  const contract = { schema: code.decision, checks: [], onDropped: "record" as const };
  const judged = judge(contract, request.decision, undefined);
  const { value, reasons } = await within(clock, judged, {
    value: undefined,
    reasons: [tooLong],
    dropped: [],
  });
  if (reasons.length === 0) return sealedDecision(value, path, code.codecs);
  throw new PlumblineError("decision-invalid", "the decision does not satisfy its contract", {
    path,
    expected: reasons.join("; "),
    found: describe(request.decision),
    mend: "send a decision of the shape that the approval declares",
  });
}

/** @throws PlumblineError `signal-unknown`, `signal-invalid` */
export async function heldSignal(
  plan: Plan,
  { flow, scopes }: BoundCode,
  { name, value: given, run }: SignalRequest,
  clock: Clock,
): Promise<{ readonly sealed: Sealed; readonly blobs: readonly NewBlob[] }> {
  const code = signalOf(plan, scopes, name);
  if (!code) {
    const known = plan.scopes.flatMap(({ nodes }) => nodes.filter(({ kind }) => kind === "signal"));
    throw new PlumblineError("signal-unknown", "the flow waits for no such signal", {
      path: `${run} ${name}`,
      expected: known.length === 0 ? "a flow with a signal" : `one of ${known.map((node) => node.name).join(", ")}`,
      found: name,
      mend: "look at the flow: `plumbline graph` draws what it waits for",
    });
  }
  const judged = judge({ schema: code.schema, checks: [], onDropped: "record" }, given, undefined);
  const { value, reasons } = await within(clock, judged, { value: undefined, reasons: [tooLong], dropped: [] });
  const kept = keep(value, { codecs: flow.code.codecs });
  if (reasons.length === 0 && "sealed" in kept) return kept;
  const why = "refusal" in kept ? [`${kept.refusal.path}: ${kept.refusal.reason}`] : [];
  throw new PlumblineError("signal-invalid", "the signal does not satisfy its contract", {
    path: `${run} ${name}`,
    expected: [...reasons, ...why].join("; "),
    found: describe(given),
    mend: "send a value of the shape that the flow declares",
  });
}

/** By name, in whichever scope it stands: all of one name are one line of signals. */
function signalOf(plan: Plan, scopes: BoundCode["scopes"], name: string): SignalCode | undefined {
  for (const scope of plan.scopes) {
    const code = scopes[scope.id]?.[scope.nodes.findIndex((node) => node.kind === "signal" && node.name === name)];
    if (code?.kind === "signal") return code;
  }
  return undefined;
}
