/**
 * Clients that ask again as soon as they have their answer, so many at once.
 *
 * Boundary: how load is made; what a request is comes in. Invariants: what was asked before the watch starts is a warm-up and
 * not counted, and neither is what ends after it has stopped; at least one request is counted; every request is waited for.
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
  let begun: { readonly at: number; readonly cpu: NodeJS.CpuUsage } | undefined;
  let over: { readonly ms: number; readonly cpu: NodeJS.CpuUsage } | undefined;
  async function client(): Promise<void> {
    while (over === undefined) {
      await request(index++);
      const now = performance.now();
      if (over !== undefined || now < from) continue;
      if (begun === undefined) {
        begun = { at: now, cpu: process.cpuUsage() };
        continue;
      }
      counted++;
      if (now >= until && now > begun.at) over = { ms: now - begun.at, cpu: process.cpuUsage(begun.cpu) };
    }
  }
  await Promise.all(Array.from({ length: atOnce }, client));
  const { ms, cpu } = over as unknown as NonNullable<typeof over>;
  const perSecond = (counted / ms) * 1000;
  return { perSecond, requests: counted, cpuUsPerRequest: (cpu.user + cpu.system) / counted };
}

/** As figures of steps. */
export function stepFigures({ perSecond, cpuUsPerRequest }: Load, steps: number): Figures {
  return { stepsPerSecond: perSecond * steps, cpuUsPerStep: cpuUsPerRequest / steps };
}
