/**
 * What options take: words of a list, texts, flags, functions, and objects and lists of them.
 *
 * Boundary: the shape of a value; durations are duration.ts's, schemas and references are judged where they are used.
 * Invariants: nothing at all is let through, because whether an option is required is for others to say; an option that
 * has one name in several places takes the same kind of value in all of them, so that `sharedOptions` can hold it once.
 */
import { invalid, nearest } from "./option-error.ts";
import type { Codec } from "./values.ts";

/** Refuses a value that an option does not take. @throws PlumblineError `option-invalid` */
export type Demand = (path: string, value: unknown) => void;

/** Holds options to what they take. `demands` may name more than there are. @throws PlumblineError `option-invalid` */
export function demandValues(path: string, options: object, demands: Readonly<Record<string, Demand>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && Object.hasOwn(demands, name)) demands[name]?.(`${path}.${name}`, value);
  }
}

/** One of these words. */
export function oneOf(...words: readonly string[]): Demand {
  const quoted = words.map((word) => JSON.stringify(word));
  const expected = `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
  return (path, value) => {
    if (words.includes(value as string)) return;
    const near = typeof value === "string" ? nearest(value, words) : undefined;
    throw invalid(path, expected, value, near === undefined ? {} : { mend: `did you mean ${JSON.stringify(near)}?` });
  };
}

export const aText: Demand = (path, value) => {
  if (typeof value === "string" && value !== "") return;
  const mend = typeof value === "number" ? { mend: `write "${value}"` } : {};
  throw invalid(path, "a text that is not empty", value, mend);
};

const aFlag: Demand = (path, value) => {
  if (typeof value !== "boolean") throw invalid(path, "true or false", value);
};

/** A function; `says` tells what it is called with or what it gives. */
export function aFunction(says: string): Demand {
  return (path, value) => {
    if (typeof value !== "function") throw invalid(path, `a function ${says}`, value);
  };
}

/** An object whose fields may have any name; `each` is held against each of them. */
function named(expected: string, each?: Demand): Demand {
  return (path, value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(path, expected, value);
    for (const [name, one] of Object.entries(value)) {
      if (each && one === undefined) throw invalid(`${path}.${name}`, expected, one, { mend: "take it away" });
      each?.(`${path}.${name}`, one);
    }
  };
}

/** An object with at least these methods, a class's instance too. */
export function objectWith(...methods: readonly string[]): Demand {
  return (path, value) => {
    const expected = `an object with ${methods.join(", ")}`;
    if (typeof value !== "object" || value === null) throw invalid(path, expected, value);
    for (const method of methods) {
      const found = (value as Record<string, unknown>)[method];
      if (typeof found !== "function") throw invalid(`${path}.${method}`, "a function", found);
    }
  };
}

const codecMethods: readonly (keyof Codec)[] = ["is", "encode", "decode"];
const codecShape = objectWith(...codecMethods);

/** A list of codecs, each whole: a run would find out when the first value of its class comes. */
const codecs: Demand = (path, value) => {
  if (!Array.isArray(value)) throw invalid(path, "a list of codecs: [{ name, is, encode, decode }]", value);
  const names: unknown[] = [];
  for (const [index, codec] of value.entries()) {
    codecShape(`${path}[${index}]`, codec);
    const { name } = codec as Codec;
    if (name === undefined) throw invalid(`${path}[${index}].name`, "a text that names the class", undefined);
    aText(`${path}[${index}].name`, name);
    if (names.includes(name)) {
      throw invalid(`${path}[${index}].name`, "a name for each codec, used once", name, {
        mend: "rename one of them: the journal finds a value's codec by its name",
      });
    }
    names.push(name);
  }
};

const check = aFunction("of the value and the needs that gives true, false or the reason why not");

/** Options that flows, steps, rungs and approvals have in common, and the words that they take. */
export const sharedOptions: Readonly<Record<string, Demand>> = {
  backoff: oneOf("fixed", "exponential"),
  checks: named("an object of named functions: { positive: (value) => value > 0 }", check),
  codecs,
  countContract: aFlag,
  kind: oneOf("pure", "read", "effect"),
  nonFinite: aFlag,
  onDropped: oneOf("record", "fail"),
  retryIf: aFunction("of the failure and the attempt that gives true or false"),
  samples: named("an object of named inputs"),
  title: aText,
  version: aText,
};
