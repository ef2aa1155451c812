/**
 * Where sealed values lie: in their entry while they are small, in a blob of their run when they are large.
 *
 * Boundary: between the core's data boundary (seal, open) and the store's blobs. Invariants: a blob is committed in the
 * same transaction as the entry that names it, or before (rule 31); blobs are named by the hash of what they hold, so
 * the same bytes of one run are kept once; opening always makes a fresh value.
 */
import { hash } from "node:crypto";
import {
  blobsIn,
  type Codec,
  open,
  PlumblineError,
  type Read,
  type Refusal,
  type Sealed,
  type Store,
  seal,
  sealPlain,
} from "@plumbline/core";

/** Longer sealed texts become blobs. */
const inlineTextLimit = 65_536;
/** One text or one array of bytes; SQLite's own limit is twice as far, and would fail everybody in the same commit. */
const maxPiece = 512 * 1024 * 1024;
const storedMark = '{"$":"stored"';

export interface NewBlob {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export type KeepResult =
  | { readonly sealed: Sealed; readonly blobs: readonly NewBlob[] }
  | { readonly refusal: Refusal };

const noBlobs: readonly NewBlob[] = [];

/** Seals a value for the journal; what is large is set aside as blobs. */
export function keep(value: unknown, options: { codecs: readonly Codec[]; nonFinite?: boolean }): KeepResult {
  const plain = sealPlain(value);
  if (plain !== undefined) return placed(plain, noBlobs);
  let blobs: NewBlob[] | undefined;
  const result = seal(value, {
    ...options,
    putBytes(bytes) {
      blobs ??= [];
      return put(blobs, bytes.slice());
    },
  });
  return "refusal" in result ? result : placed(result.sealed, blobs ?? noBlobs);
}

/** What is long is set aside; what is too long for one piece is refused. */
function placed(sealed: Sealed, blobs: readonly NewBlob[]): KeepResult {
  if (sealed.length <= inlineTextLimit && blobs.length === 0) return { sealed, blobs };
  const longest = Math.max(sealed.length, ...blobs.map(({ bytes }) => bytes.byteLength));
  if (longest > maxPiece) {
    return { refusal: { path: "", reason: `${longest} bytes in one piece: at most ${maxPiece} can be kept` } };
  }
  if (sealed.length <= inlineTextLimit) return { sealed, blobs };
  const all = [...blobs];
  const id = put(all, new TextEncoder().encode(sealed));
  return { sealed: `${storedMark},"id":"${id}","size":${sealed.length}}`, blobs: all };
}

function put(blobs: NewBlob[], bytes: Uint8Array): string {
  const id = hash("sha256", bytes, "hex");
  if (!blobs.some((blob) => blob.id === id)) blobs.push({ id, bytes });
  return id;
}

function isStored(sealed: Sealed): boolean {
  return sealed.startsWith(storedMark);
}

/** True when the sealed text is kept in the blob of this id. */
export function isStoredAs(sealed: Sealed, id: string): boolean {
  return isStored(sealed) && storedId(sealed) === id;
}

function storedId(sealed: Sealed): string {
  return (JSON.parse(sealed) as { id: string }).id;
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
  const bytes = new Map<string, Uint8Array>();
  const texts = new Map<Sealed, Sealed>();
  const fetchOnce = async (id: string) => {
    if (!bytes.has(id)) bytes.set(id, await fetchBlob(store, run, id));
    return bytes.get(id) as Uint8Array;
  };
  for (const sealed of values) {
    const text = isStored(sealed) ? new TextDecoder().decode(await fetchOnce(storedId(sealed))) : sealed;
    texts.set(sealed, text);
    for (const id of blobsIn(text)) await fetchOnce(id);
  }
  return (sealed) => open(texts.get(sealed) ?? sealed, { codecs, getBytes: (id) => bytes.get(id) as Uint8Array });
}

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
