// Runs the scenarios side by side in one engine, each payment as it would come in, with its faults switched on.
// Boundary: scenarios in, ended runs out; prints nothing. Invariant: nothing is retried, awaited or cut short here: what a
// hanging member costs is what the flow's own limit lets it cost.
import { type Duration, openEngine, type RunResult } from "plumbline";
import { loadRecords } from "./bank-records.ts";
import { riskScoringFlow } from "./flow.ts";
import { type Faults, withFaults } from "./member-faults.ts";
import { membersOf } from "./members.ts";
import { loadModels } from "./models.ts";
import type { RiskAssessment } from "./risk-assessment.ts";
import { paymentOf, type Scenario } from "./scenario.ts";

export interface ScoredPayment {
  readonly scenario: Scenario;
  readonly truth: string;
  readonly result: RunResult<RiskAssessment>;
}

export async function scorePayments(
  scenarios: readonly Scenario[],
  { memberTimeout = "5s" }: { readonly memberTimeout?: Duration } = {},
): Promise<ScoredPayment[]> {
  const faults: Faults = Object.fromEntries(scenarios.flatMap(({ id, faults }) => (faults ? [[id, faults]] : [])));
  const records = loadRecords();
  const payments = scenarios.map((scenario) => ({ scenario, ...paymentOf(scenario) }));
  // The graph of the day is built in the morning and not while a payment waits.
  for (const { transaction } of payments) records.graphAt(transaction.at);
  const members = withFaults(membersOf(records, loadModels()), faults);
  const flow = riskScoringFlow({ members, memberTimeout });
  const engine = await openEngine({ flows: [flow] });
  try {
    return await Promise.all(
      payments.map(async ({ scenario, transaction, truth }) => {
        const run = await engine.start(flow, transaction, { key: scenario.name });
        return { scenario, truth, result: await run.result() };
      }),
    );
  } finally {
    await engine.close();
  }
}
