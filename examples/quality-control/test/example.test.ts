// Goal: the example as anybody would run it: every unit of the belt ends where it must, and the books agree.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CONVEYOR_SEED, conveyorUnits } from "../src/conveyor.ts";
import { type InspectedUnit, runLine } from "../src/line.ts";
import { type Report, reportOf } from "../src/report.ts";
import { documentOf, tableOf } from "../src/table.ts";

const folder = mkdtempSync(join(tmpdir(), "quality-line-"));
let report: Report;
beforeAll(async () => {
  report = reportOf(await runLine(conveyorUnits(), { folder }));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const unitOf = (number: string): InspectedUnit => {
  const found = report.units.find(({ unit }) => unit.unit === number);
  if (found === undefined) throw new Error(`no ${number}`);
  return found;
};

test(`all 60 units (seed ${CONVEYOR_SEED}) are tracked, none twice, and the books agree with the answers`, () => {
  const { figures, problems } = report;
  expect(problems).toEqual([]);
  expect(figures).toMatchObject({ units: 60, runs: 60, passes: 64, failed: 3 });
  expect(figures.ledger.stock + figures.ledger.scrap + figures.ledger.setAside.length).toBe(60);
  expect(figures.ledger).toMatchObject({
    moved: 59,
    undone: ["U-012", "U-017"],
    setAside: ["U-012", "U-017", "U-029"],
  });
});

test("few units are judged wrongly, and hard ones go to the inspector", () => {
  const { figures } = report;
  expect(figures.escaped / figures.defective).toBeLessThan(0.1);
  expect(figures.byPerson).toBeGreaterThan(3);
  expect(figures.byRule).toBeGreaterThan(40);
});

test.each(["U-003", "U-021"])("%s comes along again, twice, and is one run with one picture", (number) => {
  expect(unitOf(number)).toMatchObject({ passes: 3, exposures: 1, result: { outcome: "succeeded" } });
  expect(unitOf(number).runs).toHaveLength(1);
});

test.each([
  ["U-012", "place.stock.label", "the label failed"],
  ["U-017", "place.stock.move", "the warehouse moved it and never answered"],
  ["U-029", "place.stock.move", "the warehouse refused it"],
])("%s is set aside: %s failed (%s), and nothing stands", (number, failedAt) => {
  expect(unitOf(number).result).toMatchObject({ outcome: "failed", failedAt, standing: [] });
});

test.each(["U-008", "U-024"])(
  "%s: an answer that was lost once is asked for again, and the unit is in stock once",
  (number) => {
    expect(unitOf(number).result).toMatchObject({ outcome: "succeeded", output: { placed: { bin: "stock" } } });
  },
);

test("a black picture is taken again; one that stays black goes to a person", () => {
  expect(unitOf("U-033")).toMatchObject({ exposures: 2, result: { outcome: "succeeded", output: { via: "rule" } } });
  expect(unitOf("U-038")).toMatchObject({ exposures: 3, result: { outcome: "degraded", output: { via: "person" } } });
  expect(unitOf("U-045").result.output).toMatchObject({ via: "person", finding: "scratch", passed: false });
});

test("nobody looks: the unit goes into scrap, and the run says why", () => {
  const { outcome, output, degradations } = unitOf("U-041").result;
  expect([outcome, output?.passed, output?.via]).toEqual(["degraded", false, "timeout"]);
  expect(degradations.map(({ kind }) => kind)).toContain("automatic-decision");
});

test("a model that gives nonsense is caught by its contract, and the shape alone leaves it to a person", () => {
  for (const number of ["U-058", "U-060"]) {
    const { outcome, output, degradations } = unitOf(number).result;
    expect([outcome, output?.passed, output?.via]).toEqual(["degraded", false, "person"]);
    expect(degradations).toMatchObject([{ path: "classify", kind: "fallback" }]);
  }
});

test("the table has a row for every unit, and the document says what it shows", () => {
  const table = tableOf(report);
  const { example, runs, figures } = JSON.parse(JSON.stringify(documentOf(report)));
  expect(example).toBe("quality-control");
  expect(runs).toHaveLength(60);
  for (const { unit, outcome } of runs) expect(table).toMatch(new RegExp(`${unit} .* ${outcome}`));
  expect(table).toContain(`${figures.ledger.stock} in stock, ${figures.ledger.scrap} in scrap`);
});
