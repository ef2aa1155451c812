/**
 * Branch, ensemble, map and loop as users write them: their options, and what those say as data.
 *
 * Boundary: options to the plan's fields and to functions; their scopes are built by scope-builder.ts, what follows from
 * them at run time is decide-scopes.ts. Invariant: every bound is written down: a quorum, the items at the same time, the
 * turns (rule 32).
 */
import type { Declarable } from "./approval.ts";
import type { BranchCode, EnsembleCode, LoopCode } from "./code.ts";
import { demandOptions, invalid, optionsOf } from "./known-options.ts";
import type { PlanEnsemble, PlanLoop, PlanMap } from "./plan.ts";
import type { AnyRung, Cost, OutputOf, Rung, Schema } from "./rung.ts";
import type { Check } from "./step.ts";
import { type Codec, seal } from "./values.ts";
import type { Combine, Vote } from "./votes.ts";

/** One of several ways, chosen when the needs are there. */
export interface BranchOptions<Written, Needs, Cases> {
  readonly needs?: Written;
  /** Gives the name of a case. */
  readonly choose: (needs: Needs) => NoInfer<keyof Cases & string>;
  /** What each case makes of it: a reference, an object of references, a constant. */
  readonly cases: Cases;
}

/** What a member of an ensemble is: a rung, or a ladder of its own. */
export type Member<Needs, Answer> =
  | AnyRung<Needs, Answer>
  | readonly [AnyRung<Needs, Answer>, ...AnyRung<Needs, Answer>[]];

/** Several members answer the same question; so many good answers make one. `Said` is what they give, as written. */
export interface EnsembleOptions<
  Written,
  Needs,
  S extends Schema,
  Names extends string,
  Combined,
  Below,
  Said extends { readonly [Name in Names]: Declarable<S> } = { readonly [Name in Names]: Declarable<S> },
> {
  readonly needs?: Written;
  /** The contract that each member is held to. */
  readonly output: S;
  readonly checks?: Readonly<Record<string, Check<OutputOf<S>, Needs>>>;
  readonly members: { readonly [Name in keyof Said]: Member<Needs, Said[Name]> } & {
    readonly [Name in Names]: unknown;
  };
  /** So many members must have given a good answer. */
  readonly quorum: number;
  /** Makes one answer of those that were given; ready ones: `upperMedian`, `median`, `mean`, `majority`, `weighted`. */
  readonly combine: Combine<{ readonly [Name in Names]: OutputOf<S> }, OutputOf<S>, Combined>;
  /** The answer below the quorum, a value or a function; without it the ensemble fails. */
  readonly below?: Below | ((votes: { readonly [Name in Names]: Vote<OutputOf<S>> }, needs: Needs) => Below);
  /** `quorum` answers as soon as enough members have, and cancels the others; default `all`. */
  readonly settle?: "quorum" | "all";
  /** For one attempt of a member; members may have their own. Default 30 s. */
  readonly timeout?: Rung<never, never>["timeout"];
  readonly retry?: Rung<never, never>["retry"];
  /** Default `read`. Members are never effects: one that is cancelled would be in doubt (rule 7). */
  readonly kind?: "pure" | "read";
  readonly version?: string;
}

/** What an ensemble gives: the answer, and what became of each member. */
export interface EnsembleAnswer<Names extends string, T, Combined> {
  readonly value: Combined;
  readonly votes: { readonly [Name in Names]: Vote<T> };
  /** How many members gave a good answer. */
  readonly survivors: number;
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
export const ensembleOptions: readonly string[] = optionsOf<
  Omit<EnsembleOptions<unknown, never, Schema, string, unknown, unknown>, "needs">
>({
  output: true,
  checks: true,
  members: true,
  quorum: true,
  combine: true,
  below: true,
  settle: true,
  timeout: true,
  retry: true,
  kind: true,
  version: true,
});
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

type EnsemblePlan = Pick<PlanEnsemble, "quorum" | "settle" | "below">;

export function ensembleOf(
  path: string,
  options: EnsembleOptions<unknown, never, Schema, string, unknown, unknown>,
  codecs: readonly Codec[],
): { readonly plan: EnsemblePlan; readonly code: Omit<EnsembleCode, "when"> } {
  const { members, quorum, combine, below, settle = "all", kind = "read" } = options;
  const count = typeof members === "object" && members !== null ? Object.keys(members).length : 0;
  if (count === 0) throw invalid(`${path}.members`, "an object with a function for each member", members);
  for (const [name, member] of Object.entries(members)) {
    const isRung = typeof member === "function" || (typeof member === "object" && member !== null);
    if (isRung && (!Array.isArray(member) || member.length > 0)) continue;
    throw invalid(`${path}.members.${name}`, "a function, { run }, or a ladder of them", member);
  }
  if (!Number.isInteger(quorum) || quorum < 1 || quorum > count) {
    throw invalid(`${path}.quorum`, `a whole number from 1 to ${count}, the number of members`, quorum);
  }
  if (typeof combine !== "function") {
    throw invalid(`${path}.combine`, "a function of the survivors, or upperMedian, majority and others", combine);
  }
  if (settle !== "all" && settle !== "quorum") throw invalid(`${path}.settle`, '"all" or "quorum"', settle);
  if (kind !== "pure" && kind !== "read") {
    throw invalid(`${path}.kind`, '"pure" or "read"', kind, { mend: "put the effect into a step after the ensemble" });
  }
  return {
    plan: { quorum, settle, below: belowOf(path, below, codecs) },
    code: {
      kind: "ensemble",
      combine: combine as EnsembleCode["combine"],
      below: typeof below === "function" ? (below as EnsembleCode["below"]) : undefined,
    },
  };
}

function belowOf(path: string, below: unknown, codecs: readonly Codec[]): EnsemblePlan["below"] {
  if (below === undefined) return { kind: "fails" };
  if (typeof below === "function") return { kind: "function" };
  const result = seal(below, { codecs });
  if ("sealed" in result) return { kind: "value", value: result.sealed };
  throw invalid(`${path}.below${result.refusal.path}`, "a value that a journal can keep", below, {
    words: result.refusal.reason,
  });
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
  demandOptions(`${path}.maxCost`, maxCost, ["usd", "tokens"]);
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
