// Stands in for the people of the desk "inspection": looks into the inbox and rules by what is true of the unit.
// Boundary: talks to the engine as any inbox would (list, decide); knows the truth, which a person would see on the part.
// Invariants: rules only on what is listed as waiting, once, under a name that says that it is a script; some it leaves alone.
import type { Engine } from "plumbline";
import type { ConveyorUnit } from "./conveyor.ts";
import type { Ruling } from "./unit-decision.ts";

const POLL_MS = 25;

export class ScriptedInspector {
  readonly #engine: Engine;
  readonly #units: ReadonlyMap<string, ConveyorUnit>;
  readonly #ruled = new Set<string>();
  #working = true;

  constructor(engine: Engine, units: readonly ConveyorUnit[]) {
    this.#engine = engine;
    this.#units = new Map(units.map((unit) => [unit.unit, unit]));
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
      const { items } = await this.#engine.list({ desk: "inspection", limit: 100 });
      for (const { id, key = "", waits } of items) {
        for (const { path } of waits) await this.#rule(id, key, path);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #rule(run: string, key: string, path: string): Promise<void> {
    const unit = this.#units.get(key);
    if (unit === undefined || unit.inspector === "never answers" || this.#ruled.has(key)) return;
    this.#ruled.add(key);
    const { kind } = unit.surface;
    const decision: Ruling = { passed: kind === "ok", finding: kind === "ok" ? "none" : kind };
    await this.#engine.decide({ run, path, decision, by: "scripted inspector", id: `${run} ${path}` });
  }
}
