/**
 * Called runs: started by a run, told of their outcome to it, held until it ends, undone when it asks (rule 10).
 *
 * Boundary: between runs of one engine; what a call means for a run is the core's. Invariants: a called run's id follows
 * from its caller, so that calling twice finds the same run; its outcome leaves it only when it is durable, and reaches the
 * caller once; a held run is released by the durable end of its caller, also after a crash between the two.
 */
import {
  codeOf,
  costOf,
  type Entry,
  endOf,
  type Flow,
  failureOf,
  PlumblineError,
  type RunResult,
  type RunState,
  type Store,
  slotAt,
  standingOf,
} from "@plumbline/core";
import { type StartHost, sealedInput, startRun } from "./run-start.ts";
import type { ActiveRun } from "./runs/active-run.ts";
import type { Called, PerformingRun } from "./runs/host.ts";
import { partOf } from "./runs/part.ts";
import { keep, type NewBlob, readerFor } from "./stores/value-keeper.ts";
import { unknownRun } from "./watchers.ts";

/** What called runs need of the engine. */
export interface CallsHost extends StartHost {
  readonly active: { has(id: string): boolean };
  ready(): Promise<void>;
  reading<T>(read: (store: Store) => Promise<T>): Promise<T>;
  withRun<T>(id: string, work: (run: ActiveRun) => T | Promise<T>): Promise<T>;
  endOf(id: string): Promise<RunResult>;
  warnStuck(message: string, run: string, error: unknown): void;
}

/** An outcome as the caller's entry, with the blobs that it names. */
interface Answer {
  readonly entry: Entry;
  readonly blobs: readonly NewBlob[];
}

export class CalledRuns implements Called {
  private readonly host: CallsHost;
  private releasing: Promise<unknown> = Promise.resolve();
  private readonly asking = new Map<string, Promise<boolean>>();

  constructor(host: CallsHost) {
    this.host = host;
  }

  /** Starts a called run that is not there yet. @throws PlumblineError `input-invalid`, `value-refused` */
  async start(
    caller: PerformingRun,
    slot: number,
    flow: Flow | undefined,
    input: unknown,
    isWanted: () => boolean,
  ): Promise<void> {
    const { call, path } = placeOf(caller, slot);
    if (await this.find(call)) return;
    const part = flow === undefined ? await partOf(caller, slot, input) : undefined;
    const kept = flow === undefined ? undefined : await sealedInput(flow, input);
    await this.host.ready();
    if (!isWanted()) return;
    const parent = { run: caller.id, slot, path };
    const common = { id: call, claim: { inputHash: "" }, parent };
    // Taken by an earlier process: it is the same run.
    if (flow && kept) await startRun(this.host, { ...common, flow, input: kept });
    else if (part) await startRun(this.host, { ...common, ...part });
  }

  private async find(id: string): Promise<boolean> {
    await this.host.starts.settled(id);
    return this.host.active.has(id) || (await this.host.reading((store) => store.load(id))) !== undefined;
  }

  /** Tells the caller of an outcome that was there before it could listen; a caller that only waits now leaves memory. */
  async tellIfSettled(id: string): Promise<void> {
    const { run, isSettled } = await this.host.withRun(id, async (run) => {
      await run.durably();
      return { run, isSettled: isSettledCall(run.state) };
    });
    const caller = run.state.parent?.run;
    if (isSettled) await this.tell(run);
    else if (caller !== undefined && this.host.active.has(caller)) await this.host.withRun(caller, () => {});
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
  }

  private async tell(run: ActiveRun): Promise<void> {
    const { parent } = run.state;
    if (!parent) return;
    const { reader, result } = await this.outcomeOf(run);
    await this.host.withRun(parent.run, (caller) => {
      if (slotAt(caller.state, parent.slot).status !== "called" || caller.isPerforming(parent.slot)) return;
      const { entry, blobs } = answerEntry(caller, parent.slot, result, reader);
      caller.keepBlobs(blobs);
      caller.receive(entry);
    });
  }

  private async outcomeOf({ id, state, code }: ActiveRun) {
    const output = state.held?.output ?? state.output;
    const values = output === undefined ? [] : [output];
    const read = await readerFor(this.host.store, id, values, code.flow.code.codecs);
    return { reader: () => (output === undefined ? undefined : read(output)), result: resultOf(state) };
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
    return this.host.withRun(id, async (run) => {
      const { reader, result } = await this.outcomeOf(run);
      return answerEntry(caller, slot, result, reader);
    });
  }

  /** Undoes a held run. Gives its end. */
  async undo(id: string): Promise<RunResult> {
    await this.host.withRun(id, async (run) => {
      if (run.state.phase !== "held") return;
      const failure = { kind: "cancelled" as const, message: "the run that called it is being undone" };
      run.receive({ kind: "run.stopped", at: this.host.clock.now(), cause: "parent", failure });
      await run.durably();
    });
    return this.host.endOf(id);
  }

  /** After a restart: a held run whose caller has ended meanwhile is released. */
  takenUp(run: ActiveRun): void {
    const { phase, parent } = run.state;
    if (phase !== "held" || !parent) return;
    this.hasEnded(parent.run).then(
      (ended) => ended && this.release(run.id),
      () => {}, // the store has failed, and takes up again what it left
    );
  }

  /** Many held runs of one caller come back together: it is read once for all. */
  private hasEnded(id: string): Promise<boolean> {
    const asked =
      this.asking.get(id) ??
      this.host.store
        .load(id)
        .then((caller) => !caller || caller.summary.status === "ended")
        .finally(() => this.asking.delete(id));
    this.asking.set(id, asked);
    return asked;
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

/** The caller is told so many; the called run's own journal has all. */
const toldDegradations = 5;
const toldStanding = 10;

function resultOf(state: RunState) {
  const end = endOf(state);
  return {
    outcome: state.held?.outcome ?? state.outcome ?? "failed",
    failure: end?.failure,
    standing: standingOf(state)
      .slice(0, toldStanding)
      .map(({ path }) => path),
    degradations: state.degradations.slice(0, toldDegradations).map(({ path, reason }) => ({ path, reason })),
    ms: state.updatedAt - state.startedAt,
    cost: costOf(state),
  };
}

/** The called run's value belongs to the caller from here on, blobs and all. */
function answerEntry(
  caller: PerformingRun,
  slot: number,
  { outcome, failure, standing, degradations, ms, cost }: ReturnType<typeof resultOf>,
  value: () => unknown,
): Answer {
  const base = { kind: "call.answered" as const, at: caller.host.clock.now(), slot, ms, cost };
  if (outcome !== "succeeded" && outcome !== "degraded") {
    const message = `the run that it called ended ${outcome}${failure ? `: ${failure.message}` : ""}`;
    const why = { kind: "call" as const, message, ...(failure ? { cause: failure } : {}) };
    const left = standing.length > 0 ? { standing } : {};
    return { entry: { ...base, outcome, failure: why, ...left } satisfies Entry, blobs: [] };
  }
  try {
    const kept = keep(value(), { codecs: caller.code.flow.code.codecs, nonFinite: true });
    if ("sealed" in kept) {
      const told = outcome === "degraded" ? { degradations } : {};
      return { entry: { ...base, outcome, value: kept.sealed, ...told } satisfies Entry, blobs: kept.blobs };
    }
    const why = {
      kind: "value" as const,
      message: `the called run's answer${kept.refusal.path}: ${kept.refusal.reason}`,
    };
    return { entry: { ...base, outcome, failure: why } satisfies Entry, blobs: [] };
  } catch (error) {
    return { entry: { ...base, outcome, failure: failureOf(error) } satisfies Entry, blobs: [] };
  }
}
