// Attacks rule 5 from the other side: closing an engine, however often, is no crash and is held against no step.
import { join } from "node:path";
import { flow, maxLosses } from "@plumbline/core";
import { openEngine, sqlite } from "@plumbline/engine";
import { expect, it } from "vitest";
import { z } from "zod";
import { folderOfFile } from "./fixtures/folder.ts";

const folder = folderOfFile();

it("rule 5: a step that was under way at many clean closes is not taken for a poison step", async () => {
  let begun = Promise.withResolvers<void>();
  let patient = true;
  const slow = flow("slow", {
    input: z.object({}),
    build: ($) => ({
      done: $.step("slow", { output: z.string() }).by((_needs, { signal }) => {
        begun.resolve();
        if (!patient) return "done";
        return new Promise<string>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        });
      }),
    }),
  });
  const open = () => openEngine({ store: sqlite(join(folder, "close.db")), flows: [slow], grace: 1 });
  let engine = await open();
  const { id } = await engine.start(slow, {});
  for (let closes = 0; closes <= maxLosses; closes++) {
    await begun.promise;
    begun = Promise.withResolvers();
    await engine.close();
    patient = closes < maxLosses;
    engine = await open();
  }
  expect(await (await engine.handle(id)).result()).toMatchObject({ outcome: "succeeded", output: { done: "done" } });
  const kinds = (await engine.get(id))?.entries.map(({ kind }) => kind);
  expect(kinds?.filter((kind) => kind === "run.left")).toHaveLength(maxLosses + 1);
  await engine.close();
});
