// Goal: what the demonstration promises of each of its payments comes true with the real members, with their limit
// shortened; the table and the document show it.
import { afterEach, expect, test, vi } from "vitest";
import { main, tableOf } from "../src/example.ts";
import { RiskAssessment, saysWhatWasVoted } from "../src/risk-assessment.ts";
import { scenarios } from "../src/scenario.ts";
import { scorePayments } from "../src/score-payments.ts";

const scored = await scorePayments(scenarios, { memberTimeout: "300ms" });

afterEach(() => vi.restoreAllMocks());

test.each(scored)("$scenario.name: $scenario.tells", ({ scenario, result: { output, outcome, degradations } }) => {
  expect(output?.level).toBe(scenario.level);
  const faulty = Object.keys(scenario.faults ?? {});
  expect(outcome).toBe(faulty.length === 0 ? "succeeded" : "degraded");
  const silent = Object.entries(output?.members ?? {}).filter(([, { status }]) => status !== "success");
  expect(silent.map(([member]) => member).sort()).toEqual([...faulty].sort());
  for (const member of faulty) expect(degradations.map(({ path }) => path)).toContain(`vote.${member}`);
});

test("they show all there is: three fine, one hanging, one throwing, one talking nonsense, two gone, a ring scored high", () => {
  const shown = scenarios.map(({ faults = {} }) => Object.values(faults).join());
  expect(shown).toEqual(expect.arrayContaining(["", "hangs", "throws", "talks nonsense", "hangs,throws"]));
  expect(scored.some(({ truth, result }) => truth === "ring" && result.output?.level === "high")).toBe(true);
  expect(scored.some(({ truth, result }) => truth !== "honest" && result.output?.level === "low")).toBe(true);
});

test("the table names what each member gave, or what became of it", () => {
  const table = tableOf(scored);
  expect(table).toMatch(/hanging +0\.75 +0\.95 +timeout +0\.95 +high +ring +degraded/);
  expect(table).toContain("trees: the service of the trees answered 503");
});

test("an assessment that says another level than was voted is refused by the flow's check", () => {
  const good = scored.find(({ scenario }) => scenario.name === "ring")?.result.output as RiskAssessment;
  expect(saysWhatWasVoted(RiskAssessment.parse(good))).toBe(true);
  expect(saysWhatWasVoted({ ...good, level: "low" })).toMatch(/level low/);
  expect(saysWhatWasVoted({ ...good, survivors: 1 })).toMatch(/1 survivors/);
  expect(saysWhatWasVoted({ ...good, risk: null, level: "unknown" })).toMatch(/risk null of 3/);
});

test("the document of --json, with the real 5 s", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await main({ json: true });
  const document = JSON.parse(String(log.mock.calls[0]?.[0]));
  expect(document).toMatchObject({ example: "risk-scoring", unmet: [], figures: { heldOut: { payments: 11_198 } } });
  expect(document.runs).toHaveLength(scenarios.length);
  for (const run of document.runs) {
    expect(run).toMatchObject({ flow: "risk-scoring", id: expect.any(String), degradations: expect.any(Array) });
    const hangs = Object.values(run.scenario.faults ?? {}).includes("hangs");
    if (hangs) expect(run.ms).toBeGreaterThan(4_950);
  }
});
