/**
 * Clients that ask again as soon as they have their answer, so many at once.
 *
 * Boundary: how load is made; what a request is comes in. Invariants: what was asked before the watch starts is a warm-up and
 * not counted, and neither is what ends after the watch has stopped; every request is waited for.
 */
import type { Figures } from "./suite.ts";

export interface LoadOptions {
  readonly atOnce: number;
  readonly warmUpMs: number;
  readonly forMs: number;
  /** One request; it checks its own answer. */
  request(index: number): Promise<void>;
}

export interface Load {
  readonly perSecond: number;
  readonly requests: number;
  /** Of all threads of the process. */
  readonly cpuUsPerRequest: number;
}

export async function loadWith({ atOnce, warmUpMs, forMs, request }: LoadOptions): Promise<Load> {
  const from = performance.now() + warmUpMs;
  const until = from + forMs;
  let index = 0;
  let counted = 0;
  let begun = 0;
  let ended = 0;
  let cpuBefore: NodeJS.CpuUsage | undefined;
  let cpu: NodeJS.CpuUsage | undefined;
  async function client(): Promise<void> {
    for (;;) {
      await request(index++);
      const now = performance.now();
      if (now >= from && cpuBefore === undefined) {
        cpuBefore = process.cpuUsage();
        begun = now;
      } else if (now >= from && cpu === undefined) counted++;
      if (now < until) continue;
      if (cpu === undefined) {
        cpu = process.cpuUsage(cpuBefore);
        ended = now;
      }
      return;
    }
  }
  await Promise.all(Array.from({ length: atOnce }, client));
  const { user, system } = cpu as unknown as NodeJS.CpuUsage;
  const perSecond = (counted / (ended - begun)) * 1000;
  return { perSecond, requests: counted, cpuUsPerRequest: (user + system) / Math.max(1, counted) };
}

/** As figures of steps. */
export function stepFigures({ perSecond, cpuUsPerRequest }: Load, steps: number): Figures {
  return { stepsPerSecond: perSecond * steps, cpuUsPerStep: cpuUsPerRequest / steps };
}
