// Job: one spelling for one database file, so that every process derives the same side file and socket from it.
// Boundary: looks at names only and opens nothing; the file itself may not exist yet.
// Invariant: two paths that reach the same file through symbolic links resolve to the same string.
import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf, PlumblineError } from "@plumbline/core";

const MAX_LINKS = 40;

/**
 * The real path of a database, which may not exist yet.
 * @throws PlumblineError `database-path` (no file can be meant by it), `database-folder` (its folder is absent or closed to
 * us), `database-hard-linked` (a second name would get a second owner and a second WAL).
 */
export function resolveDatabasePath(path: string): string {
  if (path === "" || path.startsWith(":memory:") || path.startsWith("file:") || path.includes("\0")) {
    throw new PlumblineError("database-path", `${JSON.stringify(path)} does not name a file`, {
      mend: "Give the path of a file. A database in memory has no owner and no socket.",
    });
  }
  const real = followLinks(resolve(path));
  const stats = statSync(real, { throwIfNoEntry: false });
  if (stats === undefined) return real;
  if (!stats.isFile()) throw new PlumblineError("database-path", `${real} is not a file`, { details: { path: real } });
  if (stats.nlink > 1) {
    throw new PlumblineError("database-hard-linked", `${real} has ${stats.nlink} names (hard links)`, {
      mend: "Keep one name: SQLite's log and Plumbline's lock are found by name. Use a symbolic link for the others.",
      details: { path: real, names: stats.nlink },
    });
  }
  return real;
}

/** Follows links by hand where the system cannot: a link whose target is yet to be created still means that target. */
function followLinks(path: string): string {
  let current = path;
  for (let links = 0; links < MAX_LINKS; links += 1) {
    try {
      return realpathSync.native(current);
    } catch (error) {
      if (codeOf(error) === "ELOOP") throw circle(path);
      if (codeOf(error) !== "ENOENT") throw folderError(current, error);
    }
    const folder = realFolder(current);
    const name = join(folder, basename(current));
    if (lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return name;
    current = resolve(folder, readlinkSync(name));
  }
  throw circle(path);
}

function circle(path: string): PlumblineError {
  return new PlumblineError("database-path", `${path} leads through links that never end`);
}

function realFolder(path: string): string {
  try {
    return realpathSync.native(dirname(path));
  } catch (error) {
    throw folderError(path, error);
  }
}

function folderError(path: string, cause: unknown): PlumblineError {
  const absent = codeOf(cause) === "ENOENT";
  return new PlumblineError(
    "database-folder",
    `The folder of ${path} ${absent ? "does not exist" : "cannot be entered"}`,
    {
      mend: absent ? "Create the folder first." : "Let this user enter the folder, or choose another one.",
      details: { path, reason: codeOf(cause) },
      cause,
    },
  );
}
