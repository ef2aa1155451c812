/**
 * `openEngine`: puts an embedded engine together from what the user chose, with defaults for the rest.
 *
 * Boundary: the engine room's composition; which stores exist is decided by who calls it. Invariant: nothing runs before
 * the store is owned and what an earlier process left has been taken up.
 */
import { type Duration, durationMs, type Flow, type Store } from "@plumbline/core";
import { type Clock, systemClock } from "./clock.ts";
import { EmbeddedEngine } from "./embedded-engine.ts";
import { type OnWarning, warnOnStderr } from "./engine-events.ts";
import { MemoryStore } from "./memory-store.ts";

/** Opens a store; called again when the store has failed. */
export type StoreOpener = () => Promise<Store>;

export interface EngineOptions {
  /** Where journals are kept: `sqlite("file.db")`, or memory when absent. */
  readonly store?: StoreOpener;
  readonly flows: readonly Flow<never>[];
  /** How long effects in flight may go on when a run stops or the engine closes. Default 30 s. */
  readonly grace?: Duration;
  /** How far wall clock and monotonic clock may disagree before timers pause. Default 5 min. */
  readonly clockJump?: Duration;
  /** A build id or commit, recorded with each run as evidence. */
  readonly build?: string;
  readonly onWarning?: OnWarning;
  /** For tests. */
  readonly clock?: Clock;
  /** For tests: uniform in [0, 1). */
  readonly chance?: () => number;
}

/** Opens an engine in this process. */
export async function openEngine(options: EngineOptions): Promise<EmbeddedEngine> {
  return EmbeddedEngine.open({
    openStore: options.store ?? memory(),
    flows: options.flows as readonly Flow[],
    clock: options.clock ?? systemClock,
    chance: options.chance ?? Math.random,
    graceMs: durationMs(options.grace ?? 30_000, "grace"),
    clockJumpMs: durationMs(options.clockJump ?? 300_000, "clockJump"),
    build: options.build,
    onWarning: options.onWarning ?? warnOnStderr,
  });
}

/** A store in this process's memory. The same store is opened again after a failure, so nothing is lost within a process. */
export function memory(): StoreOpener {
  const store = new MemoryStore();
  return async () => store;
}
