// Guards what a step costs in rows, commits, promises and bytes: a later change must not silently make it several times as
// expensive. Counts, and no times: those are the benchmark's.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newFolder, removeFolder } from "./fixtures/folder.ts";

const folder = newFolder();

interface Cost {
  readonly read: { readonly commits: number; readonly rows: number };
  readonly pure: { readonly commits: number; readonly rows: number };
  readonly promises: number;
  readonly bytes: number;
}

it("a chain of four reads costs four commits and five rows, of four pure steps one and two; a step few promises and bytes", () => {
  const child = join(import.meta.dirname, "fixtures", "step-cost-child.ts");
  const args = ["--conditions=plumbline-source", "--no-warnings", child, folder];
  const cost = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Cost;
  console.log(`a step costs ${cost.promises.toFixed(2)} promises and ${Math.round(cost.bytes)} bytes`);
  removeFolder(folder);
  expect(cost.read).toEqual({ commits: 4, rows: 5 });
  expect(cost.pure).toEqual({ commits: 1, rows: 2 });
  expect(cost.promises).toBeGreaterThan(1); // its own at least, or nothing was counted
  expect(cost.promises).toBeLessThan(6);
  expect(cost.bytes).toBeGreaterThan(1_000);
  expect(cost.bytes).toBeLessThan(12_500);
}, 60_000);
