/**
 * Objects of options as a whole: which options there are, and what is said when there is no such one.
 *
 * Boundary: knows nothing of what an option means; option-values.ts judges what many options have in common, all else is
 * judged where it is used. Node strips types, so for many this is the only check. Invariant: an option that would be
 * ignored is refused, with the nearest that there is.
 */
import { PlumblineError } from "./errors.ts";
import { invalid, nearest } from "./option-error.ts";
import { demandValues, sharedOptions } from "./option-values.ts";

export { invalid };

/** The names of all options of a type; the compiler sees to it that none is missing and none is left over. */
export function optionsOf<Options>(names: Readonly<Record<keyof Options, true>>): readonly string[] {
  return Object.keys(names);
}

/**
 * Refuses what is no object of options, options that there are not, and values that no option of that name takes. Nothing
 * at all is let through: whether options are required is for others to say. `path` names the object in errors.
 * @throws PlumblineError `option-invalid`
 */
export function demandOptions(path: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  const names = known.join(", ");
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const attempts = typeof options === "number" && known.includes("maxAttempts");
    const mend = attempts ? `write { maxAttempts: ${options} }` : `write { ${known[0]}: ... }`;
    throw invalid(path, `an object of options: ${names}`, options, { mend });
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) {
    demandValues(path, options, sharedOptions);
    return;
  }
  const near = nearest(unknown, known);
  throw new PlumblineError("option-invalid", "there is no such option", {
    path: `${path}.${unknown}`,
    expected: `one of ${names}`,
    found: unknown,
    mend: near === undefined ? "take it away: it would be ignored" : `did you mean ${near}?`,
  });
}
