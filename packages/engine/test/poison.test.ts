// Attacks rule 5 with real processes: steps that kill their process must not keep it dying, nor take others with them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteStore } from "@plumbline/engine";
import { afterAll, expect, it } from "vitest";
import { Child } from "./fixtures/child.ts";

const folder = mkdtempSync(join(tmpdir(), "plumbline-poison-"));
const file = join(folder, "journal.db");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("rule 5: two poison steps are given up as crashed after 5 losses each, one at a time; the innocent succeed", async () => {
  let ended: string | undefined;
  let starts = 0;
  const together: number[] = [];
  while (ended === undefined && starts++ < 15) {
    const child = new Child("poison-child.ts", [file]);
    for (let line = await child.line(); line !== "ended"; line = await child.line()) {
      if (line.startsWith("ended ")) ended = line.slice(6);
      if (line.startsWith("suspect ")) together.push(Number(line.slice(8)));
    }
    await child.exited;
  }
  expect(JSON.parse(ended ?? "null")).toEqual([
    ["failed", "crashed"],
    ["succeeded", null],
    ["succeeded", null],
    ["failed", "crashed"],
    ["succeeded", null],
  ]);
  expect(together.every((count) => count === 1)).toBe(true);
  expect(starts).toBeLessThanOrEqual(2 + 3 + 3 + 1); // two crashes together, three more for each poison, and the rest
  const store = await SqliteStore.open({ path: file, durability: "normal" });
  for (const { id, outcome } of (await store.list({})).items) {
    const losses = (await store.load(id))?.entries.filter((entry) => entry.kind === "attempt.lost").length ?? 0;
    expect(losses).toBeLessThanOrEqual(outcome === "succeeded" ? 2 : 5);
  }
  await store.close();
}, 60_000);
