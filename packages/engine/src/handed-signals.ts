/**
 * Signals of a run that waits inside its parts take: handed on to the part, one signal for one wait (rule 20).
 *
 * Boundary: between runs of one engine; which signal goes to which wait is the core's. Invariants: the run says that it hands
 * on before it does, and what became of it after, so that a crash between the two hands on again and loses nothing; a part
 * takes a signal only while it waits for it, and each once, by its id; of one run there is one handing on at a time.
 */
import {
  type Entry,
  handOn,
  mayHandOn,
  openPartsOf,
  PlumblineError,
  recordSignal,
  type SignalReceived,
  type SignalWaits,
  signalWaitsOf,
} from "@plumbline/core";
import type { Clock } from "./clock.ts";
import type { KeptRuns } from "./kept-runs.ts";
import type { ActiveRun } from "./runs/active-run.ts";
import { blobsOf } from "./stores/value-keeper.ts";

export interface SignalsHost {
  readonly clock: Clock;
  readonly kept: KeptRuns<ActiveRun>;
  withRun<T>(id: string, work: (run: ActiveRun) => T | Promise<T>): Promise<T>;
  warnStuck(message: string, run: string, error: unknown): void;
  readFailed(error: unknown): void;
}

/** The waits in one part. */
interface PartWaits {
  readonly run: string;
  readonly waits: SignalWaits;
}

interface Turn {
  /** Somebody asked again meanwhile. */
  again: boolean;
  readonly over: Promise<string | undefined>;
}

export class HandedSignals {
  private readonly host: SignalsHost;
  private readonly turns = new Map<string, Turn>();

  constructor(host: SignalsHost) {
    this.host = host;
  }

  /** Hands on what a run has in line, as far as there are waits for it. Never rejects. */
  async from(id: string): Promise<void> {
    await this.turnOf(id);
  }

  /** A wait has begun in a part: what the runs around it have in line may be for it. */
  onCommitted({ state }: ActiveRun, entries: readonly Entry[]): void {
    if (!state.isPart || !entries.some(({ kind }) => kind === "signal.awaited")) return;
    void this.around(state.parent?.run);
  }

  private async around(parent: string | undefined): Promise<void> {
    let at = parent;
    while (at !== undefined) at = await this.turnOf(at);
  }

  /** After a restart: what was on its way, and what nobody was left to hand on. */
  takenUp({ id, state }: ActiveRun): void {
    if (state.handed.length > 0 || mayHandOn(state)) void this.turnOf(id);
  }

  /** Gives the run that this one is a part of. */
  private turnOf(id: string): Promise<string | undefined> {
    const known = this.turns.get(id);
    if (known) {
      known.again = true;
      return known.over;
    }
    const { promise: over, resolve } = Promise.withResolvers<string | undefined>();
    const turn: Turn = { again: false, over };
    this.turns.set(id, turn);
    void this.take(id, turn).then(resolve);
    return over;
  }

  private async take(id: string, turn: Turn): Promise<string | undefined> {
    let around: string | undefined;
    try {
      do {
        turn.again = false;
        around = await this.host.withRun(id, (run) => this.handOn(run));
      } while (turn.again);
    } catch (error) {
      this.warn(id, error);
    }
    this.turns.delete(id);
    return around;
  }

  private async handOn(run: ActiveRun): Promise<string | undefined> {
    const { state } = run;
    if (state.phase === "running" && state.handed.length > 0) await this.bring(run);
    while (mayHandOn(state)) {
      this.host.kept.heard(run);
      const entry = handOn(state, await this.waitsIn(openPartsOf(state)), this.host.clock.now());
      if (!entry) break;
      run.receive(entry);
      await run.durably();
      await this.bring(run);
    }
    return state.isPart ? state.parent?.run : undefined;
  }

  /** Also those in parts of parts. */
  private async waitsIn(parts: readonly string[]): Promise<PartWaits[]> {
    const found: PartWaits[] = [];
    for (const run of parts) {
      const { waits, inside } = await this.look(run);
      found.push({ run, waits }, ...(await this.waitsIn(inside)));
    }
    return found;
  }

  private async look(id: string): Promise<{ readonly waits: SignalWaits; readonly inside: readonly string[] }> {
    try {
      return await this.host.withRun(id, (part) => {
        this.host.kept.heard(part);
        return { waits: signalWaitsOf(part.state), inside: openPartsOf(part.state) };
      });
    } catch (error) {
      if (isOfTheEngine(error)) throw error;
      return { waits: new Map(), inside: [] }; // it has not begun, or is stuck, which is said elsewhere
    }
  }

  /** Brings what is on its way where it belongs, and says what became of it. */
  private async bring(run: ActiveRun): Promise<void> {
    const back: { readonly name: string; readonly id: string }[] = [];
    for (const { signal, run: part } of run.state.handed) {
      if (!(await this.give(run, part, signal))) back.push({ name: signal.name, id: signal.id });
    }
    if (run.state.phase !== "running") return; // it takes no signals any more
    run.receive({ kind: "signal.settled", at: this.host.clock.now(), back });
    await run.durably();
  }

  private async give(from: ActiveRun, id: string, { name, id: signal, value, by }: SignalReceived): Promise<boolean> {
    const blobs = await blobsOf(from.blobs, from.id, value);
    try {
      return await this.host.withRun(id, async (part) => {
        const given = { name, id: signal, value, ...(by === undefined ? {} : { by }) };
        const isKnown = part.state.signalIds.has(`${name} ${signal}`);
        if (!isKnown && (signalWaitsOf(part.state).get(name) ?? 0) === 0) return false;
        const { entries } = recordSignal(part.state, given, this.host.clock.now());
        if (entries.length > 0) part.keepBlobs(blobs);
        part.receive(...entries);
        await part.durably();
        return true;
      });
    } catch (error) {
      if (isOfTheEngine(error)) throw error;
      return false;
    }
  }

  private warn(run: string, error: unknown): void {
    if (error instanceof PlumblineError) this.host.warnStuck("a signal could not be handed on", run, error);
    else this.host.readFailed(error);
  }
}

/** The store has failed, or the engine closes: what was begun is found again by the next one. */
function isOfTheEngine(error: unknown): boolean {
  if (!(error instanceof PlumblineError)) return true;
  return error.code === "store-failed" || error.code === "engine-closed";
}
