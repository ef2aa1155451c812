/**
 * What may never happen, rule by rule, looked for while a simulated run goes on.
 *
 * Boundary: reads the engine, its journal and the world, and throws what it finds; changes nothing. What can be judged
 * from the finished journal alone is journal-checks.ts. Invariant: each complaint names the rule that was broken.
 */
import {
  type Command,
  decide,
  type Entry,
  nextDueAt,
  open,
  pathOf,
  resolve,
  seal,
  slotAt,
  summaryOf,
} from "@plumbline/core";
import { type FlowDescription, nodesIn } from "./flow-generator.ts";
import { factsOf } from "./journal-checks.ts";
import { fatesOf, needsOf } from "./reference-model.ts";
import type { ToyEngine, Watcher } from "./toy-engine.ts";

class BrokenRule extends Error {}

export function demand(holds: boolean, rule: string): void {
  if (!holds) throw new BrokenRule(rule);
}

const settling: ReadonlySet<string> = new Set(["step.completed", "step.skipped", "step.failed", "approval.decided"]);

export class LiveChecks implements Watcher {
  private readonly description: FlowDescription;
  private readonly input: unknown;
  private committed: Entry[] = [];

  constructor(description: FlowDescription, input: unknown) {
    this.description = description;
    this.input = input;
  }

  /** What is durable, read back from text. */
  private durable(engine: ToyEngine): Entry[] {
    const from = this.committed.length;
    for (const text of engine.journal.slice(from)) this.committed.push(JSON.parse(text) as Entry);
    return this.committed;
  }

  onBegin(engine: ToyEngine, command: Command): void {
    if (command.kind === "attempt") this.onAttempt(engine, command);
    if (command.kind === "compensate") this.onUndo(engine, command);
    const early =
      command.kind === "ask-condition" || command.kind === "ask-breaker" || command.kind === "declare-decision";
    if (early) demand(engine.state.phase === "running", `rule 9: ${command.kind} while the run was stopping`);
    if (command.kind === "ask-condition") {
      const asked = this.durable(engine).some((one) => one.kind === "condition.answered" && one.slot === command.slot);
      demand(!asked, "nothing recorded is asked again");
    }
  }

  private onAttempt(engine: ToyEngine, command: Extract<Command, { kind: "attempt" }>): void {
    const { slot, rung, attempt } = command;
    const { state } = engine;
    const durable = this.durable(engine);
    const node = engine.world.node(slot);
    const said = (kind: string) => durable.some((one) => one.kind === kind && "slot" in one && one.slot === slot);
    demand(!said("step.completed"), "a step that had completed was performed again");
    if (node.stepKind === "effect") {
      const marked = durable.some(
        (one) => one.kind === "attempt.started" && one.slot === slot && one.rung === rung && one.attempt === attempt,
      );
      demand(marked, "rule 3: an effect began without a durable start mark");
      if (state.phase !== "running") return;
      for (let above = 0; above < rung; above++) {
        demand(!engine.world.standing.has(`${slot}/${above}`), "rule 7: the rung above may still stand in the world");
      }
    }
    demand(state.phase === "running", "rule 9: an attempt began while the run was stopping");
    for (const need of [...Object.values(node.needs), ...node.after].flatMap(nodesIn)) {
      const settled = durable.some((one) => settling.has(one.kind) && "slot" in one && one.slot === need);
      const { status } = slotAt(state, need);
      const settledHere = status === "completed" || status === "skipped" || status === "failed";
      demand(node.stepKind === "pure" ? settledHere : settled, "rule 2: a step began before a need of it was durable");
    }
    const { dueAt } = slotAt(state, slot);
    demand(dueAt === undefined, "an attempt began before its backoff was over");
    this.checkNeeds(engine, slot);
  }

  private checkNeeds(engine: ToyEngine, id: number): void {
    const { state } = engine;
    const all = [...this.durable(engine), ...engine.uncommitted];
    const fates = fatesOf(this.description, factsOf(all), this.input);
    const slot = slotAt(state, id);
    const given = seal(resolve(state, slot.frame, slot.node.needs, open));
    const expected = seal(needsOf(engine.world.node(id), fates, this.input));
    demand(
      JSON.stringify(given) === JSON.stringify(expected),
      `rule 13/15: ${pathOf(slot)} was given ${JSON.stringify(given)} instead of ${JSON.stringify(expected)}`,
    );
  }

  private onUndo(engine: ToyEngine, { slot, attempt }: Extract<Command, { kind: "compensate" }>): void {
    const durable = this.durable(engine);
    const mark = durable.findLastIndex(
      (one) => one.kind === "compensation.started" && one.slot === slot && one.attempt === attempt,
    );
    demand(mark !== -1, "rule 3: an undo began without a durable start mark");
    const stop = durable.findIndex((one) => one.kind === "run.stopped");
    if (stop === -1 || mark < stop) return; // begun by a ladder, beside whatever else went on
    const others = [...engine.pending.entries()].filter(([id, { begun }]) => begun && id !== slot);
    demand(
      others.every(([, { command }]) => command.kind !== "attempt" && command.kind !== "compensate"),
      "rule 8: an undo began while an effect or another undo was in flight",
    );
  }

  onEntry(engine: ToyEngine, entry: Entry): void {
    if (entry.kind === "timer.fired") demand(entry.at === engine.now, "a timer was fired at another time than now");
  }

  /** After each turn: nothing is left to decide, and what is due is known to be due. */
  onDecided(engine: ToyEngine): void {
    const { state, now } = engine;
    const env = { now, chance: () => 0.5 };
    const first = decide(state, env);
    demand(JSON.stringify(first) === JSON.stringify(decide(state, env)), "decide is not idempotent");
    demand(first.entries.length === 0, `advance left something to decide: ${JSON.stringify(first.entries)}`);
    for (const command of first.commands) {
      const slot = "slot" in command ? command.slot : -1;
      if (slot >= 0) {
        const { status } = slotAt(state, slot);
        const settled = status === "completed" || status === "skipped" || status === "failed";
        demand(!settled || command.kind === "compensate", `a command for a settled slot: ${JSON.stringify(command)}`);
      }
      const known = engine.pending.get(slot)?.command;
      demand(
        JSON.stringify(known) === JSON.stringify(command),
        `due is ${JSON.stringify(command)}, under way is ${JSON.stringify(known)}`,
      );
    }
  }

  /** After a commit or a crash: what a reader of the file rebuilds is what was written with it. */
  onDurable(engine: ToyEngine): void {
    if (engine.journal.length === 0) return;
    const rebuilt = engine.reload();
    demand(
      JSON.stringify(summaryOf(rebuilt)) === engine.summary,
      "rule 27: the rebuilt row differs from the written one",
    );
    const parked = summaryOf(rebuilt).status === "waiting";
    demand(!parked || nextDueAt(rebuilt) !== undefined, "rule 17: a run waits with nothing to wake it");
  }
}
