/**
 * What a suite of the benchmark is, what it is given, and what it finds.
 *
 * Boundary: the words of this room; running suites is run-suite.ts, printing findings is report.ts. Invariants: a result
 * keeps its sample of every round, so that the spread can be shown; a ratio is taken within a round and never across two.
 */

/** Numbers that one trial measured, by name. */
export type Figures = Readonly<Record<string, number>>;

/** `full` is the benchmark, `quick` a try-out of a minute, `smallest` shows only that everything runs. */
export type Size = "full" | "quick" | "smallest";

export interface Bench {
  readonly size: Size;
  readonly rounds: number;
  /** Measures something; in a fresh process with an empty folder, except at the smallest size. */
  trial(name: string, params: object, env?: Readonly<Record<string, string>>): Promise<Figures>;
  /** What belongs to the size. */
  pick<T>(sizes: Readonly<Record<Size, T>>): T;
  /** A line for whoever waits. */
  say(text: string): void;
}

export interface Goal {
  /** The value itself, or the ratio to something. */
  readonly of: "value" | { readonly ratioTo: string };
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Result {
  readonly name: string;
  readonly unit: string;
  /** One a round. */
  readonly samples: readonly number[];
  readonly ratios?: Readonly<Record<string, readonly number[]>>;
  readonly goals?: readonly Goal[];
}

export interface Findings {
  readonly results: readonly Result[];
  /** What the figures say, beyond what follows from goals. */
  readonly reading: readonly string[];
  /** What one might compare and should not. */
  readonly notComparable: readonly string[];
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  run(bench: Bench): Promise<Findings>;
}
