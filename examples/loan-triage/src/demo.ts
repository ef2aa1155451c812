// `npm run demo`: takes a batch of loan applications through the whole house, makes things go wrong, and shows what came
// of it. `--json`: one document on standard output; `--db FILE`: on this database, which stays; `--keep`: keep the folder.
// Boundary: chooses and wires (bank process, models, engine, people); what happens is scenario.ts, what is shown report.ts.
// Invariants: ends with 0 only when every expectation holds and the ledger agrees with the outcomes; people and, where no
// model is configured, models are simulated, and it says so before it begins.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, styleText } from "node:util";
import { warmEmbeddings } from "@plumbline/example-local-models/embeddings.ts";
import { closeOcr, warmOcr } from "@plumbline/example-local-models/ocr.ts";
import { openEngine, sqlite } from "plumbline";
import { readLedger, setFault } from "./core-banking/client.ts";
import { readFiles } from "./core-banking/file-client.ts";
import { startCoreBanking } from "./core-banking/process.ts";
import { runBatch } from "./demo/batch.ts";
import { unmetExpectations } from "./demo/expectation.ts";
import { type ModelSupply, supplyModels } from "./demo/model-supply.ts";
import { Progress } from "./demo/progress.ts";
import { reconcile } from "./demo/reconciliation.ts";
import { documentOf, type Report, tableOf } from "./demo/report.ts";
import { viewRun } from "./demo/run-view.ts";
import { type Stage, scenarioStages } from "./demo/scenario.ts";
import { scriptedUnderwriter } from "./demo/scripted-underwriter.ts";
import { loanTriageFlow } from "./flow.ts";

/** Short, so that the one that nobody answers does not hold up the demonstration; the others are answered at once. */
const APPROVAL_TIMEOUT = "8s";
const BANK_TIMEOUT = "2s";
/** Two read by OCR, the others wait for people and the bank. */
const AT_A_TIME = 6;

interface Places {
  readonly database: string;
  readonly bankDatabase: string;
}

async function demonstrate({ database, bankDatabase }: Places, say: (line: string) => void): Promise<Report> {
  const begun = performance.now();
  await using models = await supplyModels();
  await using bank = await startCoreBanking({ db: bankDatabase });
  const stages = scenarioStages();
  introduce(models, database, say);
  await Promise.all([warmEmbeddings(), warmOcr(), warmOcr(), setBankFaults(bank.baseUrl, stages)]);
  const flow = loanTriageFlow({
    bank: bank.baseUrl,
    bankTimeout: BANK_TIMEOUT,
    approvalTimeout: APPROVAL_TIMEOUT,
    primary: models.primary,
    secondary: models.secondary,
  });
  const engine = await openEngine({ store: sqlite(database), flows: [flow] });
  try {
    const progress = new Progress(engine, say);
    const applications = stages.flatMap((stage) => stage.applications);
    const underwriter = scriptedUnderwriter(engine, applications);
    const batch = runBatch({
      engine,
      flow,
      stages,
      atATime: AT_A_TIME,
      setOutage: (outage) => models.setOutage(outage),
      onStart: ({ id }, run) => progress.follow(id, run, flow.plan),
    });
    const runs = await underwriter.during(batch);
    await progress.said();
    const views = await Promise.all(runs.map((run) => viewRun(engine, run)));
    const ended = views.map(({ key, outcome, output }) => ({ applicationId: key, outcome, output }));
    return {
      views,
      ledger: reconcile(ended, await readLedger(bank.baseUrl), await readFiles(bank.baseUrl)),
      unmet: views.flatMap((view) => unmetExpectations(view, models.ids)),
      ms: performance.now() - begun,
      models: models.notice,
      database,
    };
  } finally {
    await Promise.all([engine.close(), closeOcr()]);
  }
}

function introduce(models: ModelSupply, database: string, say: (line: string) => void): void {
  say(styleText("bold", "Loan triage, from the uploaded PDF to the booked loan"));
  say(`models:   ${models.notice}`);
  say("people:   simulated: a script decides for the desk, through the same call that an inbox would make");
  say(
    "bank:     a small service of its own, in a process of its own, with its own books; some of its faults are switched on",
  );
  say(`database: ${database}`);
  say("");
}

async function setBankFaults(bank: string, stages: readonly Stage[]): Promise<void> {
  for (const { id, bankFault } of stages.flatMap((stage) => stage.applications)) {
    if (bankFault) await setFault(bank, { applicationId: id, ...bankFault });
  }
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    db: { type: "string" },
  },
});
const folder = values.db === undefined ? mkdtempSync(join(tmpdir(), "plumbline-demo-")) : undefined;
const database = values.db === undefined ? join(folder as string, "plumbline.db") : resolve(values.db);
const report = await demonstrate(
  { database, bankDatabase: `${database}.core-banking` },
  values.json ? () => {} : console.log,
);
console.log(values.json ? JSON.stringify(documentOf(report), undefined, 2) : `\n${tableOf(report)}`);
const unmet = report.unmet.length + report.ledger.problems.length;
if (folder !== undefined && unmet === 0 && !values.keep) rmSync(folder, { recursive: true });
else if (!values.json) console.log(`kept: ${folder ?? database}`);
process.exitCode = unmet === 0 ? 0 : 1;
