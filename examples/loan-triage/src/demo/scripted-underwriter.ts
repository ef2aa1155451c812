// Stands in for the people of the desk "underwriting": decides by what the flow shows them.
// Boundary: the script only; reads runs as any inbox would, and knows the script, not the flow's code.
// Invariants: decides under a name that says that it is a script; some applications it leaves alone.
import { ScriptedPerson } from "@plumbline/example-local-services/scripted-person.ts";
import { type Engine, fold, newState, slotByPath } from "plumbline";
import { monthlyInstalment } from "../application-form.ts";
import { Triage } from "../triage.ts";
import type { Application } from "./scenario.ts";

export function scriptedUnderwriter(engine: Engine, applications: readonly Application[]): ScriptedPerson {
  const byId = new Map(applications.map((application) => [application.id, application]));
  return new ScriptedPerson(engine, {
    desk: "underwriting",
    by: "scripted underwriter",
    decisionOn: async ({ id, key = "" }) => {
      const application = byId.get(key);
      if (application === undefined || application.underwriter === "never answers") return undefined;
      const decision = await decisionOn(id, application, engine);
      return { decision, note: decision.note };
    },
  });
}

async function decisionOn(run: string, { underwriter, sample }: Application, engine: Engine) {
  if (underwriter === "corrects the form") {
    const corrected = { ...sample.fields, instalment: monthlyInstalment(sample.fields) };
    return { approved: true, note: "the applicant had miscalculated the instalment", corrected };
  }
  const { class: found, reasons } = await triageOf(run, engine);
  return { approved: found === "standard", note: [found, ...reasons].join("; ").slice(0, 500) };
}

/** What the approval shows. The inbox of the engine lists who waits, not what they are shown, so it is read here. */
async function triageOf(run: string, engine: Engine): Promise<Triage> {
  const record = await engine.get(run);
  if (record === undefined) throw new Error(`${run} has gone`);
  const state = fold(newState(record.plan), record.entries);
  const triage = slotByPath(state, "triage")?.value;
  if (triage !== undefined) return Triage.parse(await engine.open(run, triage));
  const referral = slotByPath(state, "refer")?.value;
  if (referral === undefined) throw new Error(`${run} waits for an underwriter and has nothing to show`);
  return Triage.parse(((await engine.open(run, referral)) as { triage: unknown }).triage);
}
