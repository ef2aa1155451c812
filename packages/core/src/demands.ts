/**
 * What a definition must have before anything of it is read: names, contracts, answers, ladders.
 *
 * Boundary: refuses with an error that names the place and the mend; what options mean is read elsewhere.
 */
import { describe, PlumblineError } from "./errors.ts";
import { demandOptions } from "./known-options.ts";
import { invalid } from "./option-error.ts";
import type { Schema } from "./rung.ts";

const namePattern = /^[A-Za-z0-9][A-Za-z0-9 _-]{0,79}$/;

/** An answer that can be waited for is none: what takes time belongs into steps. */
export function demandAnswer(path: string, answer: unknown): void {
  if (answer instanceof Promise) {
    answer.catch(() => {}); // it may fail later, when nobody looks
    throw new PlumblineError("flow-invalid", "build is async", {
      path,
      expected: "a function that makes all steps at once and returns the answer",
      found: "a promise",
      mend: "take async and await out of build: what takes time belongs into steps (.by)",
    });
  }
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

export function stepWithoutRung(name: string): PlumblineError {
  return new PlumblineError("step-without-rung", "a step that nothing produces", {
    path: name,
    expected: `$.step("${name}", { ... }).by(function, ...)`,
    found: "no .by(...)",
    mend: "add .by with the function that gives the step's value",
  });
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
