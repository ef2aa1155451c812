/**
 * The ways in which a member of the vote fails, and to which payments it happens.
 *
 * Boundary: faults that are injected; nothing here is a real failure. Invariants: every way occurs; the same seed gives the
 * same payments; no payment meets two.
 */
import { type MemberName, memberNames } from "./scoring-models.ts";

export const faultKinds = [
  "throws",
  "rejects",
  "rejects late",
  "throws no error",
  "hangs",
  "answers nothing",
  "answers another type",
  "out of range",
  "not a number",
] as const;
export type Fault = (typeof faultKinds)[number];

export interface InjectedFault {
  readonly member: MemberName;
  readonly fault: Fault;
}

export const injectedFaults = 47;

/** Some native modules throw just that. */
const noError: unknown = "out of memory";

export function failAs(fault: Fault): unknown {
  switch (fault) {
    case "throws":
      throw new Error("503 from the model");
    case "rejects":
      return Promise.reject(new Error("connection reset"));
    case "rejects late":
      return new Promise((_, reject) => setTimeout(reject, 5, new Error("gave up")));
    case "throws no error":
      throw noError;
    case "hangs":
      return new Promise(() => {});
    case "answers nothing":
      return undefined;
    case "answers another type":
      return "0.4";
    case "out of range":
      return { risk: 7 };
    case "not a number":
      return { risk: Number.NaN };
  }
}

/** Which of the payments from 0 to `count` meet a fault. */
export function chooseFaults(count: number, seed: number, faults = injectedFaults): Map<number, InjectedFault> {
  const chosen = new Map<number, InjectedFault>();
  let state = seed >>> 0;
  while (chosen.size < Math.min(faults, count)) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const payment = Math.floor((state / 2 ** 32) * count);
    if (chosen.has(payment)) continue;
    const fault = faultKinds[chosen.size % faultKinds.length] as Fault;
    const member = memberNames[chosen.size % memberNames.length] as MemberName;
    chosen.set(payment, { member, fault });
  }
  return chosen;
}
