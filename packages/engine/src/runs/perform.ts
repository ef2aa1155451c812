/**
 * Does what commands say. With attempt.ts the only place where user code runs.
 *
 * Boundary: one command in, the entries of its result out, through `done`; never decides what follows.
 * Invariants: `done` is called exactly once, unless the performance is superseded, and then never; nothing that user code
 * throws, gives or rejects with, early, late or never, escapes as anything but an entry.
 */
import {
  type ApprovalCode,
  breakerOf,
  type Command,
  describe,
  type Failure,
  failureOf,
  judge,
  type PlanApproval,
  type PlanStep,
  pathOf,
  type Sealed,
  type Slot,
  sealedDecision,
  slotAt,
  withVia,
} from "@plumbline/core";
import { giveAnswer, giveDeadlineAnswer } from "./answer.ts";
import { idempotencyKey } from "./attempt-context.ts";
import { performAttempt } from "./attempt-line.ts";
import { call, stopCall, undoCall } from "./called.ts";
import type { Done, Performance, PerformingRun } from "./host.ts";
import { mayBeKept, unlessKept } from "./kept-first.ts";
import { listItems } from "./map-items.ts";
import { askChoice, askInstant, combine, declareAnswer, declareSignal, judgeTurn } from "./nodes.ts";
import { performUndo } from "./undo.ts";
import { callAndJudge, codeOf, Stages, withValue } from "./user-code.ts";

/** A probe's permit outlives the attempt's own limit by this much. */
const probeMarginMs = 5_000;

/** Starts what a command says. Gives something to stop it by where it may take long. */
export function perform(run: PerformingRun, command: Command, done: Done): Performance | undefined {
  switch (command.kind) {
    case "attempt":
      return performAttempt(run, command, done);
    case "ask-condition":
      askCondition(run, slotAt(run.state, command.slot), done);
      return undefined;
    case "ask-breaker":
      return askBreaker(run, command, done);
    case "declare-decision":
      return declareDecision(run, slotAt(run.state, command.slot), command.via, done);
    case "answer":
      return giveAnswer(run, done);
    case "answer-deadline":
      return giveDeadlineAnswer(run, done);
    default:
      return performForNode(run, command, slotAt(run.state, command.slot), done);
  }
}

type NodeCommand = Exclude<
  Command,
  { kind: "attempt" | "ask-condition" | "ask-breaker" | "declare-decision" | "answer" | "answer-deadline" }
>;

function performForNode(run: PerformingRun, command: NodeCommand, slot: Slot, done: Done): Performance | undefined {
  switch (command.kind) {
    case "ask-choice":
      askChoice(run, slot, done);
      return undefined;
    case "ask-instant":
      askInstant(run, slot, done);
      return undefined;
    case "list-items":
      listItems(run, slot, done);
      return undefined;
    case "judge-turn":
      return judgeTurn(run, slot, command.turn, done);
    case "combine":
      return combine(run, slot, done);
    case "declare-answer":
      return declareAnswer(run, slot, done);
    case "call":
      return call(run, slot, done);
    case "stop-call":
      return stopCall(run, slot, done);
    case "compensate":
      return slot.node.kind === "call"
        ? undoCall(run, slot, command.attempt, done)
        : performUndo(run, slot, command.attempt, done);
  }
}

function askCondition(run: PerformingRun, slot: Slot, done: Done): void {
  const code = codeOf(run.code, slot);
  const at = run.host.clock.now();
  const fail = (failure: Failure) => done([{ kind: "step.failed", at, slot: slot.id, failure }]);
  const ask = (needs: unknown) => {
    let answer: unknown;
    try {
      answer = (code.when as (needs: unknown) => unknown)(needs);
    } catch (error) {
      fail({ ...failureOf(error, "predicate"), message: `when threw: ${failureOf(error).message}` });
      return;
    }
    if (answer === true) done([{ kind: "condition.answered", at, slot: slot.id, answer }]);
    else if (answer === false) done([{ kind: "step.skipped", at, slot: slot.id, because: "when" }]);
    else
      fail({
        kind: "predicate",
        message: `when gave ${describe(answer)} instead of true or false: end it with a comparison`,
      });
  };
  withValue(run, slot.frame, slot.node.needs, ask, fail);
}

type AskBreaker = Extract<Command, { kind: "ask-breaker" }>;

/** What is kept needs no backend: it is looked for first. */
function askBreaker(run: PerformingRun, command: AskBreaker, done: Done): Performance {
  const slot = slotAt(run.state, command.slot);
  const ask = () => askForAdmission(run, slot, command, done);
  return !command.desk && mayBeKept(slot) ? unlessKept(run, slot, done, ask) : ask();
}

function askForAdmission(run: PerformingRun, slot: Slot, command: AskBreaker, done: Done): Performance {
  const stages = new Stages();
  const { name } = command.breaker;
  run.host.breaker(name).then((breaker) => {
    if (stages.isSuperseded) return;
    const now = run.host.clock.now();
    const request = { id: requestId(run, slot), now, lapseMs: limitMs(slot) + probeMarginMs };
    const { admission, epoch } = breaker.admit(request, run.keepRegister);
    if (admission === "refused" && command.desk) {
      const path = pathOf(slot);
      run.host.warn("a desk's breaker is open: the decision is automatic", { breaker: name, run: run.id, path });
    }
    done([{ kind: "admission.answered", at: now, slot: slot.id, breaker: name, epoch, admission }]);
  }, ignoreStoreFailure);
  return stages;
}

function limitMs({ node, rung }: Slot): number {
  return node.kind === "approval" ? node.timeoutMs : ((node as PlanStep).rungs[rung]?.timeoutMs ?? 0);
}

/** How breakers know one attempt or request from another. */
function requestId(run: PerformingRun, slot: Slot): string {
  const key = idempotencyKey(run.id, pathOf(slot), slot.rung);
  return slot.node.kind === "approval" ? key : `${key}#${slot.attempts + 1}`;
}

/** The store has failed: the engine stops as a whole, and what it was doing is recovered from the journal. */
function ignoreStoreFailure(): void {}

/** Nobody answered, or the desk's breaker is open: the declared decision, held to its contract. */
function declareDecision(run: PerformingRun, slot: Slot, via: "timeout" | "breaker", done: Done): Performance {
  if (slot.node.kind === "signal") return declareSignal(run, slot, done);
  const node = slot.node as PlanApproval;
  const stages = new Stages();
  if (via === "breaker" || !node.breaker) {
    giveDecision(run, slot, via, stages, done);
    return stages;
  }
  const policy = breakerOf(node);
  run.host.breaker(policy.name).then((breaker) => {
    if (stages.isSuperseded) return;
    const epoch = slot.admission?.epoch ?? 0;
    const outcome = { id: requestId(run, slot), at: run.host.clock.now(), epoch, result: "failure" as const };
    const opened = breaker.vote(policy, outcome, run.keepRegister);
    if (opened) run.host.warn("a desk's breaker has opened", { desk: node.desk, run: run.id, path: pathOf(slot) });
    giveDecision(run, slot, opened ? "breaker" : "timeout", stages, done);
  }, ignoreStoreFailure);
  return stages;
}

function giveDecision(run: PerformingRun, slot: Slot, via: "timeout" | "breaker", stages: Stages, done: Done): void {
  const node = slot.node as PlanApproval;
  const code = codeOf(run.code, slot) as ApprovalCode;
  const declared = via === "breaker" ? node.breaker?.decide : node.onTimeout;
  const decided = (value: Sealed): void =>
    done([{ kind: "approval.decided", at: run.host.clock.now(), slot: slot.id, via, value: withVia(value, via) }]);
  if (declared !== undefined) {
    decided(declared);
    return;
  }
  const fail = (failure: Failure) => done([{ kind: "step.failed", at: run.host.clock.now(), slot: slot.id, failure }]);
  const declare = (via === "breaker" ? code.onBreaker : code.onTimeout) as (needs: unknown) => unknown;
  const give = (needs: unknown) => {
    if (stages.isSuperseded) return;
    stages.now = callAndJudge(
      run,
      () => declare(needs),
      (given) => judge({ schema: code.decision, checks: [], onDropped: "record" }, given, needs),
      ({ value, reasons }) => {
        if (reasons.length > 0) fail(brokenDecision(via, reasons.join("; ")));
        else decided(sealedDecision(value, pathOf(slot), code.codecs));
      },
      (failure) => fail(failure.kind === "error" ? { ...failure, kind: "predicate" } : failure),
    );
  };
  withValue(run, slot.frame, node.needs, give, fail);
}

function brokenDecision(via: string, reasons: string): Failure {
  const source = via === "breaker" ? "breaker.decide" : "onTimeout";
  return { kind: "contract", message: `${source} gave a decision that breaks its contract: ${reasons}` };
}
