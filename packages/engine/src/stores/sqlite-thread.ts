/**
 * This side of the writer's thread: sends batches, waits for verdicts.
 *
 * Boundary: the life of the thread and the messages; what is written is sqlite-writer.ts. Invariants: answers come in the
 * order of what was asked; the thread's death, expected or not, ends what waits for it with an error.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { PlumblineError } from "@plumbline/core";
import type { Taken, WriterOptions } from "./sqlite-writer.ts";
import type { WriteBatch } from "./write-batch.ts";

export type ToWriter =
  | { readonly kind: "commit"; readonly batch: WriteBatch }
  | { readonly kind: "forget"; readonly prefix: string; readonly before: number; readonly limit: number }
  | { readonly kind: "close" };
export type FromWriter =
  | { readonly kind: "opened" }
  | { readonly kind: "committed"; readonly taken: Taken }
  | { readonly kind: "forgotten"; readonly count: number }
  | { readonly kind: "closed" }
  | ({ readonly kind: "failed" } & WriterFailure);

/** What is told of an error of the writer; `what` and `details` where it was one of ours. */
export interface WriterFailure {
  readonly what: string;
  readonly code?: string;
  readonly details?: { readonly expected?: string; readonly found?: string; readonly mend?: string };
}

/** Failures of the writer that mean more than that it failed. */
const knownCodes = ["store-newer", "ownership-lost"] as const;

/** A thread that has let go of the file ends at once; one that hangs is ended after so long. */
const endsWithinMs = 2_000;

interface Waiter {
  resolve(message: FromWriter): void;
  reject(error: unknown): void;
}

export class SqliteThread {
  private readonly worker: Worker;
  private readonly path: string;
  private readonly waiters: Waiter[] = [];
  private readonly ended: Promise<unknown>;
  private dead: unknown;

  private constructor(options: WriterOptions) {
    this.path = options.path;
    this.worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url), {
      workerData: options,
      name: "plumbline-sqlite",
    });
    this.ended = new Promise((resolve) => this.worker.once("exit", resolve));
    this.worker.on("message", (message: FromWriter) => this.onMessage(message));
    this.worker.on("error", (error) => this.die(error));
    this.worker.on("exit", (code) => this.die(new Error(`the writer's thread ended with code ${code}`)));
  }

  /** Starts the thread and opens the file. */
  static async open(options: WriterOptions): Promise<SqliteThread> {
    const thread = new SqliteThread(options);
    await thread.answer();
    thread.worker.unref(); // a process that waits for nothing but an idle engine may end
    return thread;
  }

  async commit(batch: WriteBatch): Promise<Taken> {
    const message = await this.ask({ kind: "commit", batch });
    return (message as Extract<FromWriter, { kind: "committed" }>).taken;
  }

  async forgetRegisters(prefix: string, before: number, limit: number): Promise<number> {
    const message = await this.ask({ kind: "forget", prefix, before, limit });
    return (message as Extract<FromWriter, { kind: "forgotten" }>).count;
  }

  private async ask(message: ToWriter): Promise<FromWriter> {
    this.worker.ref();
    const answer = this.answer();
    this.worker.postMessage(message);
    try {
      return await answer;
    } finally {
      if (this.waiters.length === 0) this.worker.unref();
    }
  }

  /** Lets the thread end by itself: ended from outside, it could be in the middle of a call into SQLite. */
  async close(): Promise<void> {
    if (this.dead === undefined) await this.ask({ kind: "close" }).catch(() => {});
    this.worker.ref(); // whoever waits for the closing waits for its end
    await Promise.race([this.ended, delay(endsWithinMs, undefined, { ref: false })]);
    await this.worker.terminate();
  }

  private answer(): Promise<FromWriter> {
    if (this.dead !== undefined) return Promise.reject(this.dead);
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
    });
  }

  private onMessage(message: FromWriter): void {
    const waiter = this.waiters.shift();
    if (message.kind === "failed") waiter?.reject(this.failure(message));
    else waiter?.resolve(message);
  }

  private failure({ what, code, details }: WriterFailure): PlumblineError {
    const known = knownCodes.find((one) => one === code) ?? "store-failed";
    if (details) return new PlumblineError(known, what, { path: this.path, ...details });
    return new PlumblineError(known, "SQLite could not use this file", {
      path: this.path,
      expected: "a database that can be read and written",
      found: what,
      mend: "look at the disk, the file and who may write it",
    });
  }

  private die(error: unknown): void {
    this.dead ??= error;
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
  }
}
