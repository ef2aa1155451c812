// Rule 33: what no engine can be opened with is said at once, and a misspelled option never means another store.
import { type Flow, flow } from "@plumbline/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { memory, openEngine, sqlite, systemClock } from "../src/index.ts";

const greet = flow("greet", { input: z.string(), build: (_$, input) => input });
const opening = (options?: unknown) => openEngine(options as never);
const refusal = (path: string, mend: unknown) => expect.objectContaining({ code: "option-invalid", path, mend });

test.each<[string, unknown, string, string]>([
  ["nothing", undefined, "openEngine.flows", "write openEngine({ flows: [myFlow] })"],
  ["null", null, "openEngine", "write { store: ... }"],
  ["a list of flows", [greet], "openEngine", "write { store: ... }"],
  ["one flow", { flows: greet }, "openEngine.flows", "write openEngine({ flows: [myFlow] })"],
  ["flows that are none", { flows: [greet, undefined] }, "openEngine.flows[1]", "give the flows themselves"],
  ["a flow's name", { flows: ["greet"] }, "openEngine.flows[0]", "give the flows themselves"],
  ["a flow's options", { flows: [{ name: "greet" }] }, "openEngine.flows[0]", "give the flows themselves"],
  ["a path as store", { store: "x.db", flows: [greet] }, "openEngine.store", 'write store: sqlite("x.db"), or'],
  ["null as store", { store: null, flows: [] }, "openEngine.store", 'write store: sqlite("file.db"), or'],
  ["a store that opens nothing", { store: {}, flows: [] }, "openEngine.store", 'write store: sqlite("file.db"), or'],
  ["a misspelled store", { stroe: memory(), flows: [greet] }, "openEngine.stroe", "did you mean store?"],
  ["an unknown option", { flows: [], colour: 1 }, "openEngine.colour", "take it away: it would be ignored"],
])("rule 33: %s", async (_name, options, path, mend) => {
  await expect(opening(options)).rejects.toThrow(refusal(path, expect.stringContaining(mend)));
});

test.each<[string, object, string, string]>([
  ["a word for onOwned", { onOwned: "wiat" }, "openEngine.onOwned", 'did you mean "wait"?'],
  ["no word for onOwned", { onOwned: true }, "openEngine.onOwned", "write what is expected"],
  ["what to do before", { before: "cancel" }, "openEngine.before", "write what is expected"],
  ["a build that is a number", { build: 7 }, "openEngine.build", 'write "7"'],
  ["a listener that is none", { onWarning: console }, "openEngine.onWarning", "write what is expected"],
  ["a word", { unhandledRejections: "leav" }, "openEngine.unhandledRejections", 'did you mean "leave"?'],
  ["a clock", { clock: Date }, "openEngine.clock", "write what is expected"],
  ["half a clock", { clock: { now: () => 0, monotonic: () => 0 } }, "openEngine.clock.timer", "add it"],
  ["chance that is a number", { chance: 0.5 }, "openEngine.chance", "write what is expected"],
])("rule 33: %s", async (_name, options, path, mend) => {
  await expect(opening({ flows: [greet], ...options })).rejects.toThrow(refusal(path, expect.stringContaining(mend)));
});

test.each(["waitFor", "grace", "clockJump"])(
  "rule 33: %s is a duration, also where it would not be used",
  async (name) => {
    const error = { code: "duration-invalid", path: `openEngine.${name}` };
    await expect(opening({ flows: [], [name]: "5 minutes" })).rejects.toMatchObject(error);
  },
);

test.each<[string, () => unknown, string, string]>([
  ["no path", () => sqlite(undefined as never), "sqlite.path", "add it"],
  ["a path that is no text", () => sqlite(new URL("file:///x.db") as never), "sqlite.path", "write what is expected"],
  ["an option", () => sqlite("x.db", { durabilty: "full" } as never), "sqlite.durabilty", "did you mean durability?"],
  ["a word", () => sqlite("x.db", { durability: "ful" as never }), "sqlite.durability", 'did you mean "full"?'],
])("rule 33: a store of %s", (_name, choose, path, mend) => {
  expect(choose).toThrow(refusal(path, expect.stringContaining(mend)));
});

test("all options of the type are known", async () => {
  const flows: Flow<never>[] = [greet];
  const engine = await openEngine({
    store: memory(),
    flows,
    onOwned: "error",
    waitFor: "1s",
    grace: "1s",
    clockJump: "5m",
    build: "abc",
    onWarning: () => {},
    unhandledRejections: "leave",
    chance: () => 0,
    clock: systemClock,
    before: async () => {},
  });
  await engine.close();
});
