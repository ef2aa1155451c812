/**
 * Ensembles: what became of each member, and the ready ways to make one answer of several.
 *
 * Boundary: pure functions over answers; when an ensemble has its answer is decide-scopes.ts. Invariant: each way gives an
 * answer for one answer or more, and the same for the same answers in the same order; what needs the members' names is told
 * apart from what does not, because they are known in another place.
 */
import { invalid } from "./option-error.ts";
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

/** Makes one answer of the good ones, which come in the order of the members. */
export type Combine<T, Combined> = (values: readonly T[]) => Combined | Promise<Combined>;

/** Makes one answer of the good ones, by member; who gave none is absent. */
export type CombineByName<Names extends string, T, Combined> = (
  survivors: {
    readonly [Name in Names]?: T;
  },
) => Combined | Promise<Combined>;

type NumberOf<T> = (value: T) => number;

function sorted<T>(values: readonly T[], of: NumberOf<T>): number[] {
  return values.map(of).sort((a, b) => a - b);
}

/** The element at floor(n / 2) of the sorted numbers: of two, the greater. */
export function upperMedian<T>(of: NumberOf<T>): (values: readonly T[]) => number {
  return (values) => sorted(values, of)[Math.floor(values.length / 2)] as number;
}

/** The median of the numbers: of an even number, the mean of the two in the middle. */
export function median<T>(of: NumberOf<T>): (values: readonly T[]) => number {
  return (values) => {
    const numbers = sorted(values, of);
    const upper = Math.floor(numbers.length / 2);
    const lower = numbers.length % 2 === 0 ? upper - 1 : upper;
    return ((numbers[lower] as number) + (numbers[upper] as number)) / 2;
  };
}

/** The arithmetic mean of the numbers. */
export function mean<T>(of: NumberOf<T>): (values: readonly T[]) => number {
  return (values) => values.reduce((sum, value) => sum + of(value), 0) / values.length;
}

/** What most members say; of what equally many say, what comes first in the order of the members. */
export function majority<T, Said extends string | number | boolean>(
  of: (value: T) => Said,
): (values: readonly T[]) => Said {
  return (values) => {
    const counts = new Map<Said, number>();
    for (const value of values) counts.set(of(value), (counts.get(of(value)) ?? 0) + 1);
    const most = Math.max(...counts.values());
    return [...counts].find(([, count]) => count === most)?.[0] as Said;
  };
}

/** Where a way to combine keeps the members that it weighs. */
const weightsMark: unique symbol = Symbol.for("plumbline.weights") as never;

/** The members that `weighted` was given weights for; undefined for any other way to combine. */
export function weightsOf(combine: unknown): readonly string[] | undefined {
  return (combine as { readonly [weightsMark]?: readonly string[] } | undefined)?.[weightsMark];
}

/**
 * The mean of the numbers, each weighted by its member's weight; members without one weigh 1. It stands beside the members.
 * @throws PlumblineError `option-invalid` for a weight that is no number from 0
 * @example `.by({ rules, trees, graph }, weighted({ graph: 3 }, ({ risk }) => risk))`
 */
export function weighted<T, Names extends string = string>(
  weights: { readonly [Name in NoInfer<Names>]?: number },
  of: NumberOf<T>,
): (survivors: { readonly [Name in Names]?: T }) => number {
  const weighing = new Map(Object.entries<number | undefined>(weights));
  for (const [name, weight] of weighing) {
    if (!(Number.isFinite(weight) && (weight as number) >= 0)) {
      throw invalid(`weighted.${name}`, "a number from 0", weight);
    }
  }
  const combine = (survivors: { readonly [Name in Names]?: T }) => {
    const given = Object.entries(survivors) as [string, T][];
    const total = given.reduce((sum, [name]) => sum + (weighing.get(name) ?? 1), 0);
    if (total === 0) throw new Error(`those that answered weigh nothing: ${given.map(([name]) => name).join(", ")}`);
    return given.reduce((sum, [name, value]) => sum + (weighing.get(name) ?? 1) * of(value), 0) / total;
  };
  return Object.assign(combine, { [weightsMark]: [...weighing.keys()] });
}
