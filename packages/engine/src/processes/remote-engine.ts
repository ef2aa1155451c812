/**
 * An engine in another process of this machine: the owner of the database does the work, this one asks.
 *
 * Boundary: implements the Engine port over the owner's socket; the other end is engine-commands.ts. Invariants: the
 * owner may die and another take its place: what is safe to ask twice (reading, cancelling, deciding with an id, starting
 * with a key) is asked again of the next owner within a bound, everything else says that it may have been applied; the result
 * of a run that has ended needs no owner.
 */
import { randomUUID } from "node:crypto";
import {
  type ClockTrust,
  type Codec,
  codeOf,
  type DecisionAnswer,
  type DecisionRequest,
  type Engine,
  type Entry,
  type Flow,
  fold,
  type ListQuery,
  newState,
  open,
  type Page,
  PlumblineError,
  type RunHandle,
  type RunRecord,
  type RunResult,
  type RunSummary,
  type Sealed,
  type SignalAnswer,
  type SignalRequest,
  type StartOptions,
  seal,
  type WatchedEntry,
  type WatchOptions,
} from "@plumbline/core";
import {
  demandCancel,
  demandDecision,
  demandQuery,
  demandRun,
  demandSignal,
  demandStart,
} from "../engine-arguments.ts";
import { type OpenValue, openResult } from "../runs/run-result.ts";
import { openJournals } from "../stores/file-journals.ts";
import { type CommandClient, connectCommands } from "./command-socket.ts";
import type { CommandMethod, CommandParams, RecordPiece } from "./engine-commands.ts";

const reconnectMs = 10_000;
const retryEveryMs = 50;

export class RemoteEngine implements Engine {
  private readonly dbPath: string;
  private readonly flows: ReadonlyMap<string, Flow>;
  private client: CommandClient;
  private closed = false;
  private reconnecting: Promise<void> | undefined;
  private readonly closing = new AbortController();

  private constructor(dbPath: string, flows: readonly Flow[], client: CommandClient) {
    this.dbPath = dbPath;
    this.flows = new Map(flows.map((flow) => [flow.name, flow]));
    this.client = client;
  }

  /** Connects to whoever owns the database. @throws an error with code `command-no-owner` when nobody does */
  static async connect(dbPath: string, flows: readonly Flow[] = []): Promise<RemoteEngine> {
    return new RemoteEngine(dbPath, flows, await connectCommands(dbPath));
  }

  /** The process that does the work. */
  get ownerPid(): number {
    return this.client.ownerPid;
  }

  start<Input, Output>(flow: Flow<Input, Output>, input: Input, options?: StartOptions): Promise<RunHandle<Output>>;
  start(flow: string, input: unknown, options?: StartOptions): Promise<RunHandle>;
  async start(target: Flow<never> | string, input: unknown, options: StartOptions = {}): Promise<RunHandle> {
    demandStart(target, options);
    const flow = typeof target === "string" ? target : target.name;
    const params = { flow, input: this.sealed(input, `${flow}.input`), ...options };
    const answer = (await this.call("start", params, options.key !== undefined)) as { id: string; created: boolean };
    return this.handleOn(answer.id, answer.created);
  }

  async handle(run: string): Promise<RunHandle> {
    demandRun(run);
    await this.call("exists", { run }, true);
    return this.handleOn(run, false);
  }

  private handleOn(id: string, created: boolean): RunHandle {
    return { id, created, result: () => this.result(id) };
  }

  private async result(id: string): Promise<RunResult> {
    for (let from = 0; ; ) {
      const { client } = this;
      try {
        const watching = client.stream("watch", { run: id, from }, { signal: this.closing.signal });
        for await (const piece of watching) from = (piece as WatchedEntry).index + 1;
        const record = await recordFrom(client, id);
        if (record?.summary.status !== "ended") throw closedHere();
        return await resultOf(record, (sealed) => this.openFrom(client, id, sealed));
      } catch (error) {
        if (this.closed) throw closedHere();
        if (!isGone(error)) throw error;
        // What has ended is in the file, whoever comes next.
        const ended = await this.resultInFile(id).catch(() => undefined);
        if (ended) return ended;
        await this.reconnect(client, error);
      }
    }
  }

  /** Undefined for a run that has not ended. */
  private async resultInFile(id: string): Promise<RunResult | undefined> {
    const journals = await openJournals(this.dbPath, this.codecs());
    try {
      const record = await journals.get(id);
      if (record?.summary.status !== "ended") return undefined;
      return await resultOf(record, (sealed) => journals.open(id, sealed));
    } finally {
      await journals.close();
    }
  }

  /** The decision has an id in any case, so that it can be sent again to the next owner and still count once. */
  async decide(request: DecisionRequest): Promise<DecisionAnswer> {
    demandDecision(request);
    const decision = this.sealed(request.decision, request.path ?? request.run);
    const params = { id: randomUUID(), ...request, decision };
    return (await this.call("decide", params, true)) as DecisionAnswer;
  }

  /** It has an id in any case, as a decision has. */
  async signal(request: SignalRequest): Promise<SignalAnswer> {
    demandSignal(request);
    const value = this.sealed(request.value, `${request.run} ${request.name}`);
    return (await this.call("signal", { id: randomUUID(), ...request, value }, true)) as SignalAnswer;
  }

  async cancel(run: string, options: { readonly by?: string; readonly reason?: string } = {}): Promise<void> {
    demandCancel(run, options);
    await this.call("cancel", { run, ...options }, true);
  }

  /** Not asked again of a next owner: nobody has looked at the clock as that one found it. */
  async trustClock(): Promise<ClockTrust> {
    return (await this.call("trustClock", {}, false)) as ClockTrust;
  }

  async get(run: string): Promise<RunRecord | undefined> {
    demandRun(run);
    return this.asked(true, (client) => recordFrom(client, run));
  }

  async list(query: ListQuery = {}): Promise<Page<RunSummary>> {
    demandQuery(query);
    return (await this.call("list", { query }, true)) as Page<RunSummary>;
  }

  async *watch(run: string, { from = 0, signal }: WatchOptions = {}): AsyncGenerator<WatchedEntry> {
    const stop = signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal;
    let next = from;
    while (!stop.aborted) {
      const { client } = this;
      try {
        for await (const piece of client.stream("watch", { run, from: next }, { signal: stop })) {
          const watched = piece as WatchedEntry;
          next = watched.index + 1;
          yield watched;
        }
        return;
      } catch (error) {
        if (stop.aborted) break;
        if (!isGone(error)) throw error;
        await this.reconnect(client, error);
      }
    }
    if (!signal?.aborted) throw closedHere();
  }

  open(run: string, sealed: Sealed): Promise<unknown> {
    return this.asked(true, (client) => this.openFrom(client, run, sealed));
  }

  /** What lies in the value itself is opened here. */
  private async openFrom(client: CommandClient, run: string, sealed: Sealed): Promise<unknown> {
    const codecs = this.codecs();
    if (!sealed.includes('"$":"stored"') && !sealed.includes('"$":"blob"')) return open(sealed, { codecs });
    const pieces: unknown[] = [];
    for await (const piece of client.stream("open", { run, sealed })) pieces.push(piece);
    return open(pieces.join(""), { codecs });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.closing.abort();
    this.client.close();
  }

  private call<M extends CommandMethod>(method: M, params: CommandParams[M], repeatable: boolean): Promise<unknown> {
    return this.asked(repeatable, (client) => client.call(method, params));
  }

  /** Asks, and asks the next owner where that is safe. */
  private async asked<T>(repeatable: boolean, ask: (client: CommandClient) => Promise<T>): Promise<T> {
    for (;;) {
      if (this.closed) throw closedHere();
      const { client } = this;
      try {
        return await ask(client);
      } catch (error) {
        if (!isGone(error) || !(repeatable || wasNotApplied(error))) throw error;
        await this.reconnect(client, error);
      }
    }
  }

  /** One reconnection for all that have lost the same line. */
  private reconnect(lost: CommandClient, cause: unknown): Promise<void> {
    if (this.client !== lost) return Promise.resolve();
    this.reconnecting ??= this.connectAgain(lost, cause).finally(() => {
      this.reconnecting = undefined;
    });
    return this.reconnecting;
  }

  private async connectAgain(lost: CommandClient, cause: unknown): Promise<void> {
    lost.close();
    const until = performance.now() + reconnectMs;
    while (!this.closed && performance.now() < until) {
      try {
        const client = await connectCommands(this.dbPath);
        if (this.closed) client.close();
        else this.client = client;
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, retryEveryMs));
      }
    }
    throw this.closed ? closedHere() : cause;
  }

  private codecs(): readonly Codec[] {
    return [...this.flows.values()].flatMap((flow) => flow.code.codecs);
  }

  private sealed(value: unknown, path: string): Sealed {
    const result = seal(value, { codecs: this.codecs() });
    if ("sealed" in result) return result.sealed;
    throw new PlumblineError("value-refused", "a value that cannot cross to another process as it is", {
      path: path + result.refusal.path,
      expected: "plain data, dates, maps, sets, bytes, or a class with a codec",
      found: result.refusal.reason,
      mend: "pass plain data, or declare a codec on the flow",
    });
  }
}

async function recordFrom(client: CommandClient, run: string): Promise<RunRecord | undefined> {
  let record: Omit<RunRecord, "entries"> | undefined;
  const entries: Entry[] = [];
  for await (const piece of client.stream("get", { run })) {
    const part = piece as RecordPiece;
    if ("record" in part) record = part.record;
    else entries.push(...part.entries);
  }
  return record && { ...record, entries };
}

function resultOf({ plan, entries }: RunRecord, open: OpenValue): Promise<RunResult> {
  return openResult(fold(newState(plan), entries), open);
}

/** The owner has left, or is leaving: somebody else will be the next one. */
function isGone(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === "command-owner-gone" || code === "command-closed" || code === "command-closing" || code === "engine-closed"
  );
}

/** The line was gone before the request had left. */
function wasNotApplied(error: unknown): boolean {
  const { details } = error as { details?: { readonly mayBeApplied?: unknown } };
  return details?.mayBeApplied === false;
}

function closedHere(): PlumblineError {
  return new PlumblineError("engine-closed", "the engine is closed", {
    expected: "an open engine",
    found: "close() was called",
    mend: "open an engine; runs that had not ended go on at their owner",
  });
}
