// Measures every member, every pair that is left when one is gone, and the upper median, on the held-out days, and writes
// data/held-out.json with the table of data/README.md: `npm run measure`. With `-- --seeds 1,2,3` it only prints what
// other generated towns, each with models trained on it, would give.
// Boundary: the only writer of the figures. Invariant: nothing measured here was seen by training.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { areaUnderCurve } from "@plumbline/example-local-models/logistic-regression.ts";
import { BankRecords, loadRecords } from "./bank-records.ts";
import { type Member, membersOf } from "./members.ts";
import { loadModels, type Models } from "./models.ts";
import { HIGH_ABOVE } from "./risk-level.ts";
import { trainModels } from "./train.ts";
import { FRAUD_PATTERN, type FraudPattern, type LabelledTransaction } from "./transaction.ts";
import { generateTransactions, HELD_OUT_FROM_MS } from "./transaction-generator.ts";

export interface Figures {
  readonly payments: number;
  readonly frauds: Readonly<Record<FraudPattern, number>>;
  readonly scorers: readonly {
    readonly name: string;
    readonly auc: number;
    /** Payments above the threshold, and how many of them are fraud, in all and by pattern. */
    readonly alarms: number;
    readonly right: number;
    readonly caught: Readonly<Record<FraudPattern, number>>;
  }[];
}

/** Who votes: each alone, each pair, all. */
const VOTES: readonly (readonly Member[])[] = [
  ["rules"],
  ["trees"],
  ["graph"],
  ["rules", "trees", "graph"],
  ["trees", "graph"],
  ["rules", "graph"],
  ["rules", "trees"],
];

export function measure(records: BankRecords, models: Models): Figures {
  const heldOut = records.payments.filter(({ atMs }) => atMs >= HELD_OUT_FROM_MS);
  const labels = heldOut.map(({ fraud }) => Number(fraud !== undefined));
  const members = membersOf(records, models);
  const risks = heldOut.map((transaction) => ({
    rules: members.rules({ transaction }).risk,
    trees: members.trees({ transaction }).risk,
    graph: members.graph({ transaction }).risk,
  }));
  return {
    payments: heldOut.length,
    frauds: countPatterns(heldOut),
    scorers: VOTES.map((voters) => {
      const voted = risks.map((risk) => upperMedianOf(voters.map((member) => risk[member])));
      const alarms = heldOut.filter((_, at) => (voted[at] as number) > HIGH_ABOVE);
      return {
        name: voters.length === 3 ? "upper median of all three" : voters.join(" and "),
        auc: Number(areaUnderCurve(voted, labels).toFixed(3)),
        alarms: alarms.length,
        right: alarms.filter(({ fraud }) => fraud !== undefined).length,
        caught: countPatterns(alarms),
      };
    }),
  };
}

export function upperMedianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

function countPatterns(payments: readonly LabelledTransaction[]): Record<FraudPattern, number> {
  const count = (pattern: FraudPattern) => payments.filter(({ fraud }) => fraud?.pattern === pattern).length;
  return Object.fromEntries(FRAUD_PATTERN.map((pattern) => [pattern, count(pattern)])) as Record<FraudPattern, number>;
}

/** The figures as rows of Markdown. */
export function tableOf({ frauds, scorers }: Figures): string {
  const share = (caught: number, all: number) => `${caught} of ${all}`;
  return [
    `| who votes | AUC | above ${HIGH_ABOVE} | of these fraud | ${FRAUD_PATTERN.join(" | ")} |`,
    `|---|---|---|---|${FRAUD_PATTERN.map(() => "---|").join("")}`,
    ...scorers.map(({ name, auc, alarms, right, caught }) => {
      const patterns = FRAUD_PATTERN.map((pattern) => share(caught[pattern], frauds[pattern]));
      return `| ${name} | ${auc.toFixed(3)} | ${alarms} | ${right} | ${patterns.join(" | ")} |`;
    }),
  ].join("\n");
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seeds: { type: "string" } } });
  if (values.seeds !== undefined) {
    for (const seed of values.seeds.split(",").map(Number)) {
      const records = new BankRecords(generateTransactions(seed));
      const figures = measure(records, trainModels(records, seed));
      console.log(`seed ${seed}: ${figures.scorers.map(({ name, auc }) => `${name} ${auc.toFixed(3)}`).join(", ")}`);
    }
  } else {
    const figures = measure(loadRecords(), loadModels());
    writeFileSync(new URL("../data/held-out.json", import.meta.url), `${JSON.stringify(figures, null, 2)}\n`);
    const readme = new URL("../data/README.md", import.meta.url);
    const table = tableOf(figures);
    writeFileSync(readme, readFileSync(readme, "utf8").replace(/^\| who votes.*\n(?:\|.*\n)*/m, `${table}\n`));
    console.log(`${figures.payments} held-out payments\n${table}`);
  }
}
