/**
 * The machine that a figure was taken on: without it the figure says nothing.
 *
 * Boundary: what the operating system says, and what a fixed piece of work takes. Invariant: what others used at the beginning is
 * among it, so that figures of a busy machine can be told from those of a quiet one.
 */
import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly fileSystem: string;
  readonly node: string;
  readonly sqlite: string;
  readonly plumbline: string;
  /** Of all cores, while nothing of the suite ran yet: 0 to 1. */
  readonly usedByOthers: number;
}

/** Watches for so long what others use. */
export async function machineNow(watchMs: number): Promise<Machine> {
  const { node, sqlite } = process.versions;
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    fileSystem: fileSystemOf(import.meta.dirname),
    node: `v${node}`,
    sqlite: sqlite ?? "unknown",
    plumbline: commit(),
    usedByOthers: await usedByOthers(watchMs),
  };
}

async function usedByOthers(watchMs: number): Promise<number> {
  const before = cpuTimes();
  await delay(watchMs);
  const after = cpuTimes();
  const all = after.all - before.all; // in ticks of 10 ms: none in a very short watch
  return all === 0 ? 0 : Number(((after.used - before.used) / all).toFixed(2));
}

function cpuTimes(): { readonly used: number; readonly all: number } {
  let used = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    used += times.user + times.nice + times.sys + times.irq;
    idle += times.idle;
  }
  return { used, all: used + idle };
}

/**
 * Nanoseconds that one turn of a fixed piece of work takes: a small object written as JSON and read again. On a virtual machine
 * it may double within a minute, and every figure with it.
 */
export function speedNow(turns: number): number {
  const given = { n: 1, label: "first", list: [1, 2, 3], score: 0.5 };
  let begun = performance.now();
  for (let turn = -turns / 4; turn < turns; turn++) {
    if (turn === 0) begun = performance.now(); // what came before was to warm up
    given.n = JSON.parse(JSON.stringify(given)).n + 1;
  }
  return Math.round(((performance.now() - begun) / turns) * 1e6);
}

/** By the numbers of Linux; elsewhere the number itself. */
const fileSystems: Readonly<Record<number, string>> = {
  61267: "ext4",
  1481003842: "xfs",
  2435016766: "btrfs",
  16914836: "tmpfs (memory, no disk)",
  2035054128: "overlayfs",
  801189825: "zfs",
};

function fileSystemOf(path: string): string {
  const { type } = statfsSync(path);
  return fileSystems[type] ?? `type ${type}`;
}

/** The version of what was measured, and whether it was changed since. */
function commit(): string {
  try {
    const git = (...words: string[]) => execFileSync("git", words, { cwd: import.meta.dirname, encoding: "utf8" });
    const changed = git("status", "--porcelain", "--", "../../packages").trim() === "" ? "" : " with changes";
    return `${git("rev-parse", "--short", "HEAD").trim()}${changed}`;
  } catch {
    return "no git";
  }
}
