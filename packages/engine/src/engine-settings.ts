/**
 * How an engine is set up: store, flows, clock, chance, bounds.
 *
 * Boundary: the shape only; openEngine fills in what users leave out, tests what they replace.
 */
import type { Flow, Store } from "@plumbline/core";
import type { Clock } from "./clock.ts";
import type { ClockWatch } from "./clock-watch.ts";
import type { OnWarning } from "./engine-events.ts";

export interface EngineSettings {
  /** Opens the store, also again after it has failed. */
  readonly openStore: () => Promise<Store>;
  readonly flows: readonly Flow[];
  readonly clock: Clock;
  readonly chance: () => number;
  readonly graceMs: number;
  readonly clockWatch: ClockWatch;
  readonly build: string | undefined;
  readonly onWarning: OnWarning;
  /** Resolves when what has reached this process from others has been handed to the engine (rule 19). */
  readonly takeIn: () => Promise<void>;
  /** How long timers that were overdue when the engine opened wait for what others may have to say. */
  readonly quietMs: number;
}
