// With two batches on their way, what lists show of a run is what its journal says: a later row is never covered by an earlier one.
import { join } from "node:path";
import { flow } from "@plumbline/core";
import { openEngine, sqlite } from "@plumbline/engine";
import { expect, test } from "vitest";
import { z } from "zod";
import { sign } from "./fixtures/asking-flow.ts";
import { folderOfFile } from "./fixtures/folder.ts";

const folder = folderOfFile();
const count = 1_000;

test("rules 5 and 27: a thousand runs at once wait, are decided and go on, and none is listed as waiting still", async () => {
  const gate = Promise.withResolvers<void>();
  let begun = 0;
  const asked = flow("asked", {
    input: z.number(),
    build($, input) {
      const made = $.step("make", { needs: { input }, kind: "pure", output: z.number() }).by(({ input }) => input + 1);
      const verdict = $.approval("verdict", {
        needs: { made },
        ...sign("72h"),
      });
      return $.step("act", { needs: { verdict }, kind: "effect", output: z.number() }).by(async () => {
        begun++;
        await gate.promise;
        return begun;
      });
    },
  });
  const engine = await openEngine({ store: sqlite(join(folder, "runs.db")), flows: [asked] });
  const runs = await Promise.all(Array.from({ length: count }, (_, index) => engine.start(asked, index)));
  const waiting = async () => (await engine.list({ desk: "desk", limit: 1_000 })).items.length;
  await expect.poll(waiting, { timeout: 10_000 }).toBe(count);
  await Promise.all(runs.map(({ id }) => engine.decide({ run: id, decision: { ok: true } })));
  await expect.poll(() => begun, { timeout: 10_000 }).toBe(count);
  expect((await engine.list({ status: "waiting", limit: 1_000 })).items).toEqual([]);
  expect(await waiting()).toBe(0);
  gate.resolve();
  const results = await Promise.all(runs.map((run) => run.result()));
  expect(results.every(({ outcome }) => outcome === "succeeded")).toBe(true);
  await engine.close();
});
