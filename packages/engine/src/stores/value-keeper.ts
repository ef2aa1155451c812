/**
 * Where sealed values lie: in their entry while they are small, in a blob of their run when they are large.
 *
 * Boundary: between the core's data boundary (seal, open) and the store's blobs. Invariants: a blob is committed in the
 * same transaction as the entry that names it, or before (rule 31); blobs are named by the hash of what they hold, so
 * the same bytes of one run are kept once; opening always makes a fresh value.
 */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import {
  blobsIn,
  type Codec,
  open,
  PlumblineError,
  type Read,
  type Refusal,
  type Sealed,
  type SealOptions,
  type Store,
  seal,
  sealPlain,
} from "@plumbline/core";

/** Longer sealed texts become blobs. */
const inlineTextLimit = 65_536;
/** Bytes of one text or one array of bytes; SQLite's own limit is twice as far, and would fail everybody in the same commit. */
const largestPiece = 512 * 1024 * 1024;
const storedMark = '{"$":"stored"';

export interface NewBlob {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export type KeepResult =
  | { readonly sealed: Sealed; readonly blobs: readonly NewBlob[] }
  | { readonly refusal: Refusal };

const noBlobs: readonly NewBlob[] = [];

export interface KeepOptions {
  readonly codecs: readonly Codec[];
  readonly nonFinite?: boolean;
  /** For tests. */
  readonly maxPiece?: number;
}

/** Seals a value for the journal; what is large is set aside as blobs, an array that is too long for one in several. */
export function keep(value: unknown, options: KeepOptions): KeepResult {
  const { maxPiece = largestPiece } = options;
  const plain = sealPlain(value);
  const isShort = plain !== undefined && plain.length <= Math.min(inlineTextLimit, maxPiece / 3);
  return isShort ? { sealed: plain, blobs: noBlobs } : keepLong(value, plain, options, maxPiece);
}

/** What is not both short and plain. `plain` is its text where that was made already. */
function keepLong(value: unknown, plain: Sealed | undefined, options: KeepOptions, maxPiece: number): KeepResult {
  let blobs: NewBlob[] | undefined;
  const putBytes = (bytes: Uint8Array) => {
    blobs ??= [];
    return put(blobs, bytes.slice());
  };
  const pieces = piecesOf(value, { ...options, putBytes }, maxPiece, plain);
  if ("refusal" in pieces) return pieces;
  const longest = Math.max(0, ...(blobs ?? noBlobs).map(({ bytes }) => bytes.byteLength));
  if (longest > maxPiece) return { refusal: { path: "", reason: `${longest} bytes: ${atMost(maxPiece)}` } };
  const [text] = pieces as [Sealed];
  if (pieces.length === 1 && text.length <= inlineTextLimit) return { sealed: text, blobs: blobs ?? noBlobs };
  const kept = blobs ?? [];
  const ids = pieces.map((piece) => put(kept, new TextEncoder().encode(piece)));
  const names = ids.length === 1 ? `"id":"${ids[0]}"` : `"ids":${JSON.stringify(ids)}`;
  return {
    sealed: `${storedMark},${names},"size":${pieces.reduce((size, { length }) => size + length, 0)}}`,
    blobs: kept,
  };
}

/** The text of a value; of an array whose text is too long the texts of its parts, which are arrays again. */
function piecesOf(
  value: unknown,
  options: SealOptions,
  maxPiece: number,
  whole?: Sealed,
  from?: number,
): readonly Sealed[] | { readonly refusal: Refusal } {
  const result = whole === undefined ? seal(value, options) : { sealed: whole };
  if ("sealed" in result && (result.sealed.length <= maxPiece / 3 || Buffer.byteLength(result.sealed) <= maxPiece)) {
    return [result.sealed];
  }
  if ("refusal" in result && !result.refusal.isTooLong) return result;
  if (!Array.isArray(value) || value.length < 2 || isOfCodec(value, options)) {
    const path = from === undefined ? "" : `[${from}]`;
    return { refusal: { path, reason: `its text is too long: ${atMost(maxPiece)}`, isTooLong: true } };
  }
  const half = Math.ceil(value.length / 2);
  const first = piecesOf(value.slice(0, half), options, maxPiece, undefined, from ?? 0);
  if ("refusal" in first) return first;
  const second = piecesOf(value.slice(half), options, maxPiece, undefined, (from ?? 0) + half);
  return "refusal" in second ? second : [...first, ...second];
}

function atMost(maxPiece: number): string {
  return `at most ${maxPiece} bytes can be kept in one piece, which is a value, or an item of an array, or an array of bytes`;
}

/** It sealed as far as it went, so its codecs do not throw. */
function isOfCodec(value: unknown, { codecs = [] }: SealOptions): boolean {
  return codecs.some((codec) => codec.is(value));
}

function put(blobs: NewBlob[], bytes: Uint8Array): string {
  const id = hash("sha256", bytes, "hex");
  if (!blobs.some((blob) => blob.id === id)) blobs.push({ id, bytes });
  return id;
}

function isStored(sealed: Sealed): boolean {
  return sealed.startsWith(storedMark);
}

/** True when the whole of the sealed text is kept in the blob of this id. */
export function isStoredAs(sealed: Sealed, id: string): boolean {
  if (!isStored(sealed)) return false;
  const ids = storedIds(sealed);
  return ids.length === 1 && ids[0] === id;
}

function storedIds(sealed: Sealed): readonly string[] {
  const { id, ids } = JSON.parse(sealed) as { id?: string; ids?: readonly string[] };
  return ids ?? [id as string];
}

/** True when opening these values needs a look into the store first. */
export function needsBlobs(values: readonly Sealed[]): boolean {
  return values.some((sealed) => isStored(sealed) || sealed.includes('"$":"blob"'));
}

const plainReaders = new WeakMap<readonly Codec[], Read>();

/** A reader for values that hold no blobs. */
export function plainReader(codecs: readonly Codec[]): Read {
  const known = plainReaders.get(codecs);
  if (known) return known;
  const options = { codecs };
  const read: Read = (sealed) => open(sealed, options);
  plainReaders.set(codecs, read);
  return read;
}

/** Fetches the blobs of `values` and gives a reader that can open them. */
export async function readerFor(
  store: Pick<Store, "blob">,
  run: string,
  values: readonly Sealed[],
  codecs: readonly Codec[],
): Promise<Read> {
  const { bytes, texts } = await fetchAll(store, run, values);
  const options = { codecs, getBytes: (id: string) => bytes.get(id) as Uint8Array };
  return (sealed) => {
    const [text = sealed, ...more] = texts.get(sealed) ?? [];
    if (more.length === 0) return open(text, options);
    return [text, ...more].flatMap((piece) => open(piece, options) as unknown[]);
  };
}

/** The blobs that a value names: blobs belong to one run, so another one that is given the value has its own. */
export async function blobsOf(store: Pick<Store, "blob">, run: string, sealed: Sealed): Promise<NewBlob[]> {
  if (!needsBlobs([sealed])) return [];
  const { bytes } = await fetchAll(store, run, [sealed]);
  return [...bytes].map(([id, content]) => ({ id, bytes: content }));
}

/** All bytes that these values name, and the texts that they are kept in where that is elsewhere. */
async function fetchAll(
  store: Pick<Store, "blob">,
  run: string,
  values: readonly Sealed[],
): Promise<{ readonly bytes: Map<string, Uint8Array>; readonly texts: Map<Sealed, readonly Sealed[]> }> {
  const bytes = new Map<string, Uint8Array>();
  const texts = new Map<Sealed, readonly Sealed[]>();
  const fetchOnce = async (id: string) => {
    if (!bytes.has(id)) bytes.set(id, await fetchBlob(store, run, id));
    return bytes.get(id) as Uint8Array;
  };
  for (const sealed of values) {
    const pieces: Sealed[] = [];
    for (const id of isStored(sealed) ? storedIds(sealed) : []) pieces.push(decoder.decode(await fetchOnce(id)));
    if (pieces.length > 0) texts.set(sealed, pieces);
    for (const text of pieces.length > 0 ? pieces : [sealed]) for (const id of blobsIn(text)) await fetchOnce(id);
  }
  return { bytes, texts };
}

const decoder = new TextDecoder();

async function fetchBlob(store: Pick<Store, "blob">, run: string, id: string): Promise<Uint8Array> {
  const bytes = await store.blob(run, id);
  if (bytes) return bytes;
  throw new PlumblineError("journal-broken", "a blob that the journal names is missing", {
    path: run,
    expected: `blob ${id}`,
    found: "nothing",
    mend: "restore the database from a backup",
  });
}
