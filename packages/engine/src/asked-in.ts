/**
 * Where a person is asked: the approval that a decision is for, in the run that was named or in a part of it.
 *
 * Boundary: a run and maybe a path to a run and a path; what is decided there is the core's. Invariant: of several approvals
 * that wait none is picked.
 */
import { codeOf, openPartsOf, PlumblineError, partWith, pathOf, type RunState, slotByPath } from "@plumbline/core";

interface Host {
  withRun<T>(id: string, work: (run: { readonly state: RunState }) => T | Promise<T>): Promise<T>;
}

export interface Place {
  readonly run: string;
  readonly path: string;
}

/** @throws PlumblineError `approval-unknown`, `approval-ambiguous` */
export async function askedIn(host: Host, state: RunState, path: string | undefined): Promise<Place> {
  if (path === undefined) return onlyWaiting(host, state);
  const part = slotByPath(state, path) ? undefined : partWith(state, path);
  return { run: part ?? state.run, path };
}

/** The one approval that waits, when it was not said which. */
async function onlyWaiting(host: Host, state: RunState): Promise<Place> {
  const asked = [...askedOf(state), ...(await askedInParts(host, state))];
  const all = state.slots.filter((slot) => slot.node.kind === "approval");
  const [first, ...others] = asked.length > 0 ? asked : all.map((slot) => ({ run: state.run, path: pathOf(slot) }));
  if (!first) throw noApproval(state);
  if (others.length === 0) return first;
  throw new PlumblineError("approval-ambiguous", "it is not said which approval is decided", {
    path: state.run,
    expected: `the path of one approval: ${[first, ...others].map(({ path }) => path).join(" or ")}`,
    found: "a decision without a path",
    mend: "give the path beside the run",
  });
}

function askedOf(state: RunState): Place[] {
  const asked = state.slots.filter((slot) => slot.status === "asked");
  return asked.map((slot) => ({ run: state.run, path: pathOf(slot) }));
}

async function askedInParts(host: Host, state: RunState): Promise<Place[]> {
  const asked = openPartsOf(state).map(async (part) => {
    try {
      return await host.withRun(part, async (run) => [...askedOf(run.state), ...(await askedInParts(host, run.state))]);
    } catch (error) {
      if (codeOf(error) === "run-unknown") return []; // it is about to begin
      throw error;
    }
  });
  return (await Promise.all(asked)).flat();
}

function noApproval({ run, plan }: RunState): PlumblineError {
  const isFlowWithout = plan.scopes.every(({ nodes }) => nodes.every(({ kind }) => kind !== "approval"));
  return new PlumblineError("approval-unknown", "nobody decides anything in this run", {
    path: run,
    expected: "a run of a flow with an approval",
    found: `the flow ${plan.flow}, ${isFlowWithout ? "which has none" : "in which nobody is asked now"}`,
    mend: "look at the run's id: `plumbline approvals` lists what waits",
  });
}
