// `plumbline trust-clock` against an owner whose clock the test turns, one whose clock is fine, and none.
import { join } from "node:path";
import { systemClock } from "@plumbline/engine";
import { openEngine, sqlite } from "plumbline";
import { expect, it, vi } from "vitest";
import { json, run, workFolder } from "./fixtures/command.ts";
import { permission } from "./fixtures/patterns.ts";

vi.setConfig({ testTimeout: 60_000 }); // every call is a process of its own
const folder = workFolder();
const dayMs = 24 * 3_600_000;

it("timers of the owner go on, and how far the clock had jumped is told; twice changes nothing; nobody is said", async () => {
  let jumpedMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + jumpedMs };
  const engine = await openEngine({ store: sqlite(join(folder, "plumbline.db")), flows: [permission], clock });
  try {
    const started = await engine.start(permission, {});
    jumpedMs = dayMs;
    const { code, document } = await json(folder, "trust-clock");
    expect([code, document.status, Math.round(document.driftMs / 60_000)]).toEqual([0, "trusted", dayMs / 60_000]);
    expect((await started.result()).output).toMatchObject({ approved: false, via: "timeout" });

    const again = await run(folder, "trust-clock");
    expect([again.code, again.stdout]).toEqual([0, "timers were not paused: nothing has changed\n"]);
    jumpedMs = 0;
    expect((await run(folder, "trust-clock")).stdout).toBe("timers go on: the clock was set back by 1d\n");
  } finally {
    await engine.close();
  }
  expect((await run(folder, "trust-clock")).stdout).toMatch(/^nobody runs this database: nothing is paused/);
  expect((await json(folder, "trust-clock")).document).toEqual({ status: "unowned", driftMs: 0 });
});

it("a database that is not there is a mistake", async () => {
  const { code, document } = await json(folder, "trust-clock", "--db", "nowhere.db");
  expect([code, document.error.code]).toEqual([2, "database-unknown"]);
});
