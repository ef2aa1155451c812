// What the demonstration goes through: which sample comes in as which application, what is made to go wrong on its way,
// and how it must end nevertheless.
// Boundary: data only; faults are switched on by demo.ts, people are scripted-underwriter.ts, judging is expectation.ts.
// Invariants: application ids are fixed, so that a demonstration that was killed goes on with the same runs; applications
// whose models fail come in stages of their own, because an outage is the model's and not the application's.
import type { Fault } from "../core-banking/loan-ledger.ts";
import { loadSamples, type Sample } from "../samples.ts";
import type { ModelOutage } from "./model-supply.ts";

export type Underwriter = "by the class" | "corrects the form" | "never answers";

export interface Application {
  readonly id: string;
  readonly sample: Sample;
  /** What is shown with it, in a few words. Absent: nothing goes wrong on purpose. */
  readonly scenario?: string;
  readonly underwriter: Underwriter;
  /** Made to happen at the bank, for the next `times` requests or for good. */
  readonly bankFault?: { readonly fault: Fault; readonly times?: number };
  readonly mustEnd: Ending;
}

export interface Ending {
  readonly outcome: "succeeded" | "degraded" | "failed";
  /** The rung that must have written the brief: its number in the ladder. */
  readonly briefBy?: "primary" | "secondary" | "last good" | "template";
  readonly via?: "person" | "timeout";
  /** The step must have taken more than one attempt. */
  readonly retried?: "book";
  /** The effect must have been undone. */
  readonly undone?: "book";
}

/** Applications that come in while the models are as `outage` says. */
export interface Stage {
  readonly outage: ModelOutage;
  readonly applications: readonly Application[];
}

type Special = Partial<Omit<Application, "id" | "sample" | "scenario">> & { readonly scenario: string };

/** What is special about an application, by the number of its sample. */
const specials: Readonly<Record<string, Special>> = {
  "02": {
    scenario: "the bank books and its answer is lost, once",
    bankFault: { fault: "hang-after-booking", times: 1 },
    mustEnd: { outcome: "succeeded", retried: "book" },
  },
  "07": {
    scenario: "no underwriter ever answers",
    underwriter: "never answers",
    mustEnd: { outcome: "degraded", via: "timeout" },
  },
  "08": {
    scenario: "the bank books and never answers",
    bankFault: { fault: "hang-after-booking" },
    mustEnd: { outcome: "failed", undone: "book" },
  },
  "09": {
    scenario: "booked, then the customer's file is refused",
    bankFault: { fault: "refuse-file" },
    mustEnd: { outcome: "failed", undone: "book" },
  },
  "15": {
    scenario: "the underwriter corrects the form and grants it",
    underwriter: "corrects the form",
    mustEnd: { outcome: "succeeded" },
  },
  "18": {
    scenario: "the primary model invents a figure",
    mustEnd: { outcome: "degraded", briefBy: "secondary" },
  },
  "03": { scenario: "the primary model is down", mustEnd: { outcome: "degraded", briefBy: "secondary" } },
  "04": { scenario: "all models are down", mustEnd: { outcome: "degraded", briefBy: "template" } },
};

const again: Special = {
  scenario: "the first one once more, all models are down",
  mustEnd: { outcome: "degraded", briefBy: "last good" },
};

/** All samples, in stages. */
export function scenarioStages(): Stage[] {
  const samples = loadSamples();
  const all = samples.map((sample) => applicationOf(sample, specials[numberOf(sample)]));
  const first = samples.find((sample) => numberOf(sample) === "01");
  const during = (scenario: string) => all.filter((application) => application.scenario?.includes(scenario));
  const invents = during("invents a figure");
  const primaryDown = during("primary model is down");
  const allDown = during("all models are down");
  const apart = new Set([...invents, ...primaryDown, ...allDown]);
  const repeated = first ? [applicationOf(first, again, "-again")] : [];
  return [
    // What takes longest comes in first, so that its waiting is shared.
    { outage: {}, applications: byPatience(all.filter((application) => !apart.has(application))) },
    { outage: { primary: "invents figures" }, applications: invents },
    { outage: { primary: "down" }, applications: primaryDown },
    { outage: { primary: "down", secondary: "down" }, applications: [...allDown, ...repeated] },
  ];
}

function byPatience(applications: readonly Application[]): Application[] {
  const waits = ({ scenario }: Application) => (scenario === undefined ? 1 : 0);
  return [...applications].sort((a, b) => waits(a) - waits(b));
}

function applicationOf(sample: Sample, special: Special | undefined, suffix = ""): Application {
  const id = `${sample.file.replace(/\.pdf$/, "")}${suffix}`;
  return { id, sample, underwriter: "by the class", mustEnd: { outcome: "succeeded" }, ...special };
}

function numberOf({ file }: Sample): string {
  return file.slice(0, 2);
}
