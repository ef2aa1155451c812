/**
 * Carries out one command of the toy engine: asks the world, and makes entries of what it says.
 *
 * Boundary: a command to a flight, which lands with the entries of the command's end; when that is, is the engine's. What
 * the real engine holds to a contract (a case, an array, a date) is held to it here in the same way.
 */
import {
  admit,
  breakerOf,
  type Command,
  type Entry,
  evolveBreaker,
  type Failure,
  type Frame,
  type Inside,
  isLive,
  limitReason,
  open,
  type PlanApproval,
  type PlanBranch,
  type PlanBreaker,
  type PlanEnsemble,
  pathOf,
  type RunState,
  resolve,
  type Slot,
  siblingOf,
  slotAt,
  voteOf,
  votesOf,
  withVia,
} from "@plumbline/core";
import type { Seeded } from "./seeded.ts";
import { type AttemptPlan, type CalledRun, sealed, type World } from "./world.ts";

export type AttemptCommand = Extract<Command, { kind: "attempt" }>;

/** Where commands are carried out. */
export interface Performing {
  readonly state: RunState;
  readonly world: World;
  readonly seeded: Seeded;
  /** Read again when something lands: time has passed. */
  readonly now: number;
}

/** What comes of a command, and when. */
export interface Flight {
  readonly at: number;
  readonly land: () => Entry[];
}

export interface Late {
  readonly at: number;
  readonly command: AttemptCommand;
  readonly result: "value" | "failure";
}

/** Begins a command. What user code does happens now; what is told of it lands later. */
export function perform(engine: Performing, command: Command): Flight & { readonly late?: Late } {
  const { now } = engine;
  if (command.kind === "answer" || command.kind === "answer-deadline") {
    return { at: now, land: answer(engine, command.kind) };
  }
  const slot = slotAt(engine.state, command.slot);
  const said = () => ({ at: engine.now, slot: slot.id });
  switch (command.kind) {
    case "attempt":
      return attempt(engine, slot, command);
    case "compensate":
      return undo(engine, slot, command.attempt);
    case "ask-condition":
      return { at: now, land: askCondition(engine, slot) };
    case "ask-breaker":
      return { at: now, land: () => askBreaker(engine, slot, command.breaker) };
    case "declare-decision":
      if (slot.node.kind === "signal") return { at: now, land: declareSignal(engine, slot) };
      return { at: now, land: declareDecision(engine, slot, command.via) };
    case "ask-choice":
    case "ask-instant":
    case "list-items":
      return { at: now, land: askOnce(engine, slot, command.kind) };
    case "judge-turn":
      return { at: now, land: judgeTurn(engine, slot, command.turn) };
    case "combine":
    case "declare-answer": {
      const asked = engine.world.ask(pathOf(slot));
      return {
        at: now,
        land: () => [asked === "answers" ? completedBy(engine.state, slot, said()) : stopped(asked, said())],
      };
    }
    case "call": {
      const run = engine.world.call(pathOf(slot), command.run, now);
      return { at: Math.max(now, run.endsAt), land: () => callAnswered(engine, slot, run) };
    }
    case "stop-call": {
      const run = engine.world.stopCall(command.run, now);
      return { at: Math.max(now, run?.endsAt ?? now), land: () => callAnswered(engine, slot, run) };
    }
  }
}

interface Said {
  readonly at: number;
  readonly slot: number;
}

function failed(failure: Failure, said: Said): Entry {
  return { kind: "step.failed", ...said, failure };
}

function stopped(asked: "throws" | "breaks its contract", said: Said): Entry {
  const kind = asked === "throws" ? ("predicate" as const) : ("contract" as const);
  return { kind: "scope.stopped", ...said, failure: { kind, message: `a function ${asked}` } };
}

function attempt(engine: Performing, slot: Slot, command: AttemptCommand): Flight & { readonly late?: Late } {
  const { world, now } = engine;
  const path = pathOf(slot);
  if (!isLive(engine.state, slot.frame)) {
    // Marked as started, and never begun: so it is proven that nothing was applied.
    return { at: now, land: () => [attemptEntry(command, { kind: "not-applied", value: "" }, engine.now)] };
  }
  const stood = world.standing.has(`${path}/${command.rung}`);
  const plan = world.attempt(path, command);
  if (plan.kind === "not-applied") world.wasNotApplied(path, command.rung, stood);
  const land = () => {
    voteFor(engine, slotAt(engine.state, slot.id), command, plan.kind);
    return [attemptEntry(command, plan, engine.now)];
  };
  const flight = { at: now + plan.afterMs, land };
  return plan.late ? { ...flight, late: { at: now + plan.late.afterMs, command, result: plan.late.result } } : flight;
}

/** What one that is given up leaves behind. */
export function supersededEntry({ slot, rung, attempt }: AttemptCommand, at: number): Entry {
  const cost = { usd: 0.5, tokens: 3 };
  return { kind: "attempt.superseded", at, slot, rung, attempt, ms: 1, cost, because: "it was given up" };
}

/** The entry of an attempt's end. */
export function attemptEntry(
  { slot, rung, attempt }: AttemptCommand,
  { kind, value }: { kind: AttemptPlan["kind"] | "aborted"; value: string },
  at: number,
): Entry {
  const record = { at, slot, rung, attempt, ms: 1, cost: { usd: 0.5, tokens: 3 } };
  if (kind === "value") return { kind: "step.completed", ...record, value };
  const failure: Failure = { kind, message: `simulated ${kind}` };
  return { kind: "attempt.failed", ...record, failure, retryable: true, ...(kind === "contract" ? { value } : {}) };
}

function voteFor(engine: Performing, slot: Slot, { rung, attempt }: AttemptCommand, kind: string): void {
  const breaker = slot.node.kind === "step" ? slot.node.rungs[rung]?.breaker : undefined;
  if (!breaker || !slot.admission) return;
  const result = kind === "value" ? "success" : "failure";
  engine.world.vote(breaker, `${slot.id}/${rung}/${attempt}`, engine.now, slot.admission.epoch, result);
}

function undo(engine: Performing, slot: Slot, attempt: number): Flight {
  const failure = engine.world.undo(pathOf(slot), slot.rung);
  const land = (): Entry[] => {
    const entry = { at: engine.now, slot: slot.id, attempt, ms: 1 };
    return [
      failure ? { kind: "compensation.failed", ...entry, failure } : { kind: "compensation.completed", ...entry },
    ];
  };
  return { at: engine.now + engine.seeded.integer(0, 900), land };
}

function askCondition(engine: Performing, slot: Slot): () => Entry[] {
  const answer = engine.world.condition(pathOf(slot));
  return () => {
    const said = { at: engine.now, slot: slot.id };
    if (answer === "throws") return [failed({ kind: "predicate", message: "when threw" }, said)];
    if (answer) return [{ kind: "condition.answered", ...said, answer }];
    return [{ kind: "step.skipped", ...said, because: "when" }];
  };
}

function askBreaker({ world, now }: Performing, { id, rung, attempts }: Slot, breaker: PlanBreaker): Entry[] {
  const state = world.breaker(breaker);
  const request = { id: `${id}/${rung}/${attempts + 1}`, now, lapseMs: 6_000 };
  const { admission, epoch, entries } = admit(state, request);
  for (const entry of entries) evolveBreaker(state, entry);
  return [{ kind: "admission.answered", at: now, slot: id, breaker: breaker.name, epoch, admission }];
}

function declareDecision(engine: Performing, slot: Slot, via: "timeout" | "breaker"): () => Entry[] {
  const node = slot.node as PlanApproval;
  const declared = via === "breaker" ? node.breaker?.decide : node.onTimeout;
  const asked = declared === undefined ? engine.world.ask(pathOf(slot)) : "answers";
  return () => {
    const said = { at: engine.now, slot: slot.id };
    if (asked !== "answers") return [failed({ kind: "predicate", message: `onTimeout ${asked}` }, said)];
    let by = via;
    if (via === "timeout" && node.breaker) {
      const epoch = slotAt(engine.state, slot.id).admission?.epoch ?? 0;
      if (engine.world.vote(breakerOf(node), `${slot.id}/0/1`, engine.now, epoch, "failure")) by = "breaker";
    }
    const value = (by === "breaker" ? node.breaker?.decide : node.onTimeout) ?? sealed({ approved: false });
    return [{ kind: "approval.decided", ...said, via: by, value: withVia(value, by) }];
  };
}

function declareSignal(engine: Performing, slot: Slot): () => Entry[] {
  const asked = engine.world.ask(pathOf(slot));
  return () => {
    const said = { at: engine.now, slot: slot.id };
    if (asked !== "answers") return [failed({ kind: "contract", message: `onTimeout ${asked}` }, said)];
    return [{ kind: "signal.answered", ...said, value: sealed({ v: "declared" }), via: "timeout" }];
  };
}

/** A function of the needs, or the needs themselves, before the node opens anything. */
function askOnce(engine: Performing, slot: Slot, what: "ask-choice" | "ask-instant" | "list-items"): () => Entry[] {
  const { world, state } = engine;
  const asked = world.ask(pathOf(slot));
  const { cases } = slot.node as PlanBranch;
  const chosen = what === "ask-choice" ? world.pick(Object.keys(cases)) : "";
  const inMs = world.pick([-500, 0, 40, 4_000]);
  return () => {
    const said = { at: engine.now, slot: slot.id };
    if (asked !== "answers") return [failed({ kind: "predicate", message: `${what} ${asked}` }, said)];
    if (what === "ask-choice") {
      return [{ kind: "scope.entered", ...said, scope: cases[chosen] as number, key: chosen }];
    }
    if (what === "ask-instant") return [{ kind: "sleep.started", ...said, dueAt: engine.now + inMs }];
    const { over } = resolve(state, slot.frame, slot.node.needs, open) as { over: unknown };
    if (Array.isArray(over)) return [{ kind: "items.listed", ...said, items: over.map(sealed) }];
    return [failed({ kind: "value", message: "over is no array" }, said)];
  };
}

function judgeTurn(engine: Performing, slot: Slot, turn: number): () => Entry[] {
  const asked = engine.world.ask(pathOf(slot));
  const done = engine.world.chance(0.35);
  const frame = (slot.inside as Inside).frames[turn - 1] as Frame;
  return () => {
    const said = { at: engine.now, slot: slot.id };
    if (asked !== "answers") return [stopped(asked, said)];
    const value = sealed(resolve(engine.state, frame, frame.scope.answer, open));
    return [{ kind: "turn.completed", ...said, turn, value, done }];
  };
}

/** What `combine`, `below` and `atLimit` make, so simple that a check can make it again. */
function completedBy(state: RunState, slot: Slot, said: Said): Entry {
  const { node, inside } = slot;
  const { frames, values } = inside as Inside;
  if (node.kind === "loop") {
    const degraded = limitReason(slot);
    return { kind: "scope.completed", ...said, value: sealed({ turns: values.map((value) => open(value)) }), degraded };
  }
  const [frame] = frames as [Frame];
  const members = frame.scope.nodes.map((_, index) => siblingOf(state, frame, index));
  const { quorum } = node as PlanEnsemble;
  const { given, members: count } = votesOf(state, slot);
  if (given >= quorum) {
    const survivors = members.filter(({ status }) => status === "completed");
    const pairs = survivors.map((member) => [member.node.name, open(member.value as string)] as const);
    return { kind: "scope.completed", ...said, value: sealed({ combined: Object.fromEntries(pairs) }) };
  }
  const votes = members.map((member) => [member.node.name, voteOf(member, () => open(member.value as string))]);
  const degraded = `${given} of ${count} members gave an answer, ${quorum} are needed`;
  return { kind: "scope.completed", ...said, value: sealed({ votes: Object.fromEntries(votes) }), degraded };
}

function callAnswered(engine: Performing, slot: Slot, run: CalledRun | undefined): Entry[] {
  const base = { kind: "call.answered" as const, at: engine.now, slot: slot.id, ms: 1, cost: { usd: 0.5, tokens: 3 } };
  if (run) engine.world.callEnded(pathOf(slot), run);
  if (run?.outcome === "succeeded" || run?.outcome === "degraded") {
    return [{ ...base, outcome: run.outcome, value: sealed({ v: `called for ${pathOf(slot)}`, list: [slot.id] }) }];
  }
  const failure = { kind: "call" as const, message: run ? `it ended ${run.outcome}` : "it was never begun" };
  return [{ ...base, outcome: run?.outcome ?? "cancelled", failure }];
}

function answer(engine: Performing, kind: "answer" | "answer-deadline"): () => Entry[] {
  const isGood = engine.world.answers();
  return () => {
    const { state, now: at } = engine;
    const frame = state.frames[0] as Frame;
    if (kind === "answer-deadline") {
      return [{ kind: "run.ended", at, outcome: "degraded", output: sealed("too late") }];
    }
    if (!isGood) {
      const failure = { kind: "contract" as const, message: "the answer breaks the flow's contract" };
      return [{ kind: "run.stopped", at, cause: "failure", failure }];
    }
    const output = sealed(resolve(state, frame, frame.scope.answer, open));
    const outcome = state.degradations.length > 0 ? "degraded" : "succeeded";
    return [{ kind: "run.ended", at, outcome, output }];
  };
}
