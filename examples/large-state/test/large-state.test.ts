// Goal: values far beyond 256 KiB pass through a flow and a file untouched, also when the process is killed with SIGKILL on the
// way: nothing recorded is done again, and another process finds every byte. At 8 MiB; the example itself does 100.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomFrom, wholeBetween } from "@plumbline/example-local-models/seeded-random.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, listOf, maskBytes, maskList, scoreBytes, scoreList } from "../src/transactions.ts";
import type { Figures } from "../src/work.ts";
import { type Shape, type Verification, verify, work } from "../src/work-process.ts";

const mib = 8;
const seed = Number(process.env["LARGE_STATE_SEED"] ?? Math.floor(Math.random() * 1e9));
const kills = 2;
const folder = mkdtempSync(join(tmpdir(), "plumbline-large-state-"));
const db = join(folder, "plumbline.db");
process.env["NODE_COMPILE_CACHE"] = join(folder, "compiled"); // eight processes start here
afterAll(() => rmSync(folder, { recursive: true }));

/** Killed at a moment that chance chooses, between its first line and its last. Gives whether it was. */
async function workAndDie(shape: Shape, chance: () => number): Promise<boolean> {
  const dieAfterLine = wholeBetween(1, 3, chance);
  const delayMs = chance() * 120;
  let lines = 0;
  const figures = await work({ db, shape, mib, seed }, (_, kill) => {
    if (++lines === dieAfterLine) setTimeout(kill, delayMs);
  });
  return figures === undefined;
}

describe(`killed ${kills} times for each shape, seed ${seed}`, () => {
  let verification: Verification;
  const killed: Record<Shape, number> = { bytes: 0, json: 0 };
  const ended: (Figures | undefined)[] = [];
  beforeAll(async () => {
    const chance = randomFrom(seed);
    for (const shape of ["bytes", "json"] as const) {
      for (let time = 0; time < kills; time++) if (await workAndDie(shape, chance)) killed[shape]++;
      ended.push(await work({ db, shape, mib, seed }));
    }
    verification = await verify({ db, mib, seed });
    console.log(`large state: seed ${seed}, killed ${killed.bytes} times with bytes, ${killed.json} with JSON`);
  }, 60_000);

  test("the runs end well, and were really killed before", () => {
    expect(ended).toMatchObject([{ outcome: "succeeded" }, { outcome: "succeeded" }]);
    expect(killed.bytes).toBeGreaterThan(0);
    expect(killed.json).toBeGreaterThan(0);
  });

  test("the process that went on says what it weighed", () => {
    for (const figures of ended) {
      expect(figures?.peakMib).toBeGreaterThan(2 * mib);
      expect(figures?.peakMib).toBeLessThan(1_000);
    }
  });

  test("every value is found by another process as it must be", () => {
    const found = verification.verified.map(({ shape, step, hash }) => [shape, step, hash]);
    expect(found).toEqual(verification.verified.map(({ shape, step, expected }) => [shape, step, expected]));
    expect(found).toHaveLength(8);
    expect(new Set(found.map(([, , hash]) => hash)).size).toBe(6); // three values a shape; the answer is the last of them
    for (const one of verification.verified) expect(Math.abs(one.mib - mib)).toBeLessThan(1);
  });

  test("what was recorded was not done again", () => {
    expect(verification.verified.map(({ completed }) => completed)).toEqual(Array.from({ length: 8 }, () => 1));
  });
});

describe("the steps", () => {
  test("same seed, same content; each step changes what it must and leaves its argument alone", () => {
    const loaded = bytesOf(seed, 1);
    const before = loaded.slice();
    const scored = scoreBytes(loaded);
    expect(loaded).toEqual(before);
    expect(bytesOf(seed, 1)).toEqual(loaded);
    expect(scored).not.toEqual(loaded);
    expect(maskBytes(scored)).not.toEqual(scored);
  });

  test("as objects: as much text as was asked for, scored, and no account left in the clear", () => {
    const loaded = listOf(seed, 1);
    expect(JSON.stringify(loaded).length / 2 ** 20).toBeCloseTo(1, 3);
    const masked = maskList(scoreList(loaded));
    expect(masked.some(({ risk }) => risk > 0)).toBe(true);
    expect(masked.filter(({ account }) => !/^…\d{4}$/.test(account))).toEqual([]);
  });
});
