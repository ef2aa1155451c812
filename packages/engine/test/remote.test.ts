// Attacks two engines on one file: a client gives the answers that the owner gives, also while owners come, go and die.
import type { Engine, RunRecord } from "@plumbline/core";
import { openEngine } from "@plumbline/engine";
import { describe, expect, it, onTestFinished } from "vitest";
import { Money } from "./fixtures/money.ts";
import { askedThrough, useOwnedFile } from "./fixtures/owned-file.ts";
import { until } from "./fixtures/place.ts";
import { asking, input } from "./fixtures/remote-flows.ts";

const file = useOwnedFile([asking]);
const { open, owner } = file;

/** Everything that the port offers, with what each call gave or how it failed. */
async function script(engine: Engine): Promise<unknown[]> {
  const said: unknown[] = [];
  const say = async (work: Promise<unknown>) => {
    said.push(
      await work.then(
        (value) => value,
        (error: { code?: string; path?: string }) => ({ code: error.code, path: error.path }),
      ),
    );
  };
  const run = await engine.start(asking, input(), { key: "k" });
  said.push(run.created, (await engine.start(asking, input(), { key: "k" })).created);
  await say(engine.start(asking, { at: new Date(6), price: new Money(1) }, { key: "k" }));
  await say(engine.start("asking", { at: "now" }));
  await say(engine.start("nowhere", {}));
  await say(engine.start(asking, input(), { key: "" }));
  await until(engine, run.id, "approval.requested");
  await say(engine.list({ desk: "desk" }).then(({ items }) => items.map(({ id, status }) => [id === run.id, status])));
  await say(engine.list({ limit: 0 }));
  await say(engine.decide({ run: run.id, decision: { ok: "?" } }));
  await say(engine.decide({ run: "nobody", decision: {} }));
  await say(engine.decide({ run: run.id, path: "see", decision: {} }));
  await say(engine.decide({ run: run.id, decision: { ok: true }, id: "d", by: "Ada" }));
  await say(engine.decide({ run: run.id, decision: { ok: true }, id: "d" }));
  await say(engine.decide({ run: run.id, path: "sign", decision: { ok: false }, id: "e" }));
  await say((await engine.handle(run.id)).result().then(({ id: _, ms: __, ...rest }) => rest));
  await say(engine.handle("nobody"));
  await say(engine.cancel(run.id));
  await say(engine.cancel("nobody"));
  await say(engine.get("nobody"));
  const record = (await engine.get(run.id)) as RunRecord;
  said.push(
    record.entries.map(({ kind }) => kind),
    record.plan,
    typeof record.head,
  );
  const completed = record.entries.find((entry) => entry.kind === "step.completed");
  await say(engine.open(run.id, completed?.value ?? ""));
  const seen: unknown[] = [];
  for await (const { index, entry } of engine.watch(run.id, { from: 2 })) seen.push([index, entry.kind]);
  said.push(seen);
  await say(
    (async () => {
      for await (const _ of engine.watch("nobody"));
    })(),
  );
  return said;
}

describe("two engines on one file", () => {
  it("rule 30: a client gives every answer and every error that the owner gives", async () => {
    const local = await openEngine({ flows: [asking] });
    onTestFinished(() => local.close());
    await open("error");
    const client = await open("client");
    const [here, there] = [await script(local), await script(client)];
    for (const [i, given] of there.entries()) {
      // A memory store keeps no chain, so its heads are empty; both are text.
      expect(given, `answer ${i}`).toEqual(here[i]);
    }
    expect(there).toHaveLength(here.length);
  }, 30_000);

  it("rule 13: a value larger than any frame crosses whole, as an answer and as an input", async () => {
    await open("error");
    const client = await open("client");
    const run = await client.start(asking, { ...input(), at: new Date(1) });
    await until(client, run.id, "approval.requested");
    await client.decide({ run: run.id, decision: { ok: true } });
    const { output } = await run.result();
    expect((output as { seen: { text: string } }).seen.text).toHaveLength(100_000);
    const large = await client.start(asking, { at: new Date(18_000_000), price: new Money(1) });
    await until(client, large.id, "approval.requested");
    await client.decide({ run: large.id, decision: { ok: true } });
    const { seen } = (await large.result()).output as { seen: { text: string } };
    expect(seen.text === "x\ud83d\ude00".repeat(6_000_000)).toBe(true);
    const pad = "y😀".repeat(6_000_000);
    const padded = await client.start(asking, { at: new Date(0), price: new Money(1), pad } as never, { key: "large" });
    const again = await client.start(asking, { at: new Date(0), price: new Money(1), pad } as never, { key: "large" });
    expect([padded.created, again.created, again.id === padded.id]).toEqual([true, false, true]);
    const other = client.start(asking, { at: new Date(0), price: new Money(1), pad: `${pad}!` } as never, {
      key: "large",
    });
    await expect(other).rejects.toMatchObject({ code: "key-conflict" });
  }, 120_000); // hundreds of megabytes go through two processes' sockets and a file

  it("rule 30: a second owner is refused, or waits until the first has gone", async () => {
    const first = await open("error");
    await expect(open("error")).rejects.toMatchObject({ code: "store-owned" });
    const second = open("wait");
    await first.close();
    await (await second).start(asking, input());
    await expect(open("wait", "50ms")).rejects.toMatchObject({
      code: expect.stringMatching(/store-owned|ownership-timeout/),
    });
  });

  it("rule 30: a decision from a second process counts, also when the owner is killed before it arrives", async () => {
    const { owner: dying, client, run } = await askedThrough(file);
    const result = run.result();
    await dying.kill();
    const decided = client.decide({ run: run.id, decision: { ok: true }, by: "Ada" });
    await owner();
    expect((await decided).status).toBe("decided");
    expect((await result).output).toEqual({
      seen: { ...input(), text: "x".repeat(100_000) },
      verdict: { ok: true, via: "person", by: "Ada" },
    });
  }, 30_000);

  it("rule 30: an owner that closes hands its clients over to the next one", async () => {
    const { owner: first, client, run } = await askedThrough(file);
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { index } of client.watch(run.id)) seen.push(index);
    })();
    const result = run.result();
    const next = owner();
    expect(await first.ask("close")).toBe("closed");
    const answers = await Promise.all([
      next,
      client.decide({ run: run.id, decision: { ok: true } }),
      client.list(),
      client.get(run.id),
      client.start(asking, input(), { key: "k" }),
    ]);
    expect(answers[1].status).toBe("decided");
    expect(answers[4]).toMatchObject({ id: run.id, created: false });
    expect((await result).outcome).toBe("succeeded");
    await watching;
    expect(seen).toEqual(seen.map((_, index) => index));
  }, 30_000);

  it("rule 30: closing a client ends what waits in it, and leaves the owner alone", async () => {
    const first = await open("error");
    const client = await open("client");
    const run = await client.start(asking, input());
    const waiting = run.result();
    const watching = (async () => {
      for await (const _ of client.watch(run.id));
    })();
    await until(client, run.id, "approval.requested");
    await client.close();
    await expect(waiting).rejects.toMatchObject({ code: "engine-closed" });
    await expect(watching).rejects.toMatchObject({ code: "engine-closed" });
    await expect(client.list()).rejects.toMatchObject({ code: "engine-closed" });
    expect((await first.list()).items).toHaveLength(1);
  });
});
