/**
 * Branch, map and loop as users write them: their options, and what those say as data.
 *
 * Boundary: options to the plan's fields and to functions; their scopes are built by scope-builder.ts, what follows from
 * them at run time is decide-scopes.ts; ensembles are ensemble.ts. Invariant: every bound is written down: the items at the
 * same time, the turns, the cost (rule 32).
 */
import type { Declarable } from "./approval.ts";
import type { BranchCode, LoopCode } from "./code.ts";
import { demandOptions, invalid, optionsOf } from "./known-options.ts";
import type { PlanLoop, PlanMap } from "./plan.ts";
import type { Cost, OutputOf, Schema } from "./rung.ts";
import type { Check } from "./step.ts";

/** One of several ways, chosen when the needs are there. */
export interface BranchOptions<Written, Needs, Cases> {
  readonly needs?: Written;
  /** Gives the name of a case. */
  readonly choose: (needs: Needs) => NoInfer<keyof Cases & string>;
  /** What each case makes of it: a reference, an object of references, a constant. */
  readonly cases: Cases;
}

/** The same for each item of an array that is known when the run gets there. */
export interface MapOptions<Over, Each, OnFailure> {
  /** A reference to an array, or an array of references. */
  readonly over: Over;
  readonly each: Each;
  /** Items under way at the same time. Default 10. */
  readonly concurrency?: number;
  /** An item that fails: fails the map (default), is left out, or is collected beside the others. */
  readonly onFailure?: OnFailure;
}

/** An item of a map that collects failures. */
export type Collected<T> =
  | { readonly status: "success"; readonly value: T }
  | { readonly status: "failure"; readonly failure: { readonly kind: string; readonly message: string } };

/** The same again until it is enough. `Last` is the answer at the limit, as written. */
export interface LoopOptions<Start, S extends Schema, Body, Last extends Declarable<S> = Declarable<S>> {
  /** What the first turn sees as the previous one. */
  readonly start?: Start;
  /** The contract of each turn's answer. */
  readonly output: S;
  readonly checks?: Readonly<Record<string, Check<OutputOf<S>, number>>>;
  readonly body: Body;
  /** Asked after each turn: true ends the loop with its answer. */
  readonly until: (value: OutputOf<S>, turn: number) => boolean;
  readonly maxTurns: number;
  /** No new turn begins when those before have cost so much. */
  readonly maxCost?: Cost;
  /** When no turn was enough: a failure, the last turn's answer as a degradation, or an answer made of all turns. */
  readonly atLimit: "fail" | "last" | ((turns: readonly OutputOf<S>[]) => Last);
}

const branchNames = { choose: true, cases: true } as const;
export const branchOptions: readonly string[] = Object.keys(branchNames);
export const mapOptions: readonly string[] = optionsOf<MapOptions<unknown, unknown, unknown>>({
  over: true,
  each: true,
  concurrency: true,
  onFailure: true,
});
export const loopOptions: readonly string[] = optionsOf<LoopOptions<unknown, Schema, unknown>>({
  start: true,
  output: true,
  checks: true,
  body: true,
  until: true,
  maxTurns: true,
  maxCost: true,
  atLimit: true,
});

/** More than this in one journal is a mistake in the definition (rule 32). */
const maxTurnsLimit = 10_000;
const maxConcurrency = 1_000;
const defaultConcurrency = 10;

export function branchCode(
  path: string,
  options: BranchOptions<unknown, never, Readonly<Record<string, unknown>>>,
): Omit<BranchCode, "when"> {
  if (typeof options.choose !== "function") {
    throw invalid(`${path}.choose`, "a function of the needs that gives the name of a case", options.choose);
  }
  const { cases } = options;
  if (typeof cases !== "object" || cases === null || Object.keys(cases).length === 0) {
    throw invalid(`${path}.cases`, "an object with a function for each case: ($) => ...", cases);
  }
  return { kind: "branch", choose: options.choose };
}

export function mapOf(
  path: string,
  options: MapOptions<unknown, unknown, unknown>,
): Pick<PlanMap, "concurrency" | "onFailure"> {
  const { each, concurrency = defaultConcurrency, onFailure = "fail" } = options;
  if (typeof each !== "function") throw invalid(`${path}.each`, "a function ($, item, index) => ...", each);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > maxConcurrency) {
    throw invalid(`${path}.concurrency`, `a whole number from 1 to ${maxConcurrency}`, concurrency);
  }
  if (onFailure !== "fail" && onFailure !== "drop" && onFailure !== "collect") {
    throw invalid(`${path}.onFailure`, '"fail", "drop" or "collect"', onFailure);
  }
  return { concurrency, onFailure };
}

export function loopOf(
  path: string,
  options: LoopOptions<unknown, Schema, unknown>,
): {
  readonly plan: Pick<PlanLoop, "maxTurns" | "maxCost" | "atLimit" | "checks">;
  readonly code: Omit<LoopCode, "when">;
} {
  const { output, checks = {}, body, until, maxTurns, maxCost, atLimit } = options;
  if (typeof body !== "function") throw invalid(`${path}.body`, "a function ($, previous, turn) => ...", body);
  if (typeof until !== "function") throw invalid(`${path}.until`, "a function of a turn's answer", until);
  if (!Number.isInteger(maxTurns) || maxTurns < 1 || maxTurns > maxTurnsLimit) {
    throw invalid(`${path}.maxTurns`, `a whole number from 1 to ${maxTurnsLimit}`, maxTurns);
  }
  if (atLimit !== "fail" && atLimit !== "last" && typeof atLimit !== "function") {
    throw invalid(`${path}.atLimit`, '"fail", "last" or a function of all turns', atLimit);
  }
  demandCost(`${path}.maxCost`, maxCost);
  return {
    plan: {
      maxTurns,
      ...(maxCost === undefined ? {} : { maxCost }),
      atLimit: typeof atLimit === "function" ? "function" : atLimit,
      checks: Object.keys(checks),
    },
    code: {
      kind: "loop",
      output,
      checks: Object.entries(checks),
      until,
      atLimit: typeof atLimit === "function" ? (atLimit as LoopCode["atLimit"]) : undefined,
    },
  };
}

/** A bound that binds: what is no number above 0 would never be reached, or be reached before the first turn. */
function demandCost(path: string, cost: Cost | undefined): void {
  demandOptions(path, cost, ["usd", "tokens"]);
  if (cost === undefined) return;
  const { usd, tokens } = cost;
  if (usd === undefined && tokens === undefined) throw invalid(path, "usd, or tokens, or both", cost);
  for (const [name, most] of Object.entries({ usd, tokens })) {
    if (most !== undefined && !(Number.isFinite(most) && most > 0)) {
      throw invalid(`${path}.${name}`, "a number above 0", most);
    }
  }
}
