/**
 * One simulated run of a random flow, from its start through crashes to its end, and what is wrong with it.
 *
 * Boundary: drives toy-engine.ts by chance; the checks are invariants.ts and journal-checks.ts. Invariants: the same
 * options give the same run, to the last entry; a run that does not end is a failure, not a hang.
 */
import { advance, type Entry, fold, newState, type Plan, type RunStarted, recover } from "@plumbline/core";
import { flowOf } from "./described-flow.ts";
import type { FlowDescription } from "./flow-description.ts";
import { describeFlow } from "./flow-generator.ts";
import { demand, LiveChecks } from "./invariants.ts";
import { complaintsOf } from "./journal-checks.ts";
import { Seeded } from "./seeded.ts";
import { ToyEngine } from "./toy-engine.ts";
import { type Faults, ProcessDied, sealed, World } from "./world.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly maxNodes: number;
  /** Scopes inside each other. */
  readonly maxDepth: number;
  readonly faults: Faults;
  readonly deadlines: boolean;
  readonly breakers: boolean;
  readonly approvals: boolean;
  /** Sleeps, signals and calls. */
  readonly waits: boolean;
}

export interface SimulationResult {
  readonly options: SimulationOptions;
  readonly problems: readonly string[];
  readonly journal: readonly string[];
  readonly plan: Plan;
  readonly description: FlowDescription;
  readonly crashes: number;
  readonly outcome: string;
}

/** Options of which each is on in some runs and off in others, so that faults hide each other in few. */
export function variedOptions(seed: number): SimulationOptions {
  const seeded = new Seeded(seed ^ 0x5eed);
  const often = () => seeded.chance(0.6);
  const faults = {
    errors: often(),
    crashes: often(),
    poison: seeded.chance(0.3),
    cancels: seeded.chance(0.3),
    clockSteps: often(),
    slowPeople: often(),
  };
  const maxNodes = seeded.pick([3, 6, 10, 16, 20]);
  const maxDepth = seeded.pick([0, 1, 2, 3, 3]);
  const deadlines = seeded.chance(0.3);
  return { seed, maxNodes, maxDepth, faults, deadlines, breakers: often(), approvals: often(), waits: often() };
}

const maxTurns = 50_000;
const maxCrashes = 12;
const input = { asked: "something", when: new Date(0) };

/** `given` is a flow to be simulated instead of the one that the seed makes. */
export function simulate(options: SimulationOptions, given?: FlowDescription): SimulationResult {
  const seeded = new Seeded(options.seed);
  const made = describeFlow(seeded.fork(), options);
  const description = given ?? made;
  const world = new World(description, seeded.fork(), options.faults);
  const checks = new LiveChecks(description, input);
  const { plan } = flowOf(description);
  const engine = new ToyEngine(plan, world, seeded.fork(), checks, 1_000_000);
  const drive = new Drive(engine, checks, options, seeded.fork());
  const problems: string[] = [];
  try {
    drive.run();
    const entries = engine.journal.map((text) => JSON.parse(text) as Entry);
    problems.push(...complaintsOf({ entries, description, input, world, state: engine.reload() }));
    problems.push(...aboutPrefixes(plan, entries, seeded));
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const journal = [...engine.journal, ...engine.uncommitted.map((entry) => `(uncommitted) ${JSON.stringify(entry)}`)];
  const outcome = engine.state.outcome ?? engine.state.phase;
  return { options, problems, journal, plan, description, crashes: drive.crashes, outcome };
}

/** Chooses what happens next. */
class Drive {
  crashes = 0;
  private cancels = 0;
  private readonly engine: ToyEngine;
  private readonly checks: LiveChecks;
  private readonly options: SimulationOptions;
  private readonly seeded: Seeded;
  private readonly signalNames: readonly string[];

  constructor(engine: ToyEngine, checks: LiveChecks, options: SimulationOptions, seeded: Seeded) {
    this.engine = engine;
    this.checks = checks;
    this.options = options;
    this.seeded = seeded;
    this.signalNames = engine.world.signalNames;
  }

  run(): void {
    this.start();
    for (let turn = 0; turn < maxTurns; turn++) {
      const { engine } = this;
      const ended = engine.state.phase === "ended" && engine.uncommitted.length === 0;
      if (ended && (engine.lates.length === 0 || this.seeded.chance(0.5))) return;
      try {
        this.turn();
      } catch (error) {
        if (!(error instanceof ProcessDied)) throw error;
        const { killers } = engine.world;
        demand(killers.length === 0, () => `rule 5: user code keeps the engine in a crash loop: ${killers}`);
        this.crash();
      }
    }
    throw new Error(`the run did not end within ${maxTurns} turns`);
  }

  private start(): void {
    const { engine } = this;
    const { deadline, flow, fingerprint } = JSON.parse(engine.planText) as Plan;
    const deadlineAt = deadline && { deadlineAt: engine.now + deadline.afterMs };
    const started = {
      kind: "run.started",
      at: engine.now,
      run: "r1",
      flow,
      fingerprint,
      input: sealed(input),
    } as const;
    engine.receive([{ ...started, ...deadlineAt } satisfies RunStarted]);
  }

  private turn(): void {
    const { engine, seeded } = this;
    const { faults } = this.options;
    if (faults.crashes && this.crashes < maxCrashes && seeded.chance(0.03)) this.crash();
    if (faults.clockSteps && seeded.chance(0.01)) engine.now += seeded.integer(-2_000, 20_000);
    if (faults.cancels && this.cancels < 2 && seeded.chance(0.004)) this.cancel();
    this.people();
    this.signals();
    if (engine.uncommitted.length > 0 && seeded.chance(0.5)) this.commit();
    else if (seeded.chance(0.6) && engine.begin()) return;
    else if (seeded.chance(0.6) && engine.land()) return;
    else if (engine.fireTimers()) return;
    else if (seeded.chance(0.1)) engine.now += seeded.integer(1, 300);
    else this.wait();
  }

  /** Nothing was drawn: do what can be done, and only then let time pass. */
  private wait(): void {
    const { engine } = this;
    if (engine.uncommitted.length > 0) this.commit();
    else if (!engine.begin() && !engine.land()) {
      const next = engine.nextInstant();
      if (next !== undefined) engine.now = Math.max(engine.now, next);
      else if (engine.state.phase !== "ended")
        throw new Error("the run is stuck: nothing is under way and nothing is due");
    }
  }

  private commit(): void {
    this.engine.commit();
    this.checks.onDurable(this.engine);
  }

  private crash(): void {
    this.crashes++;
    this.engine.crash();
    if (this.engine.journal.length === 0) this.start(); // the caller was never answered, and asks again
    this.checks.onDurable(this.engine);
  }

  private cancel(): void {
    this.cancels++;
    const { engine } = this;
    if (engine.state.phase === "ended") return;
    engine.receive([{ kind: "cancel.requested", at: engine.now, by: "ada" }]);
  }

  private people(): void {
    const { engine, seeded } = this;
    for (const slot of engine.state.slots) {
      if (slot.node.kind !== "approval") continue;
      const early = slot.status === "pending" || slot.status === "ready";
      if (early && engine.state.phase === "running") continue;
      const share = slot.status === "asked" ? (this.options.faults.slowPeople ? 0.03 : 0.3) : 0.005;
      if (seeded.chance(share)) engine.personDecides(slot, `decision-${seeded.integer(1, 2)}`);
    }
  }

  /** Before anybody waits, while somebody does, and again. */
  private signals(): void {
    const { engine, seeded } = this;
    if (this.signalNames.length === 0 || engine.state.frames.length === 0 || !seeded.chance(0.03)) return;
    engine.signal(seeded.pick(this.signalNames), `signal-${seeded.integer(1, 6)}`);
  }
}

/** Any prefix of a journal is a state that a run can be taken up from: folding, recovering and deciding never throw. */
function aboutPrefixes(plan: Plan, entries: readonly Entry[], seeded: Seeded): string[] {
  const lengths = [1, 2, 3].map(() => seeded.integer(1, entries.length));
  return lengths.flatMap((length) => {
    const state = fold(newState(plan), entries.slice(0, length));
    const chance = () => 0;
    const now = (entries[length - 1] as Entry).at;
    fold(state, recover(state, now));
    const { commands } = advance(state, { now, chance });
    const goesOn = state.phase === "ended" || commands.length > 0 || state.timers.size > 0;
    return goesOn ? [] : [`taken up after entry ${length}, the run has nothing to do and does not end`];
  });
}

/** A failing run as text: how to run it again, what is wrong, the flow, the journal. */
export function reportOf({ options, problems, journal, description, crashes }: SimulationResult): string {
  return [
    `seed ${options.seed}: ${problems.length} problems, ${crashes} crashes`,
    `again: simulate(${JSON.stringify(options)}), where it was shrunk with the flow below`,
    ...problems,
    "flow:",
    ...description.nodes.map((node) => `  ${JSON.stringify(node)}`),
    `  answer ${JSON.stringify(description.answer)}, deadline ${description.deadline}`,
    "journal:",
    ...journal.map((text, index) => `  ${index} ${text}`),
  ].join("\n");
}
