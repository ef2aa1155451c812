/**
 * `openEngine`: puts an engine together from what the user chose, with defaults for the rest.
 *
 * Boundary: the engine room's composition; which store is chosen is the caller's affair. Invariants: a file is owned
 * before it is opened, and its socket listens before anything runs; what an earlier process left has been taken up when
 * the engine is given out; whatever fails on the way lets go of what was taken (rule 30).
 */
import {
  aFunction,
  aText,
  codeOf,
  type Duration,
  demandOptions,
  demandValues,
  durationMs,
  type Engine,
  type Flow,
  invalid,
  objectWith,
  oneOf,
  optionsOf,
  PlumblineError,
  type Store,
} from "@plumbline/core";
import { type Clock, systemClock } from "./clock.ts";
import { ClockWatch } from "./clock-watch.ts";
import { EmbeddedEngine } from "./embedded-engine.ts";
import { type OnWarning, saying, warnOnStderr } from "./engine-events.ts";
import { demandFlows } from "./flow-shelf.ts";
import { serveCommands } from "./processes/command-socket.ts";
import { resolveDatabasePath } from "./processes/database-path.ts";
import { engineCommands } from "./processes/engine-commands.ts";
import { acquireOwnership, isOwnedHere, type Ownership, waitForOwnership } from "./processes/ownership.ts";
import { RemoteEngine } from "./processes/remote-engine.ts";
import { Retention } from "./retention.ts";
import { memory } from "./stores/memory.ts";
import type { StoreChoice } from "./stores/store-choice.ts";
import { catchUnhandledRejections } from "./unhandled-rejections.ts";

/** What to do when another process owns the file. */
export type OnOwned = "error" | "wait" | "client";

export interface EngineOptions {
  /** `sqlite("file.db")`, or memory when absent. */
  readonly store?: StoreChoice;
  readonly flows: readonly Flow<never>[];
  /**
   * When another process owns the file: fail (default), wait until it is free (overlapping deploys, hot reload), or let
   * the owner do the work and be its client.
   */
  readonly onOwned?: OnOwned;
  /**
   * Done before what an earlier process left is taken up: a cancel or a decision that must come first. Not called when
   * another process owns the file.
   */
  readonly before?: (engine: Engine) => Promise<void>;
  /** For `onOwned: "wait"`. Default 30 s. */
  readonly waitFor?: Duration;
  /** How long effects in flight may go on when a run stops or the engine closes. Default 30 s. */
  readonly grace?: Duration;
  /** How far wall clock and monotonic clock may disagree before timers pause. Default 5 min. */
  readonly clockJump?: Duration;
  /** A build id or commit, recorded with each run as evidence. */
  readonly build?: string;
  readonly onWarning?: OnWarning;
  /**
   * Rejections that user code leaves unhandled would end the process: they are caught and said aloud (default), or left
   * to the application.
   */
  readonly unhandledRejections?: "catch" | "leave";
  /** For tests. */
  readonly clock?: Clock;
  /** For tests: uniform in [0, 1). */
  readonly chance?: () => number;
}

const engineOptions = optionsOf<EngineOptions>({
  store: true,
  flows: true,
  onOwned: true,
  before: true,
  waitFor: true,
  grace: true,
  clockJump: true,
  build: true,
  onWarning: true,
  unhandledRejections: true,
  clock: true,
  chance: true,
});

const aDuration = (path: string, value: unknown): void => void durationMs(value as Duration, path);
const engineValues = {
  onOwned: oneOf("error", "wait", "client"),
  before: aFunction("of the engine"),
  waitFor: aDuration,
  grace: aDuration,
  clockJump: aDuration,
  build: aText,
  onWarning: aFunction("of a warning"),
  unhandledRejections: oneOf("catch", "leave"),
  clock: objectWith("now", "monotonic", "timer"),
  chance: aFunction("that gives a number from 0 to 1"),
};

/**
 * Opens an engine: in this process, or with `onOwned: "client"` the one of the process that owns the file.
 * @throws PlumblineError `store-owned`, `store-failed`, `store-newer`, `option-invalid`, `duration-invalid`
 * @example
 * ```ts
 * const engine = await openEngine({ store: sqlite("plumbline.db"), flows: [loanTriage] });
 * const run = await engine.start(loanTriage, application, { key: "application-42" });
 * const { outcome, output } = await run.result();
 * ```
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  demandOptions("openEngine", options, engineOptions);
  demandFlows(options?.flows);
  demandValues("openEngine", options, engineValues);
  const { store = memory() } = options;
  demandStore(store);
  if (store.file === undefined) return openEmbedded(options, () => store.open(), undefined);
  const file = resolveDatabasePath(store.file);
  const owned = await own(file, options);
  if (owned instanceof RemoteEngine) return owned;
  try {
    return await openEmbedded(options, () => store.open(file), { file, ownership: owned });
  } catch (error) {
    owned.release();
    throw error;
  }
}

function demandStore(store: unknown): void {
  if (typeof (store as Partial<StoreChoice> | null)?.open === "function") return;
  throw invalid("openEngine.store", 'sqlite("file.db") or memory()', store, {
    mend: `write store: sqlite(${typeof store === "string" ? JSON.stringify(store) : '"file.db"'}), or leave it away for memory`,
  });
}

/** Becomes the owner of the file, or finds who is. */
async function own(file: string, options: EngineOptions): Promise<Ownership | RemoteEngine> {
  const { onOwned = "error", flows } = options;
  if (onOwned === "wait") {
    return waitForOwnership(file, { timeoutMs: durationMs(options.waitFor ?? 30_000, "openEngine.waitFor") });
  }
  for (let attempt = 0; attempt < maxTies; attempt++) {
    const ownership = acquireOwnership(file);
    if (ownership) return ownership;
    if (onOwned === "error") break;
    try {
      return await RemoteEngine.connect(file, flows as readonly Flow[]);
    } catch (error) {
      // The owner has not begun to listen, or has just gone: look again who owns the file.
      if (codeOf(error) !== "command-no-owner") throw error;
      await new Promise((resolve) => setTimeout(resolve, tieMs));
    }
  }
  throw new PlumblineError("store-owned", "this database has an owner", {
    path: file,
    expected: "one engine at a time that owns the file",
    found: isOwnedHere(file) ? "an open engine of this process" : "another process that holds its lock",
    mend: 'close that one, or open with onOwned: "client" (ask the owner) or "wait" (take over when it has gone)',
  });
}

/** Measured: with it, no answer that a killed owner had not taken came too late (docs/decisions/0004). */
const quietMs = 300;
const maxTies = 200;
const tieMs = 25;

interface OwnedFile {
  readonly file: string;
  readonly ownership: Ownership;
}

async function openEmbedded(
  options: EngineOptions,
  openStore: () => Promise<Store>,
  owned: OwnedFile | undefined,
): Promise<Engine> {
  const { onWarning = warnOnStderr, clock = systemClock } = options;
  const cleanups: (() => void | Promise<void>)[] = owned ? [() => owned.ownership.release()] : [];
  if (options.unhandledRejections !== "leave") cleanups.unshift(catchUnhandledRejections(onWarning));
  let takeIn = async () => {};
  let stopServing = async () => {};
  const cleanUp = async () => {
    for (const cleanup of cleanups) await cleanup();
  };
  const clockWatch = new ClockWatch(clock, durationMs(options.clockJump ?? 300_000, "openEngine.clockJump"));
  const flows = options.flows as readonly Flow[];
  const retention = new Retention({ flows, clock, clockWatch, warn: saying(onWarning) });
  const opened = EmbeddedEngine.open({
    openStore: async () => retention.use(await openStore()),
    takeIn: () => takeIn(),
    quietMs: owned ? quietMs : 0,
    flows,
    clock,
    chance: options.chance ?? Math.random,
    graceMs: durationMs(options.grace ?? 30_000, "openEngine.grace"),
    clockWatch,
    build: options.build,
    onWarning,
    async beforeTakeUp(self) {
      await options.before?.(self);
      if (!owned) return;
      const codecs = options.flows.flatMap((flow) => flow.code.codecs);
      const server = await serveCommands(owned.file, engineCommands(self, codecs));
      stopServing = () => server.close();
      takeIn = () => server.settleArrived();
      await server.settleArrived();
    },
    beforeClose() {
      retention.end();
      return stopServing();
    },
    afterClose: cleanUp,
  });
  try {
    const engine = await opened;
    void retention.begin();
    return engine;
  } catch (error) {
    await cleanUp(); // doing so twice does nothing
    throw error;
  }
}
