// Holds both stores to the same cases, and the file to what only a file promises: its chain, its format, its refusals.
import "./fixtures/compile-cache.ts";
import { createHash } from "node:crypto";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Flow, flow } from "@plumbline/core";
import { MemoryStore, openEngine, SqliteStore, sqlite } from "@plumbline/engine";
import { Journal, storeCases } from "@plumbline/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { useFolder } from "./fixtures/folder.ts";

const here = useFolder();
const path = () => join(here.folder, "journal.db");
const openSqlite = () => SqliteStore.open({ path: path(), durability: "normal" });

describe("memory", () => {
  it.each(storeCases)("$name", async ({ run }) => {
    const store = new MemoryStore();
    await run({ open: async () => store });
  });
});

describe("sqlite", () => {
  it.each(storeCases)("$name", ({ run }) => run({ open: openSqlite }));

  const one: Flow = flow("one", {
    input: z.any(),
    build: ($) => ({ made: $.step("make", { output: z.any() }).by(() => 1) }),
  }) as Flow;

  it("rule 26: each link's head is the hash of the head before and its own text", async () => {
    const store = await openSqlite();
    const runs = [new Journal(one.plan, "a"), new Journal(one.plan, "b")];
    await store.commit(runs.map((run) => run.add([run.started()])));
    await store.close();
    const again = await openSqlite(); // the head is found again, not begun anew
    await again.commit(runs.map((run) => run.add([{ kind: "cancel.requested", at: 2 }])));
    await again.commit(runs.map((run) => run.add([{ kind: "cancel.requested", at: 3 }])));
    const head = (await again.load("a"))?.head;
    await again.close();
    const db = new DatabaseSync(path(), { readOnly: true });
    const links = db.prepare("SELECT run, body, head FROM links ORDER BY link").all();
    db.close();
    const heads = new Map<unknown, string>();
    for (const link of links) {
      const next = createHash("sha256")
        .update((heads.get(link.run) ?? "") + String(link.body))
        .digest("base64url");
      expect(link.head).toBe(next);
      heads.set(link.run, next);
    }
    expect(links).toHaveLength(6);
    expect([...heads.values()]).toContain(head);
  });

  it("rule 29: a file of a newer format is refused, and nothing in it is changed", async () => {
    await (await openSqlite()).close();
    const db = new DatabaseSync(path());
    db.exec("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
    const before = readFileSync(path());
    await expect(openEngine({ store: sqlite(path()), flows: [] })).rejects.toMatchObject({ code: "store-newer" });
    expect(readFileSync(path()).equals(before)).toBe(true);
  });

  it("rule 29: somebody else's database is refused, and nothing in it is changed", async () => {
    const db = new DatabaseSync(path());
    db.exec("CREATE TABLE theirs(x); PRAGMA application_id = 7");
    db.close();
    const before = readFileSync(path());
    await expect(openEngine({ store: sqlite(path()), flows: [] })).rejects.toMatchObject({
      code: "store-failed",
      path: path(),
    });
    expect(readFileSync(path()).equals(before)).toBe(true);
  });

  it("rule 33: a file that is no database, and one that may not be written, say so with the file's name", async () => {
    writeFileSync(path(), "this is a letter, not a database. ".repeat(100));
    await expect(openSqlite()).rejects.toMatchObject({ code: "store-failed", path: path() });
    rmSync(path());
    await (await openSqlite()).close();
    chmodSync(path(), 0o400);
    if (process.getuid?.() === 0) return; // root may write everything
    await expect(openSqlite()).rejects.toMatchObject({ code: "store-failed", path: path() });
  });

  it("rule 30: after a refusal the file is free, and nobody listens for rejections of the application", async () => {
    writeFileSync(path(), "no database. ".repeat(100));
    const listeners = process.listenerCount("unhandledRejection");
    for (let i = 0; i < 2; i++) {
      await expect(openEngine({ store: sqlite(path()), flows: [] })).rejects.toMatchObject({ code: "store-failed" });
    }
    expect(process.listenerCount("unhandledRejection")).toBe(listeners);
  });

  it("rule 4: after a failed batch the store refuses all later ones, and closes all the same", async () => {
    const store = await openSqlite();
    const good = new Journal(one.plan, "a");
    const stray = new Journal(one.plan, "b");
    stray.add([stray.started()]);
    await expect(store.commit([stray.add([{ kind: "cancel.requested", at: 2 }])])).rejects.toThrow();
    await expect(store.commit([good.add([good.started()])])).rejects.toMatchObject({ code: "store-failed" });
    await store.close();
    await store.close();
  });
});
