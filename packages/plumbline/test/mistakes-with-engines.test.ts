// What users read when they ask an engine for what it cannot do: keys, names, decisions, files, versions. Ids, paths and times are
// replaced, so that the messages are the same everywhere.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Engine, flow, openEngine, sqlite } from "plumbline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { messageOf } from "./message.ts";

const Input = z.object({ pages: z.number() });
const asking = {
  decision: z.object({ approved: z.boolean() }),
  desk: "underwriting",
  timeout: "1h",
  onTimeout: { approved: false },
} as const;

let finish = () => {};
const loan = flow("loan", {
  input: Input,
  build($, { pages }) {
    const read = $.step("read", { needs: { pages }, output: z.number() }).by(({ pages }) =>
      pages === 0 ? new Promise<number>((resolve) => (finish = () => resolve(0))) : pages,
    );
    return $.approval("underwriter", { needs: { read }, ...asking });
  },
});
const twice = flow("twice", {
  input: Input,
  build: ($) => [$.approval("first", asking), $.approval("second", asking)],
});
const bare = flow("bare", { input: Input, build: (_$, { pages }) => pages });
const otherLoan = flow("loan", { input: Input, build: ($) => $.approval("underwriter", asking) });

let folder: string;
const place = (name: string) => join(folder, name);
const told = (make: () => unknown) => messageOf(make, { [folder]: "<folder>" });

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "plumbline-mistakes-")));
});
afterAll(() => rmSync(folder, { recursive: true }));

const quietly = { onWarning: () => {}, grace: 0 };

async function asked(engine: Engine, run: string): Promise<void> {
  for await (const { entry } of engine.watch(run)) if (entry.kind === "approval.requested") return;
}

describe("mistakes with an engine", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ flows: [loan, twice, bare], ...quietly });
  });
  afterAll(() => engine.close());

  test.each<[string, () => unknown]>([
    ["a flow that it does not know", () => engine.start("laon", { pages: 1 })],
    ["another flow of a name that it knows", () => engine.start(otherLoan, { pages: 1 })],
    ["a run that it does not know", () => engine.handle("r42")],
    ["no flows", () => openEngine({} as never)],
    ["two flows of one name", () => openEngine({ flows: [loan, otherLoan] })],
  ])("%s", async (_name, make) => {
    expect(await told(make)).toMatchSnapshot();
  });

  test("a key that was used with another input", async () => {
    await engine.start(loan, { pages: 1 }, { key: "application-42" });
    expect(await told(() => engine.start(loan, { pages: 2 }, { key: "application-42" }))).toMatchSnapshot();
  });

  test("decisions: of another shape, for another approval, twice, late", async () => {
    const { id: run } = await engine.start(loan, { pages: 1 });
    await asked(engine, run);
    expect(await told(() => engine.decide({ run, decision: { approve: true } }))).toMatchSnapshot("another shape");
    expect(await told(() => engine.decide({ run, decision: "yes" }))).toMatchSnapshot("no object");
    const elsewhere = { run, path: "underwriting", decision: { approved: true } };
    expect(await told(() => engine.decide(elsewhere))).toMatchSnapshot("no such approval");
    const first = await engine.decide({ run, id: "d1", decision: { approved: true } });
    expect(first).toEqual({ status: "decided", path: "underwriter" });
    const changed = { run, id: "d1", decision: { approved: false } };
    expect(await told(() => engine.decide(changed))).toMatchSnapshot("another decision under one id");
    // Late is an answer and no error: the person did nothing wrong.
    expect(await engine.decide({ run, decision: { approved: false } })).toEqual({
      status: "late",
      path: "underwriter",
    });
  });

  test("decisions: before anybody was asked, for one of several, for none", async () => {
    const { id: early } = await engine.start(loan, { pages: 0 });
    expect(await told(() => engine.decide({ run: early, decision: { approved: true } }))).toMatchSnapshot("early");
    finish();
    const { id: several } = await engine.start(twice, { pages: 1 });
    await asked(engine, several);
    expect(await told(() => engine.decide({ run: several, decision: { approved: true } }))).toMatchSnapshot("several");
    const { id: none } = await engine.start(bare, { pages: 1 });
    expect(await told(() => engine.decide({ run: none, decision: { approved: true } }))).toMatchSnapshot("none");
  });

  test("an engine that was closed", async () => {
    const closed = await openEngine({ flows: [loan], ...quietly });
    await closed.close();
    expect(await told(() => closed.start(loan, { pages: 1 }))).toMatchSnapshot();
  });
});

describe("mistakes with a file", () => {
  const opening = (name: string, flows = [loan]) => openEngine({ store: sqlite(place(name)), flows, ...quietly });

  test("one that another process owns, and one that this process owns", async () => {
    const other = spawn(process.execPath, [
      ...process.execArgv,
      join(import.meta.dirname, "fixtures/owner.ts"),
      place("other.db"),
    ]);
    await once(other.stdout, "data");
    expect(await told(() => opening("other.db"))).toMatchSnapshot("another process");
    const waiting = { store: sqlite(place("other.db")), flows: [], onOwned: "wait", waitFor: 30 } as const;
    expect(await told(() => openEngine(waiting))).toMatchSnapshot("waited for");
    other.kill("SIGKILL");
    await once(other, "exit");
    const here = await opening("other.db");
    expect(await told(() => opening("other.db"))).toMatchSnapshot("this process");
    await here.close();
  });

  test("one that is no database, one of something else, one of a newer Plumbline", async () => {
    writeFileSync(place("notes.db"), "These are notes, and not a database at all. ".repeat(40));
    expect(await told(() => opening("notes.db"))).toMatchSnapshot("no database");
    const other = new DatabaseSync(place("shop.db"));
    other.exec("CREATE TABLE orders(id)");
    other.close();
    expect(await told(() => opening("shop.db"))).toMatchSnapshot("something else");
    await (await opening("newer.db")).close();
    const newer = new DatabaseSync(place("newer.db"));
    newer.exec("PRAGMA user_version = 99");
    newer.close();
    expect(await told(() => opening("newer.db"))).toMatchSnapshot("newer");
  });

  test("one in a folder that is not there, one that is a folder, one that is no path", async () => {
    expect(await told(() => opening("none/a.db"))).toMatchSnapshot("no folder");
    expect(await told(() => opening("."))).toMatchSnapshot("a folder");
    expect(await told(() => openEngine({ store: sqlite(":memory:"), flows: [] }))).toMatchSnapshot("no path");
  });

  test("a run that began with another version of its flow, or whose flow is gone", async () => {
    const before = await opening("held.db");
    const { id: run } = await before.start(loan, { pages: 1 });
    await asked(before, run);
    await before.close();
    const deciding = { run, decision: { approved: true } };
    const changed = await opening("held.db", [otherLoan]);
    expect(await told(() => changed.decide(deciding))).toMatchSnapshot("held");
    await changed.close();
    const gone = await opening("held.db", []);
    expect(await told(() => gone.decide(deciding))).toMatchSnapshot("gone");
    await gone.close();
  });
});
