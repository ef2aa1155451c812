import { once } from "node:events";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { acquireOwnership, isOwnedHere, type Ownership, waitForOwnership } from "../src/processes/ownership.ts";
import { Child } from "./fixtures/child.ts";

let folder: string;
let dbPath: string;
let children: Child[] = [];
let owned: Ownership[] = [];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "pl-own-")));
  dbPath = join(folder, "app.db");
});

afterEach(async () => {
  for (const ownership of owned) ownership.release();
  await Promise.all(children.map((child) => child.kill()));
  children = [];
  owned = [];
  rmSync(folder, { recursive: true, force: true });
});

function own(path = dbPath): Ownership | undefined {
  const ownership = acquireOwnership(path);
  if (ownership !== undefined) owned.push(ownership);
  return ownership;
}

async function start(path = dbPath, options: { uid?: number } = {}): Promise<Child> {
  const child = new Child("owner-child.ts", [path], options);
  children.push(child);
  expect(await child.line()).toBe("ready");
  return child;
}

function codeFrom(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("among processes", () => {
  it("gives a database to one of two, and to the other after a release", async () => {
    const [first, second] = [await start(), await start()];
    expect(await first.ask("try")).toBe("owned");
    expect(await second.ask("try")).toBe("taken");
    expect(await first.ask("release")).toBe("released");
    expect(await second.ask("try")).toBe("owned");
  });

  it("is free as soon as a killed owner is gone", async () => {
    for (let round = 0; round < 5; round += 1) {
      const child = await start();
      expect(await child.ask("try")).toBe("owned");
      expect(own()).toBeUndefined();
      await child.kill();
      const ownership = own();
      expect(ownership).toBeDefined();
      ownership?.release();
    }
  });

  it("lets one of many win who all ask at once, and never none", async () => {
    const contenders = await Promise.all(Array.from({ length: 6 }, () => start()));
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(contenders.map((child) => child.ask("try")));
      expect(answers.filter((answer) => answer === "owned")).toHaveLength(1);
      await Promise.all(contenders.map((child) => child.ask("release")));
    }
  });

  it("is not inherited: the child of an owner is a stranger", async () => {
    expect(own()).toBeDefined();
    expect(await (await start()).ask("try")).toBe("taken");
  });

  it("lets a waiting process in when the owner is killed", async () => {
    const child = await start();
    expect(await child.ask("try")).toBe("owned");
    const waiting = waitForOwnership(dbPath, { timeoutMs: 10_000 });
    await child.kill();
    const ownership = await waiting;
    owned.push(ownership);
    expect(isOwnedHere(dbPath)).toBe(true);
  });
});

describe("within one process", () => {
  it("refuses a second time, until the first is released", () => {
    const first = own();
    expect(own()).toBeUndefined();
    first?.release();
    first?.release();
    expect(own()).toBeDefined();
  });

  it("sees the ownership taken through another copy of the module, as after a hot reload", async () => {
    expect(own()).toBeDefined();
    vi.resetModules();
    const copy = await import("../src/processes/ownership.ts");
    expect(copy.acquireOwnership).not.toBe(acquireOwnership);
    expect(copy.isOwnedHere(dbPath)).toBe(true);
    expect(copy.acquireOwnership(dbPath)).toBeUndefined();
  });

  it("holds against a thread, which has its own globals", async () => {
    expect(own()).toBeDefined();
    const worker = new Worker(join(import.meta.dirname, "fixtures/owner-worker.ts"), { workerData: dbPath });
    const exited = once(worker, "exit"); // a thread that ends at once says both in the same turn
    expect(await once(worker, "message")).toEqual(["taken"]);
    await exited;
    expect(await (await start()).ask("try")).toBe("taken");
  });

  it("keeps the lock although the caller forgot the handle and the garbage is collected", async () => {
    const child = new Child("forgetful-child.ts", [dbPath]);
    children.push(child);
    expect(await child.line()).toBe("collected");
    expect(own()).toBeUndefined();
  });

  it("stays held while others try, which must not drop the process's lock", async () => {
    expect(own()).toBeDefined();
    for (let times = 0; times < 20; times += 1) own();
    expect(await (await start()).ask("try")).toBe("taken");
  });

  it("waits no longer than told, and not after an abort", async () => {
    own();
    await expect(waitForOwnership(dbPath, { timeoutMs: 30, pollMs: 5 })).rejects.toMatchObject({
      code: "ownership-timeout",
    });
    const aborting = new AbortController();
    const waiting = waitForOwnership(dbPath, { timeoutMs: 60_000, pollMs: 60_000, signal: aborting.signal });
    aborting.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});

describe("paths", () => {
  it("treats links to the file, to its folder and to a file yet to come as the same database", () => {
    symlinkSync(folder, `${folder}-link`);
    symlinkSync(dbPath, join(folder, "other.db"));
    try {
      expect(own(join(folder, "other.db"))?.dbPath).toBe(dbPath);
      expect(own(dbPath)).toBeUndefined();
      expect(own(join(`${folder}-link`, "app.db"))).toBeUndefined();
      expect(own(join(folder, ".", "x", "..", "app.db"))).toBeUndefined();
    } finally {
      rmSync(`${folder}-link`);
    }
  });

  it("leaves one empty file that only its user may open, and no database", () => {
    own();
    expect(readdirSync(folder)).toEqual(["app.db.owner"]);
    const stats = statSync(join(folder, "app.db.owner"));
    expect([stats.size, stats.mode & 0o777]).toEqual([0, 0o600]);
  });

  it("notices that the side file was deleted or replaced", async () => {
    const ownership = own();
    expect(ownership?.isIntact()).toBe(true);
    rmSync(`${dbPath}.owner`);
    expect(ownership?.isIntact()).toBe(false);
    // This is the harm: a stranger can own it now. The epoch in the database is what stops the first from writing.
    expect(await (await start()).ask("try")).toBe("owned");
    expect(ownership?.isIntact()).toBe(false);
  });

  it("says what is wrong with a path", () => {
    mkdirSync(join(folder, "folder.db"));
    writeFileSync(join(folder, "a.db"), "");
    linkSync(join(folder, "a.db"), join(folder, "b.db"));
    expect(codeFrom(() => own(""))).toBe("database-path");
    expect(codeFrom(() => own(":memory:"))).toBe("database-path");
    expect(codeFrom(() => own(join(folder, "folder.db")))).toBe("database-path");
    expect(codeFrom(() => own(join(folder, "absent", "a.db")))).toBe("database-folder");
    expect(codeFrom(() => own(join(folder, "a.db")))).toBe("database-hard-linked");
    symlinkSync(join(folder, "circle"), join(folder, "circle"));
    expect(codeFrom(() => own(join(folder, "circle")))).toBe("database-path");
  });

  it("refuses a side file that is something else", () => {
    writeFileSync(`${dbPath}.owner`, "a note of somebody's, much longer than a page header ".repeat(10));
    expect(codeFrom(own)).toBe("ownership-side-file");
    rmSync(`${dbPath}.owner`);
    mkdirSync(`${dbPath}.owner`);
    expect(codeFrom(own)).toBe("ownership-side-file");
  });

  it("says that a folder cannot be written", async () => {
    chmodSync(folder, 0o555);
    // Root may write anywhere, so a process of another user has to try.
    const child = await start(dbPath, process.getuid?.() === 0 ? { uid: 65_534 } : {});
    expect(await child.ask("try")).toBe("ownership-unwritable");
    chmodSync(folder, 0o755);
  });

  it("says that a side file cannot be written", async () => {
    own()?.release();
    chmodSync(folder, 0o755);
    chmodSync(`${dbPath}.owner`, 0o444);
    const child = await start(dbPath, process.getuid?.() === 0 ? { uid: 65_534 } : {});
    expect(await child.ask("try")).toBe("ownership-unwritable");
  });
});
