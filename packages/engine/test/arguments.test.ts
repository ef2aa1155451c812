// Attacks the engine with arguments that no compiler has seen: each is refused where it comes in, and nothing is recorded.
import { type Engine, flow } from "@plumbline/core";
import { openEngine } from "@plumbline/engine";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";

const asks = flow("asks", {
  input: z.object({}),
  build: ($) =>
    $.approval("boss", {
      decision: z.object({ ok: z.boolean() }),
      desk: "bosses",
      timeout: "1h",
      onTimeout: { ok: false },
    }),
});

let engine: Engine;
let id: string;
beforeAll(async () => {
  engine = await openEngine({ flows: [asks] });
  ({ id } = await engine.start(asks, {}));
});
afterAll(() => engine.close());

// biome-ignore format: one case a line
const cases: [string, (engine: Engine, id: string) => unknown, string][] = [
  ["decide with a number for a name", (e, run) => e.decide({ run, by: 3, decision: { ok: true } } as never), "decide.by"],
  ["decide with an empty name", (e, run) => e.decide({ run, by: "", decision: { ok: true } }), "decide.by"],
  ["decide with two arguments", (e, run) => e.decide(run as never), "decide"],
  ["decide with nothing", (e) => e.decide(undefined as never), "decide"],
  ["decide with a handle", (e, run) => e.decide({ run: { id: run }, decision: {} } as never), "run"],
  ["cancel with a handle", (e, run) => e.cancel({ id: run } as never), "run"],
  ["cancel with a number for a reason", (e, run) => e.cancel(run, { reason: 1 } as never), "cancel.reason"],
  ["get of nothing", (e) => e.get(undefined as never), "run"],
  ["handle of an object", (e) => e.handle({} as never), "run"],
  ["list of an object", (e) => e.list({ flow: {} } as never), "list.flow"],
  ["list of a status that there is not", (e) => e.list({ status: "foo" } as never), "list.status"],
];

it.each(cases)("rule 33: %s", async (_title, call, path) => {
  const before = (await engine.get(id))?.entries.length;
  await expect(async () => call(engine, id)).rejects.toMatchObject({ code: "option-invalid", path });
  expect((await engine.get(id))?.entries).toHaveLength(before as number);
});
