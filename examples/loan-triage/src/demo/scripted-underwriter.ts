// Stands in for the people of the desk "underwriting": looks into the inbox and decides by a fixed script.
// Boundary: talks to the engine as any inbox would (list, get, decide); knows the script, not the flow's code.
// Invariants: it decides only what is listed as waiting, once, under a name that says that it is a script; a decision
// that came too late is not an error.
import { type Engine, fold, newState, type RunSummary, slotByPath, type Wait } from "plumbline";
import { monthlyInstalment } from "../application-form.ts";
import { Triage } from "../triage.ts";
import type { Application } from "./scenario.ts";

const by = "scripted underwriter";

export class ScriptedUnderwriter {
  readonly #engine: Engine;
  readonly #applications: ReadonlyMap<string, Application>;
  readonly #decided = new Set<string>();
  #working = true;

  constructor(engine: Engine, applications: readonly Application[]) {
    this.#engine = engine;
    this.#applications = new Map(applications.map((application) => [application.id, application]));
  }

  /** Sits at the desk while `work` goes on. Rejects when either does. */
  async during<Result>(work: Promise<Result>): Promise<Result> {
    const shift = this.#untilStopped();
    try {
      return await Promise.race([work, shift.then(() => work)]);
    } finally {
      this.#working = false;
      await shift;
    }
  }

  async #untilStopped(): Promise<void> {
    while (this.#working) {
      const { items } = await this.#engine.list({ desk: "underwriting", limit: 100 });
      for (const summary of items) {
        for (const wait of summary.waits) await this.#decide(summary, wait);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #decide(run: RunSummary, wait: Wait): Promise<void> {
    const application = this.#applications.get(run.key ?? "");
    const id = `${run.id} ${wait.path}`;
    if (this.#decided.has(id) || application === undefined || application.underwriter === "never answers") return;
    this.#decided.add(id);
    const decision = await this.#decisionOn(run.id, application);
    await this.#engine.decide({ run: run.id, path: wait.path, decision, by, id, note: decision.note });
  }

  async #decisionOn(run: string, { underwriter, sample }: Application) {
    if (underwriter === "corrects the form") {
      const corrected = { ...sample.fields, instalment: monthlyInstalment(sample.fields) };
      return { approved: true, note: "the applicant had miscalculated the instalment", corrected };
    }
    const { class: found, reasons } = await this.#triageOf(run);
    return { approved: found === "standard", note: [found, ...reasons].join("; ").slice(0, 500) };
  }

  /** What the approval shows. The inbox of the engine lists who waits, not what they are shown, so it is read here. */
  async #triageOf(run: string): Promise<Triage> {
    const record = await this.#engine.get(run);
    if (record === undefined) throw new Error(`${run} has gone`);
    const state = fold(newState(record.plan), record.entries);
    const triage = slotByPath(state, "triage")?.value;
    if (triage !== undefined) return Triage.parse(await this.#engine.open(run, triage));
    const referral = slotByPath(state, "refer")?.value;
    if (referral === undefined) throw new Error(`${run} waits for an underwriter and has nothing to show`);
    return Triage.parse(((await this.#engine.open(run, referral)) as { triage: unknown }).triage);
  }
}
