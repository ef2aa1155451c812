// Attacks the end of a run whose answer cannot be opened: whoever waits is told why, and nobody else notices.
import { type Codec, flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Money, money } from "./fixtures/money.ts";
import { drive, signal, storeKinds, usePlace } from "./fixtures/place.ts";

/** Opens the value while the run goes on, and never again. */
function failing(): Codec<Money> {
  let isOpened = false;
  const decode = (data: unknown) => {
    if (isOpened) throw new TypeError("no such coin");
    isOpened = true;
    return money.decode(data);
  };
  return { ...money, decode };
}

const paying = (codec: Codec<Money>, asked: Promise<void> = Promise.resolve()) =>
  flow("paying", {
    input: z.object({}),
    codecs: [codec],
    build: ($) =>
      $.step("pay", { output: z.instanceof(Money) }).by(async () => {
        await asked;
        return new Money(7);
      }),
  });

describe.each(storeKinds)("an answer that its codec cannot open: %s", (kind) => {
  const here = usePlace(kind);

  it("rules 4 and 33: rejects the result alone, however it is asked for; the store is not blamed, and the run has ended", async () => {
    const { place } = here;
    const asked = signal();
    const engine = await place.open([paying(failing(), asked.promise)]);
    const run = await engine.start("paying", {});
    const result = run.result();
    asked.resolve();
    await expect(drive(place, result)).rejects.toThrow("no such coin");
    await expect(drive(place, (await engine.handle(run.id)).result())).rejects.toThrow("no such coin");
    expect(place.warnings).toEqual([]);
    const again = await place.reopen([paying(money)]);
    expect((await drive(place, (await again.handle(run.id)).result())).output).toEqual(new Money(7));
  });

  it("rule 4: nor when the commit of the end is reported as failed though it was recorded: the engine goes on", async () => {
    const { place } = here;
    const asked = signal();
    const engine = await place.open([paying(failing(), asked.promise)]);
    const run = await engine.start("paying", {});
    const result = run.result();
    place.store.onCommit = (batch) => {
      if (batch.some(({ summary }) => summary.status === "ended")) place.store.fail({ at: 1, when: "after" });
    };
    asked.resolve();
    await expect(drive(place, result)).rejects.toThrow("no such coin");
    expect((await drive(place, engine.list())).items).toMatchObject([{ id: run.id, status: "ended" }]);
    expect(place.warnings).toMatchObject([{ message: "the store failed: starting again from the journal" }]);
  });
});
