/**
 * The database that a command works on: its engine, in this process or in the owner's.
 *
 * Boundary: openEngine with the command's rules; the commands see the Engine port. Invariants: only `run` makes a file;
 * a command that only looks owns nothing and asks nobody; an owner that goes away is replaced by this process where it
 * has the flows.
 */
import { existsSync } from "node:fs";
import { codeOf, type Engine, type Flow, type Journals, PlumblineError } from "@plumbline/core";
import { connectEngine, EmbeddedEngine, openEngine, openJournals, sqlite, type Warning } from "@plumbline/engine";
import { clean } from "./phrase.ts";
import { CliError } from "./problem.ts";
import type { Session } from "./session.ts";

export interface DatabaseOptions {
  readonly flows?: readonly Flow[];
  /** Where the flows' code is. */
  readonly build?: string;
  /** Done before what was left is taken up, where this process becomes the owner. */
  readonly before?: (engine: Engine) => Promise<void>;
  /** Make the file when there is none. */
  readonly create?: boolean;
  /** Only ask the process that owns the file: `command-no-owner` when there is none. */
  readonly asClient?: boolean;
}

export class Database {
  readonly flows: readonly Flow[];
  private readonly session: Session;
  private readonly options: DatabaseOptions;
  private current: Engine;

  private constructor(session: Session, options: DatabaseOptions, engine: Engine) {
    this.session = session;
    this.options = options;
    this.flows = options.flows ?? [];
    this.current = engine;
  }

  /** @throws CliError `database-unknown` */
  static async open(session: Session, options: DatabaseOptions = {}): Promise<Database> {
    if (!options.create && !existsSync(session.db)) throw unknownDatabase(session.db);
    return new Database(session, options, await engineOf(session, options));
  }

  get engine(): Engine {
    return this.current;
  }

  /** False when another process owns the file and does the work. */
  get isOwner(): boolean {
    return this.current instanceof EmbeddedEngine;
  }

  /**
   * Asks the engine, and asks again where that is safe: when the owner went away.
   */
  async ask<T>(work: (engine: Engine) => Promise<T>, repeatable: boolean): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(this.current);
      } catch (error) {
        const again = !this.isOwner && repeatable && isOwnerGone(error);
        if (!again || attempt === maxAsks) throw error;
        await new Promise((resolve) => setTimeout(resolve, askAgainMs));
        await this.reopen();
      }
    }
  }

  /**
   * After the owner has gone: whoever owns the file now, or this process.
   * @throws PlumblineError `command-owner-gone` without flows: as the owner this process would keep others from running
   */
  async reopen(): Promise<void> {
    await this.close();
    if (this.flows.length === 0) throw ownerGone(this.session.db);
    this.current = await engineOf(this.session, this.options);
  }

  /** Attempts in flight may end; the engine says which it waits for, and here is said how not to wait. */
  async close(): Promise<void> {
    const { err, interrupts } = this.session;
    const word = setTimeout(() => {
      const how = interrupts.leaveAtOnce();
      err.write(err.paint("dim", `${how} leaves at once: what was committed is recorded\n`));
    }, sayAfterMs);
    try {
      await this.current.close();
    } finally {
      clearTimeout(word);
    }
  }
}

/** A little after the engine has said what it waits for. */
const sayAfterMs = 1_100;

const maxAsks = 10;
const askAgainMs = 100;

/** Looks at the journals of a database and lets go of it; its owner, if there is one, is not disturbed. */
export async function withJournals<T>(session: Session, look: (journals: Journals) => Promise<T>): Promise<T> {
  if (!existsSync(session.db)) throw unknownDatabase(session.db);
  const journals = await openJournals(session.db);
  try {
    return await look(journals);
  } finally {
    await journals.close();
  }
}

/** Does something with a database and lets go of it, however that ends. */
export async function withDatabase<T>(
  session: Session,
  options: DatabaseOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await Database.open(session, options);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** False when nobody does the work of this database. */
export async function isOwned(session: Session): Promise<boolean> {
  try {
    await (await connectEngine(session.db)).close();
    return true;
  } catch (error) {
    return codeOf(error) !== "command-no-owner"; // busy, or another user's
  }
}

async function engineOf(session: Session, { flows = [], build, asClient, before }: DatabaseOptions): Promise<Engine> {
  if (asClient) return connectEngine(session.db);
  return openEngine({
    store: sqlite(session.db),
    flows,
    onOwned: "client",
    ...(build === undefined ? {} : { build }),
    ...(before ? { before } : {}),
    onWarning: (warning) => session.err.write(warningLine(warning, session)),
  });
}

function warningLine({ message, details }: Warning, { err }: Session): string {
  const facts = Object.entries(details).map(([key, value]) => `${key}=${clean(String(value))}`);
  return `${err.paint("yellow", "!")} ${clean(message)} ${err.paint("dim", facts.join(" "))}\n`;
}

function unknownDatabase(file: string): CliError {
  return new CliError("database-unknown", "there is no such database", {
    path: file,
    expected: "a file that `plumbline run` or openEngine has made",
    found: "nothing",
    mend: "name it with --db FILE, or go to the folder where it is",
  });
}

function ownerGone(file: string): PlumblineError {
  return new PlumblineError("command-owner-gone", "the process that owned the database has gone", {
    path: file,
    expected: "the process that does the work",
    found: "nobody",
    mend: "ask again: this command takes its place where it has the code",
  });
}

/** True when the process that did the work has gone. */
export function isOwnerGone(error: unknown): boolean {
  return goneCodes.has(codeOf(error) ?? "");
}

const goneCodes: ReadonlySet<string> = new Set([
  "command-owner-gone",
  "command-no-owner",
  "command-closing",
  "command-closed",
  "engine-closed",
]);
