// Attacks signals and nested runs over the socket: from a second process, while owners die and come, and what is refused there.
import { describe, expect, it } from "vitest";
import { useOwnedFile } from "./fixtures/owned-file.ts";
import { until } from "./fixtures/place.ts";
import { reading } from "./fixtures/reading-flow.ts";
import { waiting } from "./fixtures/waiting-flow.ts";

const { open, owner } = useOwnedFile([reading, waiting]);

describe("a second process", () => {
  it("rule 20: sends signals before the wait and during it, in order, each once, whoever owns the file by then", async () => {
    const dying = await owner();
    const engine = await open("client");
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

  it("rule 20: sends signals that waits in parts of a spread map take, each once, while owners die and come", async () => {
    const dying = await owner();
    const engine = await open("client");
    const run = await engine.start(waiting, { length: 1_002, waits: [1, 5, 1_001] }, { key: "k" });
    const result = run.result();
    const send = (value: string, id: string) => engine.signal({ run: run.id, name: "go", value, id });
    expect((await send("a", "1")).status).toBe("received");
    const second = send("b", "2");
    await dying.kill();
    await owner();
    expect((await second).status).toMatch(/received|repeated/);
    expect((await send("b", "2")).status).toBe("repeated");
    expect((await send("c", "3")).status).toBe("received");
    expect(await result).toMatchObject({ outcome: "succeeded", output: ["a", "b", "c"] });
    expect(await send("d", "4")).toEqual({ status: "late" });
  }, 30_000);

  it("rule 33: is refused as the owner itself would refuse: unknown names and runs, wrong shapes, values no journal keeps", async () => {
    await owner();
    const engine = await open("client");
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
    const engine = await open("client");
    const run = await engine.start(reading, { words: 1 });
    const value = { value: "z".repeat(3_000_000), at: new Date(4), bytes: new Uint8Array(500_000).fill(7) };
    expect(await engine.signal({ run: run.id, name: "word", value })).toEqual({ status: "received" });
    const { output } = await run.result();
    expect((output as string[])[0]).toBe(`${value.value} 1970-01-01T00:00:00.004Z 500000 7`);
  }, 30_000);
});
