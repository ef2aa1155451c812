// Makes members fail on purpose, by payment: for the demonstration and the tests.
// Boundary: wraps members and knows nothing of the flow. Invariants: a hanging member really never settles, nothing rescues
// it but the flow's own limit; whoever shows a run with a fault says that the fault was made.
import type { ScoreFunction } from "./flow.ts";
import { MEMBER, type Member } from "./members.ts";

export const FAULT = ["hangs", "throws", "talks nonsense"] as const;
export type Fault = (typeof FAULT)[number];

/** By the id of a payment: which members fail, and how. */
export type Faults = Readonly<Record<string, Readonly<Partial<Record<Member, Fault>>>>>;

export function withFaults(
  members: Readonly<Record<Member, ScoreFunction>>,
  faults: Faults,
): Record<Member, ScoreFunction> {
  const wrapped = MEMBER.map((member) => {
    const run: ScoreFunction = (needs) => {
      const fault = faults[needs.transaction.id]?.[member];
      return fault === undefined ? members[member](needs) : failing(member, fault);
    };
    return [member, run] as const;
  });
  return Object.fromEntries(wrapped) as Record<Member, ScoreFunction>;
}

function failing(member: Member, fault: Fault): ReturnType<ScoreFunction> {
  switch (fault) {
    case "hangs":
      return new Promise(() => {});
    case "throws":
      throw new Error(`the service of the ${member} answered 503`);
    case "talks nonsense":
      return { risk: 17, reasons: [] };
  }
}
