/**
 * A part of a run as a run of its own: what it is given of the run that it is a part of.
 *
 * Boundary: from a slot that calls a part to the start of that run; called-runs.ts starts it. Invariants: it runs on the
 * plan and the code of its caller, also when the flow has changed since; what it reads outside is what its caller has
 * settled by now, skips and failures included.
 */
import {
  capturedName,
  type Frame,
  frameOf,
  inputNode,
  type Part,
  type PlanCall,
  PlumblineError,
  readOutside,
  resolve,
  type Sealed,
  sealedIn,
  siblingOf,
  slotAt,
} from "@plumbline/core";
import type { KeptInput, Start } from "../run-start.ts";
import { keep, type NewBlob, readerFor } from "../stores/value-keeper.ts";
import type { PerformingRun } from "./host.ts";

type PartStart = Pick<Start, "flow" | "input"> & Required<Pick<Start, "part">>;

export async function partOf(caller: PerformingRun, slotId: number, input: unknown): Promise<PartStart> {
  const { state, code } = caller;
  const { node, frame } = slotAt(state, slotId);
  const scope = (node as PlanCall).part as number;
  const blobs: NewBlob[] = [];
  const captured: Record<string, Sealed | null> = {};
  for (const ref of readOutside(state.plan, scope)) {
    const home = frameOf(frame, ref.scope);
    const fate = fateOf(caller, home, ref);
    if (fate === "failed") continue;
    captured[capturedName(ref)] = fate === "skipped" ? null : kept(await opened(caller, frame, ref), code, blobs);
  }
  const sealed = kept(input, code, blobs);
  const given: KeptInput = { sealed, blobs, dropped: [] };
  return { flow: code.flow, input: given, part: { given: { scope, captured } satisfies Part, plan: state.plan, code } };
}

type Ref = ReturnType<typeof readOutside>[number];

function fateOf({ state }: PerformingRun, home: Frame, ref: Ref): "given" | "skipped" | "failed" {
  if (home.scope.id !== ref.scope) {
    const sealed = home.captured?.[capturedName(ref)]; // a part of a part
    if (sealed === undefined) return "failed";
    return sealed === null ? "skipped" : "given";
  }
  if (ref.node === inputNode) return "given";
  const { status } = siblingOf(state, home, ref.node);
  if (status === "completed") return "given";
  return status === "skipped" ? "skipped" : "failed";
}

async function opened({ state, code, blobs, id }: PerformingRun, frame: Frame, ref: Ref): Promise<unknown> {
  const read = await readerFor(blobs, id, sealedIn(state, frame, ref), code.flow.code.codecs);
  return resolve(state, frame, ref, read);
}

/** Blobs belong to one run: the part has its own. */
function kept(value: unknown, { flow }: PerformingRun["code"], blobs: NewBlob[]): Sealed {
  const result = keep(value, { codecs: flow.code.codecs, nonFinite: true });
  if ("refusal" in result) {
    throw new PlumblineError("value-refused", result.refusal.reason, { path: flow.name + result.refusal.path });
  }
  for (const blob of result.blobs) if (!blobs.some(({ id }) => id === blob.id)) blobs.push(blob);
  return result.sealed;
}
