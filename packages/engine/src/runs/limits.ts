/**
 * Named resources that all runs of an engine share: so many attempts at once, so many in a window of time.
 *
 * Boundary: a line per resource; what an attempt does is attempt.ts. Invariants: first come, first served; an attempt in line
 * can be taken out of it; a place is given back once, however often that is said; rungs that name a resource may bind it
 * differently, and each bound holds over all attempts; when nobody waits and nobody works, nothing of a resource without a
 * rate is kept.
 */
import type { PlanLimit } from "@plumbline/core";
import type { Clock, Timer } from "../clock.ts";

/** Gives a place back; one of which nothing was asked is not counted in any rate. */
export type Release = (isUnused?: boolean) => void;

interface Waiting {
  readonly limit: PlanLimit;
  readonly begin: (release: Release) => void;
}

class Resource {
  active = 0;
  isServing = false;
  readonly line: Waiting[] = [];
  /**
   * When attempts began, oldest first: as many as the highest of its rates counts, as far back as the longest of them reaches;
   * and one more for each at work, which may turn out to have asked nothing.
   */
  readonly begun: number[] = [];
  mostCounted = 0;
  longestMs = 0;
  alarm: Timer | undefined;
  alarmAt = Number.POSITIVE_INFINITY;

  takeBack(begunAt: number): void {
    const at = this.begun.lastIndexOf(begunAt);
    if (at !== -1) this.begun.splice(at, 1);
  }
}

export class Limits {
  private readonly clock: Clock;
  private readonly resources = new Map<string, Resource>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Calls `begin` when there is a place; `release` gives it back. The answer takes the attempt out of the line. */
  enter(limit: PlanLimit, begin: (release: Release) => void): () => void {
    const resource = this.resources.get(limit.name) ?? new Resource();
    this.resources.set(limit.name, resource);
    if (limit.rate) {
      resource.mostCounted = Math.max(resource.mostCounted, limit.rate.count);
      resource.longestMs = Math.max(resource.longestMs, limit.rate.perMs);
    }
    const waiting = { limit, begin };
    resource.line.push(waiting);
    this.next(limit.name, resource);
    return () => {
      const at = resource.line.indexOf(waiting);
      if (at === -1) return;
      resource.line.splice(at, 1);
      this.next(limit.name, resource); // who stands behind it may be bound less
    };
  }

  /** Attempts in line for the resource. */
  queued(name: string): number {
    return this.resources.get(name)?.line.length ?? 0;
  }

  private next(name: string, resource: Resource): void {
    if (resource.isServing) return; // work that ended at once: the loop below goes on with its place
    resource.isServing = true;
    try {
      this.serve(name, resource);
    } finally {
      resource.isServing = false;
    }
    if (resource.active === 0 && resource.line.length === 0 && resource.begun.length === 0) this.resources.delete(name);
  }

  private serve(name: string, resource: Resource): void {
    for (;;) {
      const [first] = resource.line;
      if (!first || this.isFull(name, resource, first.limit)) return;
      resource.line.shift();
      resource.active++;
      const at = this.clock.monotonic();
      if (resource.mostCounted > 0) resource.begun.push(at);
      if (resource.begun.length > resource.mostCounted + resource.active) resource.begun.shift();
      let released = false;
      first.begin((isUnused = false) => {
        if (released) return;
        released = true;
        resource.active--;
        if (isUnused) resource.takeBack(at);
        this.next(name, resource);
      });
    }
  }

  private isFull(name: string, resource: Resource, { concurrency, rate }: PlanLimit): boolean {
    if (concurrency !== undefined && resource.active >= concurrency) return true;
    if (!rate) return false;
    const now = this.clock.monotonic();
    const { begun, longestMs } = resource;
    while (begun.length > 0 && (begun[0] as number) + longestMs <= now) begun.shift();
    const counted = begun[begun.length - rate.count];
    if (counted === undefined || counted + rate.perMs <= now) return false;
    this.wakeAt(counted + rate.perMs, name, resource);
    return true;
  }

  private wakeAt(at: number, name: string, resource: Resource): void {
    if (resource.alarmAt <= at) return;
    resource.alarm?.cancel();
    resource.alarmAt = at;
    resource.alarm = this.clock.timer(Math.max(1, at - this.clock.monotonic()), () => {
      resource.alarmAt = Number.POSITIVE_INFINITY;
      this.next(name, resource);
    });
  }

  /** Whoever is in line is dropped: nobody of them begins when places are given back. */
  sendAway(): void {
    for (const { line } of this.resources.values()) line.length = 0;
  }

  close(): void {
    for (const { alarm } of this.resources.values()) alarm?.cancel();
    this.resources.clear();
  }
}
