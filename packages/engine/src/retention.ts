/**
 * Forgets kept answers that nobody will ask for any more: without it their registers would grow for ever (rule 32).
 *
 * Boundary: when, and how old is old enough; what is kept is runs/, deleting is the store's. Invariants: nothing is forgotten
 * that is younger than the longest age in any plan of the store or flow of this engine, so an engine with few flows takes
 * nothing from the others; nothing while the wall clock is in doubt (rule 21); failing costs space, never a run; it keeps
 * no process alive.
 */
import { type Flow, failureOf, type Plan, type Store } from "@plumbline/core";
import type { Clock, Timer } from "./clock.ts";
import type { ClockWatch } from "./clock-watch.ts";
import { answersPrefix } from "./runs/kept-answer.ts";

const everyMs = 3_600_000;
const pageSize = 1_000;

export interface RetentionOptions {
  readonly flows: readonly Flow[];
  readonly clock: Clock;
  readonly clockWatch: ClockWatch;
  warn(message: string, details: Readonly<Record<string, unknown>>): void;
}

export class Retention {
  private readonly options: RetentionOptions;
  private store: Store | undefined;
  private timer: Timer | undefined;
  private isOver = false;

  constructor(options: RetentionOptions) {
    this.options = options;
  }

  /** The store that is open from now on. */
  use(store: Store): Store {
    this.store = store;
    return store;
  }

  /** Forgets what is too old, now and every hour. */
  async begin(): Promise<void> {
    await this.forget();
    if (this.isOver) return;
    this.timer = this.options.clock.timer(everyMs, () => void this.begin());
    this.timer.unref?.();
  }

  end(): void {
    this.isOver = true;
    this.timer?.cancel();
  }

  private async forget(): Promise<void> {
    const { store } = this;
    try {
      if (store && !this.options.clockWatch.hasJumped) await this.forgetIn(store);
    } catch (error) {
      // One that was closed, or has failed and was replaced, is no concern of ours.
      if (this.isOver || store !== this.store) return;
      this.options.warn("old answers could not be forgotten", { error: failureOf(error).message });
    }
  }

  private async forgetIn(store: Store): Promise<void> {
    const { clock, flows } = this.options;
    const plans: readonly Plan[] = [...(await store.plans()), ...flows.map(({ plan }) => plan)];
    const longestMs = longestAgeMs(plans);
    if (longestMs === undefined) return;
    const before = clock.now() - longestMs;
    while (!this.isOver && (await store.forgetRegisters(answersPrefix, before, pageSize)) === pageSize);
  }
}

/** The longest `maxAgeMs` anywhere in these. A newer plan may have it in places that are not known here. */
function longestAgeMs(part: unknown): number | undefined {
  if (typeof part !== "object" || part === null) return undefined;
  let longest: number | undefined;
  for (const [name, value] of Object.entries(part)) {
    const age = name === "maxAgeMs" && typeof value === "number" ? value : longestAgeMs(value);
    if (age !== undefined && age > (longest ?? Number.NEGATIVE_INFINITY)) longest = age;
  }
  return longest;
}
