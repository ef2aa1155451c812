// Attacks what must come first: a cancel for a run that was left comes before anything of it is performed again.
import { flow } from "@plumbline/core";
import { memory, openEngine } from "@plumbline/engine";
import { expect, it } from "vitest";
import { z } from "zod";

it("rules 5 and 9: a run that was left is cancelled before it is taken up: nothing is called again, what is in doubt is undone", async () => {
  const world: string[] = [];
  const begun = Promise.withResolvers<void>();
  const pays = flow("pays", {
    input: z.object({}),
    build: ($) => ({
      paid: $.step("pay", {
        kind: "effect",
        output: z.string(),
        compensate: ({ certainty }) => {
          world.push(`undone ${certainty}`);
        },
      }).by(() => {
        world.push("paid");
        begun.resolve();
        return new Promise<string>(() => {});
      }),
    }),
  });
  const store = memory();
  const first = await openEngine({ store, flows: [pays], grace: 1 });
  const { id } = await first.start(pays, {});
  await begun.promise;
  await first.close();
  const second = await openEngine({ store, flows: [pays], before: (early) => early.cancel(id, { by: "ada" }) });
  expect(await (await second.handle(id)).result()).toMatchObject({ outcome: "cancelled", standing: [] });
  expect(world).toEqual(["paid", "undone in-doubt"]);
  await second.close();
});
