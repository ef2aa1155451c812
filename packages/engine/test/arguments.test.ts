// Attacks the engine, here and over its socket, with arguments that no compiler has seen: each is refused where it comes in, and
// nothing is recorded.
import { join } from "node:path";
import type { Engine } from "@plumbline/core";
import { openEngine, sqlite } from "@plumbline/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asking } from "./fixtures/asking-flow.ts";
import { folderOfFile } from "./fixtures/folder.ts";

const asks = asking("asks");

const folder = folderOfFile();
const engines: { owner?: Engine; client?: Engine } = {};
let id: string;
beforeAll(async () => {
  const options = { store: sqlite(join(folder, "journal.db")), flows: [asks] };
  engines.owner = await openEngine(options);
  engines.client = await openEngine({ ...options, onOwned: "client" });
  ({ id } = await engines.owner.start(asks, {}));
});
afterAll(async () => {
  await engines.client?.close();
  await engines.owner?.close();
});

const cases: [string, (engine: Engine, id: string) => unknown, string][] = [
  ["a start with a misspelled key", (e) => e.start(asks, {}, { kye: "a" } as never), "start.kye"],
  ["a start with a key where options belong", (e) => e.start(asks, {}, "a" as never), "start"],
  ["a start with a key that is no text", (e) => e.start(asks, {}, { key: 7 } as never), "asks key"],
  [
    "decide with a field that there is not",
    (e, run) => e.decide({ run, who: "ann", decision: { ok: true } } as never),
    "decide.who",
  ],
  ["cancel with an option that there is not", (e, run) => e.cancel(run, { reson: "late" } as never), "cancel.reson"],
  ["list with a field that there is not", (e) => e.list({ flows: "asks" } as never), "list.flows"],
  ["list with a text for a flag", (e) => e.list({ degraded: "yes" } as never), "list.degraded"],
  [
    "decide with a number for a name",
    (e, run) => e.decide({ run, by: 3, decision: { ok: true } } as never),
    "decide.by",
  ],
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

describe.each(["owner", "client"] as const)("rule 33, asked of the %s", (which) => {
  it.each(cases)("%s", async (_title, call, path) => {
    const engine = engines[which] as Engine;
    const before = (await engine.get(id))?.entries.length;
    await expect(async () => call(engine, id)).rejects.toMatchObject({ code: "option-invalid", path });
    expect((await engine.get(id))?.entries).toHaveLength(before as number);
    expect((await engine.list()).items).toHaveLength(1);
  });
});
