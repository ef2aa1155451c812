/**
 * What every store promises, as cases that any test runner can run.
 *
 * Boundary: the Store port and nothing behind it; files, threads and tables are tested where they are. Invariants: cases
 * know no engine: they fold journals with the core and commit what an engine would; each opens the workshop afresh.
 */
import assert from "node:assert/strict";
import { type CommitItem, type Entry, flow, type RunSummary, type Schema, type Store, seal } from "@plumbline/core";
import { Journal } from "./store-journal.ts";

/** A place where one store can be opened, closed and opened again. */
export interface StoreWorkshop {
  open(): Promise<Store>;
}

export interface StoreCase {
  readonly name: string;
  run(workshop: StoreWorkshop): Promise<void>;
}

const anything: Schema = { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } };
const anObject = anything as Schema<object, object>;

const asking = (name: string, desk: string) =>
  flow(name, {
    input: anything,
    build($) {
      const made = $.step("make", { output: anything }).by(() => 1);
      const verdict = $.approval("sign", {
        needs: { made },
        decision: anObject,
        desk,
        timeout: "1h",
        onTimeout: { approved: false },
      });
      return { verdict };
    },
  });

const loans = asking("loans", "underwriting");
const claims = asking("claims", "claims");

function sealed(value: unknown): string {
  const result = seal(value);
  assert.ok("sealed" in result);
  return result.sealed;
}

/** Entries of a run up to its approval, which is due at `dueAt`. */
function upToApproval(journal: Journal, dueAt: number): Entry[] {
  return [
    journal.started(),
    { kind: "step.completed", at: 2, slot: 0, rung: 0, attempt: 1, ms: 1, value: "1", cost: { usd: 0.25, tokens: 7 } },
    { kind: "approval.requested", at: 3, slot: 1, desk: journal.deskOf(1), dueAt },
  ];
}

const decided = (at: number): Entry[] => [
  { kind: "approval.decided", at, slot: 1, via: "person", value: '{"approved":true,"via":"person"}' },
  { kind: "run.ended", at: at + 1, outcome: "succeeded", output: '{"verdict":{"approved":true}}' },
];

export const storeCases: readonly StoreCase[] = [
  {
    name: "rule 1: gives back what was committed, in order, over commits and after reopening",
    async run({ open }) {
      const journal = new Journal(loans.plan, "r1");
      const store = await open();
      await store.commit([journal.add(upToApproval(journal, 1_000))]);
      await store.commit([journal.add(decided(10))]);
      await store.commit([journal.add([{ kind: "decision.refused", at: 12, slot: 1, because: "late", id: "x" }])]);
      assert.deepEqual((await store.load("r1"))?.entries, journal.entries);
      await store.close();
      const again = await open();
      const stored = await again.load("r1");
      assert.deepEqual(stored?.entries, journal.entries);
      assert.deepEqual(stored.plan, loans.plan);
      assert.equal(await again.load("r2"), undefined);
      await again.close();
    },
  },
  {
    name: "rule 25: a claimed id is taken, with the hash of the input that has it, also twice in one batch",
    async run({ open }) {
      const store = await open();
      const first = new Journal(loans.plan, "k1", "key");
      const second = new Journal(loans.plan, "k1", "key");
      const other = new Journal(loans.plan, "k2", "other");
      const verdicts = await store.commit([
        first.add([first.started()], "hash-1"),
        second.add([second.started()], "hash-2"),
        other.add([other.started()], "hash-3"),
      ]);
      assert.deepEqual(verdicts, [{ status: "ok" }, { status: "taken", inputHash: "hash-1" }, { status: "ok" }]);
      const third = new Journal(loans.plan, "k1", "key");
      assert.deepEqual(await store.commit([third.add([third.started()], "hash-4")]), [
        { status: "taken", inputHash: "hash-1" },
      ]);
      assert.equal((await store.load("k1"))?.entries.length, 1);
      assert.equal((await store.load("k2"))?.entries.length, 1);
      await store.close();
    },
  },
  {
    name: "rule 27: a refused claim does not hide what changes in the run that has the id",
    async run({ open }) {
      const store = await open();
      const run = new Journal(loans.plan, "k1", "key");
      await store.commit([run.add(upToApproval(run, 1_000), "hash")]);
      const refused = new Journal(loans.plan, "k1", "key");
      await store.commit([refused.add([refused.started()], "hash")]);
      const [verdict] = decided(10) as [Entry, Entry];
      await store.commit([run.add([verdict])]); // running again: what a run that has just begun looks like, but for cost
      assert.deepEqual(await rows(store), [run.summary]);
      assert.deepEqual((await store.list({ desk: "*" })).items, []);
      await store.close();
    },
  },
  {
    name: "rule 4: a batch is recorded as a whole or not at all",
    async run({ open }) {
      const store = await open();
      const good = new Journal(loans.plan, "r1");
      const unknown = new Journal(loans.plan, "r2");
      unknown.add([unknown.started()]);
      const bad = unknown.add(decided(5));
      const batch = [{ ...good.add([good.started()]), registers: [{ name: "n", value: "v", at: 1 }] }, bad];
      await assert.rejects(async () => store.commit(batch));
      await store.close();
      const again = await open();
      assert.equal(await again.load("r1"), undefined);
      assert.equal(await again.register("n"), undefined);
      assert.deepEqual((await again.list({})).items, []);
      await again.close();
    },
  },
  {
    name: "rule 27: the projection is the summary of the fold, after each commit",
    async run({ open }) {
      const store = await open();
      const run = new Journal(loans.plan, "r1");
      const steps: Entry[][] = [
        [run.started()],
        [{ kind: "attempt.failed", at: 2, slot: 0, rung: 0, attempt: 1, ms: 3, failure: error, retryable: true }],
        [{ kind: "retry.scheduled", at: 3, slot: 0, dueAt: 50 }],
        [{ kind: "timer.fired", at: 50, slot: 0, timer: "retry" }],
        [{ kind: "step.completed", at: 60, slot: 0, rung: 0, attempt: 2, ms: 1, value: "1", cost: { usd: 0.1 } }],
        [{ kind: "approval.requested", at: 61, slot: 1, desk: "underwriting", dueAt: 99 }],
        [{ kind: "timer.fired", at: 99, slot: 1, timer: "approval" }],
        [{ kind: "approval.decided", at: 99, slot: 1, via: "timeout", value: '{"via":"timeout"}' }],
        [{ kind: "run.ended", at: 100, outcome: "degraded", output: "{}" }],
        [{ kind: "attempt.late", at: 200, slot: 0, attempt: 1, result: "value", hash: "h" }],
      ];
      for (const entries of steps) {
        await store.commit([run.add(entries)]);
        assert.deepEqual(await rows(store), [run.summary], entries[0]?.kind);
        assert.deepEqual((await store.load("r1"))?.summary, run.summary);
      }
      await store.close();
    },
  },
  {
    name: "rule 27: lists are newest first, filtered, and paged by a cursor that later runs do not move",
    run: listCase,
  },
  {
    name: "rule 17: says which runs are due, earliest first, and when the next one is",
    async run({ open }) {
      const store = await open();
      const dueAt = [300, 100, 200, 100];
      const batch = dueAt.map((at, i) => {
        const run = new Journal(loans.plan, `r${i}`);
        return run.add(upToApproval(run, at));
      });
      await store.commit(batch);
      assert.deepEqual(await store.due(200, 10), ["r1", "r3", "r2"]);
      assert.deepEqual(await store.due(200, 2), ["r1", "r3"]);
      assert.deepEqual(await store.due(99, 10), []);
      assert.equal(await store.nextDueAt(0), 100);
      assert.equal(await store.nextDueAt(100), 200);
      assert.equal(await store.nextDueAt(300), undefined);
      await store.close();
    },
  },
  {
    name: "rule 5: names the runs that are in motion, in pages, and neither those that wait nor those that ended",
    async run({ open }) {
      const store = await open();
      const moving: string[] = [];
      for (let i = 0; i < 9; i++) {
        const run = new Journal(loans.plan, `r${i}`);
        if (i % 3 === 0) await store.commit([run.add(upToApproval(run, 1_000))]);
        else if (i % 3 === 1) await store.commit([run.add([...upToApproval(run, 1_000), ...decided(9)])]);
        else {
          await store.commit([run.add([run.started()])]);
          moving.push(run.summary.id);
        }
      }
      const found: string[] = [];
      for (let after: string | undefined; ; after = found.at(-1)) {
        const page = await store.unfinished(after, 2);
        for (const { id, journal } of page) {
          const stored = await store.load(id);
          assert.deepEqual([journal?.plan, journal?.entries], [stored?.plan, stored?.entries]);
          found.push(id);
        }
        if (page.length < 2) break;
      }
      assert.deepEqual(found.sort(), moving);
      await store.close();
    },
  },
  {
    name: "rule 31: keeps registers by name and blobs by run, and the last register of a batch wins",
    async run({ open }) {
      const store = await open();
      const run = new Journal(loans.plan, "r1");
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
      const registers = [
        { name: "breaker/x", value: "first", at: 1 },
        { name: "breaker/x", value: "second", at: 2 },
      ];
      await store.commit([{ ...run.add([run.started()]), registers, blobs: [{ id: "b", bytes }] }]);
      assert.deepEqual(await store.register("breaker/x"), { name: "breaker/x", value: "second", at: 2 });
      assert.equal(await store.register("breaker/y"), undefined);
      const kept = await store.blob("r1", "b");
      assert.ok(kept && Buffer.from(kept).equals(Buffer.from(bytes)));
      assert.equal(await store.blob("r2", "b"), undefined);
      assert.equal(await store.blob("r1", "c"), undefined);
      await store.commit([{ ...run.add(decided(5)), blobs: [{ id: "b", bytes }] }]); // the same bytes again
      await store.close();
    },
  },
  {
    name: "rule 32: forgets old registers of a prefix, so many at a time, beside commits, and nothing else",
    async run({ open }) {
      const store = await open();
      const run = new Journal(loans.plan, "r1");
      const old = Array.from({ length: 5 }, (_, at) => ({ name: `last-good/${at}`, value: "v", at }));
      const others = [
        { name: "breaker/x", value: "v", at: 0 },
        { name: "last-goods", value: "v", at: 0 },
        { name: "last-good/young", value: "v", at: 9 },
      ];
      await store.commit([{ ...run.add([run.started()]), registers: [...old, ...others] }]);
      const written = { name: "last-good/0", value: "again", at: 9 };
      const [, forgotten] = await Promise.all([
        store.commit([{ ...run.add(decided(5)), registers: [written] }]),
        store.forgetRegisters("last-good/", 9, 3),
      ]);
      assert.equal(forgotten, 3);
      assert.equal(await store.forgetRegisters("last-good/", 9, 3), 1);
      assert.equal(await store.forgetRegisters("last-good/", 9, 3), 0);
      for (const { name } of old.slice(1)) assert.equal(await store.register(name), undefined);
      for (const kept of [...others, written]) assert.deepEqual(await store.register(kept.name), kept);
      await store.close();
    },
  },
  {
    name: "rule 29: gives every plan that a run began with, once",
    async run({ open }) {
      const store = await open();
      assert.deepEqual(await store.plans(), []);
      const runs = [new Journal(loans.plan, "r1"), new Journal(loans.plan, "r2"), new Journal(claims.plan, "r3")];
      await store.commit(runs.map((run) => run.add([run.started()])));
      const plans = [...(await store.plans())].sort((a, b) => (a.flow < b.flow ? 1 : -1));
      assert.deepEqual(plans, [loans.plan, claims.plan]);
      await store.close();
    },
  },
  {
    name: "rule 32: a journal of 10,000 entries in 200 commits comes back whole",
    async run({ open }) {
      const store = await open();
      const run = new Journal(loans.plan, "r1");
      await store.commit([run.add([run.started()])]);
      for (let i = 0; i < 200; i++) {
        const progress = Array.from({ length: 50 }, (_, n): Entry => {
          return { kind: "attempt.progressed", at: i * 50 + n, slot: 0, attempt: 1, fraction: n / 50, note: `${n}` };
        });
        await store.commit([run.add(progress)]);
      }
      const stored = await store.load("r1");
      assert.equal(stored?.entries.length, 10_001);
      assert.deepEqual(stored.entries, run.entries);
      assert.deepEqual(stored.summary, run.summary);
      await store.close();
    },
  },
  {
    name: "rule 13: hostile text comes back as it was: lone surrogates, NUL, __proto__, a megabyte, tags, deep maps",
    async run({ open }) {
      let deep: unknown = "bottom";
      for (let i = 0; i < 400; i++) deep = new Map([[i, deep]]);
      const texts = ["\ud800 alone \udfff", "nul \u0000 within", "\u2028\u2029", "x".repeat(1_000_000), '{"$":"date"}'];
      const values = [
        ...texts,
        JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"10":1,"2":2}') as unknown,
        { $: "undefined", v: 1 },
        deep,
        -0,
      ];
      const store = await open();
      const runs = values.map((value, i) => {
        const run = new Journal(loans.plan, `r${i}`, undefined, sealed(value));
        const text = texts[i] ?? "plain";
        const failure = { kind: "error" as const, message: text, fields: { [text.slice(0, 100)]: text } };
        const broken = { rung: 0, attempt: 1, ms: 0, retryable: false, value: sealed(value) };
        const entries: Entry[] = [run.started(), { kind: "attempt.failed", at: 2, slot: 0, failure, ...broken }];
        return { run, item: run.add(entries) };
      });
      await store.commit(runs.map(({ item }) => item));
      assert.deepEqual(await rows(store), runs.map(({ run }) => run.summary).reverse());
      for (const { run } of runs) assert.deepEqual((await store.load(run.summary.id))?.entries, run.entries);
      await store.close();
    },
  },
  {
    name: "rule 32: absurd costs neither break a list nor change on the way",
    async run({ open }) {
      const store = await open();
      const run = new Journal(loans.plan, "r1");
      const cost = { usd: 1e300, tokens: 2 ** 60 };
      const entry: Entry = { kind: "step.completed", at: 2, slot: 0, rung: 0, attempt: 1, ms: 1, value: "1", cost };
      await store.commit([run.add([run.started(), entry])]);
      assert.deepEqual(await rows(store), [run.summary]);
      await store.close();
    },
  },
];

const error = { kind: "error" as const, message: "down" };

async function rows(store: Store): Promise<readonly RunSummary[]> {
  return (await store.list({ limit: 1_000 })).items;
}

async function listCase({ open }: StoreWorkshop): Promise<void> {
  const store = await open();
  const batch: CommitItem[] = [];
  for (let i = 0; i < 10; i++) {
    const run = new Journal(i % 2 === 0 ? loans.plan : claims.plan, `r${i}`, i === 4 ? "four" : undefined);
    const entries = upToApproval(run, 1_000 + i);
    if (i % 3 === 0) entries.push(...decided(20));
    batch.push(run.add(entries, `hash-${i}`));
  }
  await store.commit(batch);
  const ids = async (query: Parameters<Store["list"]>[0]) => (await store.list(query)).items.map(({ id }) => id);
  assert.deepEqual(await ids({}), ["r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"]);
  assert.deepEqual(await ids({ flow: "claims" }), ["r9", "r7", "r5", "r3", "r1"]);
  assert.deepEqual(await ids({ status: "ended" }), ["r9", "r6", "r3", "r0"]);
  assert.deepEqual(await ids({ status: "waiting", flow: "loans" }), ["r8", "r4", "r2"]);
  assert.deepEqual(await ids({ outcome: "succeeded", flow: "claims" }), ["r9", "r3"]);
  assert.deepEqual(await ids({ outcome: "failed" }), []);
  assert.deepEqual(await ids({ degraded: true }), []);
  assert.deepEqual(await ids({ key: "four" }), ["r4"]);
  assert.deepEqual(await ids({ desk: "claims" }), ["r7", "r5", "r1"]);
  assert.deepEqual(await ids({ desk: "*", limit: 3 }), ["r8", "r7", "r5"]);
  assert.deepEqual(await ids({ desk: "nobody" }), []);

  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ limit: 4, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items.map(({ id }) => id));
    cursor = page.next;
    const later = new Journal(loans.plan, `later-${found.length}`);
    await store.commit([later.add([later.started()])]);
  } while (cursor !== undefined);
  assert.deepEqual(found, ["r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"]);
  for (const bad of [{ limit: 0 }, { limit: 1_001 }, { limit: 1.5 }, { cursor: "not mine" }, { cursor: "-1" }]) {
    await assert.rejects(() => store.list(bad), { code: "option-invalid" }, JSON.stringify(bad));
  }
  await store.close();
}
