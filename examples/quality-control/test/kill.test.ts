// Goal: the line is killed in the middle of its work, again and again; taken up, every unit still ends in one place, once.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { randomFrom, wholeBetween } from "@plumbline/example-local-models/seeded-random.ts";
import { afterAll, expect, test } from "vitest";
import { runLine } from "../src/line.ts";
import { reportOf } from "../src/report.ts";
import { beltToKill } from "./fixtures/belt-to-kill.ts";

const SEED = 5;
const KILLS = 3;
const folder = mkdtempSync(join(tmpdir(), "quality-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

test(`killed ${KILLS} times at a moment by chance (seed ${SEED}), every unit is tracked once`, async () => {
  const random = randomFrom(SEED);
  for (let kill = 0; kill < KILLS; kill++) await killAfter(wholeBetween(2, 9, random) + kill * 8);
  const { figures, problems } = reportOf(await runLine(beltToKill(), { folder }));
  expect(problems).toEqual([]);
  expect(figures).toMatchObject({ units: beltToKill().length, runs: beltToKill().length });
  expect(figures.ledger.setAside).toEqual(["U-012", "U-029"]);
}, 60_000);

/** Starts the line, and kills it when so many units have ended since. */
async function killAfter(count: number): Promise<void> {
  const file = join(import.meta.dirname, "fixtures", "killed-line.ts");
  const child = spawn(process.execPath, ["--conditions=plumbline-source", file, folder], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = text(child.stderr);
  const exited = once(child, "exit");
  let ended = 0;
  for await (const _ of createInterface(child.stdout)) {
    ended++;
    if (ended === count) child.kill("SIGKILL");
  }
  const [code, signal] = await exited;
  expect([code, signal], `after ${ended} units: ${await said}`).toEqual([null, "SIGKILL"]);
}
