/**
 * Whether there is room in the lines of all resources that a run of a flow would use, in it or in what it calls.
 *
 * Boundary: asks at a start; the lines are runs/limits.ts's. Invariant: a start that is refused leaves nothing behind; what a
 * flow uses is looked up once and not at every start.
 */
import { type Flow, type PlanLimit, PlumblineError, withCalled } from "@plumbline/core";

/** A resource that a flow uses, itself or in what it calls, and where. */
interface Use {
  readonly path: string;
  readonly limit: PlanLimit;
}

/** Found once for each flow: starts are many. */
const usesOf = new WeakMap<Flow, readonly Use[]>();

function usesIn(flow: Flow): readonly Use[] {
  const known = usesOf.get(flow);
  if (known) return known;
  const uses = [...withCalled(flow)].flatMap(({ name, plan }) =>
    plan.scopes.flatMap(({ nodes }) =>
      nodes.flatMap((node) => {
        const rungs = node.kind === "step" ? node.rungs : [];
        return rungs.flatMap(({ limit }) => (limit ? [{ path: `${name} ${node.name}`, limit }] : []));
      }),
    ),
  );
  usesOf.set(flow, uses);
  return uses;
}

/**
 * Refuses new runs of a flow while too many attempts are in line for a resource that it uses: better told now than late.
 * @throws PlumblineError `queue-full`
 */
export function demandRoom(flow: Flow, limits: { queued(name: string): number }): void {
  for (const { path, limit } of usesIn(flow)) {
    if (limits.queued(limit.name) < limit.maxQueued) continue;
    throw new PlumblineError("queue-full", "too many attempts are in line for a resource of this flow", {
      path,
      expected: `fewer than ${limit.maxQueued} in line for ${limit.name}`,
      found: String(limits.queued(limit.name)),
      mend: "start again later, or raise the resource's concurrency, rate or maxQueued; nothing was started",
    });
  }
}
