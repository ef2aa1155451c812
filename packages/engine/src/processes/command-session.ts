// Job: the owner's side of one connection: requests in, replies and pushes out.
// Boundary: frames and limits; what a method means is the handler's.
// Invariants: the handler is called in the order in which requests arrived, in the same turn in which they were read
// (so what was read counts as arrived, rule 19); each request gets one answer at most, none after a lost connection;
// what a client makes us hold is bounded; a client that leaves aborts signals and undoes nothing.
import type { Socket } from "node:net";
import { PlumblineError } from "@plumbline/core";
import {
  type ClientFrame,
  type CommandLimits,
  checkProtocol,
  encodeFrame,
  LineReader,
  type OwnerFrame,
  PROTOCOL,
  parseClientFrame,
  toWireError,
} from "./command-frames.ts";
import { Outlet } from "./command-outlet.ts";
import { Parts } from "./command-parts.ts";

export interface CommandRequest {
  readonly method: string;
  readonly params: unknown;
}

export interface CommandReply {
  /**
   * Pushes one value to a stream. Await it: the promise resolves when the value has left, or at once when the stream is
   * over (look at `signal`); it never rejects. Who does not await is dropped with `command-slow-watcher` in the end.
   * @throws PlumblineError `command-not-a-stream` for a plain call, `command-not-json`, `command-frame-too-large`.
   */
  send(value: unknown): void | Promise<void>;
  /** Aborted when the client cancels or leaves, or the owner closes. A command that is being committed goes on. */
  readonly signal: AbortSignal;
}

export type CommandHandler = (request: CommandRequest, reply: CommandReply) => Promise<unknown>;

interface Pending {
  readonly controller: AbortController;
  readonly outlet: Outlet | undefined;
  answered: boolean;
}

type RequestFrame = Extract<ClientFrame, { kind: "call" | "stream" }>;

const HELLO_MS = 5_000;

export class CommandSession {
  readonly #socket: Socket;
  readonly #handle: CommandHandler;
  readonly #limits: CommandLimits;
  readonly #reader: LineReader;
  readonly #parts: Parts;
  readonly #pending = new Map<number, Pending>();
  readonly #helloTimer: NodeJS.Timeout;
  #greeted = false;
  #closing = false;
  #refused = false;

  /** `arrived` is told of every piece read, so that the server finds out when the sockets have run dry. */
  constructor(socket: Socket, handle: CommandHandler, limits: CommandLimits, arrived: () => void) {
    this.#socket = socket;
    this.#handle = handle;
    this.#limits = limits;
    this.#reader = new LineReader(limits.frameBytes);
    this.#parts = new Parts(limits.requestBytes);
    this.#helloTimer = setTimeout(() => socket.destroy(), HELLO_MS).unref();
    // The one who is not read stops being listened to, so that replies cannot pile up.
    socket.on("drain", () => socket.resume());
    socket.on("data", (chunk: Buffer) => {
      arrived();
      this.#read(chunk);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#left());
    this.#write({ kind: "hello", protocol: PROTOCOL, pid: process.pid });
  }

  /** Refuses what comes from now on, ends streams, and resolves when every request was answered or its client left. */
  async finish(graceMs: number): Promise<void> {
    this.#closing = true;
    const error = closing();
    for (const [id, pending] of this.#pending) {
      if (pending.outlet !== undefined) this.#answer(id, pending, { kind: "error", id, error: toWireError(error) });
      pending.controller.abort(error);
    }
    const grace = setTimeout(() => this.#socket.destroy(), graceMs);
    await new Promise<void>((resolve) => {
      if (this.#socket.destroyed) return resolve();
      this.#socket.once("close", () => resolve());
      this.#endWhenIdle();
    });
    clearTimeout(grace);
  }

  #read(chunk: Buffer): void {
    if (this.#refused) return;
    try {
      for (const { text, bytes } of this.#reader.read(chunk)) {
        if (this.#socket.destroyed || this.#refused) return;
        this.#take(parseClientFrame(text), bytes);
      }
    } catch (error) {
      this.#refuseConnection(error);
    }
  }

  #take(frame: ClientFrame, bytes: number): void {
    if (frame.kind === "hello") {
      checkProtocol(frame);
      this.#greeted = true;
      clearTimeout(this.#helloTimer);
      return;
    }
    if (!this.#greeted) throw new PlumblineError("command-bad-frame", "A request came before the hello");
    if (frame.kind === "cancel") this.#pending.get(frame.id)?.controller.abort(cancelled());
    else if (frame.kind === "credit") this.#pending.get(frame.id)?.outlet?.grant(frame.bytes);
    else if (frame.kind === "part") this.#parts.hold(frame, bytes);
    else this.#admit(this.#parts.whole(frame));
  }

  #admit(frame: RequestFrame): void {
    if (this.#pending.has(frame.id)) throw new PlumblineError("command-bad-frame", `Request ${frame.id} is still open`);
    const refusal = this.#closing ? closing() : this.#pending.size >= this.#limits.requests ? tooMany() : undefined;
    if (refusal === undefined) void this.#run(frame);
    else this.#write({ kind: "error", id: frame.id, error: toWireError(refusal) });
  }

  async #run(frame: RequestFrame): Promise<void> {
    const { id, method, params } = frame;
    const pending = this.#open(frame);
    const { signal } = pending.controller;
    const send = (value: unknown): void | Promise<void> => {
      if (pending.outlet === undefined) throw notAStream(method);
      // Encoded even when it is not sent any more, so that a bad value does not depend on who is listening.
      const line = encodeFrame({ kind: "push", id, value }, this.#limits.frameBytes);
      if (this.#hasRoomFor(line.length)) return pending.outlet.send(line);
      this.#socket.destroy();
    };
    try {
      const value = await this.#handle({ method, params }, { send, signal });
      await pending.outlet?.flushed();
      this.#answer(id, pending, { kind: "result", id, value });
    } catch (error) {
      await pending.outlet?.flushed();
      this.#answer(id, pending, { kind: "error", id, error: toWireError(error) });
    }
  }

  #open({ id, kind }: RequestFrame): Pending {
    const controller = new AbortController();
    const drop = (error: PlumblineError): void => {
      this.#answer(id, pending, { kind: "error", id, error: toWireError(error) });
      controller.abort(error);
    };
    const write = (line: Buffer): void => {
      if (!this.#socket.destroyed) this.#socket.write(line);
    };
    const outlet = kind === "stream" ? new Outlet(this.#limits, write, drop) : undefined;
    const pending: Pending = { controller, outlet, answered: false };
    this.#pending.set(id, pending);
    // A cancelled watcher reads no more, so what waits for it must not keep its producer.
    controller.signal.addEventListener("abort", () => outlet?.cut(), { once: true });
    return pending;
  }

  /** The one answer of a request. It counts as open until its bytes have left, so unread replies are bounded too. */
  #answer(id: number, pending: Pending, frame: OwnerFrame): void {
    if (pending.answered) return;
    pending.answered = true;
    pending.outlet?.cut();
    this.#write(frame, () => {
      this.#pending.delete(id);
      if (this.#closing) this.#endWhenIdle();
    });
  }

  /** Each stream alone is bounded by its outlet; this bounds all of them together. */
  #hasRoomFor(bytes: number): boolean {
    let waitingBytes = this.#socket.writableLength + bytes;
    for (const { outlet } of this.#pending.values()) waitingBytes += outlet?.waitingBytes ?? 0;
    return waitingBytes <= this.#limits.connectionBytes;
  }

  #write(frame: OwnerFrame, sent?: () => void): void {
    if (this.#socket.destroyed) sent?.();
    else if (!this.#socket.write(this.#encode(frame), () => sent?.())) this.#socket.pause();
  }

  /** A result that cannot cross becomes an error that can. */
  #encode(frame: OwnerFrame): Buffer {
    try {
      return encodeFrame(frame, this.#limits.frameBytes);
    } catch (error) {
      const { code, message, mend } = toWireError(error);
      const shown = { code, message: message.slice(0, 1_000), ...(mend === undefined ? {} : { mend }) };
      const id = "id" in frame && frame.id !== undefined ? { id: frame.id } : {};
      return encodeFrame({ kind: "error", ...id, error: shown }, Number.POSITIVE_INFINITY);
    }
  }

  #refuseConnection(error: unknown): void {
    this.#refused = true;
    this.#write({ kind: "error", error: toWireError(error) });
    this.#socket.destroySoon();
  }

  #endWhenIdle(): void {
    if (this.#pending.size === 0) this.#socket.destroySoon();
  }

  #left(): void {
    clearTimeout(this.#helloTimer);
    const reason = new PlumblineError("command-client-gone", "The client left");
    for (const { controller, outlet } of this.#pending.values()) {
      controller.abort(reason);
      outlet?.cut();
    }
    this.#pending.clear();
  }
}

function closing(): PlumblineError {
  return new PlumblineError("command-closing", "The owner is closing; this request was not applied", {
    mend: "Connect again, or become the owner.",
  });
}

function cancelled(): PlumblineError {
  return new PlumblineError("command-cancelled", "The client cancelled the request");
}

function tooMany(): PlumblineError {
  return new PlumblineError("command-busy", "Too many requests of this connection are open; this one was not applied", {
    mend: "Wait for some answers first.",
  });
}

function notAStream(method: string): PlumblineError {
  return new PlumblineError("command-not-a-stream", `${method} was called, but answers with a stream`, {
    mend: "Use stream() instead of call().",
  });
}
