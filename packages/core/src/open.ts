/**
 * The way back over the data boundary: sealed text becomes a fresh value, made anew for everyone who is given it.
 *
 * Boundary: reads what values.ts wrote; the format is told there. Invariants: two openings share nothing; an object that
 * a user gave and that looks like a tag was wrapped when it was sealed, so it is never taken for one.
 */
import { errorClasses, typedArrays } from "./classes.ts";
import type { Codec, Sealed } from "./values.ts";

const mark = '"$":';

/** How `open` finds what the text only names. */
export interface OpenOptions {
  readonly codecs?: readonly Codec[];
  readonly getBytes?: (name: string) => Uint8Array;
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
  collectBlobs(JSON.parse(sealed), names);
  return names;
}

/** Walks tags as `decode` does: a user's own object that looks like a tag names no blob. */
function collectBlobs(data: unknown, names: string[]): void {
  if (typeof data !== "object" || data === null) return;
  const tag = Object.hasOwn(data, "$") ? (data as Tagged) : undefined;
  if (tag?.$ === "blob") names.push(tag.id as string);
  else if (tag && tag.$ !== "object") collectBlobs(tag.v, names);
  else for (const part of Object.values(tag ? (tag.v as object) : data)) collectBlobs(part, names);
}

type Tagged = { $: string; v?: unknown; n?: string; f?: string; at?: number; id?: string };

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
      return Object.assign(new RegExp(text, tagged.f), { lastIndex: tagged.at ?? 0 });
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
  const error = new (errorClasses[tagged.n as string] as ErrorConstructor)(String(message));
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
  if (name === "Buffer") return bufferOf(bytes);
  const View = typedArrays[name as keyof typeof typedArrays];
  return new (View as new (buffer: ArrayBuffer) => unknown)(bytes.buffer);
}

/** A Buffer where there are Buffers; in a browser the Uint8Array that it is. */
function bufferOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  return typeof Buffer === "undefined" ? bytes : Buffer.from(bytes.buffer);
}
