/**
 * The embedded engine: runs flows in this process, on a store.
 *
 * Boundary: implements the Engine port and is the host of active runs; rules of runs are the core's, rules of order are
 * active-run.ts's, who is in memory is registry.ts's. Invariants: what is acknowledged is committed (rule 1); an error of
 * the store is fail-stop: everything in memory is dropped, the store is opened again, runs are taken up (rule 4).
 */
import { createHash, randomUUID } from "node:crypto";
import {
  type ApprovalCode,
  type ClockTrust,
  type CommitVerdict,
  type DecisionAnswer,
  type DecisionRequest,
  describe,
  type Engine,
  type Flow,
  judge,
  type ListQuery,
  newState,
  type Page,
  PlumblineError,
  pathOf,
  type RunHandle,
  type RunRecord,
  type RunState,
  type RunSummary,
  recordDecision,
  type Sealed,
  type StartOptions,
  sealedDecision,
  slotByPath,
  type WatchedEntry,
  type WatchOptions,
} from "@plumbline/core";
import type { Clock, Timer } from "./clock.ts";
import { demandCancel, demandDecision, demandQuery, demandRun, demandStart } from "./engine-arguments.ts";
import { EngineHost, type EngineSettings } from "./engine-host.ts";
import { ActiveRun } from "./runs/active-run.ts";
import { deskBreakerOf, voteAnswered } from "./runs/desk-vote.ts";
import { codeOf } from "./runs/user-code.ts";
import { isStoredAs, keep, type NewBlob, readerFor } from "./stores/value-keeper.ts";
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
    await this.host.ready();
    const flow = this.host.flows.find(target);
    const { key } = options;
    const { sealed, blobs, dropped } = await sealedInput(flow, input);
    const id = key === undefined ? newRunId(this.host.clock.now()) : keyedRunId(flow.name, key);
    const claim = key === undefined ? undefined : { inputHash: hashOf(asked(flow, input) ?? wholeText(sealed, blobs)) };
    await this.host.ready(); // the contract may have taken its time
    const verdict = await this.startRun(flow, id, key, { sealed, blobs, dropped }, claim);
    if (verdict.status === "taken" && verdict.inputHash !== claim?.inputHash)
      throw keyConflict(flow.name, key as string);
    return this.handleOn(id, verdict.status === "ok");
  }

  private startRun(
    flow: Flow,
    id: string,
    key: string | undefined,
    { sealed, blobs, dropped }: KeptInput,
    claim: { readonly inputHash: string } | undefined,
  ): Promise<CommitVerdict> {
    const { host } = this;
    const at = host.clock.now();
    const { deadline, fingerprint } = flow.plan;
    return new Promise((resolve, reject) => {
      const code = { flow, scopes: flow.code.scopes };
      const run = new ActiveRun(host, newState(flow.plan), code, (verdict) => {
        host.starts.done(id, run);
        resolve(verdict);
      });
      host.starts.add(id, run, reject);
      run.claim = claim;
      run.keepBlobs(blobs);
      run.receive({
        kind: "run.started",
        at,
        run: id,
        flow: flow.name,
        fingerprint,
        input: sealed,
        ...(dropped.length > 0 ? { dropped } : {}),
        ...(key === undefined ? {} : { key }),
        ...(deadline ? { deadlineAt: at + deadline.afterMs } : {}),
        ...(host.build === undefined ? {} : { build: host.build }),
      });
    });
  }

  async handle(run: string): Promise<RunHandle> {
    demandRun(run);
    const known = this.host.active.has(run) || (await this.host.reading((store) => store.load(run)));
    if (!known) throw unknownRun(run);
    return this.handleOn(run, false);
  }

  private handleOn(id: string, created: boolean): RunHandle {
    return { id, created, result: () => this.host.endOf(id) };
  }

  decide(request: DecisionRequest): Promise<DecisionAnswer> {
    return this.host.decisions.add(request?.run, this.decideNow(request));
  }

  private async decideNow(request: DecisionRequest): Promise<DecisionAnswer> {
    demandDecision(request);
    await this.host.ready();
    return this.host.withRun(request.run, async (run) => {
      const path = request.path ?? onlyWaiting(run.state);
      const slot = slotByPath(run.state, path);
      const code = slot && codeOf(run.code, slot);
      const value = code?.kind === "approval" ? await this.heldDecision(request, path, code) : "{}";
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

  private async heldDecision(request: DecisionRequest, path: string, code: ApprovalCode): Promise<Sealed> {
    const contract = { schema: code.decision, checks: [], onDropped: "record" as const };
    const judged = judge(contract, request.decision, undefined);
    const { value, reasons } = await within(this.host.clock, judged, {
      value: undefined,
      reasons: [tooLong],
      dropped: [],
    });
    if (reasons.length === 0) return sealedDecision(value, path, code.codecs);
    throw new PlumblineError("decision-invalid", "the decision does not satisfy its contract", {
      path,
      expected: reasons.join("; "),
      found: describe(request.decision),
      mend: "send a decision of the shape that the approval declares",
    });
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

const contractMs = 30_000;
const tooLong = `its contract gave no answer within ${contractMs} ms`;

/** A contract that never answers must not keep a run's timers waiting. */
async function within<T>(clock: Clock, given: T | Promise<T>, otherwise: T): Promise<T> {
  if (!(given instanceof Promise)) return given;
  let timer: Timer | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = clock.timer(contractMs, () => resolve(otherwise));
  });
  try {
    return await Promise.race([given, limit]);
  } finally {
    timer?.cancel();
  }
}

interface KeptInput {
  readonly sealed: Sealed;
  readonly blobs: readonly NewBlob[];
  /** Fields that the flow's schema stripped. */
  readonly dropped: readonly string[];
}

/** What the caller asked with: a schema may fill in a date or an id, and the same request must still be the same. */
function asked(flow: Flow, input: unknown): string | undefined {
  const raw = keep(input, { codecs: flow.code.codecs, nonFinite: true });
  return "sealed" in raw ? wholeText(raw.sealed, raw.blobs) : undefined;
}

/** The input as it will be recorded: held to the flow's contract at the boundary where it came in (rule 33). */
async function sealedInput(flow: Flow, input: unknown): Promise<KeptInput> {
  const { value, reasons, dropped } = await judge(
    { schema: flow.code.input, checks: [], onDropped: "record" },
    input,
    undefined,
  );
  if (reasons.length > 0) {
    throw new PlumblineError("input-invalid", "the input does not satisfy the flow's contract", {
      path: flow.name,
      expected: reasons.join("; "),
      found: describe(input),
      mend: "correct the input; nothing was started",
    });
  }
  const kept = keep(value, { codecs: flow.code.codecs });
  if ("sealed" in kept) return { ...kept, dropped };
  throw new PlumblineError("value-refused", "the input would not come back from the journal as it is", {
    path: `${flow.name}.input${kept.refusal.path}`,
    expected: "plain data, dates, maps, sets, bytes, or a class with a codec",
    found: kept.refusal.reason,
    mend: "pass plain data, or declare a codec on the flow",
  });
}

/** The one approval that waits, when the caller did not say which. */
function onlyWaiting(state: RunState): string {
  const asked = state.slots.filter((slot) => slot.status === "asked");
  const approvals = state.slots.filter((slot) => slot.node.kind === "approval");
  const [first, ...others] = asked.length > 0 ? asked : approvals;
  if (!first) {
    throw new PlumblineError("approval-unknown", "nobody decides anything in this run", {
      path: state.run,
      expected: "a run of a flow with an approval",
      found: `the flow ${state.plan.flow}, which has none`,
      mend: "look at the run's id: `plumbline approvals` lists what waits",
    });
  }
  if (others.length === 0) return pathOf(first);
  throw new PlumblineError("approval-ambiguous", "it is not said which approval is decided", {
    path: state.run,
    expected: `the path of one approval: ${[first, ...others].map(pathOf).join(" or ")}`,
    found: "a decision without a path",
    mend: "give the path beside the run",
  });
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

let counter = 0;

/** Ordered by time, so that new rows of an index lie side by side: milliseconds, a counter, chance. */
function newRunId(now: number): string {
  counter = (counter + 1) % 1_679_616; // 36^4
  const chance = randomUUID().slice(0, 8);
  return `r${now.toString(36).padStart(9, "0")}${counter.toString(36).padStart(4, "0")}${chance}`;
}

/** Sealed text that was set aside as a blob for its size, as text again. */
function wholeText(sealed: Sealed, blobs: readonly NewBlob[]): Sealed {
  const whole = blobs.find((blob) => isStoredAs(sealed, blob.id));
  return whole ? new TextDecoder().decode(whole.bytes) : sealed;
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
