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

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}
let refunds = 0;
const paying = flow("paying", {
  input: z.number(),
  codecs: [
    {
      name: "money",
      is: (value: unknown): value is Money => value instanceof Money,
      encode: (money: Money) => money.cents,
      decode: (cents: unknown) => new Money(cents as number),
    },
  ],
  build: ($, cents) =>
    $.step("pay", {
      needs: { cents },
      kind: "effect",
      output: z.instanceof(Money),
      compensate: () => {
        refunds++;
      },
    }).by(({ cents }) => new Money(cents)),
});
const unaware = flow("unaware", {
  input: z.number(),
  build: ($, cents) => ({ paid: $.call("pay", { flow: paying, input: cents }) }), // and no codec for what that answers
});

test("rule 10: a called run whose answer its caller cannot keep is undone, and not released as if all were well", async () => {
  const engine = await openEngine({ store: memory(), flows: [unaware] });
  const run = await engine.start(unaware, 700);
  const { outcome, failure, standing } = await run.result();
  expect([outcome, refunds, standing]).toEqual(["failed", 1, []]);
  expect(failure?.message).toMatch(/the called run's answer: an instance of Money/);
  const [called] = (await engine.list({ parent: run.id })).items;
  expect(called).toMatchObject({ status: "ended", outcome: "cancelled" });
  await engine.close();
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
