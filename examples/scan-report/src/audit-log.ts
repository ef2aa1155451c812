// A file of records to which one can only add: JSON lines, each holding the hash of the one before it.
// Boundary: one process writes a file; what a record says is the caller's. The product's own audit reads journals; this
// file is the one that a hospital would keep beside its reports.
// Invariants: a record is on disk before it is acknowledged; the same key again adds nothing and answers as before; a
// changed, missing or swapped line is found, unless the end of the file was cut off: keep the last hash elsewhere.
import { createHash } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { z } from "zod";

export const AuditEntry = z.object({ sequence: z.int().min(1), hash: z.string().length(64) });
/** Where a record stands, and the hash that whoever keeps it can hold the file to. */
export type AuditEntry = z.infer<typeof AuditEntry>;

type Line = {
  readonly sequence: number;
  readonly previous: string;
  readonly at: string;
  readonly key: string;
  readonly record: unknown;
  readonly hash: string;
};

const BEGINNING = "0".repeat(64);

/** A line does not belong where it stands. */
export class AuditBroken extends Error {
  readonly code = "audit-broken";
}

export class AuditLog {
  readonly #path: string;
  readonly #byKey = new Map<string, AuditEntry>();
  #last: AuditEntry = { sequence: 0, hash: BEGINNING };

  /** Opens a file or begins it. Throws AuditBroken when it has been changed. */
  constructor(path: string) {
    this.#path = path;
    for (const { key, sequence, hash } of readAuditLog(path, { mendTornEnd: true })) {
      this.#last = { sequence, hash };
      this.#byKey.set(key, this.#last);
    }
  }

  get last(): AuditEntry {
    return this.#last;
  }

  /** Adds a record, durably, or answers as before when the key is known. */
  append(key: string, record: unknown): AuditEntry {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const { sequence, hash: previous } = this.#last;
    const body = { sequence: sequence + 1, previous, at: new Date().toISOString(), key, record };
    const entry = { sequence: sequence + 1, hash: hashOf(body) };
    const file = openSync(this.#path, "a");
    try {
      writeSync(file, `${JSON.stringify({ ...body, hash: entry.hash })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#last = entry;
    this.#byKey.set(key, entry);
    return entry;
  }
}

/** All lines, after having held each to the one before it. Throws AuditBroken with the line's number. */
export function readAuditLog(path: string, { mendTornEnd = false } = {}): Line[] {
  if (!existsSync(path)) return [];
  let text = readFileSync(path, "utf8");
  if (mendTornEnd && !text.endsWith("\n")) {
    // Its writer was killed in the middle of a line, which nobody was told of.
    text = text.slice(0, text.lastIndexOf("\n") + 1);
    truncateSync(path, Buffer.byteLength(text));
  }
  let previous = BEGINNING;
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((written, at) => {
      const line = parsed(written, at + 1);
      const { hash, ...body } = line;
      if (body.sequence !== at + 1 || body.previous !== previous || hash !== hashOf(body)) {
        throw new AuditBroken(`line ${at + 1} is not what was written there`);
      }
      previous = hash;
      return line;
    });
}

function parsed(written: string, number: number): Line {
  try {
    return JSON.parse(written) as Line;
  } catch (error) {
    throw new AuditBroken(`line ${number} is not JSON`, { cause: error });
  }
}

function hashOf(body: Omit<Line, "hash">): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}
