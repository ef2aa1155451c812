/**
 * The machine that a figure was taken on: without it the figure says nothing.
 *
 * Boundary: reads what the operating system says. Invariant: the load at the beginning is among it, so that figures of a
 * busy machine can be told from those of a quiet one.
 */
import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly fileSystem: string;
  readonly node: string;
  readonly sqlite: string;
  readonly plumbline: string;
  /** Over the minute before the suite began. */
  readonly load: number;
}

export function machineNow(): Machine {
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
    load: Number(loadavg()[0]?.toFixed(2)),
  };
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
