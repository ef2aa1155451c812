// Goal: the published figures are those of the committed model on the held-out frames, and good enough to run a line on.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadRecorded, measure, SAMPLE_OF_HELD_OUT, tablesOf } from "../src/measure.ts";

const { all: recorded, sample } = loadRecorded();

test(`measuring a part of them again (96 frames, seeds from ${SAMPLE_OF_HELD_OUT.firstSeed}) gives what is recorded`, () => {
  expect(measure(SAMPLE_OF_HELD_OUT)).toEqual(sample);
});

test("data/README.md shows the recorded figures", () => {
  expect(readFileSync(new URL("../data/README.md", import.meta.url), "utf8")).toContain(tablesOf(recorded));
});

test("few defects pass, hardly a good unit fails, and the hard frames are hard", () => {
  const { good, defective } = recorded.calls;
  expect(good.pass + good.fail + good.unsure + defective.pass + defective.fail + defective.unsure).toBe(480);
  expect(defective.pass / 360).toBeLessThan(0.05);
  expect(good.fail / 120).toBeLessThan(0.02);
  const { plain, ...hard } = recorded.byDifficulty;
  expect(plain.escaped).toBe(0);
  expect(plain.found).toBeGreaterThan(85);
  expect(Object.values(hard).reduce((sum, { escaped }) => sum + escaped, 0)).toBeGreaterThan(0);
});
