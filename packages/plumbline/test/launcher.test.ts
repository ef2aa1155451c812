// The launcher's one promise: on an older Node a clear line and exit code 1, before anything modern is read.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const launcher = join(import.meta.dirname, "../bin/plumbline.cjs");

function launchOn(version: string): { status: number | null; stdout: string; stderr: string } {
  const program = `Object.defineProperty(process.versions, "node", { value: "${version}" }); require(${JSON.stringify(launcher)});`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--eval", program], { encoding: "utf8" });
  return { status, stdout, stderr };
}

test.each(["8.17.0", "20.20.2", "23.11.1"])("Node %s is told in one line what is needed", (version) => {
  expect(launchOn(version)).toEqual({
    status: 1,
    stdout: "",
    stderr: `plumbline needs Node 24 or newer; this is ${version} at ${process.execPath}\n`,
  });
});
