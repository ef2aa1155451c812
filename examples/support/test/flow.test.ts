// Goal: every customer is told something within 500 ms and whoever was promised a person gets one, however long that takes
// and whatever restarts meanwhile. Time is virtual: no test waits, and none depends on how fast this machine is.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { warmEmbeddings } from "@plumbline/example-local-models/embeddings.ts";
import { VirtualClock } from "@plumbline/testing";
import { type Engine, type Entry, openEngine, sqlite } from "plumbline";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { support } from "../src/configured-flow.ts";
import { type Embedder, modelEmbedder } from "../src/embedder.ts";
import { firstReplyFlow, NOTHING_FOUND } from "../src/first-reply.ts";
import { supportFlow } from "../src/flow.ts";
import { Mailbox } from "../src/mailbox.ts";

beforeAll(warmEmbeddings);

const calm = { customer: "ada", text: "I want to pick a new password, I still know the old one" };
const upset = { customer: "ben", text: "You stole my money twice, I am angry and disgusted, give it back!" };
const elsewhere = { customer: "cy", text: "Write me a poem about spring" };

interface Options {
  readonly embedder?: Embedder;
  readonly mailbox?: Mailbox;
  readonly clock?: VirtualClock;
  readonly database?: string;
}

async function open({
  embedder = modelEmbedder,
  mailbox = new Mailbox(),
  clock = new VirtualClock(),
  database,
}: Options) {
  const flow = supportFlow({ embedder, mailbox });
  const engine = await openEngine({ flows: [flow], clock, ...(database ? { store: sqlite(database) } : {}) });
  onTestFinished(() => engine.close());
  return { flow, engine, mailbox, clock };
}

async function until(engine: Engine, run: string, kind: Entry["kind"]): Promise<Entry> {
  for await (const { entry } of engine.watch(run)) if (entry.kind === kind) return entry;
  throw new Error(`${run} ended without ${kind}`);
}

test("the 500 ms are a limit of the first reply and not of the person", () => {
  expect(firstReplyFlow(modelEmbedder).plan.deadline).toEqual({ afterMs: 500, answers: true });
  expect(support.plan.deadline).toBeUndefined();
});

describe("the machine answers", () => {
  test("a calm customer gets sentences of the article, once, and the two toxicity findings are kept apart", async () => {
    const { engine, flow, mailbox } = await open({});
    const result = await (await engine.start(flow, calm)).result();
    expect(result.outcome).toBe("succeeded");
    expect(result.output?.handled.by).toBe("machine");
    expect(result.output?.first).toMatchObject({
      inTime: true,
      article: "change-password",
      toxicity: { byWords: { answer: { toxic: false } }, byMeaning: { answer: { toxic: false } } },
    });
    expect(mailbox.of("ada").map(({ text }) => text)).toEqual([expect.stringContaining("Change your password")]);
  });

  test("where no article is near, the template says so, and the run is degraded", async () => {
    const { engine, flow, mailbox } = await open({});
    const result = await (await engine.start(flow, elsewhere)).result();
    expect(result).toMatchObject({ outcome: "degraded", output: { first: { inTime: true, article: null } } });
    expect(mailbox.of("cy")[0]?.text).toContain(NOTHING_FOUND);
  });
});

describe("a person answers", () => {
  test("an upset customer is told so at once, and written to when the person has decided, hours later", async () => {
    const { engine, flow, mailbox, clock } = await open({});
    const run = await engine.start(flow, upset);
    await until(engine, run.id, "approval.requested");
    expect(mailbox.of("ben").map(({ text }) => text)).toEqual([expect.stringContaining("A person reads your message")]);
    await clock.advance(3 * 3_600_000);
    const reply = "I have sent the second amount back to you.";
    await engine.decide({ run: run.id, path: "route.human.agent", decision: { reply }, by: "Mia" });
    const result = await run.result();
    expect(result).toMatchObject({ outcome: "succeeded", output: { handled: { by: "person", via: "person" } } });
    expect(mailbox.of("ben").map(({ text }) => text)).toEqual([expect.any(String), reply]);
  });

  test("when nobody answers for four hours the customer is told that too, and the run is degraded", async () => {
    const { engine, flow, mailbox, clock } = await open({});
    const run = await engine.start(flow, upset);
    await until(engine, run.id, "approval.requested");
    await clock.advance(4 * 3_600_000);
    const result = await run.result();
    expect(result).toMatchObject({ outcome: "degraded", output: { handled: { via: "timeout" } } });
    expect(mailbox.of("ben")[1]?.text).toContain("nobody could answer you");
  });

  test("a restart while the person thinks loses nothing and sends nothing twice", async () => {
    const folder = mkdtempSync(join(tmpdir(), "plumbline-support-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const database = join(folder, "support.db");
    const mailbox = new Mailbox();
    const before = await open({ mailbox, database });
    const { id } = await before.engine.start(before.flow, upset, { key: "message-1" });
    await until(before.engine, id, "approval.requested");
    await before.engine.close();

    const { engine, flow } = await open({ mailbox, database });
    const again = await engine.start(flow, upset, { key: "message-1" });
    expect(again.id).toBe(id);
    const reply = "Your money is on its way back.";
    await engine.decide({ run: id, path: "route.human.agent", decision: { reply }, by: "Mia" });
    expect((await again.result()).outcome).toBe("succeeded");
    expect(mailbox.of("ben").map(({ text }) => text)).toEqual([expect.stringContaining("A person"), reply]);
  });
});

describe("the first reply does not come", () => {
  test("when the deadline of 500 ms is missed, the customer gets the declared answer then, and the person it promises", async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const hanging: Embedder = (_, { signal }) => {
      asked.resolve(signal);
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const { engine, flow, mailbox, clock } = await open({ embedder: hanging });
    const run = await engine.start(flow, calm);
    const signal = await asked.promise;
    await clock.advance(499);
    expect([signal.aborted, mailbox.of("ada")]).toEqual([false, []]);
    await clock.advance(1);
    await until(engine, run.id, "approval.requested");
    expect(signal.aborted).toBe(true);
    expect(mailbox.of("ada").map(({ text }) => text)).toEqual([expect.stringContaining("takes us longer")]);
    const reply = "You change it under Profile, then Security.";
    await engine.decide({ run: run.id, path: "route.human.agent", decision: { reply }, by: "Mia" });
    const result = await run.result();
    expect(result).toMatchObject({ outcome: "degraded", output: { first: { inTime: false } } });
    expect(result.degradations).toMatchObject([{ path: "first-reply" }]);
    expect(mailbox.of("ada")[1]?.text).toBe(reply);
  });

  test("a broken model makes nothing up: the customer is told at once, and a person answers", async () => {
    const broken: Embedder = () => Promise.reject(new Error("the model's file is gone"));
    const { engine, flow, mailbox } = await open({ embedder: broken });
    const run = await engine.start(flow, calm);
    await until(engine, run.id, "approval.requested");
    expect(mailbox.of("ada").map(({ text }) => text)).toEqual([expect.stringContaining("A person reads your message")]);
    await engine.decide({
      run: run.id,
      path: "route.human.agent",
      decision: { reply: "Under Profile, then Security." },
    });
    const result = await run.result();
    expect(result).toMatchObject({ outcome: "degraded", output: { reason: "no reply", first: undefined } });
    expect(result.degradations).toMatchObject([{ path: "first-reply", kind: "absorbed-failure" }]);
  });
});
