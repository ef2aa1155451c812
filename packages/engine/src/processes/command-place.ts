// Job: where the owner of a database listens: `<database>.sock`, or a short path that a link of that name points to.
// Boundary: names, modes and links; the owner of the database calls `preparePlace`, anybody calls `findPlace`.
// Invariants: the socket is born in a folder that only its user may enter, gets mode 0600 there, and only then takes its
// name: no moment at which others could connect, and no umask (which is one for the whole process) is touched. A
// socket left by a killed owner is replaced by that same rename. Nobody removes a name that is not theirs any more.

import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { codeOf, PlumblineError } from "@plumbline/core";

/** A place to listen at. Order: bind to `address`, then `publish`; `withdraw` when done. */
export interface Place {
  readonly address: string;
  /** Makes the bound socket findable. */
  publish(): void;
  /** Takes the name back, if it is still ours, and whatever folder was made. Never throws. */
  withdraw(): void;
}

/** Linux allows 107 bytes, macOS 103. A longer name would be cut or refused, depending on the system. */
const ADDRESS_BYTES = 103;
const PRIVATE_PREFIX = "plumbline-";

/** The address of whoever serves the database, dead or alive; undefined when nobody ever left one. */
export function findPlace(realPath: string): string | undefined {
  if (process.platform === "win32") return pipeName(realPath);
  const name = `${realPath}.sock`;
  const stats = lstatSync(name, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return readlinkSync(name);
  return stats.isSocket() && fits(name) ? name : undefined;
}

/** The places where this database can be served, best first: the second is for file systems that hold no sockets. */
export function preparePlaces(realPath: string): (() => Place)[] {
  if (process.platform === "win32") return [() => ({ address: pipeName(realPath), publish() {}, withdraw() {} })];
  refuseForeign(`${realPath}.sock`);
  const beside = (): Place => besidePlace(realPath);
  const away = (): Place => awayPlace(realPath);
  return fits(join(stagingFolder(realPath), "s")) ? [beside, away] : [away];
}

/** The socket itself lies beside the database. */
function besidePlace(realPath: string): Place {
  const name = `${realPath}.sock`;
  const folder = stagingFolder(realPath);
  const address = join(folder, "s");
  let inode: bigint | undefined;
  makePrivateFolder(folder);
  return {
    address,
    publish() {
      chmodSync(address, 0o600);
      const leftover = awayFolderOf(name);
      inode = lstatSync(address, { bigint: true }).ino;
      renameSync(address, name);
      removeQuietly(folder, leftover);
    },
    withdraw() {
      const stats = lstatSync(name, { bigint: true, throwIfNoEntry: false });
      if (inode !== undefined && stats?.ino === inode && stats.isSocket()) unlinkQuietly(name);
      removeQuietly(folder);
    },
  };
}

/** The socket lies in a folder of its own under the system's temporary one; `<database>.sock` is a link to it. */
function awayPlace(realPath: string): Place {
  const name = `${realPath}.sock`;
  const folder = mkdtempSync(join(shortTemporaryFolder(), PRIVATE_PREFIX));
  const address = join(folder, "s");
  return {
    address,
    publish() {
      chmodSync(address, 0o600);
      const leftover = awayFolderOf(name);
      removeQuietly(`${name}.new`);
      rmSync(`${name}.new`, { force: true });
      symlinkSync(address, `${name}.new`);
      renameSync(`${name}.new`, name);
      removeQuietly(leftover);
    },
    withdraw() {
      if (linkTarget(name) === address) unlinkQuietly(name);
      removeQuietly(folder);
    },
  };
}

/** The folder of a killed owner's socket elsewhere, when the name is a link that only we could have made. */
function awayFolderOf(name: string): string | undefined {
  const target = linkTarget(name);
  if (target === undefined || !/[/\\]plumbline-[A-Za-z0-9]{6}[/\\]s$/.test(target)) return undefined;
  const folder = dirname(target);
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.getuid?.() ? folder : undefined;
}

function linkTarget(name: string): string | undefined {
  try {
    return readlinkSync(name);
  } catch {
    return undefined;
  }
}

function shortTemporaryFolder(): string {
  const found = [tmpdir(), "/tmp"].find((folder) => fits(join(folder, `${PRIVATE_PREFIX}XXXXXX`, "s")));
  if (found !== undefined) return found;
  throw new PlumblineError("command-place", "No folder for temporary files has a path short enough for a socket", {
    mend: `Set TMPDIR to a folder whose path is under ${ADDRESS_BYTES - 20} bytes.`,
  });
}

function stagingFolder(realPath: string): string {
  return `${realPath}.sock.new`;
}

/** Only the owner of the database comes here, so what has this name is what a killed owner left. */
function makePrivateFolder(folder: string): void {
  removeQuietly(folder);
  mkdirSync(folder, { mode: 0o700 });
}

function refuseForeign(name: string): void {
  const stats = lstatSync(name, { throwIfNoEntry: false });
  if (stats === undefined || stats.isSocket() || stats.isSymbolicLink()) return;
  throw new PlumblineError("command-place", `${name} is something else than Plumbline's socket`, {
    mend: "Move it away. Plumbline needs this name for its socket.",
    details: { name },
  });
}

/** Removes folders that hold our socket or nothing. One with anything else in it is not ours and stays. */
function removeQuietly(...folders: (string | undefined)[]): void {
  for (const folder of folders) {
    if (folder === undefined) continue;
    try {
      rmSync(join(folder, "s"), { force: true });
      rmdirSync(folder);
    } catch {
      // What stays is in nobody's way: the next owner or the system's cleaner removes it, or says that it cannot.
    }
  }
}

function unlinkQuietly(name: string): void {
  try {
    unlinkSync(name);
  } catch (error) {
    // A name that cannot be removed is a stale one; the next owner replaces it and clients find nobody there.
    if (codeOf(error) === undefined) throw error;
  }
}

function pipeName(realPath: string): string {
  return `\\\\.\\pipe\\plumbline-${createHash("sha256").update(realPath.toLowerCase()).digest("hex").slice(0, 40)}`;
}

function fits(address: string): boolean {
  return Buffer.byteLength(address) <= ADDRESS_BYTES;
}
