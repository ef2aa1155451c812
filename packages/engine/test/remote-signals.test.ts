// Attacks signals and nested runs over the socket: from a second process, while owners die and come, and what is refused there.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "@plumbline/core";
import { openEngine, sqlite } from "@plumbline/engine";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Child } from "./fixtures/child.ts";
import { until } from "./fixtures/place.ts";
import { reading } from "./fixtures/reading-flow.ts";

let folder: string;
const engines: Engine[] = [];
const children: Child[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plumbline-signals-"));
});
afterEach(async () => {
  for (const engine of engines.splice(0).reverse()) await engine.close();
  for (const child of children.splice(0)) await child.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function owner(): Promise<Child> {
  const child = new Child("asking-owner.ts", [join(folder, "journal.db")]);
  children.push(child);
  expect(await child.line()).toBe("open");
  return child;
}

async function client(): Promise<Engine> {
  const store = sqlite(join(folder, "journal.db"), { durability: "normal" });
  const engine = await openEngine({ store, flows: [reading], onOwned: "client", waitFor: "5s" });
  engines.push(engine);
  return engine;
}

describe("a second process", () => {
  it("rule 20: sends signals before the wait and during it, in order, each once, whoever owns the file by then", async () => {
    const dying = await owner();
    const engine = await client();
    const run = await engine.start(reading, { words: 4 }, { key: "k" });
    const result = run.result();
    const send = (value: string, id: string) =>
      engine.signal({ run: run.id, name: "word", value: { value }, id, by: "Ada" });
    expect(await Promise.all([send("a", "1"), send("b", "2")])).toEqual([
      { status: "received" },
      { status: "received" },
    ]);
    expect(await send("other", "2")).toEqual({ status: "repeated" });
    await until(engine, run.id, "signal.awaited");
    await dying.kill();
    const third = send("c", "3");
    await owner();
    expect((await third).status).toMatch(/received|repeated/);
    expect(await send("c", "3")).toEqual({ status: "repeated" });
    await send("d", "4");
    expect(await result).toMatchObject({ outcome: "succeeded", output: ["a", "b", "c", "d"] });
    expect(await send("e", "5")).toEqual({ status: "late" });
    const received = ((await engine.get(run.id))?.entries ?? []).filter(({ kind }) => kind === "signal.received");
    expect(received).toMatchObject(["1", "2", "3", "4"].map((id) => ({ id, by: "Ada" })));
  }, 30_000);

  it("rule 33: is refused as the owner itself would refuse: unknown names and runs, wrong shapes, values no journal keeps", async () => {
    await owner();
    const engine = await client();
    const run = await engine.start(reading, { words: 1 });
    const refused = async (request: object) =>
      engine.signal({ run: run.id, name: "word", value: { value: "a" }, ...request }).then(
        () => "taken",
        (error: { code: string }) => error.code,
      );
    expect(await refused({ name: "wort" })).toBe("signal-unknown");
    expect(await refused({ run: "nobody" })).toBe("run-unknown");
    expect(await refused({ value: { value: 7 } })).toBe("signal-invalid");
    expect(await refused({ value: () => 1 })).toBe("value-refused");
    expect(await refused({ name: "" })).toBe("option-invalid");
    expect(await refused({})).toBe("taken");
    expect((await run.result()).output).toEqual(["a"]);
  }, 30_000);

  it("rule 13: a signal larger than a frame, with dates and bytes, arrives whole", async () => {
    await owner();
    const engine = await client();
    const run = await engine.start(reading, { words: 1 });
    const value = { value: "z".repeat(3_000_000), at: new Date(4), bytes: new Uint8Array(500_000).fill(7) };
    expect(await engine.signal({ run: run.id, name: "word", value })).toEqual({ status: "received" });
    const { output } = await run.result();
    expect((output as string[])[0]).toBe(`${value.value} 1970-01-01T00:00:00.004Z 500000 7`);
  }, 30_000);
});
