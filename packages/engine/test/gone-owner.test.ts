// Attacks a client whose owner has gone for good: a run that had ended is answered from the file at once, one that goes on is waited for.
import { expect, it } from "vitest";
import { askedThrough, useOwnedFile } from "./fixtures/owned-file.ts";
import { asking, input } from "./fixtures/remote-flows.ts";

const file = useOwnedFile([asking]);

/** A client looks for the next owner for 10 s; an answer from the file must not wait for that, on any machine. */
const soonMs = 5_000;

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

it("rule 30: the result of a run that had ended is there at once when nobody owns the file any more", async () => {
  const { owner: dying, client, run } = await askedThrough(file);
  await client.decide({ run: run.id, decision: { ok: true }, by: "Ada" });
  for await (const _ of client.watch(run.id));
  await dying.kill();
  expect(await within(soonMs, run.result())).toMatchObject({
    id: run.id,
    outcome: "succeeded",
    output: { seen: input(), verdict: { ok: true, by: "Ada" } },
  });
}, 30_000);

it("rule 30: so it is when the owner has closed in order", async () => {
  const { owner: first, client, run } = await askedThrough(file);
  await client.decide({ run: run.id, decision: { ok: true } });
  for await (const _ of client.watch(run.id));
  expect(await first.ask("close")).toBe("closed");
  expect(await within(soonMs, run.result())).toMatchObject({ outcome: "succeeded" });
}, 30_000);

it("rule 30: one that had not ended is waited for, and answered by the next owner", async () => {
  const { owner: dying, client, run } = await askedThrough(file);
  const result = run.result();
  await dying.kill();
  await file.owner();
  await client.decide({ run: run.id, decision: { ok: false } });
  expect(await result).toMatchObject({ output: { verdict: { ok: false } } });
}, 30_000);

it("rule 30: and says that the owner has gone when there is no next one", async () => {
  const { owner: dying, run } = await askedThrough(file);
  const result = run.result();
  result.catch(() => {});
  await dying.kill();
  await expect(result).rejects.toMatchObject({ code: "command-owner-gone" });
}, 30_000);
