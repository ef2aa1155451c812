/**
 * This side of the writer's thread: sends batches, waits for verdicts.
 *
 * Boundary: the life of the thread and the messages; what is written is sqlite-writer.ts. Invariants: one batch is under
 * way at a time (the committer sees to it); the thread's death, expected or not, ends what waits for it with an error.
 */
import { Worker } from "node:worker_threads";
import { type CommitVerdict, PlumblineError } from "@plumbline/core";
import type { WriteItem, WriterOptions } from "./sqlite-writer.ts";

export type ToWriter = { readonly kind: "commit"; readonly items: readonly WriteItem[] } | { readonly kind: "close" };
export type FromWriter =
  | { readonly kind: "opened" }
  | { readonly kind: "committed"; readonly verdicts: readonly CommitVerdict[] }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly message: string; readonly code?: string; readonly mend?: string };

/** Failures of the writer that mean more than that it failed. */
const knownCodes = ["store-newer", "ownership-lost"] as const;

interface Waiter {
  resolve(message: FromWriter): void;
  reject(error: unknown): void;
}

export class SqliteThread {
  private readonly worker: Worker;
  private readonly path: string;
  private waiter: Waiter | undefined;
  private dead: unknown;

  private constructor(options: WriterOptions) {
    this.path = options.path;
    this.worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url), {
      workerData: options,
      name: "plumbline-sqlite",
    });
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

  async commit(items: readonly WriteItem[]): Promise<readonly CommitVerdict[]> {
    this.worker.ref();
    const answer = this.answer();
    this.worker.postMessage({ kind: "commit", items } satisfies ToWriter);
    const message = await answer;
    this.worker.unref();
    return (message as Extract<FromWriter, { kind: "committed" }>).verdicts;
  }

  async close(): Promise<void> {
    if (this.dead === undefined) {
      const answer = this.answer().catch(() => {});
      this.worker.ref();
      this.worker.postMessage({ kind: "close" } satisfies ToWriter);
      await answer;
    }
    await this.worker.terminate();
  }

  private answer(): Promise<FromWriter> {
    if (this.dead !== undefined) return Promise.reject(this.dead);
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
    });
  }

  private onMessage(message: FromWriter): void {
    const { waiter } = this;
    this.waiter = undefined;
    if (message.kind === "failed") waiter?.reject(this.failure(message));
    else waiter?.resolve(message);
  }

  private failure(message: Extract<FromWriter, { kind: "failed" }>): PlumblineError {
    const code = knownCodes.find((known) => known === message.code) ?? "store-failed";
    return new PlumblineError(code, message.message, {
      path: this.path,
      ...(message.mend === undefined ? {} : { mend: message.mend }),
    });
  }

  private die(error: unknown): void {
    this.dead ??= error;
    this.waiter?.reject(error);
    this.waiter = undefined;
  }
}
