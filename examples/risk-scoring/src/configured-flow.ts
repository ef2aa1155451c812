// The flow wired to the committed models and the generated town, for the command: `plumbline run`, `plumbline graph`.
// Boundary: wiring for a terminal; a bank would pass its own look-ups. Invariant: its samples are those of the
// demonstration, without any fault.
import { loadRecords } from "./bank-records.ts";
import { riskScoringFlow } from "./flow.ts";
import { membersOf } from "./members.ts";
import { loadModels } from "./models.ts";
import { paymentOf, scenarios } from "./scenario.ts";

export const riskScoring = riskScoringFlow({
  members: membersOf(loadRecords(), loadModels()),
  samples: Object.fromEntries(scenarios.map((scenario) => [scenario.name, paymentOf(scenario).transaction])),
});
