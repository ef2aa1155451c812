/**
 * Files of past formats are opened, brought up by adding, and their runs go on (rule 29). Each file was written by the
 * version of its format with fixtures/format-flow.ts: one run that waits, one that succeeded, one that was cancelled.
 */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { openEngine, openJournals, sqlite } from "@plumbline/engine";
import { beforeEach, describe, expect, it } from "vitest";
import { useFolder } from "./fixtures/folder.ts";
import { formatFlow } from "./fixtures/format-flow.ts";

const here = useFolder();
let path: string;
beforeEach(() => {
  path = join(here.folder, "runs.db");
});

describe.each([1])("format %i", (format) => {
  beforeEach(() => copyFileSync(new URL(`./fixtures/formats/format-${format}.db`, import.meta.url), path));

  it("rule 29: its runs are listed as they were, and the one that waited goes on", async () => {
    const engine = await openEngine({ store: sqlite(path), flows: [formatFlow] });
    const { items } = await engine.list();
    expect(items.map(({ key, status, outcome }) => [key, status, outcome])).toEqual([
      [undefined, "ended", "cancelled"],
      ["ended", "ended", "succeeded"],
      ["waiting", "waiting", undefined],
    ]);
    const waiting = await engine.start(formatFlow, { amount: 100 }, { key: "waiting" });
    expect(waiting.created).toBe(false);
    await engine.decide({ run: waiting.id, decision: { approved: true }, by: "ada" });
    expect(await waiting.result()).toMatchObject({ outcome: "succeeded", output: { approved: true, at: new Date(7) } });
    expect((await engine.list({ status: "ended" })).items).toHaveLength(3);
    await engine.close();
  });

  it("rule 29: who only looks is told to open it once, and changes nothing", async () => {
    await expect(openJournals(path)).rejects.toMatchObject({
      code: "store-failed",
      mend: expect.stringMatching(/open it once/),
    });
    const engine = await openEngine({ store: sqlite(path), flows: [formatFlow] });
    await engine.close();
    const journals = await openJournals(path);
    expect((await journals.list()).items).toHaveLength(3);
    await journals.close();
  });
});
