// Takes the stages of a scenario through an engine, a few applications at a time, each exactly once by its key.
// Boundary: starts and waits; who decides, what fails and what is printed is the caller's.
// Invariant: run again on the same database, it starts nothing twice and waits for what an earlier process began.
import { inParallel } from "@plumbline/example-local-services/work-queue.ts";
import type { Engine, Flow, RunResult } from "plumbline";
import type { LoanApplication, LoanDecision } from "../loan-decision.ts";
import { loadSamplePdf } from "../samples.ts";
import type { ModelOutage } from "./model-supply.ts";
import type { Application, Stage } from "./scenario.ts";

export type LoanFlow = Flow<LoanApplication, LoanDecision>;

export interface BatchedRun {
  readonly application: Application;
  readonly result: RunResult<LoanDecision>;
  /** An earlier process had started it. */
  readonly takenUp: boolean;
}

export interface BatchOptions {
  readonly engine: Engine;
  readonly flow: LoanFlow;
  readonly stages: readonly Stage[];
  /** Runs at a time: two read by OCR, the others wait for people, models and the bank. */
  readonly atATime: number;
  readonly setOutage: (outage: ModelOutage) => void;
  readonly onStart?: (application: Application, run: string) => void;
}

/** Resolves when all have ended, in the order of the stages. */
export async function runBatch(options: BatchOptions): Promise<BatchedRun[]> {
  const ended: BatchedRun[] = [];
  for (const { outage, applications } of options.stages) {
    options.setOutage(outage);
    ended.push(...(await inParallel(applications, options.atATime, (application) => runOne(application, options))));
  }
  options.setOutage({});
  return ended;
}

async function runOne(application: Application, { engine, flow, onStart }: BatchOptions): Promise<BatchedRun> {
  const { id } = application;
  const run = await engine.start(flow, { applicationId: id, pdf: loadSamplePdf(application.sample) }, { key: id });
  onStart?.(application, run.id);
  return { application, result: await run.result(), takenUp: !run.created };
}
