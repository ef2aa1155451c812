// Stands in for the people of the desk "inspection": rules by what is true of the unit.
// Boundary: the script only; knows the truth, which a person would see on the part.
// Invariants: rules under a name that says that it is a script; some units it leaves alone.
import { ScriptedPerson } from "@plumbline/example-local-services/scripted-person.ts";
import type { Engine } from "plumbline";
import type { ConveyorUnit } from "./conveyor.ts";
import type { Ruling } from "./unit-decision.ts";

export function scriptedInspector(engine: Engine, units: readonly ConveyorUnit[]): ScriptedPerson {
  const byNumber = new Map(units.map((unit) => [unit.unit, unit]));
  return new ScriptedPerson(engine, {
    desk: "inspection",
    by: "scripted inspector",
    decisionOn: async ({ key = "" }) => {
      const unit = byNumber.get(key);
      if (unit === undefined || unit.inspector === "never answers") return undefined;
      const { kind } = unit.surface;
      const decision: Ruling = { passed: kind === "ok", finding: kind === "ok" ? "none" : kind };
      return { decision };
    },
  });
}
