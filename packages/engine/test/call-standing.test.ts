// What a called run could not undo is listed on the run that called it, also when it is a part of a long map (rule 8).
import { flow } from "@plumbline/core";
import { memory, openEngine } from "@plumbline/engine";
import { expect, test } from "vitest";
import { z } from "zod";

const sending = flow("sending", {
  input: z.object({ to: z.string() }),
  build($, { to }) {
    const sent = $.step("send", { needs: { to }, kind: "effect", output: z.null() }).by(() => null);
    return $.step("confirm", { needs: { sent }, output: z.null(), retry: { maxAttempts: 1 } }).by((): null => {
      throw new Error("nobody confirms");
    });
  },
});
const calling = flow("calling", {
  input: z.object({ to: z.string() }),
  build: ($, { to }) => ({ told: $.call("tell", { flow: sending, input: { to } }) }),
});
const mapping = flow("mapping", {
  input: z.array(z.number()),
  build: ($, input) =>
    $.map("letters", {
      over: input,
      concurrency: 1,
      each: ($, item) =>
        $.step("send", { needs: { item }, kind: "effect", output: z.number(), retry: { maxAttempts: 1 } }).by(
          ({ item }) => {
            if (item === 2) throw new Error("two cannot be sent");
            return item;
          },
        ),
    }),
});

test("rule 8: the caller of a run that failed says what stands", async () => {
  const engine = await openEngine({ store: memory(), flows: [calling] });
  const run = await engine.start(calling, { to: "ada" });
  const { outcome, standing } = await run.result();
  expect(outcome).toBe("failed");
  expect(standing).toMatchObject([{ path: "tell", reason: expect.stringMatching(/leaves send standing/) }]);
  await engine.close();
});

test.each([3, 1_001])("rule 8: a map over %i items that fails says what stands", async (length) => {
  const engine = await openEngine({ store: memory(), flows: [mapping] });
  const run = await engine.start(
    mapping,
    Array.from({ length }, (_, index) => index),
  );
  const { outcome, standing } = await run.result();
  expect(outcome).toBe("failed");
  expect(JSON.stringify(standing)).toContain("letters[0].send");
  await engine.close();
});
