// Job: one owner per database file, among processes, threads and copies of this module (rule 30).
// Boundary: touches only `<database>.owner`, never the database. The lock is SQLite's exclusive lock on that empty file:
// Node has no lock of its own, and the system frees this one however the process ends.
// Invariants: nothing here opens the side file except through SQLite, because closing any other handle on it would drop
// the lock of the whole process (POSIX). The side file is never deleted: deleting it is how two owners come about.
// What a lock cannot promise (file deleted, lock dropped, odd file systems) the epoch inside the database must.
import { chmodSync, lstatSync } from "node:fs";
import { PlumblineError } from "@plumbline/core";
import { DatabaseSync } from "../stores/sqlite-module.ts";
import { resolveDatabasePath } from "./database-path.ts";

/** The right to write one database, held until released or until the process ends. */
export interface Ownership {
  /** The real path of the database. */
  readonly dbPath: string;
  /** The file that carries the lock. */
  readonly sidePath: string;
  /** False when the side file was deleted or replaced, so that another process may own the database by now. One `stat`. */
  isIntact(): boolean;
  /** Gives the database up. Close the socket and the database first. Doing it again does nothing. */
  release(): void;
}

/** What is shared between copies of this module; keep it readable by older and newer ones. */
interface Held {
  readonly inode: string;
  /** Referenced so that a forgotten `Ownership` does not lose its lock to the garbage collector. */
  readonly lock: DatabaseSync;
}

const REGISTRY = Symbol.for("plumbline.ownership.1");
/** Two that ask at once can make each other fail; the loser of that tie is asked to wait this long for a clear answer. */
const TIE_MS = 8;
const MAX_REPLACEMENTS = 5;
const SQLITE = { busy: 5, locked: 6, readonly: 8, ioError: 10, cannotOpen: 14, notADatabase: 26 } as const;

/**
 * Becomes the owner of a database, which may not exist yet. Undefined: somebody else owns it, in this process or another.
 * @throws PlumblineError those of `resolveDatabasePath`; `ownership-unwritable` (the side file cannot be created or written),
 * `ownership-side-file` (something else has its name), `ownership-locks` (the file system keeps no locks),
 * `ownership-unstable` (somebody keeps replacing the side file).
 */
export function acquireOwnership(dbPath: string): Ownership | undefined {
  return acquire(resolveDatabasePath(dbPath), TIE_MS);
}

/** Whether this process (this thread of it) owns the database, through whichever copy of this module. */
export function isOwnedHere(dbPath: string): boolean {
  return heldHere(`${resolveDatabasePath(dbPath)}.owner`);
}

/**
 * Becomes the owner as soon as nobody else is, looking every `pollMs` or so. It is not a queue: anybody may be next.
 * @throws PlumblineError those of `acquireOwnership`, and `ownership-timeout`; the signal's reason when aborted.
 */
export async function waitForOwnership(
  dbPath: string,
  options: { readonly timeoutMs: number; readonly pollMs?: number; readonly signal?: AbortSignal },
): Promise<Ownership> {
  const { timeoutMs, pollMs = 20, signal } = options;
  const real = resolveDatabasePath(dbPath);
  const until = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    // No waiting inside SQLite here, it would block the event loop; uneven pauses part those who tie.
    const ownership = acquire(real, 0);
    if (ownership !== undefined) return ownership;
    const leftMs = until - performance.now();
    if (leftMs <= 0) {
      throw new PlumblineError("ownership-timeout", "another process still owns this database", {
        path: real,
        expected: `that it lets go within ${timeoutMs} ms`,
        found: "its lock is still held",
        mend: 'close it, wait longer (waitFor), or open with onOwned: "client" to ask the owner',
        details: { dbPath: real, timeoutMs },
      });
    }
    await pause(Math.min(leftMs, pollMs * (0.5 + Math.random())), signal);
  }
}

function acquire(real: string, tieMs: number): Ownership | undefined {
  const sidePath = `${real}.owner`;
  if (heldHere(sidePath)) return undefined;
  for (let attempt = 0; attempt < MAX_REPLACEMENTS; attempt += 1) {
    const found = inodeOf(sidePath);
    const lock = openSideFile(sidePath);
    // A file that we have just created is locked in the next round, when it has a known inode from before.
    if (found === undefined) {
      lock.close();
      restrict(sidePath);
      continue;
    }
    if (!takeLock(lock, sidePath, tieMs)) return undefined;
    // Deleted or replaced between our look and our lock: then the lock is on a file that nobody else will find.
    if (inodeOf(sidePath) === found) return hold(real, sidePath, found, lock);
    lock.close();
  }
  throw new PlumblineError("ownership-unstable", `${sidePath} keeps being replaced`, {
    mend: "Find what deletes it, perhaps a cleaning job, and exclude it. The file is empty and must stay.",
    details: { sidePath },
  });
}

function hold(dbPath: string, sidePath: string, inode: string, lock: DatabaseSync): Ownership {
  const held: Held = { inode, lock };
  registry().set(sidePath, held);
  let released = false;
  return {
    dbPath,
    sidePath,
    isIntact: () => !released && inodeOf(sidePath) === inode,
    release() {
      if (released) return;
      released = true;
      if (registry().get(sidePath) === held) registry().delete(sidePath);
      lock.close();
    },
  };
}

function openSideFile(sidePath: string): DatabaseSync {
  try {
    return new DatabaseSync(sidePath);
  } catch (error) {
    throw sideFileError(sidePath, error);
  }
}

/** False when somebody else has the lock; the connection is closed then, and on every error. */
function takeLock(lock: DatabaseSync, sidePath: string, tieMs: number): boolean {
  try {
    // The journal stays in memory so that no second side file appears. The transaction is never committed.
    lock.exec(`PRAGMA busy_timeout = ${tieMs}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`);
    // On a file that it may only read, SQLite silently begins to read instead, and everybody would be the owner. So ask
    // for a change, which it refuses then. It stays in memory.
    lock.exec("PRAGMA user_version = 1");
    return true;
  } catch (error) {
    lock.close();
    const primary = sqliteCode(error) & 0xff;
    if (primary === SQLITE.busy || primary === SQLITE.locked) return false;
    throw sideFileError(sidePath, error);
  }
}

function sideFileError(sidePath: string, cause: unknown): PlumblineError {
  const details = { sidePath, sqlite: sqliteCode(cause) };
  switch (sqliteCode(cause) & 0xff) {
    case SQLITE.notADatabase:
      return foreignSideFile(sidePath);
    case SQLITE.cannotOpen:
    case SQLITE.readonly:
      return new PlumblineError("ownership-unwritable", `${sidePath} cannot be created or written`, {
        mend: "The owner must be able to write in the folder of the database, and to the .owner file there. To only read, open the database read-only.",
        details,
        cause,
      });
    case SQLITE.ioError:
      return new PlumblineError("ownership-locks", `The file system of ${sidePath} refuses a lock`, {
        mend: "Keep the database on a local disk; network and shared folders often keep no locks.",
        details,
        cause,
      });
    default:
      return new PlumblineError("ownership-side-file", `${sidePath} cannot be locked`, { details, cause });
  }
}

function foreignSideFile(sidePath: string): PlumblineError {
  return new PlumblineError("ownership-side-file", `${sidePath} is not Plumbline's: it is not an empty, plain file`, {
    mend: "Move it away. Plumbline needs this name for its lock.",
    details: { sidePath },
  });
}

/** What tells this file from another under the same name; undefined when absent. No other file gets it while we hold this one. */
function inodeOf(sidePath: string): string | undefined {
  const stats = lstatSync(sidePath, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile()) throw foreignSideFile(sidePath);
  return `${stats.dev}:${stats.ino}`;
}

/** Whoever may read the file may also block the lock, so others get no rights at all. */
function restrict(sidePath: string): void {
  try {
    chmodSync(sidePath, 0o600);
  } catch {
    // Another process of this user created it in the same moment, or the file system has no modes: the lock still works.
  }
}

function registry(): Map<string, Held> {
  const shared = globalThis as { [REGISTRY]?: Map<string, Held> };
  shared[REGISTRY] ??= new Map();
  return shared[REGISTRY];
}

function heldHere(sidePath: string): boolean {
  const held = registry();
  if (held.has(sidePath)) return true;
  const inode = lstatSync(sidePath, { bigint: true, throwIfNoEntry: false })?.isFile() ? inodeOf(sidePath) : undefined;
  return inode !== undefined && [...held.values()].some((other) => other.inode === inode);
}

function sqliteCode(error: unknown): number {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" ? errcode : 0;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
