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
  type Frame,
  type Inside,
  nextDueAt,
  open,
  pathOf,
  resolve,
  seal,
  slotAt,
  summaryOf,
} from "@plumbline/core";
import { type FlowDescription, outsideTouchesOf, readingsOf, touchesOf } from "./flow-description.ts";
import { endsTheRun, Fates } from "./reference-model.ts";
import { isEffect, isLiveIn, liesIn, RunTree, type TreeNode, type TreeScope } from "./run-tree.ts";
import type { ToyEngine, Watcher } from "./toy-engine.ts";

class BrokenRule extends Error {}

export function demand(holds: boolean, rule: () => string): void {
  if (!holds) throw new BrokenRule(rule());
}

type CommandOf<Kind extends Command["kind"]> = Extract<Command, { kind: Kind }>;

export class LiveChecks implements Watcher {
  private readonly description: FlowDescription;
  private readonly input: unknown;
  private tree: RunTree;
  private marks = new Set<string>();
  private signals = new Set<string>();

  constructor(description: FlowDescription, input: unknown) {
    this.description = description;
    this.input = input;
    this.tree = new RunTree(description);
  }

  /** The process has died: only what is durable has happened. */
  onReload(engine: ToyEngine): void {
    this.tree = new RunTree(this.description);
    this.marks = new Set();
    this.signals = new Set();
    for (const text of engine.journal) this.note(JSON.parse(text) as Entry);
  }

  private note(entry: Entry): void {
    const { length } = this.tree;
    this.tree.add(entry);
    if (entry.kind === "signal.received") this.signals.add(`${entry.name} ${entry.id}`);
    if (entry.kind === "attempt.started") {
      this.marks.add(`${entry.slot}/${entry.rung}/${entry.attempt} ${length}`);
    }
    if (entry.kind === "compensation.started") this.marks.add(`undo ${entry.slot}/${entry.attempt} ${length}`);
  }

  private isDurable(engine: ToyEngine, at: number | undefined): boolean {
    return at !== undefined && at < engine.journal.length;
  }

  /** Whether a start mark like this was written, and is on the disk. */
  private isMarked(engine: ToyEngine, mark: string): boolean {
    for (const one of this.marks) {
      const [start, end] = [one.slice(0, mark.length), one.slice(mark.length + 1)];
      if (start === mark && one[mark.length] === " " && this.isDurable(engine, Number(end))) return true;
    }
    return false;
  }

  onBegin(engine: ToyEngine, command: Command): void {
    if (!("slot" in command)) return;
    const node = this.tree.nodes[command.slot] as TreeNode;
    const path = pathOf(slotAt(engine.state, command.slot));
    demand(path === node.path, () => `slot ${command.slot} is ${path} and should be ${node.path}`);
    if (command.kind === "compensate") {
      this.onUndo(engine, command);
      return;
    }
    if (command.kind === "attempt") this.onAttempt(engine, node, command);
    else if (command.kind !== "stop-call" && command.kind !== "call") {
      demand(isLiveIn(this.tree, node.home), () => `rule 9: ${command.kind} of ${path} in a part that is closed`);
      this.onQuestion(engine, node, command);
    }
    if (isLiveIn(this.tree, node.home)) this.checkNeeds(engine, node);
  }

  private onAttempt(engine: ToyEngine, node: TreeNode, command: CommandOf<"attempt">): void {
    const { rung, attempt, slot } = command;
    const { path, description } = node;
    if (description.kind !== "step") throw new BrokenRule(`an attempt of ${path}, which is no step`);
    demand(node.settledAt === undefined, () => `${path} had settled and was performed again`);
    const live = isLiveIn(this.tree, node.home);
    if (description.stepKind === "effect") {
      const marked = this.isMarked(engine, `${slot}/${rung}/${attempt}`);
      demand(marked, () => "rule 3: an effect began without a durable start mark");
      if (!live) return;
      for (let above = 0; above < rung; above++) {
        demand(!engine.world.standing.has(`${path}/${above}`), () => "rule 7: the rung above may still stand");
      }
    }
    demand(live, () => `rule 9: an attempt of ${path} began in a part that is closed`);
    this.demandSettledNeeds(engine, node, description.stepKind === "pure");
    demand(slotAt(engine.state, slot).dueAt === undefined, () => "an attempt began before its backoff was over");
  }

  /** Rule 2: what it reads is durable before it begins; for what is pure it is enough that it is known. */
  private demandSettledNeeds(engine: ToyEngine, node: TreeNode, isPure: boolean): void {
    const touches = readingsOf(node.description).flatMap((reading) => touchesOf(reading));
    for (const { up, node: index } of [...touches, ...outsideTouchesOf(node.description)]) {
      let home = node.home;
      for (let step = 0; step < up; step++) home = (home.owner as TreeNode).home;
      const { settledAt, path } = home.nodes[index] as TreeNode;
      const holds = isPure ? settledAt !== undefined : this.isDurable(engine, settledAt);
      demand(holds, () => `rule 2: ${node.path} began before its need ${path} was durable`);
    }
  }

  /** A function is asked once: what it answered is recorded and not asked again. */
  private onQuestion(engine: ToyEngine, node: TreeNode, command: Command): void {
    const { path, scopes, items, turns, settledAt } = node;
    demand(settledAt === undefined, () => `${command.kind} of ${path}, which had settled`);
    const again = () => `${command.kind} of ${path} was recorded and is asked again`;
    switch (command.kind) {
      case "ask-choice":
        demand(scopes.length === 0, again);
        break;
      case "list-items":
        demand(items === undefined, again);
        break;
      case "judge-turn": {
        demand(turns.length === command.turn - 1 && scopes.length === command.turn, again);
        const scope = scopes[command.turn - 1] as TreeScope;
        const fate = new Fates(this.input).ofScope(scope);
        demand(fate.kind === "gave", () => `a turn of ${path} is judged though it is ${fate.kind}`);
        const frame = (slotAt(engine.state, node.slot).inside as Inside).frames[command.turn - 1] as Frame;
        this.demandSame(
          `${path} turn ${command.turn}`,
          resolve(engine.state, frame, frame.scope.answer, open),
          fate.kind === "gave" && fate.value,
        );
        break;
      }
      case "combine":
      case "declare-answer": {
        const all = scopes.every((scope) => scope.nodes.every((one) => one.settledAt !== undefined));
        demand(all || node.closedAt !== undefined, () => `${command.kind} of ${path} before all had spoken`);
        break;
      }
    }
    if (command.kind !== "ask-condition") this.demandSettledNeeds(engine, node, false);
  }

  private checkNeeds(engine: ToyEngine, node: TreeNode): void {
    const slot = slotAt(engine.state, node.slot);
    const given = resolve(engine.state, slot.frame, slot.node.needs, open);
    this.demandSame(node.path, given, new Fates(this.input).needsOf(node));
  }

  private demandSame(path: string, given: unknown, expected: unknown): void {
    const [found, right] = [JSON.stringify(seal(given)), JSON.stringify(seal(expected))];
    demand(found === right, () => `rule 13/15: ${path} was given ${found} instead of ${right}`);
  }

  private onUndo(engine: ToyEngine, { slot, attempt }: CommandOf<"compensate">): void {
    const marked = this.isMarked(engine, `undo ${slot}/${attempt}`);
    demand(marked, () => "rule 3: an undo began without a durable start mark");
  }

  onEntry(engine: ToyEngine, entry: Entry): void {
    this.note(entry);
    if (entry.kind === "timer.fired")
      demand(entry.at === engine.now, () => "a timer was fired at another time than now");
    if (entry.kind === "scope.failed") {
      const node = this.tree.nodes[entry.slot] as TreeNode;
      this.demandUndone(engine, node, node.scopes[entry.key]);
    }
    if (entry.kind === "step.failed") {
      const node = this.tree.nodes[entry.slot] as TreeNode;
      if (node.scopes.length > 0 && !endsTheRun(node)) this.demandUndone(engine, node);
    }
  }

  /** Rule 8: of a scope that is done without nothing stands that could be undone, and nothing is in flight. */
  private demandUndone(engine: ToyEngine, owner: TreeNode, within?: TreeScope): void {
    for (const node of this.tree.nodes) {
      if (!liesIn(node, owner, within)) continue;
      const { path, description, slot } = node;
      const pending = engine.pending.get(slot);
      const busy = pending?.begun && (pending.command.kind === "attempt" || pending.command.kind === "compensate");
      const isRead = description.kind === "step" && description.stepKind !== "effect";
      demand(!busy || isRead, () => `rule 8: ${owner.path} failed while ${path} was in flight`);
      const undoable = description.kind === "call" || (description.kind === "step" && description.undoable);
      if (!undoable || slotAt(engine.state, slot).undo === "abandoned") continue;
      const stands = [0, 1, 2].some((rung) => engine.world.standing.has(`${path}/${rung}`));
      demand(!stands, () => `rule 8: ${owner.path} failed while ${path} stood in the world`);
    }
  }

  onSignal(engine: ToyEngine, name: string, id: string, status: string): void {
    const known = this.signals.has(`${name} ${id}`);
    const open = this.tree.stoppedAt === undefined && engine.state.phase === "running";
    const expected = known ? "repeated" : open ? "received" : "late";
    demand(status === expected, () => `rule 20: the signal ${name} ${id} is ${status} and not ${expected}`);
  }

  /** After each turn: nothing is left to decide, and what is due is known to be due. */
  onDecided(engine: ToyEngine): void {
    const { state, now } = engine;
    const env = { now, chance: () => 0.5 };
    const first = decide(state, env);
    const text = JSON.stringify(first);
    demand(text === JSON.stringify(decide(state, env)), () => "decide is not idempotent");
    demand(first.entries.length === 0, () => `advance left something to decide: ${JSON.stringify(first.entries)}`);
    for (const [slot, { command }] of engine.pending) {
      if (slot < 0 || command.kind === "compensate" || command.kind === "stop-call") continue;
      const node = this.tree.nodes[slot] as TreeNode;
      const awaited = command.kind === "attempt" && isEffect(node);
      demand(
        awaited || isLiveIn(this.tree, node.home),
        () => `rule 9: ${command.kind} of ${node.path} is not given up`,
      );
    }
    for (const command of first.commands) {
      const slot = "slot" in command ? command.slot : -1;
      if (slot >= 0) {
        const { status } = slotAt(state, slot);
        const settled = status === "completed" || status === "skipped" || status === "failed";
        const isUndo = command.kind === "compensate";
        demand(!settled || isUndo, () => `a command for a settled slot: ${JSON.stringify(command)}`);
      }
      const known = engine.pending.get(slot)?.command;
      demand(
        JSON.stringify(known) === JSON.stringify(command),
        () => `due is ${JSON.stringify(command)}, under way is ${JSON.stringify(known)}`,
      );
    }
  }

  /** After a commit or a crash: what a reader of the file rebuilds is what was written with it. */
  onDurable(engine: ToyEngine): void {
    if (engine.journal.length === 0) return;
    const rebuilt = engine.reload();
    const summary = summaryOf(rebuilt);
    const same = JSON.stringify(summary) === engine.summary;
    demand(same, () => "rule 27: the rebuilt row differs from the written one");
    const woken = summary.status !== "waiting" || nextDueAt(rebuilt) !== undefined || this.isCalling(engine);
    demand(woken, () => "rule 17: a run waits with nothing to wake it");
  }

  private isCalling(engine: ToyEngine): boolean {
    return engine.state.slots.some(({ status }) => status === "called");
  }
}
