/**
 * Wakes runs whose timer is due: one alarm for the earliest instant of all runs, whatever their number (rule 22).
 *
 * Boundary: when to look and whether the clock can be trusted; what a due timer means is the core's. Invariants: what
 * arrived from outside is applied before overdue timers fire (rule 19); a wall clock that jumped against the monotonic
 * one by more than a bound stops all firing, loudly, until it comes back or somebody says that it is right (rule 21).
 */
import { type ClockTrust, failureOf, type Store } from "@plumbline/core";
import type { Clock, Timer } from "./clock.ts";
import type { ClockWatch } from "./clock-watch.ts";

export interface TimersHost {
  readonly store: Store;
  readonly clock: Clock;
  /** Fires what is due of these runs. Resolves when what follows is committed. */
  fire(runs: readonly string[], now: number): Promise<void>;
  /** Lets what has arrived from outside (sockets, callbacks) be taken in first. */
  breathe(): Promise<void>;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
}

const pageSize = 256;
/** A look that found nothing to do is not repeated sooner than this. */
const shortestMs = 1;
const recheckMs = 1_000;

export class Timers {
  private readonly host: TimersHost;
  private readonly watch: ClockWatch;
  private alarm: Timer | undefined;
  private alarmAt = Number.POSITIVE_INFINITY;
  private waking = false;
  private closed = false;
  private looking: Promise<unknown> | undefined;
  private hinted = Number.POSITIVE_INFINITY;
  private warned = false;
  /** Nothing fires before: clients of an owner that died need a moment to come back with what they had to say. */
  private quietUntil: number;

  constructor(host: TimersHost, watch: ClockWatch, quietMs: number) {
    this.host = host;
    this.watch = watch;
    this.quietUntil = host.clock.monotonic() + quietMs;
  }

  /** A run may be due at this instant. */
  hint(dueAt: number): void {
    if (this.closed) return;
    if (this.waking) this.hinted = Math.min(this.hinted, dueAt);
    else if (dueAt < this.alarmAt) this.setAlarm(dueAt);
  }

  /** Looks for what is due now and sets the alarm for what comes next. */
  async wake(): Promise<void> {
    if (this.waking || this.closed) return;
    this.waking = true;
    this.hinted = Number.POSITIVE_INFINITY;
    this.cancelAlarm();
    const looking = this.look().catch((error) => {
      if (!this.closed) this.host.warn("looking for due timers failed", { error: failureOf(error).message });
      return this.host.clock.now() + recheckMs;
    });
    this.looking = looking;
    const next = await looking;
    this.waking = false;
    const earliest = Math.min(next ?? Number.POSITIVE_INFINITY, this.hinted);
    if (earliest < Number.POSITIVE_INFINITY) this.hint(earliest);
  }

  /** Somebody has looked at the clock and says that it is right. */
  trustClock(): ClockTrust {
    const { hasJumped, driftMs } = this.watch;
    this.watch.trust();
    this.warned = false;
    void this.wake();
    return { wasPaused: hasJumped, driftMs: Math.round(driftMs) };
  }

  /** Nothing fires any more. Resolves when what was just firing has been recorded. */
  async close(): Promise<void> {
    this.closed = true;
    this.cancelAlarm();
    await this.looking;
  }

  private async look(): Promise<number | undefined> {
    await this.host.breathe();
    if (this.closed) return undefined;
    const { clock, store } = this.host;
    if (this.watch.hasJumped) return this.pause();
    this.warned = false;
    this.watch.trust();
    const now = clock.now();
    if (clock.monotonic() < this.quietUntil) {
      const overdue = (await store.due(now, 1)).length > 0;
      if (overdue) return now + this.quietUntil - clock.monotonic();
      this.quietUntil = 0;
    }
    const seen = new Set<string>();
    for (let limit = pageSize; !this.closed; limit *= 2) {
      const due = await store.due(now, limit);
      const fresh = due.filter((run) => !seen.has(run));
      for (const run of fresh) seen.add(run);
      if (fresh.length > 0) await this.host.fire(fresh, now);
      if (due.length < limit) break;
    }
    return this.closed ? undefined : store.nextDueAt(now);
  }

  private pause(): number {
    if (!this.warned) {
      this.warned = true;
      this.host.warn(
        "the wall clock jumped: timers are paused until it comes back or is trusted (trustClock(), plumbline trust-clock)",
        {
          driftMs: Math.round(this.watch.driftMs),
          boundMs: this.watch.boundMs,
        },
      );
    }
    return this.host.clock.now() + recheckMs;
  }

  private setAlarm(dueAt: number): void {
    this.cancelAlarm();
    this.alarmAt = dueAt;
    const ms = Math.max(shortestMs, dueAt - this.host.clock.now());
    this.alarm = this.host.clock.timer(ms, () => {
      this.cancelAlarm();
      void this.wake();
    });
  }

  private cancelAlarm(): void {
    this.alarm?.cancel();
    this.alarm = undefined;
    this.alarmAt = Number.POSITIVE_INFINITY;
  }
}
