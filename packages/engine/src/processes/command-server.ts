// Job: the owner's socket: bind it where clients look, accept a bounded number of them, close in order.
// Boundary: only the process that holds the ownership of the database may call this; one session a connection does the rest.
// Invariants: nothing is findable before it is private and listening; the name is taken back before the server closes; a
// socket that still answers is never replaced, although we own the lock: that means two owners, and it is said aloud.
import { createServer, connect as openSocket, type Server, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { codeOf, PlumblineError } from "@plumbline/core";
import { type CommandLimits, DEFAULT_LIMITS, encodeFrame, toWireError } from "./command-frames.ts";
import { findPlace, type Place, preparePlaces } from "./command-place.ts";
import { type CommandHandler, CommandSession } from "./command-session.ts";
import { resolveDatabasePath } from "./database-path.ts";

export interface CommandServer {
  /** Where it really listens. */
  readonly address: string;
  /**
   * Resolves when what had reached the sockets by now was read and handed to the handler. Timers call it before they fire:
   * the event loop runs timers first, so an answer that arrived before its deadline would lose to it (rule 19).
   */
  settleArrived(): Promise<void>;
  /**
   * Takes the name away, refuses new requests, ends streams with `command-closing`, lets open calls finish for `graceMs`
   * (default 5,000), then disconnects everybody. Close before the ownership is released.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

const PROBE_MS = 1_000;
const SETTLE_TURNS = 64;
const REFUSED_BY_FILE_SYSTEM = new Set([
  "ENOTSUP",
  "EOPNOTSUPP",
  "EPERM",
  "EINVAL",
  "EACCES",
  "ENOSYS",
  "ENAMETOOLONG",
]);

/**
 * Serves the commands of other processes. Call it as the owner, before overdue timers may fire.
 * @throws PlumblineError those of `resolveDatabasePath`; `command-place` (no socket can be made here), `command-still-served`
 * (somebody else answers at this database: two owners).
 */
export async function serveCommands(
  dbPath: string,
  handle: CommandHandler,
  options: { readonly limits?: Partial<CommandLimits> } = {},
): Promise<CommandServer> {
  const realPath = resolveDatabasePath(dbPath);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const sessions = new Set<CommandSession>();
  let arrivals = 0;
  const arrived = (): void => {
    arrivals += 1;
  };
  await refuseWhenServed(realPath);
  const { server, place } = await listen(realPath, () =>
    createServer((socket) => {
      arrived();
      if (sessions.size >= limits.connections) turnAway(socket, sessions.size, limits);
      else {
        const session = new CommandSession(socket, handle, limits, arrived);
        sessions.add(session);
        socket.once("close", () => sessions.delete(session));
      }
    }),
  );
  let closed: Promise<void> | undefined;
  return {
    address: place.address,
    settleArrived: () => settle(() => arrivals),
    close({ graceMs = 5_000 } = {}) {
      closed ??= shut(server, place, sessions, graceMs);
      return closed;
    },
  };
}

function turnAway(socket: Socket, served: number, limits: CommandLimits): void {
  const error = new PlumblineError("command-busy", `The owner already serves ${served} connections`, {
    mend: "Close other clients, or share one connection.",
  });
  socket.on("error", () => socket.destroy());
  socket.write(encodeFrame({ kind: "error", error: toWireError(error) }, limits.frameBytes));
  socket.destroySoon();
}

/** Binds at the first place whose file system allows it, then lets clients find it. */
async function listen(realPath: string, create: () => Server): Promise<{ server: Server; place: Place }> {
  let cause: unknown;
  for (const prepare of preparePlaces(realPath)) {
    let place: Place | undefined;
    const server = create();
    try {
      place = prepare();
      await bind(server, place.address);
      place.publish();
      return { server, place };
    } catch (error) {
      server.close();
      place?.withdraw();
      if (codeOf(error) === "EADDRINUSE") throw stillServed(realPath);
      cause = error;
      if (!REFUSED_BY_FILE_SYSTEM.has(codeOf(error) ?? "")) break;
    }
  }
  if (cause instanceof PlumblineError) throw cause;
  throw new PlumblineError("command-place", `No socket can be made for ${realPath}: ${String(cause)}`, {
    mend: "Let the owner write in the folder of the database, or set TMPDIR to a short local folder.",
    details: { dbPath: realPath, reason: codeOf(cause) },
    cause,
  });
}

function bind(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // `exclusive`: in a cluster worker the primary process would listen in our place, and outlive us.
    server.listen({ path: address, exclusive: true }, () => {
      server.off("error", reject);
      // A failed accept (no descriptors left) costs one client its connection, not the owner its life.
      server.on("error", () => {});
      server.unref(); // listening is no reason to live: a script whose runs have ended may end
      resolve();
    });
  });
}

/**
 * A killed owner leaves a socket that refuses, or resets what it had not accepted; one that answers or stays open has a
 * living process behind it.
 */
async function refuseWhenServed(realPath: string): Promise<void> {
  const address = findPlace(realPath);
  if (address === undefined) return;
  const alive = await new Promise<boolean>((resolve) => {
    const socket = openSocket(address);
    const timer = setTimeout(() => done(true), PROBE_MS);
    const done = (answer: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", () => done(true));
    socket.once("error", () => done(false));
    socket.once("close", () => done(false));
  });
  if (alive) throw stillServed(realPath);
}

function stillServed(realPath: string): PlumblineError {
  return new PlumblineError(
    "command-still-served",
    `Another process answers for ${realPath} although we own its lock`,
    {
      mend: "Its .owner file was deleted, or its lock was lost. End the other process; never delete the .owner file.",
      details: { dbPath: realPath },
    },
  );
}

/** Waits until one whole turn of the event loop has brought nothing, but not for ever: a busy client must not stop time. */
async function settle(count: () => number): Promise<void> {
  // The first turn may have been past its poll already; only a turn that began with us has looked at every socket.
  await nextTurn();
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) {
    const before = count();
    await nextTurn();
    if (count() === before) return;
  }
}

async function shut(server: Server, place: Place, sessions: Set<CommandSession>, graceMs: number): Promise<void> {
  place.withdraw();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await Promise.all([...sessions].map((session) => session.finish(graceMs)));
  await closed;
}
