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
    throw new PlumblineError("database-path", "this does not name a file", {
      path,
      expected: "the path of a file, which may not exist yet",
      found: path === "" ? "an empty text" : "a name that means something else to SQLite",
      mend: "give a path; for an engine in memory leave `store` out",
    });
  }
  const real = followLinks(resolve(path));
  const stats = statSync(real, { throwIfNoEntry: false });
  if (stats === undefined) return real;
  if (!stats.isFile()) {
    throw new PlumblineError("database-path", "this is not a file", {
      path: real,
      expected: "a database file, or nothing yet",
      found: stats.isDirectory() ? "a folder" : "a device, a pipe or a socket",
      mend: "name a file, for example one in that folder",
    });
  }
  if (stats.nlink > 1) {
    throw new PlumblineError("database-hard-linked", "this file has several names (hard links)", {
      path: real,
      expected: "one name: SQLite's log and Plumbline's lock are found by it",
      found: `${stats.nlink} names`,
      mend: "keep one name and use symbolic links for the others",
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
  return new PlumblineError("database-path", "this path leads through links that never end", {
    path,
    expected: "links that lead to a file",
    found: "a circle of symbolic links",
    mend: "correct the links",
  });
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
    `the folder of the database ${absent ? "does not exist" : "is closed to us"}`,
    {
      path,
      expected: "a folder that this user may enter",
      found: absent ? "no such folder" : String(codeOf(cause)),
      mend: absent
        ? "make the folder first, or correct the path"
        : "let this user enter the folder, or choose another one",
      details: { path, reason: codeOf(cause) },
      cause,
    },
  );
}
