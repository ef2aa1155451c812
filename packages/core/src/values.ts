/**
 * The data boundary: a value becomes sealed text when a step gives it, and a fresh value each time a step is given it.
 *
 * Boundary: values to JSON text and back; where the text lies (entry, blob) is the engine's affair.
 * Invariants: `open(seal(value))` equals `value` with the same types and keys, `undefined` and `-0` included, or sealing
 * refuses and says where and why; two openings share nothing; plain JSON is kept as it is, so that a file stays readable.
 * Format (ours): anything that JSON lacks is `{"$": tag, "v": ...}`; an object that owns a key `$` is wrapped the same way.
 */
import { describe } from "./errors.ts";

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
  readonly encode: (value: T) => unknown;
  readonly decode: (data: unknown) => T;
}

/** How `seal` treats what is not plain. All optional. */
export interface SealOptions {
  readonly codecs?: readonly Codec<never>[];
  /** Accept `NaN` and the infinities, which are refused otherwise: they mostly are a division that went wrong. */
  readonly nonFinite?: boolean;
  /** Keeps long bytes elsewhere and gives the name to find them by. */
  readonly putBytes?: (bytes: Uint8Array) => string;
}

/** How `open` finds what the text only names. */
export interface OpenOptions {
  readonly codecs?: readonly Codec<never>[];
  readonly getBytes?: (name: string) => Uint8Array;
}

/** A value that will not survive the journal: where in it, and why. `path` is like `.items[3].price`. */
export interface Refusal {
  readonly path: string;
  readonly reason: string;
}

export type SealResult = { readonly sealed: Sealed } | { readonly refusal: Refusal };

const undefinedText: Sealed = '{"$":"undefined"}';
const mark = '"$":';

/**
 * Seals a value, or says where and why it would not come back equal. Never throws.
 * Supported beside JSON: undefined, -0, bigint, Date, Map, Set, RegExp, URL, errors of the language, ArrayBuffer and
 * typed arrays, and classes with a codec. Shared parts come back as copies; cycles are refused.
 */
export function seal(value: unknown, options: SealOptions = {}): SealResult {
  try {
    if (value === undefined) return { sealed: undefinedText };
    if (isPlain(value, 0)) return { sealed: JSON.stringify(value) };
    return { sealed: JSON.stringify(encode(value, "", 0, options)) };
  } catch (error) {
    if (error instanceof Refused) return { refusal: { path: error.path, reason: error.message } };
    return { refusal: { path: "", reason: `reading it threw: ${describe(error)}` } };
  }
}

/** A fresh value from sealed text. Throws only on text that `seal` did not make. */
export function open(sealed: Sealed, options: OpenOptions = {}): unknown {
  const data: unknown = JSON.parse(sealed);
  return sealed.includes(mark) ? decode(data, options) : data;
}

/** The names of the byte blobs that a sealed text refers to. */
export function blobsIn(sealed: Sealed): string[] {
  if (!sealed.includes('"$":"blob"')) return [];
  const names: string[] = [];
  JSON.parse(sealed, (_key, part) => {
    if (part?.$ === "blob" && typeof part.id === "string") names.push(part.id);
    return part;
  });
  return names;
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
  if (Array.isArray(value)) {
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
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

type Typed = { BYTES_PER_ELEMENT: number; buffer: ArrayBuffer; byteOffset: number; byteLength: number };
const typedArrays = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
} as const;
const errorClasses = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError } as const;

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
      throw new Refused(path, `${describe(value)} cannot be kept in a journal`);
  }
}

function encodeNumber(value: number, path: string, options: SealOptions): unknown {
  if (Object.is(value, -0)) return { $: "number", v: "-0" };
  if (Number.isFinite(value)) return value;
  if (options.nonFinite) return { $: "number", v: String(value) };
  throw new Refused(path, `${value} is refused: declare nonFinite: true on the step where it is meant`);
}

function encodeObject(value: object, path: string, depth: number, options: SealOptions): unknown {
  const codec = options.codecs?.find((candidate) => candidate.is(value)) as Codec | undefined;
  if (codec) return { $: "codec", n: codec.name, v: encode(codec.encode(value), path, depth + 1, options) };
  if (Array.isArray(value)) return encodeArray(value, path, depth, options);
  if (isPlainObject(value)) return encodePlainObject(value as Record<string, unknown>, path, depth, options);
  const name = exactClassOf(value);
  if (name === "Date") {
    const time = (value as Date).getTime();
    if (Number.isNaN(time)) throw new Refused(path, "an invalid Date");
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
  if (name === "RegExp") return { $: "regexp", v: (value as RegExp).source, f: (value as RegExp).flags };
  if (name === "ArrayBuffer") return encodeBytes("ArrayBuffer", new Uint8Array(value as ArrayBuffer), options);
  if (name && name in typedArrays) {
    const view = value as Typed;
    return encodeBytes(name, new Uint8Array(view.buffer, view.byteOffset, view.byteLength), options);
  }
  if (name && name in errorClasses) return encodeError(value as Error, name, path, depth, options);
  throw new Refused(
    path,
    `${describe(value)} would come back as plain data: give plain data, or a codec for its class`,
  );
}

/** The name of a class of the language when the value is exactly of it: a subclass would lose its class on the way. */
function exactClassOf(value: object): string | undefined {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== "string") return undefined;
  // A Node Buffer is a Uint8Array in all that a journal can keep.
  if (name === "Buffer" && value instanceof Uint8Array) return "Uint8Array";
  if (name === "URL") return typeof URL === "function" && value instanceof URL ? name : undefined;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return tag === name || (name in errorClasses && tag === "Error") ? name : undefined;
}

function encodeArray(value: readonly unknown[], path: string, depth: number, options: SealOptions): unknown[] {
  const items: unknown[] = [];
  for (let i = 0; i < value.length; i++) {
    if (!(i in value)) throw new Refused(`${path}[${i}]`, "a hole in an array: write undefined or null");
    items.push(encode(value[i], `${path}[${i}]`, depth + 1, options));
  }
  return items;
}

function encodePlainObject(value: Record<string, unknown>, path: string, depth: number, options: SealOptions): unknown {
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw new Refused(path, "a symbol as a key cannot be kept in a journal");
  }
  const pairs = Object.keys(value).map((key): [string, unknown] => [
    key,
    encode(value[key], `${path}.${key}`, depth + 1, options),
  ]);
  // fromEntries defines keys instead of assigning them, so "__proto__" stays a plain key.
  const fields = Object.fromEntries(pairs);
  return Object.hasOwn(value, "$") ? { $: "object", v: fields } : fields;
}

function encodeError(error: Error, name: string, path: string, depth: number, options: SealOptions): unknown {
  const fields: Record<string, unknown> = { ...error, message: error.message, stack: error.stack };
  if ("cause" in error) fields.cause = error.cause;
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

type Tagged = { $: string; v?: unknown; n?: string; f?: string; id?: string };

function decode(data: unknown, options: OpenOptions): unknown {
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) {
    for (let i = 0; i < data.length; i++) data[i] = decode(data[i], options);
    return data;
  }
  if (Object.hasOwn(data, "$")) return decodeTagged(data as Tagged, options);
  return decodeFields(data as Record<string, unknown>, options);
}

function decodeFields(data: Record<string, unknown>, options: OpenOptions): Record<string, unknown> {
  for (const key of Object.keys(data)) {
    const part = decode(data[key], options);
    if (part !== data[key]) {
      Object.defineProperty(data, key, { value: part, writable: true, enumerable: true, configurable: true });
    }
  }
  return data;
}

function decodeTagged(tagged: Tagged, options: OpenOptions): unknown {
  const text = tagged.v as string;
  switch (tagged.$) {
    case "undefined":
      return undefined;
    case "number":
      return Number(text);
    case "bigint":
      return BigInt(text);
    case "date":
      return new Date(text);
    case "url":
      return new URL(text);
    case "regexp":
      return new RegExp(text, tagged.f);
    case "map":
      return new Map(decode(tagged.v, options) as [unknown, unknown][]);
    case "set":
      return new Set(decode(tagged.v, options) as unknown[]);
    case "object":
      return decodeFields(tagged.v as Record<string, unknown>, options);
    case "error":
      return decodeError(tagged, options);
    case "bytes":
      return viewOf(
        tagged.n,
        Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
      );
    case "blob":
      return decodeBlob(tagged, options);
    case "codec":
      return decodeWithCodec(tagged, options);
    default:
      throw new TypeError(`no such tag in a sealed value: ${tagged.$}`);
  }
}

function decodeError(tagged: Tagged, options: OpenOptions): Error {
  const { message, ...fields } = decode(tagged.v, options) as Record<string, unknown>;
  const error = new errorClasses[tagged.n as keyof typeof errorClasses](String(message));
  for (const [key, value] of Object.entries(fields)) {
    const enumerable = key !== "stack" && key !== "cause";
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
  }
  return error;
}

function decodeBlob(tagged: Tagged, options: OpenOptions): unknown {
  if (!options.getBytes) throw new TypeError("a sealed value names bytes, and none were given to open it with");
  // A copy: nobody's changes to the bytes may reach the next reader.
  return viewOf(tagged.n, options.getBytes(tagged.id as string).slice());
}

function decodeWithCodec(tagged: Tagged, options: OpenOptions): unknown {
  const codec = options.codecs?.find((candidate) => candidate.name === tagged.n) as Codec | undefined;
  if (!codec) throw new TypeError(`a sealed value needs the codec "${tagged.n}", which is not declared`);
  return codec.decode(decode(tagged.v, options));
}

function viewOf(name: string | undefined, bytes: Uint8Array<ArrayBuffer>): unknown {
  if (name === "ArrayBuffer") return bytes.buffer;
  const View = typedArrays[name as keyof typeof typedArrays];
  return new (View as new (buffer: ArrayBuffer) => unknown)(bytes.buffer);
}

function clipPath(path: string): string {
  return path.length > 60 ? `${path.slice(0, 60)}…` : path;
}
