// Stands in for the people of a desk: looks into the inbox and decides by a script.
// Boundary: talks to the engine as any inbox would (list, decide); knows no flow. Whom it plays says that it is a script.
// Invariants: decides only what is listed as waiting, and once; what the script has no decision on it leaves alone; a
// decision that came too late is not an error.
import { setTimeout as sleep } from "node:timers/promises";
import type { DecisionRequest, Engine, RunSummary } from "plumbline";

const POLL_MS = 50;

export interface Script {
  readonly desk: string;
  /** The name that decisions are recorded under. */
  readonly by: string;
  /** Undefined leaves the run waiting. */
  readonly decisionOn: (run: RunSummary) => Promise<Pick<DecisionRequest, "decision" | "note"> | undefined>;
}

export class ScriptedPerson {
  readonly #engine: Engine;
  readonly #script: Script;
  readonly #decided = new Set<string>();
  #working = true;

  constructor(engine: Engine, script: Script) {
    this.#engine = engine;
    this.#script = script;
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
    for (; this.#working; await sleep(POLL_MS)) {
      const { items } = await this.#engine.list({ desk: this.#script.desk, limit: 100 });
      for (const run of items) {
        for (const { path } of run.waits) await this.#decide(run, path);
      }
    }
  }

  async #decide(run: RunSummary, path: string): Promise<void> {
    const id = `${run.id} ${path}`;
    const ruling = this.#decided.has(id) ? undefined : await this.#script.decisionOn(run);
    if (ruling === undefined) return;
    this.#decided.add(id);
    await this.#engine.decide({ run: run.id, path, by: this.#script.by, id, ...ruling });
  }
}
