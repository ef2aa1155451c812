// Steps that begin before their needs are durable can read what is large in them: its blob is not in the file yet (rule 31).
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { storeKinds, usePlace } from "./fixtures/place.ts";

const large = flow("large", {
  input: z.object({ bytes: z.instanceof(Uint8Array) }),
  build($, { bytes }) {
    const once = { retry: { maxAttempts: 1 } };
    const doubled = $.step("double", { needs: { bytes }, kind: "pure", output: z.instanceof(Uint8Array) }).by(
      ({ bytes }) => new Uint8Array([...bytes, ...bytes]),
    );
    const length = $.step("measure", { needs: { doubled }, kind: "pure", output: z.number() }).by(
      ({ doubled }) => doubled.length,
    );
    const read = $.step("read", { needs: { bytes }, output: z.number(), ...once }).by(({ bytes }) => bytes[7] ?? 0);
    return { length, read };
  },
});

describe.each(storeKinds)("on %s", (kind) => {
  const here = usePlace(kind);

  it("rule 31: pure steps, and reads that need the input alone, are given bytes that are still on their way to the file", async () => {
    const engine = await here.place.open([large]);
    const run = await engine.start(large, { bytes: new Uint8Array(20_000).fill(9) });
    expect(await run.result()).toMatchObject({ outcome: "succeeded", output: { length: 40_000, read: 9 } });
  });
});
