/**
 * Ensembles: what became of each member, and the ready ways to make one answer of several.
 *
 * Boundary: pure functions over answers; when an ensemble has its answer is decide-scopes.ts. Invariant: each way gives an
 * answer for one answer or more, and the same for the same answers in the same order.
 */
import { isSettled, type Slot } from "./state.ts";

/** What became of one member of an ensemble. */
export interface Vote<T = unknown> {
  /** `superseded`: the answer was there before this member had spoken. */
  readonly status: "success" | "timeout" | "contract" | "error" | "superseded";
  /** There when the status is `success`. */
  readonly value: T | undefined;
  /** Why there is no value. */
  readonly message: string | undefined;
}

export function voteOf(member: Slot, value: () => unknown): Vote {
  if (member.status === "completed") return { status: "success", value: value(), message: undefined };
  if (!isSettled(member) || !member.failure) {
    return { status: "superseded", value: undefined, message: "the answer was there before" };
  }
  const { kind, message } = member.failure;
  const status = kind === "timeout" || kind === "contract" ? kind : "error";
  return { status, value: undefined, message };
}

/** Makes one answer of those that were given: by member's name, and as values in the order of the members. */
export type Combine<Members, T, Combined> = (survivors: Partial<Members>, values: readonly T[]) => Combined;

type NumberOf<T> = (value: T) => number;

function sorted<T>(values: readonly T[], of: NumberOf<T>): number[] {
  return values.map(of).sort((a, b) => a - b);
}

/** The element at floor(n / 2) of the sorted numbers: of two, the greater. */
export function upperMedian<T>(of: NumberOf<T>): (survivors: unknown, values: readonly T[]) => number {
  return (_survivors, values) => sorted(values, of)[Math.floor(values.length / 2)] as number;
}

/** The median of the numbers: of an even number, the mean of the two in the middle. */
export function median<T>(of: NumberOf<T>): (survivors: unknown, values: readonly T[]) => number {
  return (_survivors, values) => {
    const numbers = sorted(values, of);
    const upper = Math.floor(numbers.length / 2);
    const lower = numbers.length % 2 === 0 ? upper - 1 : upper;
    return ((numbers[lower] as number) + (numbers[upper] as number)) / 2;
  };
}

/** The arithmetic mean of the numbers. */
export function mean<T>(of: NumberOf<T>): (survivors: unknown, values: readonly T[]) => number {
  return (_survivors, values) => values.reduce((sum, value) => sum + of(value), 0) / values.length;
}

/** What most members say; of what equally many say, what comes first in the order of the members. */
export function majority<T, Said extends string | number | boolean>(
  of: (value: T) => Said,
): (survivors: unknown, values: readonly T[]) => Said {
  return (_survivors, values) => {
    const counts = new Map<Said, number>();
    for (const value of values) counts.set(of(value), (counts.get(of(value)) ?? 0) + 1);
    const most = Math.max(...counts.values());
    return [...counts].find(([, count]) => count === most)?.[0] as Said;
  };
}

/** The mean of the numbers, each weighted by its member's weight; members without one weigh 1. */
export function weighted<T>(
  weights: Readonly<Record<string, number>>,
  of: NumberOf<T>,
): (survivors: object, values: readonly T[]) => number {
  return (survivors) => {
    let sum = 0;
    let total = 0;
    for (const [name, value] of Object.entries(survivors) as [string, T][]) {
      const weight = weights[name] ?? 1;
      sum += weight * of(value);
      total += weight;
    }
    return sum / total;
  };
}
