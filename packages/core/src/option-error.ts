/**
 * What is said of an option that is missing, unknown, or has a value without a meaning; and the word that was meant.
 *
 * Boundary: the error and the nearest word; which options there are is known-options.ts, what they take option-values.ts.
 */
import { describe, PlumblineError } from "./errors.ts";

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
export function nearest(word: string, names: readonly string[]): string | undefined {
  if (word.length > longestJudged) return undefined;
  const ranked = names.map((name) => [slips(word.toLowerCase(), name.toLowerCase()), name] as const);
  const enough = Math.min(mostSlips, word.length * slipsPerLetter);
  return ranked.filter(([many]) => many <= enough).sort(([a], [b]) => a - b)[0]?.[1];
}

/** Letters to add, take away, change, or swap with their neighbour to get from one word to the other (F. Damerau, 1964). */
function slips(word: string, name: string): number {
  if (word.length > 2 && word !== name && (name.includes(word) || word.includes(name))) return 1;
  let before: number[] = [];
  let row = Array.from({ length: name.length + 1 }, (_, column) => column);
  for (let index = 0; index < word.length; index++) {
    const letter = word[index];
    const next = [at(row, 0) + 1];
    for (let column = 1; column < row.length; column++) {
      const same = name[column - 1] === letter;
      const swapped = column > 1 && name[column - 2] === letter && name[column - 1] === word[index - 1];
      const fewest = Math.min(at(row, column - 1) + (same ? 0 : 1), at(row, column) + 1, at(next, column - 1) + 1);
      next.push(swapped ? Math.min(fewest, at(before, column - 2) + 1) : fewest);
    }
    before = row;
    row = next;
  }
  return at(row, name.length);
}

const at = (row: readonly number[], column: number): number => row[column] as number;
