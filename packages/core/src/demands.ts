/**
 * What a definition must have before anything of it is read: names, contracts, answers, ladders.
 *
 * Boundary: refuses with an error that names the place and the mend; what options mean is read elsewhere.
 */
import { describe, PlumblineError } from "./errors.ts";
import { demandOptions } from "./known-options.ts";
import { invalid } from "./option-error.ts";
import { internalsOf } from "./reference.ts";
import type { Schema } from "./rung.ts";

const namePattern = /^[A-Za-z0-9][A-Za-z0-9 _-]{0,79}$/;

/** An answer that can be waited for is none: what takes time belongs into steps. */
export function demandAnswer(path: string, answer: unknown, what = "build"): void {
  if (answer instanceof Promise) {
    answer.catch(() => {}); // it may fail later, when nobody looks
    throw new PlumblineError("flow-invalid", `${what} is async`, {
      path,
      expected: "a function that makes all steps at once and returns the answer",
      found: "a promise",
      mend: `take async and await out of ${what}: what takes time belongs into steps (.by)`,
    });
  }
}

/** A node that is made when the function whose `$` it is made with is over. */
export function lateStep(path: string): PlumblineError {
  return new PlumblineError("flow-invalid", "a step was added after build had returned", {
    path,
    expected: "all steps made while build runs",
    found: "a call of $ later on, from a callback or after an await",
    mend: "make the step directly in build, which must not be async; inside a scope use the $ that it is given",
  });
}

/** A node that is made with the `$` of a scope around the one that is being built: it would not be of the inner one. */
export function outerStep(path: string, inner: string, outer: string): PlumblineError {
  return new PlumblineError("flow-invalid", `a step of ${inner} is made with the $ of ${outer}`, {
    path,
    expected: `the $ that the function of ${inner} is given`,
    found: `the $ of ${outer}, which would run the step there, whatever becomes of ${inner}`,
    mend: "write ($) => ... for the inner function, or make the step before it and read its reference inside",
  });
}

export function secondStep(path: string, name: string): PlumblineError {
  return new PlumblineError("step-duplicate", "two steps of one scope have the same name", {
    path,
    expected: "a name for each step, used once",
    found: `a second "${name}"`,
    mend: "rename one of them: the name is how the journal and people find it",
  });
}

/** More scopes inside each other than this are a mistake, of a function that calls itself for example. */
const maxDepth = 20;

export function demandDepth(path: string, depth: number): void {
  if (depth <= maxDepth) return;
  throw new PlumblineError("flow-invalid", "too many scopes inside each other", {
    path,
    expected: `at most ${maxDepth}`,
    found: `scope ${depth}`,
    mend: "does a function use itself for its own case? To repeat, use a loop; for a part with a life of its own, a call",
  });
}

/** Needs have names: by them the functions find what they are given. `isNamed` is false for anything but an object of parts. */
export function demandNamed(path: string, needs: unknown, isNamed: boolean): void {
  if (isNamed) return;
  throw invalid(`${path}.needs`, "an object of named references and constants", needs, {
    ...(internalsOf(needs) ? { words: "a reference without a name" } : {}),
    mend: "write needs: { name: reference }",
  });
}

export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return typeof (value as Partial<Schema>)["~standard"]?.validate === "function";
}

export function demandName(name: unknown, where: string): void {
  if (typeof name === "string" && namePattern.test(name)) return;
  const expected = "a name of letters, digits, spaces, - and _, at most 80, a letter or digit first";
  throw invalid(`${where}.name`, expected, name, { mend: "rename it: paths and commands are made of names" });
}

/** Nodes that two calls make: the first says what is wanted, the second what gives it. */
export type Unfinished = "step" | "agent" | "ensemble";

const secondCalls: Readonly<Record<Unfinished, { what: string; given: string; mend: string }>> = {
  step: {
    what: "a step that nothing produces",
    given: "function, ...",
    mend: "add .by with the function that gives the step's value",
  },
  agent: {
    what: "an agent without a model",
    given: "model, ...",
    mend: "add .by with what says its turns: agentModel(model, { prompt }) of @plumbline/ai, or a function",
  },
  ensemble: {
    what: "an ensemble without members",
    given: "{ name: function, ... }",
    mend: "add .by with an object of the members that answer",
  },
};

/** A node as messages name it. */
interface Named {
  readonly name: string;
  readonly path: string;
}

/** A node whose second call is missing, or says nothing. */
export function withoutBy({ name, path }: Named, kind: Unfinished = "step"): PlumblineError {
  const { what, given, mend } = secondCalls[kind];
  const expected = `$.${kind}("${name}", { ... }).by(${given})`;
  return new PlumblineError("step-without-rung", what, { path, expected, found: "no .by(...)", mend });
}

/** What belongs into the second call and stands in the first, where one may look for it. */
export function demandApart(path: string, options: unknown, option: string, call: string): void {
  if (typeof options !== "object" || options === null || !Object.hasOwn(options, option)) return;
  throw invalid(
    `${path}.${option}`,
    `what answers in a second call: ${call}`,
    (options as Record<string, unknown>)[option],
    {
      words: "it among the options",
      mend: `move it behind the options, into ${call}`,
    },
  );
}

/** A node whose second call is made again. */
export function secondBy({ path }: Named, kind: Unfinished, given: readonly unknown[]): PlumblineError {
  const mend =
    kind === "ensemble" ? "give all members to one .by" : "give all rungs to one .by: the first choice first";
  return invalid(`${path}.by`, `one call of .by for each ${kind}`, given, { words: "a second call", mend });
}

/** Options that there are, among them a contract. A schema in the place of the options is told as a contract missing. */
export function demandContract<Name extends string>(
  path: string,
  name: Name,
  options: { readonly [N in Name]: unknown },
  known: readonly string[],
): void {
  if (!isSchema(options)) demandOptions(path, options, known);
  if (!isSchema(options?.[name])) throw missingContract(path, name, options?.[name]);
}

export function missingContract(name: string, option: string, found: unknown): PlumblineError {
  return new PlumblineError("contract-missing", "a contract is required", {
    path: `${name}.${option}`,
    expected: "a schema of the Standard Schema family (zod, valibot, arktype, ...)",
    found: describe(found),
    mend: `declare ${option}: z.object({ ... }), or z.unknown() where anything will do`,
  });
}
