/**
 * The thread that owns the database's only writing connection.
 *
 * Boundary: batches in, verdicts out, in order. Invariant: an error ends the thread's usefulness: it is told, and every
 * later batch is refused, because nothing is known any more about what is in the file (rule 4).
 */
import { parentPort, workerData } from "node:worker_threads";
import { failureOf, PlumblineError } from "@plumbline/core";
import type { FromWriter, ToWriter, WriterFailure } from "./sqlite-thread.ts";
import { SqliteWriter, type WriterOptions } from "./sqlite-writer.ts";

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
  answer((ready) =>
    message.kind === "commit"
      ? { kind: "committed", taken: ready.commit(message.batch) }
      : { kind: "forgotten", count: ready.forgetRegisters(message) },
  );
});

function answer(work: (ready: SqliteWriter) => FromWriter): void {
  if (failure !== undefined || !writer) {
    say({ kind: "failed", ...facts(failure) });
    return;
  }
  try {
    say(work(writer));
  } catch (error) {
    failure = error;
    say({ kind: "failed", ...facts(error) });
  }
}

/** The parts of the error, not its message: the other side puts the message together again. */
function facts(error: unknown): WriterFailure {
  if (!(error instanceof PlumblineError)) return { what: failureOf(error).message };
  const { what, code, expected, found, mend } = error;
  const told = { expected, found, mend };
  return { what, code, details: Object.fromEntries(Object.entries(told).filter(([, text]) => text !== undefined)) };
}
