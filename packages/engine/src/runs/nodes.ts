/**
 * What nodes that open scopes, sleep or wait for a signal ask of the user's code: which case, which items, enough or not.
 *
 * Boundary: one question to the entries of its answer; what follows is the core's. Invariants: what a function gives is
 * held to what was declared; a failure of a node that is open stops its scopes first, so that what they did is undone.
 */
import {
  type BranchCode,
  describe,
  type EnsembleCode,
  type Entry,
  type Failure,
  type Frame,
  failureOf,
  type Inside,
  type Judgement,
  judge,
  type LoopCode,
  limitReason,
  type PlanBranch,
  type PlanEnsemble,
  type Read,
  type Sealed,
  type SignalCode,
  type SleepCode,
  type Slot,
  siblingOf,
  type Vote,
  voteOf,
  votesOf,
} from "@plumbline/core";
import { keep } from "../stores/value-keeper.ts";
import type { Done, Performance, PerformingRun } from "./host.ts";
import { callAndJudge, codeOf, Stages, withSealed, withValue } from "./user-code.ts";

/** Asks a function of the needs that answers at once; what it throws is the node's failure. */
function askNow(
  run: PerformingRun,
  slot: Slot,
  done: Done,
  what: string,
  ask: (needs: unknown) => Entry | Failure,
): void {
  const said = () => ({ at: run.host.clock.now(), slot: slot.id });
  const fail = (failure: Failure) => done([{ kind: "step.failed", ...said(), failure }]);
  const next = (needs: unknown) => {
    let answer: Entry | Failure;
    try {
      answer = ask(needs);
    } catch (error) {
      fail({ ...failureOf(error, "predicate"), message: `${what} threw: ${failureOf(error).message}` });
      return;
    }
    if ("at" in answer) done([answer]);
    else fail(answer);
  };
  withValue(run, slot.frame, slot.node.needs, next, fail);
}

/** Which case of a branch. */
export function askChoice(run: PerformingRun, slot: Slot, done: Done): void {
  const { cases } = slot.node as PlanBranch;
  const { choose } = codeOf(run.code, slot) as BranchCode;
  askNow(run, slot, done, "choose", (needs) => {
    const key = (choose as (needs: unknown) => unknown)(needs);
    const scope = typeof key === "string" && Object.hasOwn(cases, key) ? cases[key] : undefined;
    if (scope !== undefined) {
      return { kind: "scope.entered", at: run.host.clock.now(), slot: slot.id, scope, key: key as string };
    }
    const known = Object.keys(cases).join(", ");
    return { kind: "predicate", message: `choose gave ${describe(key)} instead of one of ${known}` };
  });
}

/** Until when to sleep. */
export function askInstant(run: PerformingRun, slot: Slot, done: Done): void {
  const { until } = codeOf(run.code, slot) as SleepCode;
  askNow(run, slot, done, "until", (needs) => {
    const given = (until as (needs: unknown) => unknown)(needs);
    const dueAt = given instanceof Date ? given.getTime() : given;
    if (typeof dueAt === "number" && Number.isFinite(dueAt)) {
      return { kind: "sleep.started", at: run.host.clock.now(), slot: slot.id, dueAt };
    }
    return { kind: "predicate", message: `until gave ${describe(given)} instead of a Date` };
  });
}

/** Ends a question to a node that is open: its answer, kept, or what stops it. */
class OpenQuestion {
  readonly stages: Stages = new Stages();
  private readonly run: PerformingRun;
  private readonly slot: Slot;
  private readonly done: Done;

  constructor(run: PerformingRun, slot: Slot, done: Done) {
    this.run = run;
    this.slot = slot;
    this.done = done;
  }

  get said(): { readonly at: number; readonly slot: number } {
    return { at: this.run.host.clock.now(), slot: this.slot.id };
  }

  readonly fail = (failure: Failure): void => {
    this.done([{ kind: "scope.stopped", ...this.said, failure }]);
  };

  /** Calls, holds what is given to a contract, keeps it, and goes on with it. */
  ask(
    call: () => unknown,
    contract: (given: unknown) => Judgement | Promise<Judgement>,
    next: (kept: Sealed, value: unknown) => Entry,
  ): void {
    if (this.stages.isSuperseded) return;
    const judged = ({ value, reasons }: Judgement) => {
      if (reasons.length > 0) {
        this.fail({ kind: "contract", message: `broke its contract: ${reasons.join("; ")}`, reasons });
        return;
      }
      const kept = keep(value, { codecs: this.run.code.flow.code.codecs });
      if ("refusal" in kept) this.fail({ kind: "value", message: `gave${kept.refusal.path}: ${kept.refusal.reason}` });
      else this.done([next(kept.sealed, value)], kept.blobs);
    };
    const fail = (failure: Failure) =>
      this.fail(failure.kind === "error" ? { ...failure, kind: "predicate" } : failure);
    this.stages.now = callAndJudge(this.run, call, contract, judged, fail);
  }
}

function bare(value: unknown): Judgement {
  return { value, reasons: [], dropped: [] };
}

/** Holds a turn's answer to the loop's contract and asks whether it is enough. */
export function judgeTurn(run: PerformingRun, slot: Slot, turn: number, done: Done): Performance {
  const question = new OpenQuestion(run, slot, done);
  const code = codeOf(run.code, slot) as LoopCode;
  const frame = (slot.inside as Inside).frames[turn - 1] as Frame;
  const contract = { schema: code.output, checks: code.checks, onDropped: "record" as const };
  const next = (answer: unknown) =>
    question.ask(
      () => answer,
      (given) => judge(contract, given, turn),
      (kept, value) => {
        const done = (code.until as (value: unknown, turn: number) => unknown)(value, turn);
        if (typeof done === "boolean") return { kind: "turn.completed", ...question.said, turn, value: kept, done };
        const message = `until gave ${describe(done)} instead of true or false: end it with a comparison`;
        return { kind: "scope.stopped", ...question.said, failure: { kind: "predicate", message } };
      },
    );
  withValue(run, frame, frame.scope.answer, next, question.fail);
  return question.stages;
}

/** Makes one answer of those that the members gave. */
export function combine(run: PerformingRun, slot: Slot, done: Done): Performance {
  const question = new OpenQuestion(run, slot, done);
  const code = codeOf(run.code, slot) as EnsembleCode;
  const members = membersOf(run, slot).filter(({ status }) => status === "completed");
  const next = (read: Read) => {
    const given = members.map((member) => [member.node.name, read(member.value as Sealed)] as const);
    question.ask(
      () =>
        (code.combine as (survivors: unknown, values: unknown) => unknown)(
          Object.fromEntries(given),
          given.map(([, value]) => value),
        ),
      bare,
      (value) => ({ kind: "scope.completed", ...question.said, value }),
    );
  };
  withSealed(
    run,
    members.map(({ value }) => value as Sealed),
    next,
    question.fail,
  );
  return question.stages;
}

function membersOf(run: PerformingRun, slot: Slot): Slot[] {
  const [frame] = (slot.inside as Inside).frames as [Frame];
  return frame.scope.nodes.map((_, index) => siblingOf(run.state, frame, index));
}

/** The declared answer of an ensemble below its quorum, or of a loop at its limit. */
export function declareAnswer(run: PerformingRun, slot: Slot, done: Done): Performance {
  return slot.node.kind === "loop" ? declareAtLimit(run, slot, done) : declareBelow(run, slot, done);
}

function declareAtLimit(run: PerformingRun, slot: Slot, done: Done): Performance {
  const question = new OpenQuestion(run, slot, done);
  const { atLimit, output, checks } = codeOf(run.code, slot) as LoopCode;
  const { values } = slot.inside as Inside;
  const degraded = limitReason(slot);
  const next = (read: Read) =>
    question.ask(
      () => (atLimit as (turns: unknown) => unknown)(values.map(read)),
      (given) => judge({ schema: output, checks, onDropped: "record" }, given, values.length),
      (value) => ({ kind: "scope.completed", ...question.said, value, degraded }),
    );
  withSealed(run, values, next, question.fail);
  return question.stages;
}

function declareBelow(run: PerformingRun, slot: Slot, done: Done): Performance {
  const question = new OpenQuestion(run, slot, done);
  const { below } = codeOf(run.code, slot) as EnsembleCode;
  const { quorum } = slot.node as PlanEnsemble;
  const { given, members } = votesOf(run.state, slot);
  const degraded = `${given} of ${members} members gave an answer, ${quorum} are needed`;
  const slots = membersOf(run, slot);
  const next = (needs: unknown, read: Read) => {
    const votes = slots.map((one): [string, Vote] => [one.node.name, voteOf(one, () => read(one.value as Sealed))]);
    question.ask(
      () => (below as (votes: unknown, needs: unknown) => unknown)(Object.fromEntries(votes), needs),
      bare,
      (value) => ({ kind: "scope.completed", ...question.said, value, degraded }),
    );
  };
  const alsoRead = slots.flatMap(({ value }) => (value === undefined ? [] : [value]));
  withValue(run, slot.frame, slot.node.needs, next, question.fail, alsoRead);
  return question.stages;
}

/** No signal came in time: the declared value, held to the signal's contract. */
export function declareSignal(run: PerformingRun, slot: Slot, done: Done): Performance {
  const stages = new Stages();
  const { schema, onTimeout } = codeOf(run.code, slot) as SignalCode;
  const said = () => ({ at: run.host.clock.now(), slot: slot.id });
  const fail = (failure: Failure) => done([{ kind: "step.failed", ...said(), failure }]);
  const broken = (why: string) =>
    fail({ kind: "contract", message: `onTimeout gave a value that breaks its contract: ${why}` });
  const give = (needs: unknown) => {
    if (stages.isSuperseded) return;
    stages.now = callAndJudge(
      run,
      () => (onTimeout as (needs: unknown) => unknown)(needs),
      (given) => judge({ schema, checks: [], onDropped: "record" }, given, needs),
      ({ value, reasons }) => {
        const kept = keep(value, { codecs: run.code.flow.code.codecs });
        if (reasons.length > 0) broken(reasons.join("; "));
        else if ("refusal" in kept) broken(`${kept.refusal.path}: ${kept.refusal.reason}`);
        else done([{ kind: "signal.answered", ...said(), value: kept.sealed, via: "timeout" }], kept.blobs);
      },
      (failure) => fail(failure.kind === "error" ? { ...failure, kind: "predicate" } : failure),
    );
  };
  withValue(run, slot.frame, slot.node.needs, give, fail);
  return stages;
}
