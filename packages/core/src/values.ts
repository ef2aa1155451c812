/**
 * The data boundary: a value becomes sealed text when a step gives it, and a fresh value each time a step is given it.
 *
 * Boundary: values to JSON text; back again is open.ts; where the text lies (entry, blob) is the engine's affair.
 * Invariants: `open(seal(value))` equals `value` with the same types and keys, `undefined` and `-0` included, or sealing
 * refuses and says where and why; two openings share nothing; plain JSON is kept as it is, so that a file stays readable.
 * Format (ours): anything that JSON lacks is `{"$": tag, "v": ...}`; an object that owns a key `$` is wrapped the same way.
 */
import { errorClasses, typedArrays } from "./classes.ts";
import { describe, failureOf } from "./errors.ts";

/** JSON text of a value, with tags for what JSON lacks. Made by `seal` only. */
export type Sealed = string;

/** Bytes at least this long are handed to `putBytes` instead of being written into the text. */
export const inlineBytesLimit = 16_384;
/** Deeper nesting is refused: it would overflow the stack of whoever reads it. */
export const maxDepth = 500;

/** Teaches the boundary a class: `encode` gives plain data, `decode` makes the instance again. */
export interface Codec<T = unknown> {
  /** Names the class in the journal; never changed once used. */
  readonly name: string;
  readonly is: (value: unknown) => value is T;
  /** A method, so that a list of codecs may hold codecs of any class. */
  encode(value: T): unknown;
  readonly decode: (data: unknown) => T;
}

/** How `seal` treats what is not plain. All optional. */
export interface SealOptions {
  readonly codecs?: readonly Codec[];
  /** Accept `NaN` and the infinities, which are refused otherwise: they mostly are a division that went wrong. */
  readonly nonFinite?: boolean;
  /** Keeps long bytes elsewhere and gives the name to find them by. */
  readonly putBytes?: (bytes: Uint8Array) => string;
}

/** A value that will not survive the journal: where in it, and why. `path` is like `.items[3].price`. */
export interface Refusal {
  readonly path: string;
  readonly reason: string;
  /** The value is good, and its text longer than a string can be: it may be kept in pieces. */
  readonly isTooLong?: true;
}

export type SealResult = { readonly sealed: Sealed } | { readonly refusal: Refusal };

const undefinedText: Sealed = '{"$":"undefined"}';

/**
 * Seals a value, or says where and why it would not come back equal. Never throws.
 * Supported beside JSON: undefined, -0, bigint, Date, Map, Set, RegExp, URL, errors of the language, ArrayBuffer and
 * typed arrays, and classes with a codec. Shared parts come back as copies; cycles are refused.
 */
export function seal(value: unknown, options: SealOptions = {}): SealResult {
  try {
    const plain = sealPlain(value);
    if (plain !== undefined) return { sealed: plain };
    if (value === undefined) return { sealed: undefinedText };
    return { sealed: JSON.stringify(encode(value, "", 0, options)) };
  } catch (error) {
    if (error instanceof Refused) return { refusal: { path: error.path, reason: error.message } };
    if (isAboutLength(error)) return { refusal: { path: "", reason: tooLong, isTooLong: true } };
    return { refusal: { path: "", reason: threwOnReading(error) } };
  }
}

const tooLong =
  "its text is longer than a string can be, which is 512 MB: keep what is large as bytes, or in several values";

/** What the language says of a string that it cannot make. */
function isAboutLength(error: unknown): boolean {
  return error instanceof RangeError && error.message === "Invalid string length";
}

/**
 * Seals a value that JSON alone carries unchanged, as most are; undefined for any other: `seal` can do more with it. A
 * getter that throws is no plain value either: encoding reads it again and says where it was.
 */
export function sealPlain(value: unknown): Sealed | undefined {
  try {
    return isPlain(value, 0) ? JSON.stringify(value) : undefined;
  } catch {
    return undefined;
  }
}

class Refused extends Error {
  readonly path: string;
  constructor(path: string, reason: string) {
    super(reason);
    this.path = path;
  }
}

/** True when JSON alone carries the value unchanged. Runs for each output, so it allocates nothing for plain data. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || depth > maxDepth) return false;
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return false; // JSON would call it
  if (Array.isArray(value)) {
    if (!isPlainArray(value)) return false;
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth + 1)) return false;
    return true;
  }
  if (!isPlainObject(value)) return false;
  for (const key in value) {
    if (key === "$" || !isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return Object.getOwnPropertySymbols(value).length === 0;
}

/** Objects of another realm count: their prototype is a root prototype too. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

/** No subclass, whose class would be lost, and no fields beside the items, as in what `RegExp.exec` gives. */
function isPlainArray(value: readonly unknown[]): boolean {
  // The root array prototype of any realm is an array itself; that of a subclass is not.
  return Array.isArray(Object.getPrototypeOf(value)) && Object.keys(value).length === value.length;
}

type Typed = { BYTES_PER_ELEMENT: number; buffer: ArrayBuffer; byteOffset: number; byteLength: number };

function encode(value: unknown, path: string, depth: number, options: SealOptions): unknown {
  if (depth > maxDepth) {
    throw new Refused(clipPath(path), `nested deeper than ${maxDepth} levels, or contains itself`);
  }
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "undefined":
      return { $: "undefined" };
    case "bigint":
      return { $: "bigint", v: String(value) };
    case "number":
      return encodeNumber(value, path, options);
    case "object":
      return value === null ? null : encodeObject(value, path, depth, options);
    default:
      throw new Refused(path, `${describe(value)} cannot be kept in a journal: give data`);
  }
}

function encodeNumber(value: number, path: string, options: SealOptions): unknown {
  if (Object.is(value, -0)) return { $: "number", v: "-0" };
  if (Number.isFinite(value)) return value;
  if (options.nonFinite) return { $: "number", v: String(value) };
  throw new Refused(path, `${value} is refused: declare nonFinite: true on the step where it is meant`);
}

function encodeObject(value: object, path: string, depth: number, options: SealOptions): unknown {
  const codec = reading(path, () => options.codecs?.find((candidate) => candidate.is(value))) as Codec | undefined;
  if (codec) {
    const data = reading(path, () => codec.encode(value));
    return { $: "codec", n: codec.name, v: encode(data, path, depth + 1, options) };
  }
  if (Array.isArray(value)) return encodeArray(value, path, depth, options);
  if (isPlainObject(value)) return encodePlainObject(value as Record<string, unknown>, path, depth, options);
  const name = exactClassOf(value);
  if (name !== undefined && Object.hasOwn(typedArrays, name)) {
    const view = value as Typed;
    return encodeBytes(
      classOfBytes(value, name),
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
      options,
    );
  }
  if (name !== undefined && Object.hasOwn(errorClasses, name)) {
    return encodeError(value as Error, name, path, depth, options);
  }
  if (name !== undefined && Object.keys(value).length > 0) {
    throw new Refused(path, `${describe(value)} with fields of its own, which would be lost`);
  }
  if (name === "Date") {
    const time = (value as Date).getTime();
    if (Number.isNaN(time)) throw new Refused(path, "an invalid Date: give a valid one, or null where there is none");
    return { $: "date", v: new Date(time).toISOString() };
  }
  if (name === "Map") {
    const pairs = [...(value as Map<unknown, unknown>)];
    return {
      $: "map",
      v: pairs.map(([key, item], i) => [
        encode(key, `${path}<key ${i}>`, depth + 1, options),
        encode(item, `${path}<value ${i}>`, depth + 1, options),
      ]),
    };
  }
  if (name === "Set") {
    return {
      $: "set",
      v: [...(value as Set<unknown>)].map((item, i) => encode(item, `${path}<item ${i}>`, depth + 1, options)),
    };
  }
  if (name === "URL") return { $: "url", v: String(value) };
  if (name === "RegExp") {
    const { source, flags, lastIndex } = value as RegExp;
    return { $: "regexp", v: source, f: flags, ...(lastIndex === 0 ? {} : { at: lastIndex }) };
  }
  if (name === "ArrayBuffer") return encodeBytes("ArrayBuffer", new Uint8Array(value as ArrayBuffer), options);
  throw new Refused(
    path,
    `${describe(value)} would come back as plain data: give plain data, or a codec for its class`,
  );
}

/** The name of a class of the language when the value is exactly of it: a subclass would lose its class on the way. */
function exactClassOf(value: object): string | undefined {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== "string") return undefined;
  if (name === "Buffer" && value instanceof Uint8Array) return "Uint8Array";
  if (name === "URL") return value instanceof URL ? name : undefined;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return tag === name || (Object.hasOwn(errorClasses, name) && tag === "Error") ? name : undefined;
}

/** A Node Buffer is noted as one: read as a mere Uint8Array, its `toString` would give something else. */
function classOfBytes(value: object, name: string): string {
  return name === "Uint8Array" && Object.getPrototypeOf(value).constructor.name === "Buffer" ? "Buffer" : name;
}

/** Runs code that belongs to the value (a getter, a codec), so that a throw is a refusal that says where. */
function reading<T>(path: string, read: () => T): T {
  let thrown: unknown;
  try {
    return read();
  } catch (error) {
    thrown = error;
  }
  throw new Refused(path, threwOnReading(thrown));
}

function threwOnReading(error: unknown): string {
  return `reading it threw: ${error instanceof Error ? failureOf(error).message : describe(error)}`;
}

function encodeArray(value: readonly unknown[], path: string, depth: number, options: SealOptions): unknown[] {
  if (!Array.isArray(Object.getPrototypeOf(value))) {
    throw new Refused(path, `${describe(value)} of a class of its own would come back as a plain array`);
  }
  const items: unknown[] = [];
  for (let i = 0; i < value.length; i++) {
    if (!(i in value)) throw new Refused(`${path}[${i}]`, "a hole in an array: write undefined or null");
    items.push(encode(value[i], `${path}[${i}]`, depth + 1, options));
  }
  const extra = Object.keys(value)[value.length];
  if (extra !== undefined) throw new Refused(`${path}.${extra}`, "a field on an array, which would be lost");
  return items;
}

function encodePlainObject(value: Record<string, unknown>, path: string, depth: number, options: SealOptions): unknown {
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw new Refused(path, "a symbol as a key cannot be kept in a journal");
  }
  const pairs = Object.keys(value).map((key): [string, unknown] => [
    key,
    encode(
      reading(`${path}.${key}`, () => value[key]),
      `${path}.${key}`,
      depth + 1,
      options,
    ),
  ]);
  // fromEntries defines keys instead of assigning them, so "__proto__" stays a plain key.
  const fields = Object.fromEntries(pairs);
  return Object.hasOwn(value, "$") ? { $: "object", v: fields } : fields;
}

function encodeError(error: Error, name: string, path: string, depth: number, options: SealOptions): unknown {
  const fields = reading(path, (): Record<string, unknown> => {
    const { message, stack } = error;
    return { ...error, message, stack, ...("cause" in error ? { cause: error.cause } : {}) };
  });
  if (typeof fields.message !== "string") throw new Refused(`${path}.message`, "an error whose message is not text");
  return { $: "error", n: name, v: encode(fields, path, depth + 1, options) };
}

function encodeBytes(name: string, bytes: Uint8Array, options: SealOptions): unknown {
  if (options.putBytes && bytes.byteLength >= inlineBytesLimit) {
    return { $: "blob", n: name, id: options.putBytes(bytes), size: bytes.byteLength };
  }
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8_192) binary += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  return { $: "bytes", n: name, v: btoa(binary) };
}

function clipPath(path: string): string {
  return path.length > 60 ? `${path.slice(0, 60)}…` : path;
}
