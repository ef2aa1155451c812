/**
 * Named resources that all runs of an engine share: so many attempts at once, so many in a window of time.
 *
 * Boundary: a line per resource; what an attempt does is attempt.ts. Invariants: first come, first served; an attempt in line
 * can be taken out of it; a place is given back once, however often that is said; when nobody waits and nobody works,
 * nothing of a resource without a rate is kept.
 */
import type { PlanLimit } from "@plumbline/core";
import type { Clock, Timer } from "../clock.ts";

interface Waiting {
  readonly limit: PlanLimit;
  readonly begin: (release: () => void) => void;
}

class Resource {
  active = 0;
  isServing = false;
  readonly line: Waiting[] = [];
  /** When attempts began, oldest first, as far back as the window reaches. */
  readonly begun: number[] = [];
  alarm: Timer | undefined;
}

export class Limits {
  private readonly clock: Clock;
  private readonly resources = new Map<string, Resource>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Calls `begin` when there is a place; `release` gives it back. The answer takes the attempt out of the line. */
  enter(limit: PlanLimit, begin: (release: () => void) => void): () => void {
    const resource = this.resources.get(limit.name) ?? new Resource();
    this.resources.set(limit.name, resource);
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
      if (first.limit.rate) resource.begun.push(this.clock.monotonic());
      let released = false;
      first.begin(() => {
        if (released) return;
        released = true;
        resource.active--;
        this.next(name, resource);
      });
    }
  }

  private isFull(name: string, resource: Resource, { concurrency, rate }: PlanLimit): boolean {
    if (concurrency !== undefined && resource.active >= concurrency) return true;
    if (!rate) return false;
    const now = this.clock.monotonic();
    while (resource.begun.length > 0 && (resource.begun[0] as number) + rate.perMs <= now) resource.begun.shift();
    if (resource.begun.length < rate.count) return false;
    const ms = Math.max(1, (resource.begun[0] as number) + rate.perMs - now);
    resource.alarm ??= this.clock.timer(ms, () => {
      resource.alarm = undefined;
      this.next(name, resource);
    });
    return true;
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
