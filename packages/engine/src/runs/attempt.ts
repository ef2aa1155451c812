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
import type { Clock } from "../clock.ts";
import { keep, type NewBlob, plainReader } from "../stores/value-keeper.ts";
import { AttemptContext, type ContextFacts } from "./attempt-context.ts";
import { AttemptEntries } from "./attempt-entries.ts";
import type { Done, Performance, PerformingRun } from "./host.ts";
import { type FoundAnswer, findAnswer, givenAgain, keepAnswer, questionOf } from "./kept-answer.ts";
import { type CallEnd, TimedCall, type TimedCallOptions } from "./timed-call.ts";
import { codeOf, withReader } from "./user-code.ts";

/** An effect that ignores its signal holds up its own undoing for so long at the most. */
const maxSettleMs = 5_000;

const notBegun: Failure = {
  kind: "not-applied",
  message: "it was not begun: the run was stopped, or goes on without it",
};

const nothingToRead: Read = plainReader([]);

type OnFound = (found: FoundAnswer | undefined) => void;

export class Attempt implements Performance, ContextFacts, TimedCallOptions {
  private readonly run: PerformingRun;
  private readonly command: AttemptCommand;
  private readonly slot: Slot;
  private readonly node: PlanStep;
  private readonly code: StepCode;
  private readonly done: Done;
  readonly context: AttemptContext;
  private readonly said: AttemptEntries;
  private superseded = false;
  private timed: TimedCall | undefined;
  private read: Read = nothingToRead;

  constructor(run: PerformingRun, command: AttemptCommand, done: Done) {
    this.run = run;
    this.command = command;
    this.done = done;
    this.slot = slotAt(run.state, command.slot);
    this.node = this.slot.node as PlanStep;
    this.code = codeOf(run.code, this.slot) as StepCode;
    this.context = new AttemptContext(this);
    this.said = new AttemptEntries(run, command, this.context);
  }

  get runId(): string {
    return this.run.id;
  }

  get path(): string {
    return pathOf(this.slot);
  }

  get rung(): number {
    return this.command.rung;
  }

  get attempt(): number {
    return this.command.attempt;
  }

  get contract(): StepCode["output"] {
    return this.code.output;
  }

  get elapsedMs(): number {
    return this.said.elapsedMs;
  }

  get clock(): Clock {
    return this.run.host.clock;
  }

  get timeoutMs(): number {
    return this.planned.timeoutMs;
  }

  get settleMs(): number {
    return this.node.stepKind === "effect" ? Math.min(this.run.host.graceMs, maxSettleMs) : 0;
  }

  private get planned(): PlanRung {
    return this.node.rungs[this.command.rung] as PlanRung;
  }

  begin(): void {
    this.said.begin();
    if (this.run.mayHaveBlobs) this.fetch();
    else this.beginWith(plainReader(this.code.codecs));
  }

  private beginWith(read: Read): void {
    if (this.superseded) return;
    if (!this.isWanted) {
      this.fail(notBegun);
      return;
    }
    this.read = read;
    this.guarded(() => {
      if (this.planned.kind === "last-good") this.askLastGood();
      else if (this.asksCache) this.askCache();
      else this.callRung();
    });
  }

  /** A probe is there to ask the backend: one that was given a kept answer would leave its permit to lapse. */
  private get asksCache(): boolean {
    return this.node.cache !== undefined && this.command.rung === 0 && this.slot.admission?.kind !== "probe";
  }

  /** What the needs and the attempt before have in blobs. */
  private fetch(): void {
    const { brokenValue, frame } = this.slot;
    const values = () => {
      const read = sealedIn(this.run.state, frame, this.node.needs);
      return brokenValue === undefined ? read : [...read, brokenValue];
    };
    const failed = (error: unknown) => this.superseded || this.fail(failureOf(error));
    withReader(this.run, values, this.code.codecs, (read) => this.beginWith(read), failed);
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
    this.timed?.supersede(reason); // first: it may say what it had used when it is told
    const entry = this.said.superseded(reason);
    if (entry) this.run.receive(entry);
    this.stopMaking();
  }

  abortAfter(ms: number): void {
    this.timed?.abortAfter(ms);
  }

  private callRung(): void {
    this.timed = new TimedCall(this);
    this.timed.begin();
  }

  call(): unknown {
    const { run } = this.code.rungs[this.command.rung] as { readonly run: RungFunction<unknown, unknown> };
    return run(this.needs(), this.context);
  }

  private needs(): unknown {
    return resolve(this.run.state, this.slot.frame, this.node.needs, this.read);
  }

  judge(value: unknown): Judgement | Promise<Judgement> {
    const { output: schema, checks } = this.code;
    // Fresh needs for the checks: a rung may have changed those that it was given.
    const needs = checks.length === 0 ? undefined : this.needs();
    return judge({ schema, checks, onDropped: this.node.onDropped }, value, needs);
  }

  onEnd(end: CallEnd): void {
    switch (end.kind) {
      case "value":
        this.onJudged(end.value as Judgement);
        return;
      case "thrown":
        this.fail(failureOf(end.error));
        return;
      case "timeout":
        this.fail({ kind: "timeout", message: `no answer within ${this.timeoutMs} ms` });
        return;
      case "aborted":
        this.fail({ kind: "aborted", message: end.reason });
    }
  }

  private onJudged({ value, reasons, dropped }: Judgement): void {
    const kept = keep(value, this.code);
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
    this.finish("success", () => {
      const name = this.command.rung === 0 ? this.questionToKeep() : undefined;
      if (name !== undefined) keepAnswer(this.run, this.slot, name, value);
      this.done([this.said.completed(value, dropped)], blobs);
    });
  }

  /** Only steps with a cache, or with a last-good rung, pay for the key. */
  private questionToKeep(): string | undefined {
    const isKept = this.node.cache !== undefined || this.node.rungs.some((rung) => rung.kind === "last-good");
    return isKept ? questionOf(this.run, this.slot, this.needs()) : undefined;
  }

  private askLastGood(): void {
    const name = questionOf(this.run, this.slot, this.needs());
    this.find(name, this.planned.maxAgeMs as number, (found) => {
      if (found) this.give(found);
      else this.fail({ kind: "nothing-good", message: "there is no good answer young enough" });
    });
  }

  /** Looks for an answer to the same question; of those who miss it at once, one makes it (rule 16). */
  private askCache(): void {
    const name = questionOf(this.run, this.slot, this.needs());
    const { maxAgeMs } = this.node.cache as NonNullable<PlanStep["cache"]>;
    const { makers } = this.run.host;
    const look = name === undefined ? undefined : makers.look(name);
    const next: OnFound = (found) => {
      if (found) this.give(found);
      else if (!look) this.guarded(() => this.callRung());
      else if (makers.elect(look, () => this.superseded || this.guarded(() => this.askCache()))) {
        this.making = look.name;
        this.guarded(() => this.callRung());
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
    this.finish(this.countsAgainstBackend(failure) ? "failure" : undefined, () =>
      this.done([this.said.failed(failure, retryable, more.dropped ?? [], more.value)], more.blobs),
    );
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
    return (
      kind === "error" || kind === "timeout" || (kind === "contract" && this.planned.breaker?.countContract === true)
    );
  }

  /** Ends the attempt; where a breaker admitted it, its outcome is counted in the same commit. */
  private finish(result: "success" | "failure" | undefined, say: () => void): void {
    const { admission } = this.slot;
    const policy = this.planned.breaker;
    if (!policy || !admission || result === undefined) {
      say();
      this.stopMaking();
      return;
    }
    const outcome = { id: this.context.attemptId, at: this.clock.now(), epoch: admission.epoch, result };
    this.run.host.breaker(policy.name).then(
      (breaker) => {
        if (this.superseded) return; // and has said what it cost
        breaker.vote(policy, outcome, this.run.keepRegister);
        say();
        this.stopMaking();
      },
      () => {}, // the store has failed, and the engine with it
    );
  }

  onLate(end: CallEnd): void {
    const value = end.kind === "value" ? (end.value as Judgement).value : undefined;
    const kept = end.kind === "value" ? keep(value, { codecs: this.code.codecs, nonFinite: true }) : undefined;
    const found = kept && "sealed" in kept ? hash("sha256", kept.sealed, "hex") : undefined;
    const result = end.kind === "value" ? "value" : end.kind === "aborted" ? undefined : "failure";
    const entry = this.said.late(result, found);
    if (entry) this.run.host.late(this.run.id, entry);
  }

  previous(): Previous | undefined {
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

  onProgress(fraction: number, note: string | undefined): void {
    const entry = this.superseded ? undefined : this.said.progressed(fraction, note);
    if (entry) this.run.receive(entry);
  }
}
