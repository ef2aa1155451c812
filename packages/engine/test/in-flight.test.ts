// Attacks rule 8 at its edge: an effect that timed out and does not heed its signal is not undone while it is at work.
import { flow } from "@plumbline/core";
import { expect, it } from "vitest";
import { z } from "zod";
import { drive, usePlace } from "./fixtures/place.ts";

const here = usePlace("memory");

function slowEffect(appliesAfterMs: number, world: string[]) {
  return flow("pays", {
    input: z.object({}),
    build: ($) => ({
      paid: $.step("pay", {
        kind: "effect",
        output: z.string(),
        timeout: "50ms",
        retry: { maxAttempts: 1 },
        compensate: () => {
          world.push("undone");
        },
      }).by(
        () =>
          new Promise<string>((resolve) => {
            here.place.clock.timer(appliesAfterMs, () => {
              world.push("applied");
              resolve("paid");
            });
          }),
      ),
    }),
  });
}

it("rule 8: the undo waits until what is in flight has settled; what it says is late, and the effect is undone", async () => {
  const world: string[] = [];
  const pays = slowEffect(300, world);
  const engine = await here.place.open([pays]);
  const run = await engine.start(pays, {});
  const result = await drive(here.place, run.result());
  expect(result).toMatchObject({ outcome: "failed", failure: { kind: "timeout" }, standing: [] });
  expect(world).toEqual(["applied", "undone"]);
  const kinds = (await engine.get(run.id))?.entries.map(({ kind }) => kind);
  expect(kinds).toEqual(expect.arrayContaining(["attempt.late", "attempt.failed", "compensation.completed"]));
});

it("rule 8: and no longer than its grace, so that one that never settles cannot hold the run for ever", async () => {
  const world: string[] = [];
  const pays = slowEffect(3_600_000, world);
  const engine = await here.place.open([pays]);
  const run = await engine.start(pays, {});
  expect(await drive(here.place, run.result())).toMatchObject({ outcome: "failed" });
  expect(world).toEqual(["undone"]);
});
