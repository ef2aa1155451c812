/**
 * Objects of options as a whole: which options there are, and what is said when there is no such one.
 *
 * Boundary: knows nothing of what an option means; its value is judged where it is used. Node strips types, so for many
 * this is the only check. Invariant: an option that would be ignored is refused, with the nearest that there is.
 */
import { describe, PlumblineError } from "./errors.ts";

/** The names of all options of a type; the compiler sees to it that none is missing and none is left over. */
export function optionsOf<Options>(names: Readonly<Record<keyof Options, true>>): readonly string[] {
  return Object.keys(names);
}

/**
 * Refuses what is no object of options, and options that there are not. Nothing at all is let through: whether options
 * are required is for others to say. `path` names the object in errors.
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
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  throw new PlumblineError("option-invalid", "there is no such option", {
    path: `${path}.${unknown}`,
    expected: `one of ${names}`,
    found: unknown,
    mend: near === undefined ? "take it away: it would be ignored" : `did you mean ${near}?`,
  });
}

/** The error for an option that is missing, or that has a value without a meaning. `words` say what was found instead. */
export function invalid(
  path: string,
  expected: string,
  found: unknown,
  { words, mend }: { readonly words?: string; readonly mend?: string } = {},
): PlumblineError {
  const missing = found === undefined;
  return new PlumblineError("option-invalid", missing ? "a required option is missing" : "not what this option takes", {
    path,
    expected,
    found: words ?? (missing ? "nothing" : describe(found)),
    mend: mend ?? (missing ? "add it: it has no default" : "write what is expected"),
  });
}

const longestJudged = 40;
const mostSlips = 3;
const slipsPerLetter = 0.45;

/** The nearest name within a few slips of the finger, fewer for short words; a part of a name counts as one slip. */
function nearest(word: string, names: readonly string[]): string | undefined {
  if (word.length > longestJudged) return undefined;
  const ranked = names.map((name) => [slips(word.toLowerCase(), name.toLowerCase()), name] as const);
  const enough = Math.min(mostSlips, word.length * slipsPerLetter);
  return ranked.filter(([many]) => many <= enough).sort(([a], [b]) => a - b)[0]?.[1];
}

/** Letters to add, take away or change to get from one word to the other (V. Levenshtein, 1965). */
function slips(word: string, name: string): number {
  if (word.length > 2 && word !== name && (name.includes(word) || word.includes(name))) return 1;
  let row = Array.from({ length: name.length + 1 }, (_, column) => column);
  for (const letter of word) {
    const next = [at(row, 0) + 1];
    for (let column = 1; column < row.length; column++) {
      const changed = at(row, column - 1) + (name[column - 1] === letter ? 0 : 1);
      next.push(Math.min(changed, at(row, column) + 1, at(next, column - 1) + 1));
    }
    row = next;
  }
  return at(row, name.length);
}

const at = (row: readonly number[], column: number): number => row[column] as number;
