/**
 * The tables of a database file, and how an older file becomes a newer one.
 *
 * Boundary: SQL and versions; statements that write rows are sqlite-writer.ts, those that read are sqlite-reader.ts.
 * Invariants: the file says what it is (application id) and of which format (user_version); a newer or foreign file is
 * refused before anything is written; migrations only add (rule 29).
 *
 * One row of `links` is what one run added in one commit, and one link of its hash chain. A row of `runs` is written
 * when something that lists show has changed; its length, instant and head are those of the run's last link.
 */
import type { DatabaseSync } from "node:sqlite";
import { PlumblineError } from "@plumbline/core";

/** "PLMB": what `file` and SQLite's tools show for our files. */
const applicationId = 0x504c4d42;
/** Raised by each migration. */
const formatVersion = 2;

const tables = `
CREATE TABLE plans(
  plan INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL UNIQUE,
  flow TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE TABLE runs(
  run INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  flow TEXT NOT NULL,
  plan INTEGER NOT NULL REFERENCES plans(plan),
  key TEXT,
  parent TEXT,
  input_hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  outcome INTEGER,
  degraded INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  due_at INTEGER,
  usd REAL NOT NULL,
  tokens REAL NOT NULL,
  waits TEXT
);
CREATE INDEX runs_by_flow ON runs(flow, run);
CREATE INDEX runs_due ON runs(due_at) WHERE due_at IS NOT NULL;
CREATE INDEX runs_open ON runs(status, run) WHERE status < 4;
CREATE INDEX runs_by_key ON runs(key, run) WHERE key IS NOT NULL;
CREATE INDEX runs_by_parent ON runs(parent, run) WHERE parent IS NOT NULL;
CREATE INDEX runs_degraded ON runs(run) WHERE degraded = 1;
CREATE INDEX runs_unwell ON runs(outcome, run) WHERE outcome > 0;
CREATE TABLE links(
  link INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  length INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  head TEXT NOT NULL
);
CREATE INDEX links_by_run ON links(run);
CREATE TABLE waits(
  desk TEXT NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY(run, desk)
) WITHOUT ROWID;
CREATE INDEX waits_by_desk ON waits(desk, run);
CREATE TABLE registers(
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX registers_by_age ON registers(at);
CREATE TABLE owner(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch INTEGER NOT NULL
);
INSERT INTO owner VALUES(1, 0);
CREATE TABLE blobs(
  blob INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  id TEXT NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE(run, id)
);
`;

export const statuses = ["running", "waiting", "stopping", "held", "ended"] as const;
export const outcomes = ["succeeded", "degraded", "failed", "cancelled"] as const;

const notADatabase = 26; // SQLITE_NOTADB

/** What makes a file of one format a file of the next; index 0 begins with format 1. Adding only: no row is lost (rule 29). */
const migrations = [
  `ALTER TABLE runs ADD COLUMN parent TEXT;
   UPDATE runs SET status = 4 WHERE status = 3;
   DROP INDEX runs_open;
   CREATE INDEX runs_open ON runs(status, run) WHERE status < 4;
   CREATE INDEX runs_by_parent ON runs(parent, run) WHERE parent IS NOT NULL;
   CREATE INDEX IF NOT EXISTS registers_by_age ON registers(at);`,
] as const;

/** Brings an older file to this format, as a whole or not at all. */
export function migrate(db: DatabaseSync, from: number): void {
  if (from === formatVersion) return;
  const steps = migrations.slice(from - 1).join("\n");
  try {
    db.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${formatVersion}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** A reader beside nobody cannot bring an older file to this format: an engine has to open it once. */
export function demandFormat(version: number, path: string): void {
  if (version === formatVersion) return;
  throw new PlumblineError("store-failed", "this database is of an older format", {
    path,
    expected: `format ${formatVersion}`,
    found: `format ${version}`,
    mend: "open it once with an engine of this version (plumbline resume FILE --db PATH): that brings it up, and loses nothing",
  });
}

/** Refuses a file that is not ours or too new, before anything in it is changed. Gives whether it is empty, and its format. */
export function checkFile(db: DatabaseSync, path: string): { readonly isEmpty: boolean; readonly version: number } {
  const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
  let application: number;
  try {
    application = pragma("application_id"); // the first that reads the file
  } catch (error) {
    throw (error as { errcode?: unknown }).errcode === notADatabase ? noDatabase(path) : error;
  }
  const version = pragma("user_version");
  const tableCount = Number(db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n ?? 0);
  if (application !== applicationId && (application !== 0 || tableCount > 0)) throw foreignFile(path, application);
  if (version > formatVersion) throw newerFile(path, version);
  return { isEmpty: tableCount === 0, version };
}

/** Makes an empty file ours. */
export function makeTables(db: DatabaseSync): void {
  db.exec(
    `BEGIN IMMEDIATE; ${tables}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}; COMMIT`,
  );
}

function noDatabase(path: string): PlumblineError {
  return new PlumblineError("store-failed", "this file is not a database", {
    path,
    expected: "an empty file, or one that Plumbline made",
    found: "something else, or a database that is damaged at its beginning",
    mend: "name another file; nothing was changed",
  });
}

function foreignFile(path: string, application: number): PlumblineError {
  return new PlumblineError("store-failed", "this database belongs to something else", {
    path,
    expected: "an empty file, or one that Plumbline made",
    found: application === 0 ? "tables that Plumbline did not make" : `a database with application id ${application}`,
    mend: "name another file; nothing was changed",
  });
}

function newerFile(path: string, version: number): PlumblineError {
  return new PlumblineError("store-newer", "this database was written by a newer Plumbline", {
    path,
    expected: `format ${formatVersion} or older`,
    found: `format ${version}`,
    mend: "use the newer version; nothing was changed",
  });
}
