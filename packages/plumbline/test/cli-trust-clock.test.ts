// `plumbline trust-clock` against an owner whose clock the test turns, one whose clock is fine, and none.
import { join } from "node:path";
import { VirtualClock } from "@plumbline/testing";
import { flow, openEngine, sqlite } from "plumbline";
import { expect, it, vi } from "vitest";
import { z } from "zod";
import { json, run, workFolder } from "./fixtures/command.ts";

vi.setConfig({ testTimeout: 60_000 }); // every call is a process of its own
const folder = workFolder();
const dayMs = 24 * 3_600_000;

const asking = flow("asking", {
  input: z.object({}),
  build: ($) => ({
    verdict: $.approval("sign", {
      decision: z.object({ ok: z.boolean() }),
      desk: "desk",
      timeout: "1h",
      onTimeout: { ok: false },
    }),
  }),
});

it("timers of the owner go on, and how far the clock had jumped is told; twice changes nothing; nobody is said", async () => {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const engine = await openEngine({
    store: sqlite(join(folder, "plumbline.db")),
    flows: [asking],
    clock,
    onWarning: ({ message }) => warnings.push(message),
  });
  try {
    const started = await engine.start(asking, {});
    clock.jump(dayMs);
    await clock.advance(2 * 3_600_000);
    while (warnings.length === 0) await clock.advance(20); // sockets are looked at first, which takes real turns
    expect(warnings).toEqual([expect.stringContaining("plumbline trust-clock")]);
    expect((await engine.get(started.id))?.summary.status).toBe("waiting");

    expect(await json(folder, "trust-clock")).toEqual({ code: 0, document: { status: "trusted", driftMs: dayMs } });
    let isOver = false;
    const ended = started.result().finally(() => {
      isOver = true;
    });
    while (!isOver) await clock.advance(20);
    expect((await ended).output).toMatchObject({ verdict: { ok: false, via: "timeout" } });

    const again = await run(folder, "trust-clock");
    expect([again.code, again.stdout]).toEqual([0, "timers were not paused: nothing has changed\n"]);
    clock.jump(-dayMs);
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
