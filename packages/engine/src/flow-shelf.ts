/**
 * The flows that an engine was given, and the code for runs that began with an earlier version of one.
 *
 * Boundary: finds; comparing plans is binding.ts. Invariant: a run is only ever given code that fits its own plan (rule 28).
 */
import {
  type Codec,
  describe,
  type Flow,
  invalid,
  type Plan,
  PlumblineError,
  type RunState,
  type Schema,
  withCalled,
} from "@plumbline/core";
import { held } from "./engine-errors.ts";
import { bind, isHold } from "./runs/binding.ts";
import type { BoundCode } from "./runs/host.ts";

export class FlowShelf {
  private readonly flows: ReadonlyMap<string, Flow>;

  constructor(flows: readonly Flow[]) {
    this.flows = new Map(withAllCalled(flows).map((flow) => [flow.name, flow]));
  }

  /** @throws PlumblineError `flow-unknown` */
  find(target: Flow<never> | string): Flow {
    const name = typeof target === "string" ? target : String((target as Partial<Flow> | undefined)?.name);
    const known = this.flows.get(name);
    if (known && (typeof target === "string" || target.plan?.fingerprint === known.plan.fingerprint)) return known;
    throw known ? otherFlow(name) : this.unknown(name);
  }

  private unknown(name: string): PlumblineError {
    const known = [...this.flows.keys()].join(", ");
    return new PlumblineError("flow-unknown", "this engine has no such flow", {
      path: name,
      expected: known === "" ? "a flow; this engine was opened without any" : `one of ${known}`,
      found: name,
      mend: "correct the name, or give the flow to openEngine({ flows: [...] })",
    });
  }

  /**
   * A run that is over, or held, is given what there is: it needs code only to be undone.
   * @throws PlumblineError `flow-unknown`, `run-held`
   */
  codeFor(run: string, state: RunState): BoundCode {
    try {
      return this.boundTo(run, state);
    } catch (error) {
      const isAtRest = state.phase === "held" || state.phase === "ended";
      if (!isAtRest || !(error instanceof PlumblineError)) throw error;
      return { flow: this.flows.get(state.plan.flow) ?? withoutCode(state.plan), scopes: [], missing: error };
    }
  }

  private boundTo(run: string, state: RunState): BoundCode {
    const bound = bind(state, this.find(state.plan.flow));
    if (isHold(bound)) throw held(run, bound.path, bound.reason);
    return bound;
  }

  codecsOf(flow: string): readonly Codec[] {
    return this.flows.get(flow)?.code.codecs ?? [];
  }
}

function withoutCode(plan: Plan): Flow {
  const input: Schema = { "~standard": { version: 1, vendor: "plumbline", validate: (value) => ({ value }) } };
  const code = { input, output: undefined, checks: [], deadlineAnswer: undefined, codecs: [], scopes: [] };
  return { name: plan.flow, plan, code, samples: {} };
}

/** The flows that were given, and those that they call. */
function withAllCalled(flows: readonly Flow<never>[]): Flow[] {
  const found = new Set<Flow>();
  for (const flow of flows) withCalled(flow as Flow, found);
  return [...found];
}

/** @throws PlumblineError `option-invalid` for what no engine can be opened with */
export function demandFlows(flows: readonly Flow<never>[]): void {
  if (!Array.isArray(flows)) throw noFlows(flows);
  for (const [index, flow] of flows.entries()) {
    if (typeof flow?.plan === "object" && typeof flow.code === "object") continue;
    const mend = "give the flows themselves: what flow(...) returned";
    throw invalid(`openEngine.flows[${index}]`, "a flow, as flow(...) makes it", flow, { mend });
  }
  const names = withAllCalled(flows).map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw sameName(twice);
}

function otherFlow(name: string): PlumblineError {
  return new PlumblineError("flow-unknown", "this engine has another flow of this name", {
    path: name,
    expected: "the flow that openEngine({ flows }) was given",
    found: "one of the same name with other steps",
    mend: "pass the same flow to openEngine and start, or rename one of the two",
  });
}

function sameName(name: string): PlumblineError {
  return new PlumblineError("option-invalid", "two flows have the same name", {
    path: `flows.${name}`,
    expected: "a name for each flow, used once",
    found: `a second "${name}"`,
    mend: "rename one of them, or give it to an engine of its own: runs find their flow by its name",
  });
}

function noFlows(found: unknown): PlumblineError {
  return new PlumblineError("option-invalid", "an engine needs to know its flows", {
    path: "openEngine.flows",
    expected: "an array of flows, which may be empty",
    found: describe(found),
    mend: "write openEngine({ flows: [myFlow] }): runs that are taken up need their code",
  });
}
