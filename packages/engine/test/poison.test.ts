// Attacks rule 5 with real processes: steps that kill their process must not keep it dying, nor take others with them.
import { join } from "node:path";
import { SqliteStore } from "@plumbline/engine";
import { expect, it } from "vitest";
import { Child } from "./fixtures/child.ts";
import { folderOfFile } from "./fixtures/folder.ts";

const folder = folderOfFile();
const file = join(folder, "journal.db");

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
  expect(starts).toBeLessThanOrEqual(5 + 5 + 1);
  const store = await SqliteStore.open({ path: file, durability: "normal" });
  for (const { id, outcome } of (await store.list({})).items) {
    const bySlot = new Map<number, number>();
    for (const entry of (await store.load(id))?.entries ?? []) {
      if (entry.kind === "attempt.lost") bySlot.set(entry.slot, (bySlot.get(entry.slot) ?? 0) + 1);
    }
    const losses = Math.max(0, ...bySlot.values());
    // An innocent suspect may share the process with a poison step that is no suspect yet, but not for long.
    expect(losses).toBeLessThanOrEqual(outcome === "succeeded" ? 4 : 5);
  }
  await store.close();
}, 60_000);
