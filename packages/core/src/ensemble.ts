/**
 * Ensembles as users write them: what is asked, who answers, and what becomes of the answers.
 *
 * Boundary: two calls to the plan's fields, to functions and to the ladders of the members; their scope is built by
 * scope-builder.ts, when there is an answer is decide-scopes.ts, the ready ways to make one are votes.ts. Invariants: so many
 * good answers as must be there are written down (rule 32); what would be left out of the members or of their weights is
 * refused.
 */
import type { EnsembleCode } from "./code.ts";
import { demandName } from "./demands.ts";
import { invalid, optionsOf } from "./known-options.ts";
import type { PlanEnsemble } from "./plan.ts";
import type { AnyRung, OutputOf, Rung, Schema } from "./rung.ts";
import type { Check, StepOptions } from "./step.ts";
import { type Codec, isPlainObject, seal } from "./values.ts";
import { type Combine, type Vote, weightsOf } from "./votes.ts";

/** What a member of an ensemble is: a rung, or a ladder of its own. */
export type Member<Needs, Answer> =
  | AnyRung<Needs, Answer>
  | readonly [AnyRung<Needs, Answer>, ...AnyRung<Needs, Answer>[]];

/** Several members answer the same question; so many good answers make one. */
export interface EnsembleOptions<Written, Needs, S extends Schema, Combined, Below> {
  readonly needs?: Written;
  /** The contract that each member is held to. */
  readonly output: S;
  readonly checks?: Readonly<Record<string, Check<OutputOf<S>, Needs>>>;
  /** So many members must have given a good answer. */
  readonly quorum: number;
  /**
   * Makes one answer of the good ones, which come in the order of the members; ready ones: `upperMedian`, `median`, `mean`,
   * `majority`. What must know whose answer is whose stands beside the members, in `.by`. Without either, the answer is the
   * list of the good ones.
   */
  readonly combine?: Combine<OutputOf<S>, Combined>;
  /** The answer below the quorum, a value or a function of all votes; without it the ensemble fails. */
  readonly below?:
    | Below
    | ((votes: Readonly<Record<string, Vote<OutputOf<S>>>>, needs: Needs) => Below | Promise<Below>);
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

/** The options of an ensemble, needs and condition aside. */
export const ensembleOptions: readonly string[] = optionsOf<
  Omit<EnsembleOptions<unknown, never, Schema, unknown, unknown>, "needs">
>({
  output: true,
  checks: true,
  quorum: true,
  combine: true,
  below: true,
  settle: true,
  timeout: true,
  retry: true,
  kind: true,
  version: true,
});

/** The rungs of each member, in the order in which they were written. */
export type Ladders = readonly (readonly [member: string, rungs: readonly AnyRung<never, unknown>[]])[];

/** An ensemble whose first call was read. */
export interface WrittenEnsemble {
  /** What every member is asked, as the options of a step. */
  readonly question: StepOptions<unknown, never, Schema>;
  /** Reads the second call. */
  by(
    members: unknown,
    combine: unknown,
  ): {
    readonly plan: Pick<PlanEnsemble, "quorum" | "settle" | "below">;
    readonly code: Omit<EnsembleCode, "when">;
    readonly ladders: Ladders;
  };
}

/** An ensemble as data and code. `path` names it in errors. */
export function ensembleOf(
  path: string,
  options: EnsembleOptions<unknown, never, Schema, unknown, unknown>,
  codecs: readonly Codec[],
): WrittenEnsemble {
  const { quorum, combine, below, settle = "all", kind = "read" } = options;
  if (combine !== undefined) demandCombine(path, combine);
  if (settle !== "all" && settle !== "quorum") throw invalid(`${path}.settle`, '"all" or "quorum"', settle);
  if (kind !== "pure" && kind !== "read") {
    throw invalid(`${path}.kind`, '"pure" or "read"', kind, { mend: "put the effect into a step after the ensemble" });
  }
  const declared = belowOf(path, below, codecs);
  const { needs, output, checks, timeout, retry, version } = options;
  const asked = Object.entries({ needs, output, checks, timeout, retry, kind, version });
  return {
    question: Object.fromEntries(asked.filter(([, value]) => value !== undefined)) as never,
    by(members, byName) {
      const ladders = laddersOf(path, members);
      if (!Number.isInteger(quorum) || quorum < 1 || quorum > ladders.length) {
        const expected = `a whole number from 1 to ${ladders.length}, the number of members`;
        throw invalid(`${path}.quorum`, expected, quorum);
      }
      if (byName !== undefined) demandByName(path, byName, combine, ladders);
      return {
        plan: { quorum, settle, below: declared },
        code: {
          kind: "ensemble",
          combine: combineOf(combine, byName),
          below: typeof below === "function" ? (below as EnsembleCode["below"]) : undefined,
        },
        ladders,
      };
    },
  };
}

function laddersOf(path: string, members: unknown): Ladders {
  const expected = "an object with a function for each member: { rules: function, model: function }";
  // Of an instance of a class, or of an object with a prototype, what is not its own would be left out.
  const isPlain = typeof members === "object" && members !== null && isPlainObject(members);
  if (!isPlain || Object.keys(members).length === 0) throw invalid(`${path}.by`, expected, members);
  return Object.entries(members).map(([name, member]: [string, unknown]) => {
    demandName(name, `${path}.by`);
    const rungs: unknown[] = Array.isArray(member) ? member : [member];
    const isRung = (rung: unknown) => typeof rung === "function" || (typeof rung === "object" && rung !== null);
    if (rungs.length > 0 && rungs.every(isRung)) return [name, rungs as AnyRung<never, unknown>[]];
    throw invalid(`${path}.by.${name}`, "a function, { run }, or a ladder of them", member);
  });
}

function demandCombine(path: string, combine: unknown): void {
  const expected = "a function of the good answers, or upperMedian, majority and others";
  if (typeof combine !== "function") throw invalid(`${path}.combine`, expected, combine);
  if (weightsOf(combine) === undefined) return;
  throw invalid(`${path}.combine`, expected, combine, {
    words: "weighted, which must know whose answer is whose",
    mend: "put it beside the members: .by({ ... }, weighted(...))",
  });
}

function demandByName(path: string, byName: unknown, combine: unknown, ladders: Ladders): void {
  if (typeof byName !== "function") {
    throw invalid(`${path}.by[1]`, "a function of the good answers by member: ({ rules, model }) => ...", byName);
  }
  if (combine !== undefined) {
    throw invalid(`${path}.by[1]`, "one way to make one answer", byName, {
      words: "a second one, beside combine",
      mend: "take one of them away",
    });
  }
  const names = ladders.map(([name]) => name);
  const stranger = weightsOf(byName)?.find((name) => !names.includes(name));
  if (stranger === undefined) return;
  throw invalid(`${path}.by[1]`, `weights of members: ${names.join(", ")}`, byName, {
    words: `a weight for ${stranger}`,
    mend: "rename it, or take it away: it would count for nobody",
  });
}

/** How an engine calls it: the good answers by member, and as a list. */
function combineOf(combine: unknown, byName: unknown): EnsembleCode["combine"] {
  if (byName !== undefined) return (survivors) => (byName as (survivors: unknown) => unknown)(survivors);
  return (_survivors, values) => (combine === undefined ? values : (combine as Combine<unknown, unknown>)(values));
}

function belowOf(path: string, below: unknown, codecs: readonly Codec[]): PlanEnsemble["below"] {
  if (below === undefined) return { kind: "fails" };
  if (typeof below === "function") return { kind: "function" };
  const result = seal(below, { codecs });
  if ("sealed" in result) return { kind: "value", value: result.sealed };
  throw invalid(`${path}.below${result.refusal.path}`, "a value that a journal can keep", below, {
    words: result.refusal.reason,
  });
}
