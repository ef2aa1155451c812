// Job: another process's line to the owner of a database: calls, streams, cancellation.
// Boundary: says what happened to a request and never repeats one; repeating (with the same decision id) is the caller's.
// Invariants: every request ends, by an answer, a timeout, an abort or the loss of the line; after the loss the caller is
// told whether the request may have been applied; a stream that is read slowly holds the owner back and not the other
// requests of this line.
import { connect as openSocket, type Socket } from "node:net";
import { codeOf, PlumblineError } from "@plumbline/core";
import {
  type ClientFrame,
  type CommandLimits,
  checkProtocol,
  DEFAULT_LIMITS,
  encodeFrame,
  fromWireError,
  type Hello,
  LineReader,
  type OwnerFrame,
  PROTOCOL,
  parseOwnerFrame,
} from "./command-frames.ts";
import { encodeRequest } from "./command-parts.ts";
import { findPlace } from "./command-place.ts";
import { resolveDatabasePath } from "./database-path.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** How long to wait for the answer; 30,000 when not given. */
  readonly timeoutMs?: number;
}

export interface CommandClient {
  /** The process that owns the database. */
  readonly ownerPid: number;
  /** Resolves when the line is gone, for whatever reason. */
  readonly closed: Promise<void>;
  /**
   * Asks once.
   * @throws PlumblineError what the owner answered; `command-timeout` and `command-owner-gone`, both with
   * `details.mayBeApplied`; `command-busy`, `command-closing`, `command-closed`, `command-not-json`,
   * `command-frame-too-large` (not applied). The signal's reason when aborted: may be applied.
   */
  call(method: string, params: unknown, options?: CallOptions): Promise<unknown>;
  /**
   * Asks for a stream. The request leaves with the first `next()`; leaving the loop or aborting cancels it.
   * @throws PlumblineError while reading: as `call`, and `command-slow-watcher`.
   */
  stream(method: string, params: unknown, options?: { readonly signal?: AbortSignal }): AsyncIterable<unknown>;
  /** Hangs up; what is open ends with `command-closed`. */
  close(): void;
}

const CONNECT_MS = 5_000;
const CALL_MS = 30_000;
const HANG_UP_MS = 1_000;
/** Room is given back in pieces of this size while a reader is behind, and at once when it has caught up. */
const CREDIT_BYTES = 64 * 1024;

/**
 * Connects to the owner of a database.
 * @throws PlumblineError those of `resolveDatabasePath`; `command-no-owner` (nobody listens), `command-forbidden` (another
 * user's), `command-busy`, `command-protocol`, `command-timeout`; the signal's reason when aborted.
 */
export async function connectCommands(
  dbPath: string,
  options: CallOptions & { readonly limits?: Partial<CommandLimits> } = {},
): Promise<CommandClient> {
  const { signal, timeoutMs = CONNECT_MS } = options;
  signal?.throwIfAborted();
  const realPath = resolveDatabasePath(dbPath);
  const address = findPlace(realPath);
  if (address === undefined) throw noOwner(realPath);
  const line = new Line(openSocket(address), { ...DEFAULT_LIMITS, ...options.limits });
  const timeout = (): PlumblineError =>
    new PlumblineError("command-timeout", `The owner of ${realPath} did not greet within ${timeoutMs} ms`, {
      mend: "It may be stopped or very busy. Try again, or look at that process.",
      details: { mayBeApplied: false, timeoutMs },
    });
  try {
    const hello = await bounded(line.greeted, timeoutMs, timeout, signal);
    return client(line, hello.pid);
  } catch (error) {
    line.end(new PlumblineError("command-closed", "The connection was given up"));
    throw connectError(error, realPath);
  }
}

function client(line: Line, ownerPid: number): CommandClient {
  return {
    ownerPid,
    closed: line.closed,
    async call(method, params, { signal, timeoutMs = CALL_MS } = {}) {
      signal?.throwIfAborted();
      const answer = Promise.withResolvers<unknown>();
      const id = line.request("call", method, params, { result: answer.resolve, error: answer.reject });
      const timeout = (): PlumblineError =>
        new PlumblineError("command-timeout", `The owner did not answer ${method} within ${timeoutMs} ms`, {
          mend: "Ask again with the same id: the request may have been applied.",
          details: { mayBeApplied: true, timeoutMs },
        });
      try {
        return await bounded(answer.promise, timeoutMs, timeout, signal);
      } finally {
        line.forget(id);
      }
    },
    stream: (method, params, { signal } = {}) => readStream(line, method, params, signal),
    close: () => line.end(new PlumblineError("command-closed", "This client was closed")),
  };
}

async function* readStream(
  line: Line,
  method: string,
  params: unknown,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown, void, undefined> {
  signal?.throwIfAborted();
  // Bounded by the window that the owner keeps to: it sends no more until it is given credit.
  let arrived: { readonly value: unknown; readonly bytes: number }[] = [];
  let end: { readonly error?: unknown } | undefined;
  let wake = (): void => {};
  const finish = (error?: unknown): void => {
    end ??= error === undefined ? {} : { error };
    wake();
  };
  const abort = (): void => finish(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const id = line.request("stream", method, params, {
    push(value, bytes) {
      arrived.push({ value, bytes });
      wake();
    },
    result: () => finish(),
    error: finish,
  });
  try {
    let usedBytes = 0;
    for (;;) {
      const batch = arrived;
      arrived = [];
      for (const [index, { value, bytes }] of batch.entries()) {
        if (signal?.aborted === true) throw signal.reason;
        yield value;
        usedBytes += bytes;
        const caughtUp = index === batch.length - 1 && arrived.length === 0;
        if (end === undefined && (caughtUp || usedBytes >= CREDIT_BYTES)) {
          line.credit(id, usedBytes);
          usedBytes = 0;
        }
      }
      if (arrived.length > 0) continue;
      if (end !== undefined) {
        if ("error" in end) throw end.error;
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    line.forget(id);
  }
}

interface Answers {
  push?(value: unknown, bytes: number): void;
  result(value: unknown): void;
  error(error: unknown): void;
}

/** The connection itself: numbers requests, hands out what comes back, and ends everything when it is lost. */
class Line {
  readonly greeted: Promise<Hello>;
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #limits: CommandLimits;
  readonly #reader: LineReader;
  readonly #open = new Map<number, Answers>();
  readonly #greeting = Promise.withResolvers<Hello>();
  #lastId = 0;
  #ended: unknown;

  constructor(socket: Socket, limits: CommandLimits) {
    this.#socket = socket;
    this.#limits = limits;
    this.#reader = new LineReader(limits.frameBytes);
    this.greeted = this.#greeting.promise;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#fail(this.#lost(error)));
    socket.on("close", () => this.#fail(this.#lost(undefined)));
  }

  /** Sends a request; its answers come to `answers` until it is forgotten. Throws what makes sending impossible. */
  request(kind: "call" | "stream", method: string, params: unknown, answers: Answers): number {
    if (this.#ended !== undefined) throw notSent(this.#ended);
    if (this.#open.size >= DEFAULT_LIMITS.requests) {
      throw new PlumblineError("command-busy", "Too many requests of this connection are open; this one was not sent");
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const lines = encodeRequest({ kind, id, method, params }, this.#limits);
    this.#open.set(id, answers);
    for (const line of lines) this.#socket.write(line);
    return id;
  }

  /** Stops listening to a request, and tells the owner if it is still open. */
  forget(id: number): void {
    if (this.#open.delete(id)) this.#send({ kind: "cancel", id });
  }

  credit(id: number, bytes: number): void {
    this.#send({ kind: "credit", id, bytes });
  }

  end(error: PlumblineError): void {
    this.#fail(error);
  }

  #send(frame: ClientFrame): void {
    if (this.#ended === undefined) this.#socket.write(encodeFrame(frame, this.#limits.frameBytes));
  }

  #read(chunk: Buffer): void {
    if (this.#ended !== undefined) return;
    try {
      for (const { text, bytes } of this.#reader.read(chunk)) this.#take(parseOwnerFrame(text), bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(frame: OwnerFrame, bytes: number): void {
    if (frame.kind === "hello") {
      checkProtocol(frame);
      // Ours follows theirs, so that an owner that turns us away has nothing unread, which would cut off its reason.
      this.#send({ kind: "hello", protocol: PROTOCOL, pid: process.pid });
      this.#greeting.resolve(frame);
      return;
    }
    if (frame.kind === "error" && frame.id === undefined) throw fromWireError(frame.error);
    const id = frame.id as number;
    // An answer to what was forgotten may still be on its way.
    const answers = this.#open.get(id);
    if (answers === undefined) return;
    if (frame.kind === "push") {
      answers.push?.(frame.value, bytes);
      return;
    }
    this.#open.delete(id);
    if (frame.kind === "error") answers.error(fromWireError(frame.error));
    else answers.result(frame.value);
  }

  #lost(cause: unknown): PlumblineError {
    return new PlumblineError("command-owner-gone", "The owner left before it answered", {
      mend: "Connect again or become the owner, and ask again with the same id: the request may have been applied.",
      details: { mayBeApplied: true, reason: codeOf(cause) ?? "closed" },
      cause,
    });
  }

  #fail(error: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#greeting.reject(error);
    // Nobody may be waiting for the greeting any more.
    this.greeted.catch(() => {});
    for (const answers of this.#open.values()) answers.error(error);
    this.#open.clear();
    // Lets a cancel that was just written leave, unless the owner reads nothing any more.
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), HANG_UP_MS).unref();
  }
}

/** A request that was never sent was never applied, whatever ended the line. */
function notSent(ended: unknown): PlumblineError {
  const code = ended instanceof PlumblineError ? ended.code : "command-owner-gone";
  return new PlumblineError(code, "The line to the owner is gone; this request was not sent", {
    mend: "Connect again.",
    details: { mayBeApplied: false },
    cause: ended,
  });
}

function connectError(error: unknown, realPath: string): unknown {
  if (codeOf(error) !== "command-owner-gone") return error;
  const reason = codeOf((error as Error).cause);
  if (reason === "EACCES" || reason === "EPERM") {
    return new PlumblineError("command-forbidden", `The owner of ${realPath} runs as another user`, {
      mend: "Run this command as the user who runs the engine, or go through its server.",
      details: { reason },
      cause: error,
    });
  }
  if (reason === "EAGAIN") {
    return new PlumblineError("command-busy", `The owner of ${realPath} has too many connections waiting`, {
      mend: "Try again in a moment.",
      cause: error,
    });
  }
  return noOwner(realPath, error);
}

function noOwner(realPath: string, cause?: unknown): PlumblineError {
  return new PlumblineError("command-no-owner", `Nobody serves ${realPath}`, {
    mend: "Start the engine, or become the owner.",
    details: { dbPath: realPath, mayBeApplied: false },
    cause,
  });
}

async function bounded<T>(
  wait: Promise<T>,
  timeoutMs: number,
  timeout: () => PlumblineError,
  signal: AbortSignal | undefined,
): Promise<T> {
  const stop = Promise.withResolvers<never>();
  const abort = (): void => stop.reject(signal?.reason);
  const timer = setTimeout(() => stop.reject(timeout()), timeoutMs);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([wait, stop.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
