/**
 * The circuit breaker: a pure machine of its own, with entries of its own, shared by all runs (rules 23, 24).
 *
 * Boundary: says who is admitted and what an outcome changes; who asks, and where its entries are kept, is the engine's
 * affair. It serves backends (an attempt asks) and desks (an approval asks: `refused` means decided automatically).
 * Invariants: an outcome counts only in the epoch in which it was admitted, but a person's answer always closes a desk;
 * while open, at most one probe is out, and its permit lapses, so a lost probe cannot keep the breaker open for ever.
 * The states are those of M. Nygard, "Release It!" (2007): closed, open, half-open.
 */
import type { PlanBreaker } from "./plan.ts";

export interface BreakerState {
  readonly name: string;
  status: "closed" | "open";
  /** Raised by each opening and closing. */
  epoch: number;
  /** Failures in a row while closed. */
  failures: number;
  /** While open: from this instant a probe may be admitted. */
  openUntil: number;
  probe: { readonly id: string; readonly until: number } | undefined;
  /** Set by an operator: stays as it is until reset. */
  forced: "open" | "closed" | undefined;
}

interface BreakerSaid<Kind extends string> {
  readonly kind: Kind;
  readonly at: number;
}

export type BreakerEntry =
  | (BreakerSaid<"failure.counted"> & { readonly failures: number; readonly by: string })
  | (BreakerSaid<"failures.reset"> & { readonly by: string })
  | (BreakerSaid<"breaker.opened"> & { readonly until: number; readonly epoch: number; readonly by: string })
  | (BreakerSaid<"breaker.closed"> & { readonly epoch: number; readonly by: string })
  | (BreakerSaid<"probe.admitted"> & { readonly id: string; readonly until: number })
  | (BreakerSaid<"breaker.forced"> & { readonly to: "open" | "closed" | undefined; readonly by: string });

export interface Admission {
  readonly admission: "admitted" | "probe" | "refused";
  readonly epoch: number;
}

/** What became of something that was admitted. `answered` is a person's answer: it closes a desk in any epoch. */
export interface BreakerVote {
  readonly id: string;
  readonly at: number;
  readonly epoch: number;
  readonly result: "failure" | "success" | "answered";
}

export function newBreaker(name: string): BreakerState {
  return { name, status: "closed", epoch: 0, failures: 0, openUntil: 0, probe: undefined, forced: undefined };
}

/**
 * May this one go through? `lapseMs` says how long a probe's permit lasts at most.
 * @returns the answer and the entries to append (a probe's permit is one)
 */
export function admit(
  state: BreakerState,
  request: { readonly id: string; readonly now: number; readonly lapseMs: number },
): Admission & { readonly entries: readonly BreakerEntry[] } {
  const { epoch } = state;
  if (state.forced !== undefined) {
    return { admission: state.forced === "open" ? "refused" : "admitted", epoch, entries: [] };
  }
  if (state.status === "closed") return { admission: "admitted", epoch, entries: [] };
  const probing = state.probe !== undefined && request.now < state.probe.until;
  if (request.now < state.openUntil || probing) return { admission: "refused", epoch, entries: [] };
  const until = request.now + request.lapseMs;
  return {
    admission: "probe",
    epoch,
    entries: [{ kind: "probe.admitted", at: request.now, id: request.id, until }],
  };
}

/**
 * Counts an outcome.
 * @returns the entries to append, and whether this very outcome opened the breaker
 */
export function vote(
  state: BreakerState,
  policy: Pick<PlanBreaker, "after" | "openForMs">,
  { id, at, epoch, result }: BreakerVote,
): { readonly entries: readonly BreakerEntry[]; readonly opened: boolean } {
  const nothing = { entries: [], opened: false };
  if (result === "answered" || (result === "success" && epoch === state.epoch)) {
    if (state.status === "open") {
      return { entries: [{ kind: "breaker.closed", at, epoch: state.epoch + 1, by: id }], opened: false };
    }
    return state.failures === 0 ? nothing : { entries: [{ kind: "failures.reset", at, by: id }], opened: false };
  }
  if (result === "success" || epoch !== state.epoch) return nothing;
  if (state.status === "open") {
    return state.probe?.id === id ? { entries: [opening(state, policy, id, at)], opened: true } : nothing;
  }
  const failures = state.failures + 1;
  const counted: BreakerEntry = { kind: "failure.counted", at, failures, by: id };
  if (failures < policy.after) return { entries: [counted], opened: false };
  return { entries: [counted, opening(state, policy, id, at)], opened: true };
}

function opening(state: BreakerState, policy: Pick<PlanBreaker, "openForMs">, by: string, at: number): BreakerEntry {
  return { kind: "breaker.opened", at, until: at + policy.openForMs, epoch: state.epoch + 1, by };
}

/** Folds one entry into a breaker's state. Total, like `evolve`. */
export function evolveBreaker(state: BreakerState, entry: BreakerEntry): void {
  switch (entry.kind) {
    case "failure.counted":
      state.failures = entry.failures;
      return;
    case "failures.reset":
      state.failures = 0;
      return;
    case "breaker.opened":
      state.status = "open";
      state.epoch = entry.epoch;
      state.openUntil = entry.until;
      state.failures = 0;
      state.probe = undefined;
      return;
    case "breaker.closed":
      state.status = "closed";
      state.epoch = entry.epoch;
      state.failures = 0;
      state.probe = undefined;
      return;
    case "probe.admitted":
      state.probe = { id: entry.id, until: entry.until };
      return;
    case "breaker.forced":
      state.forced = entry.to;
  }
}
