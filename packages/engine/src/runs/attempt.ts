/**
 * One attempt of one rung: needs, call, contract, record.
 *
 * Boundary: from an attempt command to the entries of its end; retry, ladder and undoing are the core's. Invariants: the
 * time limit covers the call and its contract; a value that would not survive the journal fails here, at the step that
 * made it; what an attempt says after its end is recorded as late, by its hash (rule 18).
 */
import { hash } from "node:crypto";
import {
  type AttemptCommand,
  type Entry,
  type Failure,
  failureOf,
  isLive,
  type Judgement,
  judge,
  type PlanRung,
  type PlanStep,
  type Previous,
  pathOf,
  type Read,
  type RungFunction,
  resolve,
  type Sealed,
  type Slot,
  type StepCode,
  sealedIn,
  slotAt,
} from "@plumbline/core";
import { keep, type NewBlob, plainReader } from "../stores/value-keeper.ts";
import { AttemptContext } from "./attempt-context.ts";
import { AttemptEntries } from "./attempt-entries.ts";
import type { Done, Performance, PerformingRun } from "./host.ts";
import { type FoundAnswer, findAnswer, givenAgain, keepAnswer, questionOf } from "./kept-answer.ts";
import { type CallEnd, isThenable, TimedCall } from "./timed-call.ts";
import { codeOf, withReader } from "./user-code.ts";

/** An effect that ignores its signal holds up its own undoing for so long at the most. */
const maxSettleMs = 5_000;

const notBegun: Failure = {
  kind: "not-applied",
  message: "it was not begun: the run was stopped, or goes on without it",
};

type OnFound = (found: FoundAnswer | undefined) => void;

export class Attempt implements Performance {
  private readonly run: PerformingRun;
  private readonly command: AttemptCommand;
  private readonly slot: Slot;
  private readonly node: PlanStep;
  private readonly rung: PlanRung;
  private readonly code: StepCode;
  private readonly done: Done;
  private readonly context: AttemptContext;
  private readonly said: AttemptEntries;
  private superseded = false;
  private call: TimedCall | undefined;

  constructor(run: PerformingRun, command: AttemptCommand, done: Done) {
    this.run = run;
    this.command = command;
    this.done = done;
    this.slot = slotAt(run.state, command.slot);
    this.node = this.slot.node as PlanStep;
    this.rung = this.node.rungs[command.rung] as PlanRung;
    this.code = codeOf(run.code, this.slot) as StepCode;
    this.context = new AttemptContext({
      runId: run.id,
      path: pathOf(this.slot),
      rung: command.rung,
      attempt: command.attempt,
      contract: this.code.output,
      previous: () => this.previous(),
      elapsed: () => this.said.elapsedMs,
      onProgress: (fraction, note) => this.onProgress(fraction, note),
    });
    this.said = new AttemptEntries(run, command, this.context);
  }

  begin(): void {
    this.said.begin();
    // A probe is there to ask the backend: one that was given a kept answer would leave its permit to lapse.
    const asksCache = this.node.cache && this.command.rung === 0 && this.slot.admission?.kind !== "probe";
    const next = this.rung.kind === "last-good" ? this.askLastGood : asksCache ? this.askCache : this.callRung;
    this.withReader((read) => next.call(this, read));
  }

  /** Of a run that stops, and of a part that is done without, nothing begins any more (rule 9). */
  private get isWanted(): boolean {
    return isLive(this.run.state, this.slot.frame);
  }

  /** A codec is user code too: what it throws while needs are opened is this attempt's failure and nobody else's. */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(failureOf(error));
    }
  }

  /** What it had cost is said at once, before anything that follows from its being given up. */
  supersede(reason: string): void {
    if (this.superseded) return;
    this.superseded = true;
    this.call?.supersede(reason); // first: it may say what it had used when it is told
    const entry = this.said.superseded(reason);
    if (entry) this.run.receive(entry);
    this.stopMaking();
  }

  abortAfter(ms: number): void {
    this.call?.abortAfter(ms);
  }

  /** Goes on with a reader for the needs and for what the attempt before gave, unless it is not wanted any more then. */
  private withReader(next: (read: Read) => void): void {
    const { brokenValue, frame } = this.slot;
    const values = () => {
      const read = sealedIn(this.run.state, frame, this.node.needs);
      return brokenValue === undefined ? read : [...read, brokenValue];
    };
    const go = (read: Read) => {
      if (this.superseded) return;
      if (this.isWanted) this.guarded(() => next(read));
      else this.fail(notBegun);
    };
    withReader(this.run, values, this.code.codecs, go, (error) => this.superseded || this.fail(failureOf(error)));
  }

  private callRung(read: Read): void {
    const run = this.code.rungs[this.command.rung]?.run as RungFunction<unknown, unknown>;
    this.read = read;
    this.call = new TimedCall({
      clock: this.run.host.clock,
      context: this.context,
      timeoutMs: this.rung.timeoutMs,
      settleMs: this.node.stepKind === "effect" ? Math.min(this.run.host.graceMs, maxSettleMs) : 0,
      call: () => {
        const answer = run(this.needs(read), this.context);
        return isThenable(answer) ? Promise.resolve(answer).then((value) => this.judge(value)) : this.judge(answer);
      },
      onEnd: (end) => this.onEnd(end),
      onLate: (end) => this.onLate(end),
    });
    this.call.begin();
  }

  private read: Read = plainReader([]);

  private needs(read: Read): unknown {
    return resolve(this.run.state, this.slot.frame, this.node.needs, read);
  }

  private judge(value: unknown): Judgement | Promise<Judgement> {
    const { output: schema, checks } = this.code;
    // Fresh needs for the checks: a rung may have changed those that it was given.
    const needs = checks.length === 0 ? undefined : this.needs(this.read);
    return judge({ schema, checks, onDropped: this.node.onDropped }, value, needs);
  }

  private onEnd(end: CallEnd): void {
    switch (end.kind) {
      case "value":
        this.onJudged(end.value as Judgement);
        return;
      case "thrown":
        this.fail(failureOf(end.error));
        return;
      case "timeout":
        this.fail({ kind: "timeout", message: `no answer within ${this.rung.timeoutMs} ms` });
        return;
      case "aborted":
        this.fail({ kind: "aborted", message: end.reason });
    }
  }

  private onJudged({ value, reasons, dropped }: Judgement): void {
    const kept = keep(value, { codecs: this.code.codecs, nonFinite: this.code.nonFinite });
    if (reasons.length > 0) {
      const failure: Failure = { kind: "contract", message: `broke its contract: ${reasons.join("; ")}`, reasons };
      if (!("sealed" in kept)) this.fail(failure, { dropped });
      else this.fail(failure, { dropped, value: kept.sealed, blobs: kept.blobs });
    } else if ("refusal" in kept) {
      const { path, reason } = kept.refusal;
      const message = `gave a value that would not come back from the journal: output${path}: ${reason}`;
      this.fail({ kind: "value", message }, { dropped });
    } else {
      this.complete(kept.sealed, kept.blobs, dropped);
    }
  }

  private complete(value: Sealed, blobs: readonly NewBlob[], dropped: readonly string[]): void {
    const entry = () => this.said.completed(value, dropped);
    this.finish(entry, blobs, "success", () => {
      const name = this.command.rung === 0 ? this.questionToKeep() : undefined;
      if (name !== undefined) keepAnswer(this.run, this.slot, name, value);
    });
  }

  /** Only steps with a cache, or with a last-good rung, pay for the key. */
  private questionToKeep(): string | undefined {
    const isKept = this.node.cache !== undefined || this.node.rungs.some((rung) => rung.kind === "last-good");
    return isKept ? questionOf(this.run, this.slot, this.needs(this.read)) : undefined;
  }

  private askLastGood(read: Read): void {
    this.read = read;
    const name = questionOf(this.run, this.slot, this.needs(read));
    this.find(name, this.rung.maxAgeMs as number, (found) => {
      if (found) this.give(found);
      else this.fail({ kind: "nothing-good", message: "there is no good answer young enough" });
    });
  }

  /** Looks for an answer to the same question; of those who miss it at once, one makes it (rule 16). */
  private askCache(read: Read): void {
    this.read = read;
    const name = questionOf(this.run, this.slot, this.needs(read));
    const { maxAgeMs } = this.node.cache as NonNullable<PlanStep["cache"]>;
    const { makers } = this.run.host;
    const look = name === undefined ? undefined : makers.look(name);
    const next: OnFound = (found) => {
      if (found) this.give(found);
      else if (!look) this.guarded(() => this.callRung(read));
      else if (makers.elect(look, () => this.superseded || this.guarded(() => this.askCache(read)))) {
        this.making = look.name;
        this.guarded(() => this.callRung(read));
      }
    };
    this.find(name, maxAgeMs, next, () => look && makers.looked(look));
  }

  /** The question whose answer this attempt makes for others as well. */
  private making: string | undefined;

  private stopMaking(): void {
    if (this.making === undefined) return;
    const name = this.making;
    this.making = undefined;
    // When what is kept is durable, others find it.
    this.run.durably().then(
      () => this.run.host.makers.over(name),
      () => this.run.host.makers.over(name),
    );
  }

  private find(name: string | undefined, maxAgeMs: number, next: OnFound, looked = () => {}): void {
    const on =
      <T>(go: (given: T) => void) =>
      (given: T) => {
        looked(); // in the same breath: an answer that is recorded in between must not be missed
        if (!this.superseded) go(given);
      };
    const fail = on((error: unknown) => this.run.host.readFailed(error));
    findAnswer(this.run, name, maxAgeMs).then(on(next), fail);
  }

  private give(found: FoundAnswer): void {
    const entry = givenAgain(found, this.command, this.run.host.clock.now(), this.said.elapsedMs);
    this.done([entry], found.blobs);
  }

  private fail(
    failure: Failure,
    more: { dropped?: readonly string[]; value?: Sealed; blobs?: readonly NewBlob[] } = {},
  ): void {
    const retryable = this.isRetryable(failure);
    const entry = () => this.said.failed(failure, retryable, more.dropped ?? [], more.value);
    this.finish(entry, more.blobs, this.countsAgainstBackend(failure) ? "failure" : undefined);
  }

  private isRetryable(failure: Failure): boolean {
    if (failure.kind === "value" || failure.kind === "nothing-good") return false;
    const retryIf = this.code.rungs[this.command.rung]?.retryIf;
    if (!retryIf) return true;
    try {
      return retryIf(failure, this.slot.rungAttempts + 1) !== false;
    } catch (error) {
      this.run.host.warn("retryIf threw; the attempt is retried", {
        path: pathOf(this.slot),
        error: failureOf(error).message,
      });
      return true;
    }
  }

  private countsAgainstBackend({ kind }: Failure): boolean {
    return kind === "error" || kind === "timeout" || (kind === "contract" && this.rung.breaker?.countContract === true);
  }

  /** Ends the attempt; where a breaker admitted it, its outcome is counted in the same commit. */
  private finish(
    entry: () => Entry,
    blobs: readonly NewBlob[] | undefined,
    result: "success" | "failure" | undefined,
    before: () => void = () => {},
  ): void {
    const { admission } = this.slot;
    const policy = this.rung.breaker;
    if (!policy || !admission || result === undefined) {
      before();
      this.done([entry()], blobs);
      this.stopMaking();
      return;
    }
    const outcome = { id: this.context.attemptId, at: this.run.host.clock.now(), epoch: admission.epoch, result };
    this.run.host.breaker(policy.name).then(
      (breaker) => {
        if (this.superseded) return; // and has said what it cost
        breaker.vote(policy, outcome, this.run.keepRegister);
        before();
        this.done([entry()], blobs);
        this.stopMaking();
      },
      () => {}, // the store has failed, and the engine with it
    );
  }

  private onLate(end: CallEnd): void {
    const value = end.kind === "value" ? (end.value as Judgement).value : undefined;
    const kept = end.kind === "value" ? keep(value, { codecs: this.code.codecs, nonFinite: true }) : undefined;
    const found = kept && "sealed" in kept ? hash("sha256", kept.sealed, "hex") : undefined;
    const result = end.kind === "value" ? "value" : end.kind === "aborted" ? undefined : "failure";
    const entry = this.said.late(result, found);
    if (entry) this.run.host.late(this.run.id, entry);
  }

  private previous(): Previous | undefined {
    const { failure, brokenValue, attempts, brokenRung } = this.slot;
    if (!failure || attempts === 0) return undefined;
    return {
      ...(brokenValue === undefined ? {} : { value: this.read(brokenValue) }),
      reasons: failure.reasons ?? [],
      failure,
      attempt: attempts,
      rung: brokenRung,
    };
  }

  private onProgress(fraction: number, note: string | undefined): void {
    const entry = this.superseded ? undefined : this.said.progressed(fraction, note);
    if (entry) this.run.receive(entry);
  }
}
