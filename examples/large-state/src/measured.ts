// What a process weighs and how long it stood still: peak resident memory, longest stall of the event loop.
// Boundary: reads this process's own figures; Linux tells the peak exactly, elsewhere the system's own count is taken.
// Why not maxRSS on Linux: it begins with what the parent weighed when it started this process.
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const MIB = 1024 * 1024;

/** The largest resident set since this process began, in MiB. */
export function peakMib(): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kib !== undefined) return Math.round(Number(kib) / 1024);
  } catch {
    // no such file on this system
  }
  return Math.round((process.resourceUsage().maxRSS * 1024) / MIB);
}

/** Watches the event loop. Gives a function that tells the longest stall so far, in milliseconds. */
export function watchStalls(): () => number {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  return () => Math.round(delay.max / 1e6);
}
