/**
 * Called runs: started by a run, told of their outcome to it, held until it ends, undone when it asks (rule 10).
 *
 * Boundary: between runs of one engine; what a call means for a run is the core's. Invariants: a called run's id follows
 * from its caller, so that calling twice finds the same run; its outcome leaves it only when it is durable, and reaches the
 * caller once; a held run is released by the durable end of its caller, also after a crash between the two.
 */
import { codeOf, type Entry, PlumblineError, type RunResult, type RunState, type Store, slotAt } from "@plumbline/core";
import { answerFrom } from "./call-answer.ts";
import { HandedSignals } from "./handed-signals.ts";
import type { KeptRuns } from "./kept-runs.ts";
import { type StartHost, sealedInput, startRun } from "./run-start.ts";
import type { ActiveRun } from "./runs/active-run.ts";
import type { Answer, Called, CallToBegin, PerformingRun } from "./runs/host.ts";
import { partOf } from "./runs/part.ts";
import { unknownRun } from "./watchers.ts";

/** What called runs need of the engine. */
export interface CallsHost extends StartHost {
  readonly active: { has(id: string): boolean };
  readonly kept: KeptRuns<ActiveRun>;
  ready(): Promise<void>;
  reading<T>(read: (store: Store) => Promise<T>): Promise<T>;
  withRun<T>(id: string, work: (run: ActiveRun) => T | Promise<T>): Promise<T>;
  endOf(id: string): Promise<RunResult>;
}

type Listener = Parameters<Called["begin"]>[2];

export class CalledRuns implements Called {
  readonly signals: HandedSignals;
  private readonly host: CallsHost;
  private releasing: Promise<unknown> = Promise.resolve();
  /** By caller: what was held by an earlier process. */
  private readonly heldOf = new Map<string, string[]>();

  constructor(host: CallsHost) {
    this.host = host;
    this.signals = new HandedSignals(host);
  }

  /** @throws PlumblineError `input-invalid`, `value-refused` */
  async begin(caller: PerformingRun, call: CallToBegin, listens: Listener): Promise<void> {
    const stood = caller.takeCall(call.slot);
    if (stood !== undefined && (await this.isUnderWay(caller, call.slot, listens))) return;
    if (stood !== undefined) await this.lose(caller, call.slot, stood);
    if (slotAt(caller.state, call.slot).status === "called") await this.start(caller, call);
    listens(undefined); // what it says from here on, it tells
  }

  /** The process ended between the request and the beginning: the contract of its input is user code as well (rule 5). */
  private async lose(caller: PerformingRun, slot: number, how: "blameless" | "lost"): Promise<void> {
    const because = how === "blameless" ? ({ because: "left" } as const) : {};
    caller.receive({ kind: "attempt.lost", at: this.host.clock.now(), slot, rung: 0, attempt: 1, ...because });
    await caller.durably();
  }

  /** An earlier process may have begun it, and may have died before its outcome was told. */
  private async isUnderWay(caller: PerformingRun, slot: number, listens: Listener): Promise<boolean> {
    const { call } = placeOf(caller, slot);
    try {
      await this.host.withRun(call, async (run) => {
        await run.durably();
        listens(isSettledCall(run.state) ? (await answerFrom(run))(caller, slot) : undefined);
      });
      return true;
    } catch (error) {
      const code = codeOf(error);
      if (code === "run-unknown") return false;
      if (!(error instanceof PlumblineError) || code === "store-failed" || code === "engine-closed") throw error;
      this.host.warnStuck("a called run's outcome could not be told", call, error);
      listens(undefined);
      return true;
    }
  }

  private async start(caller: PerformingRun, { slot, flow, input, isWanted }: CallToBegin): Promise<void> {
    const { call, path } = placeOf(caller, slot);
    const part = flow === undefined ? await partOf(caller, slot, input) : undefined;
    const kept = flow === undefined ? undefined : await sealedInput(flow, input);
    await this.host.ready();
    if (!isWanted()) return;
    const parent = { run: caller.id, slot, path };
    const common = { id: call, claim: { inputHash: "" }, parent };
    if (flow && kept) await startRun(this.host, { ...common, flow, input: kept });
    else if (part) await startRun(this.host, { ...common, ...part });
  }

  private async find(id: string): Promise<boolean> {
    await this.host.starts.settled(id);
    return this.host.active.has(id) || (await this.host.reading((store) => store.load(id))) !== undefined;
  }

  /** A run's entries are durable: whoever called it, and those that it called, may have to know. */
  onCommitted(run: ActiveRun, entries: readonly Entry[]): void {
    let ended = false;
    let held = false;
    for (const { kind } of entries) {
      ended ||= kind === "run.ended";
      held ||= kind === "run.held";
    }
    // A held run has told its outcome; how it ends after that its caller knows or awaits.
    if (run.state.parent && (held || (ended && run.state.held === undefined))) {
      this.tell(run).catch((error) => this.warn("a called run's outcome could not be told", run.id, error));
    }
    if (ended) for (const id of calledBy(run.state)) this.release(id);
    this.signals.onCommitted(run, entries);
  }

  private async tell(run: ActiveRun): Promise<void> {
    const { parent } = run.state;
    if (!parent) return;
    const answer = await answerFrom(run);
    await this.host.withRun(parent.run, (caller) => {
      // Whoever stops it asks for its outcome.
      if (slotAt(caller.state, parent.slot).status !== "called" || caller.isStopping(parent.slot)) return;
      const { entry, blobs } = answer(caller, parent.slot);
      caller.keepBlobs(blobs);
      caller.receive(entry);
      this.host.kept.heard(caller);
    });
  }

  /** Stops a called run and waits until it has its outcome. */
  async stop(id: string, reason: string): Promise<void> {
    if (!(await this.find(id))) return;
    await this.host.withRun(id, async (run) => {
      if (run.state.phase !== "running") return;
      run.receive({ kind: "cancel.requested", at: this.host.clock.now(), by: "the calling run", reason });
      await run.durably();
    });
    await this.settled(id);
  }

  private async settled(id: string): Promise<void> {
    const phase = await this.host.withRun(id, (run) => run.state.phase);
    if (phase === "stopping" || phase === "running") await this.host.endOf(id);
  }

  /** The outcome of a called run as the caller's entry; undefined when the run was never begun. */
  async answer(caller: PerformingRun, slot: number, id: string): Promise<Answer | undefined> {
    if (!(await this.find(id))) return undefined;
    return this.host.withRun(id, async (run) => (await answerFrom(run))(caller, slot));
  }

  /** Undoes a held run. Gives its end. */
  async undo(id: string): Promise<RunResult> {
    await this.host.withRun(id, async (run) => {
      if (run.state.phase !== "held") return;
      if (run.code.missing) throw run.code.missing;
      const failure = { kind: "cancelled" as const, message: "the run that called it is being undone" };
      run.receive({ kind: "run.stopped", at: this.host.clock.now(), cause: "parent", failure });
      await run.durably();
    });
    return this.host.endOf(id);
  }

  /** After a restart: a held run whose caller has ended meanwhile is released; signals that were on their way go on. */
  takenUp(run: ActiveRun): void {
    this.signals.takenUp(run);
    const { phase, parent } = run.state;
    if (phase !== "held" || !parent) return;
    const others = this.heldOf.get(parent.run);
    if (others) others.push(run.id);
    else {
      this.heldOf.set(parent.run, [run.id]);
      setImmediate(() => this.releaseLeft(parent.run));
    }
  }

  /** Many held runs of one caller come back together: it is read once for all. */
  private releaseLeft(caller: string): void {
    const held = this.heldOf.get(caller) ?? [];
    this.heldOf.delete(caller);
    this.host.store.load(caller).then(
      (stored) => {
        if (stored && stored.summary.status !== "ended") return;
        for (const id of held) this.release(id);
      },
      () => {}, // the store has failed, and takes up again what it left
    );
  }

  /** One after the other: each has to be read again, and a run may have called very many. */
  private release(id: string): void {
    this.releasing = this.releasing
      .then(() => this.host.withRun(id, (run) => this.endHeld(run)))
      // One that was refused at its start was never there.
      .catch((error) => codeOf(error) === "run-unknown" || this.warn("a called run could not be released", id, error));
  }

  /** Resolves when those whose caller has ended are released; the next engine releases what is left. */
  idle(): Promise<unknown> {
    return this.releasing;
  }

  private async endHeld(run: ActiveRun): Promise<void> {
    const { phase, held } = run.state;
    if (phase !== "held" || !held) return;
    run.receive({ kind: "run.ended", at: this.host.clock.now(), outcome: held.outcome });
    await run.durably();
  }

  private warn(message: string, run: string, error: unknown): void {
    // One of our own refusals: the run is stuck. Anything else is the store, and recovery tells and releases again.
    if (error instanceof PlumblineError) this.host.warnStuck(message, run, error);
    else this.host.readFailed(error);
  }
}

function placeOf(caller: PerformingRun, slot: number): { readonly call: string; readonly path: string } {
  const { call, frame, node } = slotAt(caller.state, slot);
  if (call === undefined) throw unknownRun(caller.id);
  return { call, path: frame.prefix + node.name };
}

function isSettledCall({ phase }: RunState): boolean {
  return phase === "held" || phase === "ended";
}

function calledBy(state: RunState): string[] {
  return state.effects.flatMap((id) => slotAt(state, id).call ?? []);
}
