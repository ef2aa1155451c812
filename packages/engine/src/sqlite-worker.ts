/**
 * The thread that owns the database's only writing connection.
 *
 * Boundary: batches in, verdicts out, in order. Invariant: an error ends the thread's usefulness: it is told, and every
 * later batch is refused, because nothing is known any more about what is in the file (rule 4).
 */
import { parentPort, workerData } from "node:worker_threads";
import type { FromWriter, ToWriter } from "./sqlite-thread.ts";
import { SqliteWriter, type WriteItem, type WriterOptions } from "./sqlite-writer.ts";

const port = parentPort;
if (!port) throw new Error("this file is the entry of a worker thread");
const say = (message: FromWriter) => port.postMessage(message);

let writer: SqliteWriter | undefined;
let failure: unknown;
try {
  writer = new SqliteWriter(workerData as WriterOptions);
  say({ kind: "opened" });
} catch (error) {
  failure = error;
  say({ kind: "failed", ...facts(error) });
}

port.on("message", (message: ToWriter) => {
  if (message.kind === "close") {
    writer?.close();
    say({ kind: "closed" });
    port.close();
    return;
  }
  commit(message.items);
});

function commit(items: readonly WriteItem[]): void {
  if (failure !== undefined || !writer) {
    say({ kind: "failed", ...facts(failure) });
    return;
  }
  try {
    say({ kind: "committed", verdicts: writer.commit(items) });
  } catch (error) {
    failure = error;
    say({ kind: "failed", ...facts(error) });
  }
}

function facts(error: unknown): { readonly message: string; readonly code?: string; readonly mend?: string } {
  const { message, code, mend } = error as { message?: unknown; code?: unknown; mend?: unknown };
  return {
    message: typeof message === "string" ? message : String(error),
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof mend === "string" ? { mend } : {}),
  };
}
