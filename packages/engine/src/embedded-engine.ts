/**
 * The embedded engine: runs flows in this process, on a store.
 *
 * Boundary: implements the Engine port; what is behind it is engine-host.ts's, rules of order are active-run.ts's, rules of
 * runs are the core's. Invariants: what is acknowledged is committed (rule 1); an error of
 * the store is fail-stop: everything in memory is dropped, the store is opened again, runs are taken up (rule 4).
 */
import { createHash, getRandomValues, randomUUID } from "node:crypto";
import {
  type ClockTrust,
  type DecisionAnswer,
  type DecisionRequest,
  type Engine,
  type Flow,
  type ListQuery,
  mayHandOn,
  type Page,
  PlumblineError,
  type RunHandle,
  type RunRecord,
  type RunSummary,
  type RunView,
  recordDecision,
  recordSignal,
  type Sealed,
  type SignalAnswer,
  type SignalRequest,
  type StartOptions,
  slotByPath,
  type WatchedEntry,
  type WatchOptions,
} from "@plumbline/core";
import { askedIn } from "./asked-in.ts";
import { demandCancel, demandDecision, demandQuery, demandRun, demandSignal, demandStart } from "./engine-arguments.ts";
import { EngineHost } from "./engine-host.ts";
import type { EngineSettings } from "./engine-settings.ts";
import { heldDecision, heldSignal } from "./incoming.ts";
import { demandRoom } from "./queue-room.ts";
import { asked, sealedInput, startRun, wholeText } from "./run-start.ts";
import { deskBreakerOf, voteAnswered } from "./runs/desk-vote.ts";
import { codeOf } from "./runs/user-code.ts";
import { readerFor } from "./stores/value-keeper.ts";
import { unknownRun } from "./watchers.ts";

export interface EmbeddedOptions extends EngineSettings {
  /** Called when the engine can be asked and nothing has been taken up yet: commands that wait come first (rule 19). */
  readonly beforeTakeUp?: (engine: EmbeddedEngine) => Promise<void>;
  /** Called when the engine is asked to close: others are sent to look for the next owner. */
  readonly beforeClose?: () => Promise<void>;
  /** Called when the engine has let go of the store. */
  readonly afterClose?: () => Promise<void>;
}

export class EmbeddedEngine implements Engine {
  private readonly host: EngineHost;
  private readonly around: Pick<EmbeddedOptions, "beforeClose" | "afterClose">;
  private closing: Promise<void> | undefined;

  private constructor(host: EngineHost, around: Pick<EmbeddedOptions, "beforeClose" | "afterClose">) {
    this.host = host;
    this.around = around;
  }

  /** Opens the store, lets others ask, and takes up what an earlier process left. */
  static async open(options: EmbeddedOptions): Promise<EmbeddedEngine> {
    const { beforeTakeUp, beforeClose, afterClose, ...settings } = options;
    const host = await EngineHost.open(settings);
    const engine = new EmbeddedEngine(host, {
      ...(beforeClose ? { beforeClose } : {}),
      ...(afterClose ? { afterClose } : {}),
    });
    try {
      await beforeTakeUp?.(engine);
      await host.takeUp();
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  start<Input, Output>(flow: Flow<Input, Output>, input: Input, options?: StartOptions): Promise<RunHandle<Output>>;
  start(flow: string, input: unknown, options?: StartOptions): Promise<RunHandle>;
  async start(target: Flow<never> | string, input: unknown, options: StartOptions = {}): Promise<RunHandle> {
    demandStart(target, options);
    if (!this.host.isReady) await this.host.ready();
    const flow = this.host.flows.find(target);
    demandRoom(flow, this.host.limits);
    const { key } = options;
    const { sealed, blobs, dropped } = await sealedInput(flow, input);
    const id = key === undefined ? newRunId(this.host.clock.now()) : keyedRunId(flow.name, key);
    const claim = key === undefined ? undefined : { inputHash: hashOf(asked(flow, input) ?? wholeText(sealed, blobs)) };
    if (!this.host.isReady) await this.host.ready(); // the contract may have taken its time
    const verdict = await startRun(this.host, { flow, id, key, input: { sealed, blobs, dropped }, claim });
    if (verdict.status === "taken" && verdict.inputHash !== claim?.inputHash)
      throw keyConflict(flow.name, key as string);
    return this.handleOn(id, verdict.status === "ok", verdict.view);
  }

  async handle(run: string): Promise<RunHandle> {
    demandRun(run);
    await this.host.ready();
    const view = this.host.store.viewOf?.(run);
    const known = view ?? (this.host.active.has(run) || (await this.host.reading((store) => store.load(run))));
    if (!known) throw unknownRun(run);
    return this.handleOn(run, false, view);
  }

  private handleOn(id: string, created: boolean, view: RunView | undefined): RunHandle {
    return { id, created, result: () => this.host.endOf(id, view) };
  }

  decide(request: DecisionRequest): Promise<DecisionAnswer> {
    return this.host.decisions.add(request?.run, this.decideNow(request));
  }

  private async decideNow(request: DecisionRequest): Promise<DecisionAnswer> {
    demandDecision(request);
    await this.host.ready();
    return this.decideIn(request.run, request);
  }

  /** In the run that was named, or in the part of it that asks. */
  private decideIn(id: string, request: DecisionRequest): Promise<DecisionAnswer> {
    return this.host.withRun(id, async (run) => {
      const place = await askedIn(this.host, run.state, request.path);
      if (place.run !== id) return this.decideIn(place.run, { ...request, path: place.path });
      const { path } = place;
      const slot = slotByPath(run.state, path);
      const code = slot && codeOf(run.code, slot);
      const value = code?.kind === "approval" ? await heldDecision(request, path, code, this.host.clock) : "{}";
      const breaker = await deskBreakerOf(this.host, slot);
      const decision = {
        path,
        value,
        id: request.id ?? randomUUID(),
        ...(request.by === undefined ? {} : { by: request.by }),
        ...(request.note === undefined ? {} : { note: request.note }),
      };
      // The contract may have been asynchronous: what stands now counts, and from here on nothing comes in between.
      const receipt = recordDecision(run.state, decision, this.host.clock.now());
      if (receipt.status === "decided" && slot && breaker) voteAnswered(run, slot, path, breaker);
      run.receive(...receipt.entries);
      await run.durably();
      return { status: receipt.status, path };
    });
  }

  signal(request: SignalRequest): Promise<SignalAnswer> {
    return this.host.decisions.add(request?.run, this.signalNow(request));
  }

  private async signalNow(request: SignalRequest): Promise<SignalAnswer> {
    demandSignal(request);
    await this.host.ready();
    const { status, mayGoOn } = await this.host.withRun(request.run, async (run) => {
      if (run.code.missing) return { status: "late" as const, mayGoOn: false };
      const { sealed, blobs } = await heldSignal(run.state.plan, run.code, request, this.host.clock);
      const { name, by, id = randomUUID() } = request;
      const signal = { name, id, value: sealed, ...(by === undefined ? {} : { by }) };
      const { status, entries } = recordSignal(run.state, signal, this.host.clock.now());
      if (status === "received") run.keepBlobs(blobs);
      run.receive(...entries);
      await run.durably();
      return { status, mayGoOn: mayHandOn(run.state) };
    });
    if (mayGoOn) await this.host.called.signals.from(request.run);
    return { status };
  }

  async cancel(run: string, options: { readonly by?: string; readonly reason?: string } = {}): Promise<void> {
    demandCancel(run, options);
    await this.host.ready();
    await this.host.withRun(run, async (active) => {
      if (active.state.phase === "ended") return;
      active.receive({ kind: "cancel.requested", at: this.host.clock.now(), ...options });
      await active.durably();
    });
  }

  async get(run: string): Promise<RunRecord | undefined> {
    demandRun(run);
    return this.host.reading((store) => store.load(run));
  }

  async list(query: ListQuery = {}): Promise<Page<RunSummary>> {
    demandQuery(query);
    return this.host.reading((store) => store.list(query));
  }

  watch(run: string, options: WatchOptions = {}): AsyncIterable<WatchedEntry> {
    demandRun(run);
    const load = () => this.host.reading((store) => store.load(run));
    return this.host.watchers.watch(load, run, options);
  }

  async open(run: string, sealed: Sealed): Promise<unknown> {
    const stored = await this.get(run);
    if (!stored) throw unknownRun(run);
    const codecs = this.host.flows.codecsOf(stored.plan.flow);
    const read = await this.host.reading((store) => readerFor(store, run, [sealed], codecs));
    return read(sealed);
  }

  async trustClock(): Promise<ClockTrust> {
    await this.host.ready();
    return this.host.timers.trustClock();
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    const turnedAway = this.around.beforeClose?.();
    try {
      await this.host.close();
      await turnedAway;
    } finally {
      await this.around.afterClose?.();
    }
  }
}

function keyConflict(flow: string, key: string): PlumblineError {
  return new PlumblineError("key-conflict", "this key was used before, with another input", {
    path: `${flow} key ${key}`,
    expected: "the same input for the same key",
    found: "another input",
    mend: "use a key of its own for each request; nothing was started",
  });
}

/** With a key, the id follows from flow and key (rule 25): starting twice finds the same run. */
function keyedRunId(flow: string, key: string): string {
  return `k${createHash("sha256")
    .update(JSON.stringify([flow, key]))
    .digest("base64url")
    .slice(0, 22)}`;
}

/** How many numbers four digits of base 36 can tell apart. */
const fourDigits = 36 ** 4;
let counter = 0;
const chances = new Uint32Array(4_096); // asking for many at once costs as much as asking for one
let lastInstant = 0;
let lastText = "";

/** Ordered by time, so that new rows of an index lie side by side: milliseconds, a counter, chance (40 bits). */
function newRunId(now: number): string {
  counter = (counter + 1) % fourDigits;
  const place = (counter * 2) % chances.length;
  if (place === 0 || chances[place] === 0) getRandomValues(chances);
  if (now !== lastInstant) {
    lastInstant = now;
    lastText = now.toString(36).padStart(9, "0");
  }
  return `r${lastText}${digits(counter)}${digits((chances[place] as number) % fourDigits)}${digits((chances[place + 1] as number) % fourDigits)}`;
}

/** Small integers: larger ones are spelled several times more slowly. */
function digits(number: number): string {
  return number.toString(36).padStart(4, "0");
}

/** A hash that does not depend on the order of keys. */
function hashOf(sealed: Sealed): string {
  const sorted = JSON.stringify(JSON.parse(sealed), (_key, part) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return createHash("sha256").update(sorted).digest("base64url");
}
