/**
 * Does what commands say. With attempt.ts the only place where user code runs.
 *
 * Boundary: one command in, the entries of its result out, through `done`; never decides what follows.
 * Invariants: `done` is called exactly once, unless the performance is superseded, and then never; nothing that user code
 * throws, gives or rejects with, early, late or never, escapes as anything but an entry.
 */
import {
  type ApprovalCode,
  type AttemptCommand,
  breakerOf,
  type Command,
  type Failure,
  failureOf,
  judge,
  type PlanApproval,
  pathOf,
  type Sealed,
  type Slot,
  sealedDecision,
  slotAt,
  withVia,
} from "@plumbline/core";
import { giveAnswer, giveDeadlineAnswer } from "./answer.ts";
import { Attempt } from "./attempt.ts";
import { idempotencyKey } from "./attempt-context.ts";
import type { Done, Performance, PerformingRun } from "./host.ts";
import { performUndo } from "./undo.ts";
import { callAndJudge, codeOf, withValue } from "./user-code.ts";

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
      askBreaker(run, command, done);
      return undefined;
    case "declare-decision":
      declareDecision(run, slotAt(run.state, command.slot), command.via, done);
      return undefined;
    case "compensate":
      return performUndo(run, slotAt(run.state, command.slot), command.attempt, done);
    case "answer":
      giveAnswer(run, done);
      return undefined;
    case "answer-deadline":
      giveDeadlineAnswer(run, done);
      return undefined;
  }
}

/** Attempts of it were lost with their process before. */
function isSuspect(slot: Slot): boolean {
  return slot.losses >= 2;
}

/** A suspect waits until no other suspect runs, so that the next crash says which of them it was (rule 5). */
function performAttempt(run: PerformingRun, command: AttemptCommand, done: Done): Performance {
  if (!isSuspect(slotAt(run.state, command.slot))) {
    const attempt = new Attempt(run, command, done);
    attempt.begin();
    return attempt;
  }
  let free = () => {};
  let superseded = false;
  const attempt = new Attempt(run, command, (entries) => {
    free();
    done(entries);
  });
  run.host.alone((release) => {
    free = release;
    if (superseded) release();
    else attempt.begin();
  });
  return {
    abortAfter: (ms) => attempt.abortAfter(ms),
    supersede(reason) {
      superseded = true;
      attempt.supersede(reason);
      free();
    },
  };
}

function askCondition(run: PerformingRun, slot: Slot, done: Done): void {
  const code = codeOf(run, slot);
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
    else fail({ kind: "predicate", message: `when gave ${typeof answer} instead of true or false` });
  };
  withValue(run, slot.frame, slot.node.needs, ask, fail);
}

function askBreaker(run: PerformingRun, command: Extract<Command, { kind: "ask-breaker" }>, done: Done): void {
  const slot = slotAt(run.state, command.slot);
  const { node } = slot;
  const limitMs = node.kind === "approval" ? node.timeoutMs : (node.rungs[slot.rung]?.timeoutMs ?? 0);
  const now = run.host.clock.now();
  const id = requestId(run, slot);
  const lapseMs = limitMs + probeMarginMs;
  run.host.admit(command.breaker, { id, now, lapseMs }, run.keepRegister).then(({ admission, epoch }) => {
    const breaker = command.breaker.name;
    if (admission === "refused" && command.desk) {
      run.host.warn("a desk's breaker is open: the decision is automatic", {
        breaker,
        run: run.id,
        path: pathOf(slot),
      });
    }
    done([{ kind: "admission.answered", at: now, slot: slot.id, breaker, epoch, admission }]);
  }, ignoreStoreFailure);
}

/** How breakers know one attempt or request from another. */
function requestId(run: PerformingRun, slot: Slot): string {
  const key = idempotencyKey(run.id, pathOf(slot), slot.rung);
  return slot.node.kind === "approval" ? key : `${key}#${slot.attempts + 1}`;
}

/** The store has failed: the engine stops as a whole, and what it was doing is recovered from the journal. */
function ignoreStoreFailure(): void {}

/** Nobody answered, or the desk's breaker is open: the declared decision, held to its contract. */
function declareDecision(run: PerformingRun, slot: Slot, via: "timeout" | "breaker", done: Done): void {
  const node = slot.node as PlanApproval;
  if (via === "breaker" || !node.breaker) {
    giveDecision(run, slot, via, done);
    return;
  }
  const epoch = slot.admission?.epoch ?? 0;
  const outcome = { id: requestId(run, slot), at: run.host.clock.now(), epoch, result: "failure" as const };
  run.host.vote(breakerOf(node), outcome, run.keepRegister).then((opened) => {
    if (opened) run.host.warn("a desk's breaker has opened", { desk: node.desk, run: run.id, path: pathOf(slot) });
    giveDecision(run, slot, opened ? "breaker" : "timeout", done);
  }, ignoreStoreFailure);
}

function giveDecision(run: PerformingRun, slot: Slot, via: "timeout" | "breaker", done: Done): void {
  const node = slot.node as PlanApproval;
  const code = codeOf(run, slot) as ApprovalCode;
  const declared = via === "breaker" ? node.breaker?.decide : node.onTimeout;
  const at = run.host.clock.now();
  const decided = (value: Sealed): void =>
    done([{ kind: "approval.decided", at, slot: slot.id, via, value: withVia(value, via) }]);
  if (declared !== undefined) {
    decided(declared);
    return;
  }
  const fail = (failure: Failure) => done([{ kind: "step.failed", at, slot: slot.id, failure }]);
  const declare = (via === "breaker" ? code.onBreaker : code.onTimeout) as (needs: unknown) => unknown;
  withValue(
    run,
    slot.frame,
    node.needs,
    (needs) => {
      callAndJudge(
        () => declare(needs),
        (given) => judge({ schema: code.decision, checks: [], onDropped: "record" }, given, needs),
        ({ value, reasons }) => {
          if (reasons.length > 0) fail(brokenDecision(via, reasons.join("; ")));
          else decided(sealedDecision(value, pathOf(slot), code.codecs));
        },
        (error) => fail({ ...failureOf(error, "predicate") }),
      );
    },
    fail,
  );
}

function brokenDecision(via: string, reasons: string): Failure {
  const source = via === "breaker" ? "breaker.decide" : "onTimeout";
  return { kind: "contract", message: `${source} gave a decision that breaks its contract: ${reasons}` };
}
