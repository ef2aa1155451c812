// Says what happens in the runs while it happens: one line for each thing worth a look.
// Boundary: watches committed entries of the engine and puts them into words; changes nothing.
// Invariant: whatever is printed is durable already.
import { styleText } from "node:util";
import type { Engine, Entry, Plan } from "plumbline";

type Colour = "green" | "yellow" | "red" | "cyan" | "dim";
type Line = readonly [colour: Colour, text: string];

export class Progress {
  readonly #begun = performance.now();
  readonly #watching: Promise<void>[] = [];
  readonly #engine: Engine;
  readonly #print: (line: string) => void;

  constructor(engine: Engine, print: (line: string) => void) {
    this.#engine = engine;
    this.#print = print;
  }

  follow(application: string, run: string, plan: Plan): void {
    this.#watching.push(this.#watch(application, run, plan));
  }

  /** Resolves when everything about the runs that ended has been said. */
  async said(): Promise<void> {
    await Promise.all(this.#watching);
  }

  async #watch(application: string, run: string, plan: Plan): Promise<void> {
    for await (const { entry } of this.#engine.watch(run)) {
      const line = lineOf(entry, plan);
      if (line === undefined) continue;
      const seconds = ((performance.now() - this.#begun) / 1000).toFixed(1).padStart(5);
      this.#print(`${styleText("dim", `${seconds} s`)}  ${application.padEnd(38)} ${styleText(line[0], line[1])}`);
    }
  }
}

function lineOf(entry: Entry, plan: Plan): Line | undefined {
  // A flow without inner scopes: a slot is the number of its step.
  const nameOf = (slot: number) => plan.scopes[0]?.nodes[slot]?.name ?? "?";
  switch (entry.kind) {
    case "attempt.failed":
      return ["yellow", `${nameOf(entry.slot)}: attempt ${entry.attempt} failed: ${short(entry.failure.message)}`];
    case "attempt.lost":
      return ["yellow", `${nameOf(entry.slot)}: attempt ${entry.attempt} was lost with its process`];
    case "rung.entered":
      return ["yellow", `${nameOf(entry.slot)}: down the ladder to ${rungName(plan, entry.slot, entry.rung)}`];
    case "step.completed":
      if (nameOf(entry.slot) === "read") return ["dim", `read in ${Math.round(entry.ms)} ms`];
      return nameOf(entry.slot) === "book" ? ["cyan", "booked at core banking"] : undefined;
    case "approval.requested":
      return ["dim", `waits for the desk "${entry.desk}"`];
    case "approval.decided":
      return ["cyan", `decided via ${entry.via}${entry.note === undefined ? "" : `: ${short(entry.note)}`}`];
    case "compensation.completed":
      return ["cyan", `${nameOf(entry.slot)} undone in ${Math.round(entry.ms)} ms`];
    case "compensation.abandoned":
      return ["red", `${nameOf(entry.slot)} could not be undone: ${short(entry.because)}`];
    case "run.ended":
      return [colourOf(entry.outcome), `ended: ${entry.outcome}`];
    default:
      return undefined;
  }
}

function rungName(plan: Plan, slot: number, rung: number): string {
  const node = plan.scopes[0]?.nodes[slot];
  return (node?.kind === "step" && node.rungs[rung]?.name) || `rung ${rung + 1}`;
}

export function colourOf(outcome: string): Colour {
  if (outcome === "succeeded") return "green";
  return outcome === "degraded" ? "yellow" : "red";
}

function short(text: string): string {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
