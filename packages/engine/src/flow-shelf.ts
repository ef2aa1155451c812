/**
 * The flows that an engine was given, and the code for runs that began with an earlier version of one.
 *
 * Boundary: finds; comparing plans is binding.ts. Invariant: a run is only ever given code that fits its own plan (rule 28).
 */
import { type Codec, type Flow, PlumblineError, type RunState } from "@plumbline/core";
import { bind, isHold } from "./binding.ts";
import { held } from "./engine-errors.ts";
import type { BoundCode } from "./host.ts";

export class FlowShelf {
  private readonly flows: ReadonlyMap<string, Flow>;

  constructor(flows: readonly Flow[]) {
    this.flows = new Map(flows.map((flow) => [flow.name, flow]));
  }

  /** @throws PlumblineError `flow-unknown` */
  find(target: Flow<never> | string): Flow {
    const name = typeof target === "string" ? target : target.name;
    const known = this.flows.get(name);
    if (known && (typeof target === "string" || target.plan.fingerprint === known.plan.fingerprint)) return known;
    throw new PlumblineError("flow-unknown", known ? "another flow has this name" : "this engine has no such flow", {
      path: name,
      expected: `one of ${[...this.flows.keys()].join(", ") || "no flows at all"}`,
      found: name,
      mend: "give the flow to openEngine({ flows: [...] })",
    });
  }

  /** @throws PlumblineError `flow-unknown`, `run-held` */
  codeFor(run: string, state: RunState): BoundCode {
    const bound = bind(state, this.find(state.plan.flow));
    if (isHold(bound)) throw held(run, bound.path, bound.reason);
    return bound;
  }

  codecsOf(flow: string): readonly Codec<never>[] {
    return this.flows.get(flow)?.code.codecs ?? [];
  }
}
