// Goal: the committed models are what the training script makes, and every figure of data/README.md is true: measured
// again on the held-out days, which training never saw.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadRecords } from "../src/bank-records.ts";
import { type Figures, measure, tableOf } from "../src/measure.ts";
import { loadModels } from "../src/models.ts";
import { trainModels } from "../src/train.ts";
import { GENERATOR_SEED } from "../src/transaction-generator.ts";

const committed = JSON.parse(readFileSync(new URL("../data/held-out.json", import.meta.url), "utf8")) as Figures;

test(`training again gives the committed models (seed ${GENERATOR_SEED})`, { timeout: 60_000 }, () => {
  expect(trainModels(loadRecords(), GENERATOR_SEED)).toEqual(loadModels());
});

test("measuring again gives the committed figures, and both READMEs show them", { timeout: 60_000 }, () => {
  const figures = measure(loadRecords(), loadModels());
  expect(figures).toEqual(committed);
  expect(readFileSync(new URL("../data/README.md", import.meta.url), "utf8")).toContain(tableOf(figures));
  const short = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  for (const { auc, alarms, right } of figures.scorers)
    expect(short).toContain(`| ${auc.toFixed(3)} | ${alarms} | ${right} |`);
});

test("the members are worth something alone, and the vote is better than two of them", () => {
  const auc = (name: string) => committed.scorers.find((scorer) => scorer.name === name)?.auc ?? Number.NaN;
  for (const member of ["rules", "trees", "graph"]) expect(auc(member)).toBeGreaterThan(0.7);
  expect(auc("upper median of all three")).toBeGreaterThan(Math.max(auc("rules"), auc("graph")));
});

test("with any member gone, the two that are left still tell fraud from the rest", () => {
  const pairs = committed.scorers.filter(({ name }) => name.includes(" and "));
  expect(pairs).toHaveLength(3);
  for (const { auc } of pairs) expect(auc).toBeGreaterThan(0.85);
});
